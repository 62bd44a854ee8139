"""Whatever stands in a contest archive, reading it says what is wrong and never fails."""

import json
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.archives.contest_archive.reading import read_file
from apps.archives.contest_archive.writing import feed_lines
from tests.support.archive_readings import errors_of, files_of, read_files
from tests.support.contest_archives import full_contest

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.sampled_from(["t1", "s1", "apples", "AC", "5:00:00", "2026-03-01T09:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.data())
def test_reports_whatever_stands_in_a_property(data: st.DataObject) -> None:
    files = files_of(full_contest())
    name = data.draw(st.sampled_from(sorted(set(files) - {"api.json"})))
    target = data.draw(st.sampled_from(files[name])) if isinstance(files[name], list) else None
    document = files[name] if target is None else target
    key = data.draw(st.sampled_from(sorted(document)))
    document[key] = data.draw(JSON_VALUES)

    errors_of(read_files(files))


@settings(deadline=None)
@given(st.data())
def test_reports_whatever_stands_in_an_event(data: st.DataObject) -> None:
    lines = list(feed_lines(full_contest()))
    place = data.draw(st.integers(0, len(lines) - 1))
    event = json.loads(lines[place])
    event[data.draw(st.sampled_from(sorted(event)))] = data.draw(JSON_VALUES)
    lines[place] = json.dumps(event)

    errors_of(read_file(BytesIO("\n".join(lines).encode())))


@given(st.binary(max_size=200))
def test_reports_whatever_bytes_come(content: bytes) -> None:
    assert read_file(BytesIO(content)).archive is None
    assert read_file(BytesIO(b"PK" + content)).archive is None

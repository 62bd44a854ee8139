"""Problem packages that mean harm: refused with a reason, within small means."""

import io
import stat
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.zip_archive import ArchiveLimits
from apps.problems.packages import entries, test_data
from apps.problems.packages.reading import read_package
from apps.problems.packages.report import FINDINGS_MAX
from apps.problems.packages.writing import write_package
from tests.support.problem_packages import Files, averages, in_folder, packed, smallest

MIB = 1024 * 1024


def refusal(file: io.BytesIO) -> str:
    package, report = read_package(file, file_name="echo.zip")
    assert package is None
    assert report.errors
    return "\n".join(f"{finding.path}: {finding.message}" for finding in report.errors)


def with_file(path: str, content: bytes = b"x") -> io.BytesIO:
    return packed(smallest() | {path: content})


@pytest.mark.parametrize(
    "path",
    [
        "../problem.yaml",
        "data/../../etc/passwd",
        "/etc/passwd",
        "C:/x",
        "data\\secret\\2.in",
        "data//2.in",
        "./data/2.in",
        "attachments/a\nb",
        "attachments/" + "x" * 300,
    ],
)
def test_refuses_paths_that_lead_elsewhere(path: str) -> None:
    assert "no plain path" in refusal(with_file(path))


@pytest.mark.parametrize(
    "name", ["two words", "é.txt", "-rf", "$(id)", "a;b", "a'b", "x" * 129, "a|b", "*"]
)
def test_refuses_names_that_the_format_does_not_have(name: str) -> None:
    assert "Use letters, digits" in refusal(with_file(f"attachments/{name}"))


def test_refuses_a_name_that_is_no_utf_8() -> None:
    content = with_file("attachments/é.txt").getvalue()

    assert refusal(io.BytesIO(content.replace("é".encode(), b"\xff\xfe")))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK])
def test_refuses_links_and_devices(kind: int) -> None:
    buffer = packed(smallest())
    info = zipfile.ZipInfo("data/secret/2.in")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(info, "/etc/passwd")

    assert "link or a device" in refusal(buffer)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Data/secret/2.in", "only in case"),
        ("data/secret/1.IN", "only in case"),
        ("data/secret", "a file and a folder"),
        ("data", "a file and a folder"),
    ],
)
def test_refuses_names_that_clash_on_some_systems(path: str, words: str) -> None:
    assert words in refusal(with_file(path))


def test_refuses_a_name_that_is_there_twice() -> None:
    content = packed(smallest() | {"data/secret/2.in": b"x"}).getvalue()

    doubled = content.replace(b"data/secret/2.in", b"data/secret/1.in")
    assert "twice" in refusal(io.BytesIO(doubled))


def test_refuses_an_encrypted_package() -> None:
    content = bytearray(packed(smallest()).getvalue())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1

    assert "password" in refusal(io.BytesIO(bytes(content)))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_refuses_other_ways_of_packing(method: int) -> None:
    assert "deflate" in refusal(packed(smallest(), method=method))


def test_refuses_a_tree_that_is_too_deep() -> None:
    assert "levels deep" in refusal(with_file("attachments/" + "d/" * 10 + "x"))


def test_keeps_a_zip_inside_as_it_is() -> None:
    inner = packed({"../x": b"x"}).getvalue()
    package, report = read_package(with_file("attachments/tools.zip", inner))

    assert package is not None
    assert not report.errors
    assert package.attachments[0].content.read() == inner


def test_refuses_a_bomb_without_unpacking_it() -> None:
    content = packed(smallest() | {"attachments/zeros": b"\0" * (64 * MIB + 1)})

    assert "make it at most 67108864 bytes" in refusal(content)


def test_refuses_a_package_that_unpacks_to_far_more_than_it_is() -> None:
    zeros = packed({f"attachments/{number}": b"\0" * (20 * MIB) for number in range(13)})
    content = zeros.getvalue()
    assert len(content) < 10 * MIB

    tracemalloc.start()
    reason = refusal(io.BytesIO(content))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "more than 100 times its size" in reason
    assert peak_bytes < 10 * MIB


def test_refuses_a_file_that_is_not_as_long_as_stated() -> None:
    content = packed(smallest() | {"attachments/x": b"\0" * 90_000}).getvalue()
    understated = content.replace(struct.pack("<L", 90_000), struct.pack("<L", 90))

    assert "broken" in refusal(io.BytesIO(understated))


def test_writes_large_data_so_that_it_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.problems.packages.entries.RATIO_FREE_BYTES", 1000)
    monkeypatch.setattr("apps.problems.packages.writing.RATIO_FREE_BYTES", 1000)
    files = smallest() | {"data/secret/2.in": b"\0" * 50_000, "data/secret/2.ans": b"7" * 50_000}
    package, _ = read_package(packed(files, method=zipfile.ZIP_STORED), file_name="echo.zip")
    assert package is not None
    buffer = io.BytesIO()

    write_package(package, buffer)

    assert read_package(buffer)[0] == package


def test_refuses_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = ArchiveLimits(
        archive_bytes_max=MIB, entries_max=10, entry_bytes_max=MIB, total_bytes_max=MIB
    )
    monkeypatch.setattr(entries, "LIMITS", limits)

    assert "more than 10 files" in refusal(packed({str(number): b"" for number in range(11)}))


def test_refuses_too_many_tests() -> None:
    tests = {f"data/secret/{n}.{end}": b"" for n in range(501) for end in ("in", "ans")}

    assert "make it at most 500" in refusal(packed(smallest() | tests))


def test_refuses_test_data_that_are_too_large_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_data, "TEST_DATA_TOTAL_BYTES_MAX", 8)
    four = {"data/secret/9.in": b"1234", "data/secret/9.ans": b""}
    nine = {"data/secret/9.in": b"1234", "data/secret/9.ans": b"12345"}
    others = {
        path: b"" if path.startswith("data/") and not path.endswith(".yaml") else content
        for path, content in smallest().items()
    }

    assert read_package(packed(others | four), file_name="echo.zip")[0] is not None
    assert "have 9 bytes together" in refusal(packed(others | nine))


def test_refuses_a_text_that_is_too_large() -> None:
    large = b"x" * (256 * 1024 + 1)

    for path in ("problem_statement/problem.de.md", "problem.yaml", "submissions/accepted/x.py"):
        assert "at most 262144 bytes" in refusal(with_file(path, large))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"a: &a [x]\nb: *a\n", "alias"),
        (b"a: &a\n  <<: *a\n", "alias"),
        (b"a: " + b"[" * 30_000, "levels"),
        (b"{a: " * 9_000, "levels"),
        (b"name: x\n" + b"#" * 131_072, "at most 131072"),
        (b"name: x\nname: y\n", "key twice"),
        (b"? {a: b}\n: c\n", "no YAML"),
        (b"name: x\n--- \nname: y\n", "no YAML"),
        (b"name: \x00\n", "no YAML"),
    ],
)
def test_refuses_yaml_that_grows_or_means_two_things(document: bytes, words: str) -> None:
    started_s = time.process_time()

    assert words in refusal(with_file("problem.yaml", document))
    assert words in refusal(with_file("data/testdata.yaml", document))
    assert time.process_time() - started_s < 20


def test_makes_no_objects_from_yaml() -> None:
    document = b"name: !!python/object/apply:os.system ['exit 1']\n"

    assert "name: Give a text" in refusal(with_file("problem.yaml", document))


def test_reads_plain_values_as_the_text_they_are() -> None:
    document = b"name: 0x1f\nauthor: No\nsource: 2026-99-99\nrights_owner: 1e999\n"
    package, _ = read_package(with_file("problem.yaml", document), file_name="echo.zip")

    assert package is not None
    assert package.titles == {"en": "0x1f"}
    assert package.metadata.author == "No"
    assert package.metadata.source == "2026-99-99"


def test_shows_nothing_that_a_terminal_would_obey() -> None:
    document = b'name: {"\\e[31m": x}\n"\\e]0;title\\a": y\n'
    _, report = read_package(with_file("problem.yaml", document))

    shown = "".join(each.message for each in [*report.errors, *report.warnings])
    assert "[31m" in shown
    assert "]0;title" in shown
    assert shown.isprintable()


def test_keeps_the_report_short() -> None:
    files = {f"attachments/a b{number}": b"" for number in range(FINDINGS_MAX + 50)}
    _, report = read_package(packed(smallest() | files))

    assert len(report.errors) == FINDINGS_MAX


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x05\x06" + b"\xff" * 18])
def test_refuses_what_is_no_zip(content: bytes) -> None:
    assert "no zip file" in refusal(io.BytesIO(content))


PATHS = st.sampled_from(sorted(averages() | smallest()))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(PATHS, st.binary(max_size=60), max_size=4), st.sets(PATHS, max_size=4))
def test_answers_any_content_with_a_package_or_errors(changed: Files, removed: set[str]) -> None:
    files = {path: content for path, content in averages().items() if path not in removed}

    package, report = read_package(packed(files | changed), file_name="echo.zip")

    assert (package is None) == bool(report.errors)


@pytest.mark.parametrize("damage", [lambda byte: 0, lambda byte: byte ^ 0xFF])
def test_answers_any_damage_with_a_package_or_errors(damage: Callable[[int], int]) -> None:
    whole = packed(in_folder("echo", smallest())).getvalue()
    for at in range(0, len(whole), 3):
        content = whole[:at] + bytes([damage(whole[at])]) + whole[at + 1 :]
        package, report = read_package(io.BytesIO(content))

        assert (package is None) == bool(report.errors)

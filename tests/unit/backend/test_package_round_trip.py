"""Any package, written and read again, is the same package."""

import io
from dataclasses import replace
from pathlib import PurePosixPath

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.problems.packages.package import (
    Content,
    GroupSettings,
    License,
    Limits,
    Markup,
    Metadata,
    OnReject,
    Package,
    PackageFile,
    ProblemType,
    Program,
    ReferenceSubmission,
    ScoreMode,
    Statement,
    TestCase,
    TestGroup,
    Validation,
    VerdictMode,
    content_of,
)
from apps.problems.packages.programs import (
    EXPECTED_IN_FOLDER,
    ExpectationError,
    expected_verdicts,
    program_of,
)
from apps.problems.packages.reading import read_package
from apps.problems.packages.statements import titles_in
from apps.problems.packages.token_flags import TokenOptions, flags_of, options_of
from apps.problems.packages.writing import write_package

LANGUAGES = ("en", "sv", "pt-BR")
CONTENTS = st.binary(max_size=40).map(content_of)
COMMENTS = (
    b"",
    b"# @EXPECTED_RESULTS@: CORRECT\n",
    b"// @expected_results@ @EXPECTED_RESULTS@: run-error, TIMELIMIT */",
)
# What is printable and no space is in none of these categories: others, separators.
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
LINES = st.one_of(
    st.sampled_from([
        "",
        "null",
        "~",
        "No",
        "1.10",
        "2026-11-21",
        "- x",
        "a: b # c",
        "'",
        '"',
        "<<",
    ]),
    st.lists(WORDS, max_size=4).map(" ".join),
)
TITLES = LINES.filter(bool)
NAMES = st.text("ab01", min_size=1, max_size=3) | st.sampled_from(["x_y", "0+1-2"])
POINTS = st.decimals(-1_000_000, 1_000_000, places=3)
COUNTS = st.none() | st.integers(1, 1_000_000)
FACTORS = st.none() | st.decimals(1, 1_000, places=2)
TOLERANCES = st.none() | st.decimals(0, 1, places=12)


def files(
    endings: tuple[str, ...] = (".txt", ".png"),
) -> st.SearchStrategy[tuple[PackageFile, ...]]:
    folders = st.lists(NAMES, max_size=2).map(lambda each: "".join(f"{name}/" for name in each))
    paths = st.builds("{}{}{}".format, folders, NAMES, st.sampled_from(endings))
    return st.dictionaries(paths, CONTENTS, max_size=3).map(
        lambda contents: tuple(
            PackageFile(path=path, content=contents[path])
            for path in sorted(contents, key=lambda path: path.split("/"))
        )
    )


METADATA = st.builds(
    Metadata,
    uuid=st.just("") | st.uuids().map(str),
    author=LINES,
    source=LINES,
    source_url=LINES,
    license=st.sampled_from(License),
    rights_owner=LINES,
    keywords=st.lists(WORDS, max_size=3).map(tuple),
)
LIMITS = st.builds(
    Limits,
    time_limit_ms=st.none() | st.integers(50, 60_000),
    time_multiplier=FACTORS,
    time_safety_margin=FACTORS,
    memory_mib=st.none() | st.integers(16, 2048),
    output_mib=COUNTS,
    code_kib=COUNTS,
    compilation_time_s=COUNTS,
    compilation_memory_mib=COUNTS,
    validation_time_s=COUNTS,
    validation_memory_mib=COUNTS,
    validation_output_mib=COUNTS,
)
OPTIONS = st.builds(
    TokenOptions,
    case_sensitive=st.booleans(),
    space_sensitive=st.booleans(),
    float_absolute=TOLERANCES,
    float_relative=TOLERANCES,
)
STATEMENTS = st.dictionaries(
    st.tuples(st.sampled_from(LANGUAGES), st.sampled_from(Markup)),
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\0"), max_size=60),
        TITLES.map("\\problemname{{{}}}\r\n".format),
        TITLES.map("%% plainproblemname: {}\n".format),
    ),
    max_size=4,
).map(
    lambda texts: tuple(
        Statement(language=key[0], markup=key[1], text=texts[key]) for key in sorted(texts)
    )
)


@st.composite
def group_settings(draw: st.DrawFn, kind: ProblemType, *, is_root: bool) -> GroupSettings:
    shared = GroupSettings(
        on_reject=draw(st.sampled_from(OnReject)),
        verdict_mode=draw(st.sampled_from(VerdictMode)),
        score_mode=draw(st.sampled_from(ScoreMode)),
        ignores_sample=is_root and draw(st.booleans()),
        accepts_if_any_accepted=draw(st.booleans()),
        input_validator_flags=draw(
            st.one_of(
                st.dictionaries(NAMES, LINES, max_size=2), TITLES.map(lambda line: {"": line})
            )
        ),
    )
    if kind is ProblemType.PASS_FAIL:
        return shared
    low, high = sorted(draw(st.tuples(POINTS, POINTS)))
    return replace(
        shared,
        accept_score=draw(POINTS),
        reject_score=draw(POINTS),
        range_low=draw(st.sampled_from([low, None])),
        range_high=draw(st.sampled_from([high, None])),
    )


@st.composite
def groups(draw: st.DrawFn, kind: ProblemType, flags: tuple[str, ...]) -> tuple[TestGroup, ...]:
    below = st.lists(st.lists(NAMES, max_size=2).map("/".join), max_size=3)
    leaves = {f"data/secret/{path}".removesuffix("/") for path in draw(below)} | {"data/secret"}
    leaves |= {f"data/sample/{path}".removesuffix("/") for path in draw(below)}
    folders = leaves | {str(p) for leaf in leaves for p in PurePosixPath(leaf).parents if p.name}
    tests = st.dictionaries(NAMES, st.tuples(CONTENTS, CONTENTS), min_size=1, max_size=3)
    drawn = []
    for folder in sorted(folders, key=lambda path: path.split("/")):
        own = draw(tests) if folder in leaves else {}
        cases = tuple(
            TestCase(name=name, input=own[name][0], answer=own[name][1])
            for name in sorted(own, key=lambda name: f"{name}.in")
        )
        settings_ = draw(group_settings(kind, is_root=folder == "data"))
        drawn.append(
            TestGroup(
                path=folder,
                settings=replace(settings_, output_validator_flags=flags),
                cases=cases,
            )
        )
    return tuple(drawn)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    sources = st.builds(
        lambda comment, rest: content_of(comment + rest),
        st.sampled_from(COMMENTS),
        st.binary(max_size=20),
    )
    name = draw(NAMES)
    if draw(st.booleans()):
        name += draw(st.sampled_from([".py", ".java", ".hs"]))
        return program_of(name, [PackageFile(path=name, content=draw(sources))])
    paths = draw(
        st.lists(st.sampled_from(["main.cpp", "a.h", "b.cpp", "lib/c.h"]), min_size=1, unique=True)
    )
    return program_of(name, [PackageFile(path=path, content=draw(sources)) for path in paths])


@st.composite
def submissions(draw: st.DrawFn, kind: ProblemType) -> tuple[ReferenceSubmission, ...]:
    known = [*EXPECTED_IN_FOLDER, "mixed"]
    if kind is ProblemType.PASS_FAIL:
        known.remove("partially_accepted")
    drawn = []
    for folder in sorted(draw(st.sets(st.sampled_from(known), max_size=4))):
        found = draw(st.lists(programs(), max_size=2, unique_by=lambda each: each.name))
        for program in sorted(found, key=lambda each: each.name):
            try:
                expected = expected_verdicts(
                    folder, [file.content.read() for file in program.files]
                )
            except ExpectationError:
                continue
            drawn.append(ReferenceSubmission(folder=folder, program=program, expected=expected))
    return tuple(drawn)


@st.composite
def validations(draw: st.DrawFn, kind: ProblemType) -> Validation:
    if draw(st.booleans()):
        return Validation(flags=flags_of(draw(OPTIONS)))
    paths = draw(st.sampled_from([("check.py",), ("check/check.cpp", "check/lib.h")]))
    contents = {path.removeprefix("check/"): draw(CONTENTS) for path in paths}
    return Validation(
        is_custom=True,
        is_interactive=draw(st.booleans()),
        has_score=kind is ProblemType.SCORING and draw(st.booleans()),
        flags=draw(st.lists(WORDS, max_size=3).map(tuple)),
        program=program_of(
            paths[0].partition("/")[0],
            [PackageFile(path=path, content=content) for path, content in contents.items()],
        ),
    )


@st.composite
def packages(draw: st.DrawFn) -> Package:
    kind = draw(st.sampled_from(ProblemType))
    validation = draw(validations(kind))
    custom_flags = st.lists(WORDS, max_size=2).map(tuple)
    flags = draw(custom_flags if validation.is_custom else OPTIONS.map(flags_of))
    statements = draw(STATEMENTS)
    stated = draw(st.dictionaries(st.sampled_from(LANGUAGES), TITLES, max_size=3))
    short_name = draw(st.text("abc123", min_size=1, max_size=8))
    return Package(
        short_name=short_name,
        titles=(dict(titles_in(statements)) | stated) or {"en": short_name},
        problem_type=kind,
        metadata=draw(METADATA),
        limits=draw(LIMITS),
        validation=validation,
        shows_groups=draw(st.booleans()),
        statements=statements,
        statement_files=draw(files()),
        attachments=draw(files()),
        included=draw(files((".h", ".py"))),
        input_validators=draw(files((".ctd", ".py"))),
        groups=draw(groups(kind, flags)),
        submissions=draw(submissions(kind)),
    )


def written(package: Package) -> bytes:
    buffer = io.BytesIO()
    write_package(package, buffer)
    return buffer.getvalue()


def contents(package: Package) -> list[Content]:
    lists = [
        package.statement_files,
        package.attachments,
        package.included,
        package.input_validators,
    ]
    return [file.content for each in lists for file in each] + [
        content
        for group in package.groups
        for case in group.cases
        for content in (case.input, case.answer)
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(packages())
def test_reads_what_it_writes(package: Package) -> None:
    content = written(package)

    again, report = read_package(io.BytesIO(content), file_name="other.zip")

    assert not report.errors
    assert again == package
    assert [each.read() for each in contents(again)] == [each.read() for each in contents(package)]
    assert written(again) == content


@given(OPTIONS)
def test_gives_back_the_options_that_flags_mean(options: TokenOptions) -> None:
    assert options_of(flags_of(options)) == options

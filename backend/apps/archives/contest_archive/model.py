"""What a contest archive says, as values in the terms of the Contest API 2023-06.

The annotations tell how each property stands in JSON; what a newer version adds or writes in
another way is read too, and has a default here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from apps.archives.contest_archive import codecs
from apps.archives.contest_archive.codecs import Key, reference

Id = Annotated[str, codecs.ID]
Text = Annotated[str, codecs.TEXT]
Time = Annotated[datetime, codecs.TIME]
RelativeTime = Annotated[timedelta, codecs.RELATIVE_TIME]
Integer = Annotated[int, codecs.INTEGER]
Score = Annotated[Decimal, codecs.SCORE]
JudgementTypeId = Annotated[str, reference("judgement-types")]
LanguageId = Annotated[str, reference("languages")]
ProblemId = Annotated[str, reference("problems")]
GroupId = Annotated[str, reference("groups", is_loose=True)]
OrganizationId = Annotated[str, reference("organizations", is_loose=True)]
TeamId = Annotated[str, reference("teams")]
PersonId = Annotated[str, reference("persons", is_loose=True)]
AccountId = Annotated[str, reference("accounts", is_loose=True)]
SubmissionId = Annotated[str, reference("submissions")]


class ScoreboardType(StrEnum):
    """How a contest is scored: solved problems and penalty, or points."""

    PASS_FAIL = "pass-fail"  # noqa: S105  # a word of the format
    SCORE = "score"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReference:
    """A file that belongs to an object; the archive keeps it under the object's id."""

    filename: Annotated[str, codecs.FILE_NAME]
    mime: Text | None = None
    href: Annotated[str, codecs.LONG_TEXT] | None = None
    hash: Text | None = None
    width: Integer | None = None
    height: Integer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The contest itself; without `start_time` it is not scheduled yet."""

    id: Id
    name: Text
    duration: RelativeTime
    formal_name: Text | None = None
    start_time: Time | None = None
    countdown_pause_time: RelativeTime | None = None
    scoreboard_freeze_duration: RelativeTime | None = None
    scoreboard_thaw_time: Time | None = None
    scoreboard_type: Annotated[str, codecs.choice(*ScoreboardType)] = ScoreboardType.PASS_FAIL
    penalty_time: Annotated[timedelta, codecs.MINUTES] = timedelta(minutes=20)
    main_scoreboard_group_id: GroupId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedInterval:
    """A stretch of time that does not count as contest time."""

    start: Time
    contest_time: RelativeTime
    end: Time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """When each step of the contest was taken; `None` while it was not."""

    started: Time | None = None
    frozen: Time | None = None
    ended: Time | None = None
    thawed: Time | None = None
    finalized: Time | None = None
    end_of_updates: Time | None = None
    removed_intervals: tuple[RemovedInterval, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementType:
    """A possible outcome of judging."""

    id: Id
    name: Text
    is_penalised: Annotated[bool, codecs.BOOLEAN, Key("penalty")] = False
    is_solved: Annotated[bool, codecs.BOOLEAN, Key("solved")]
    simplified_judgement_type_id: JudgementTypeId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language of the contest."""

    id: Id
    name: Text
    is_entry_point_required: Annotated[bool, codecs.BOOLEAN, Key("entry_point_required")] = False
    entry_point_name: Text | None = None
    extensions: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem of the contest; `ordinal` gives its place on the board."""

    id: Id
    label: Text
    name: Text
    ordinal: Integer
    uuid: Text | None = None
    rgb: Annotated[str, codecs.RGB] | None = None
    color: Text | None = None
    time_limit_ms: Annotated[int, codecs.SECONDS_AS_MS, Key("time_limit")] | None = None
    memory_limit_mib: Annotated[int, codecs.INTEGER, Key("memory_limit")] | None = None
    output_limit_mib: Annotated[int, codecs.INTEGER, Key("output_limit")] | None = None
    code_limit_kib: Annotated[int, codecs.INTEGER, Key("code_limit")] | None = None
    test_data_count: Integer | None = None
    max_score: Score | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A set of teams, such as a site or a division; teams of a hidden one are on no board."""

    id: Id
    name: Text
    icpc_id: Text | None = None
    type: Text | None = None
    is_hidden: Annotated[bool, codecs.BOOLEAN, Key("hidden")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """What a team belongs to, mostly a university; `country` is three letters of ISO 3166."""

    id: Id
    name: Text
    icpc_id: Text | None = None
    formal_name: Text | None = None
    country: Text | None = None
    country_subdivision: Text | None = None
    url: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team, or somebody who competes alone; a hidden one is on no board."""

    id: Id
    name: Text
    label: Text | None = None
    icpc_id: Text | None = None
    display_name: Text | None = None
    organization_id: OrganizationId | None = None
    group_ids: tuple[GroupId, ...] = ()
    is_hidden: Annotated[bool, codecs.BOOLEAN, Key("hidden")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a person is in the contest, mostly `contestant` or `coach` of a team."""

    type: Text
    title: Text | None = None
    team_id: Annotated[str, reference("teams", is_loose=True)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the contest; addresses and pictures are not kept."""

    id: Id
    name: Text
    icpc_id: Text | None = None
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the contest; passwords and addresses are not kept."""

    id: Id
    username: Text
    type: Text
    name: Text | None = None
    team_id: Annotated[str, reference("teams", is_loose=True)] | None = None
    person_id: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An attempt at a problem; `contest_time` is what counts."""

    id: Id
    language_id: LanguageId
    problem_id: ProblemId
    team_id: TeamId | None = None
    account_id: AccountId | None = None
    time: Time
    contest_time: RelativeTime
    entry_point: Text | None = None
    files: tuple[FileReference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One judging of a submission; without `judgement_type_id` it is not completed.

    At most one judgement of a submission is the current one.
    """

    id: Id
    submission_id: SubmissionId
    judgement_type_id: JudgementTypeId | None = None
    score: Score | None = None
    is_current: Annotated[bool, codecs.BOOLEAN, Key("current")] = True
    start_time: Time
    start_contest_time: RelativeTime | None = None
    end_time: Time | None = None
    end_contest_time: RelativeTime | None = None
    max_run_time_ms: Annotated[int, codecs.SECONDS_AS_MS, Key("max_run_time")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One test case of a judgement; `ordinal` is the test case's, from 1."""

    id: Id
    judgement_id: Annotated[str, reference("judgements")]
    ordinal: Integer
    judgement_type_id: JudgementTypeId
    time: Time
    contest_time: RelativeTime | None = None
    run_time_ms: Annotated[int, codecs.SECONDS_AS_MS, Key("run_time")] | None = None
    score: Score | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarification:
    """A question of a team, or a message of the judges to some teams or, if to none, to all."""

    id: Id
    text: Annotated[str, codecs.LONG_TEXT]
    time: Time
    contest_time: RelativeTime
    from_team_id: TeamId | None = None
    to_team_ids: tuple[TeamId, ...] = ()
    to_group_ids: tuple[GroupId, ...] = ()
    reply_to_id: Annotated[str, reference("clarifications", is_loose=True)] | None = None
    problem_id: ProblemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """An award and who has it; `None` while it is not kept up to date."""

    id: Annotated[str, codecs.AWARD_ID]
    citation: Text
    team_ids: tuple[TeamId, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardScore:
    """What a row of a board counts; which of these depends on the scoreboard type."""

    num_solved: Integer | None = None
    total_time: Annotated[timedelta, codecs.MINUTES] | None = None
    score: Score | None = None
    time: Annotated[timedelta, codecs.MINUTES] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardProblem:
    """A cell of a board."""

    problem_id: ProblemId
    num_judged: Integer
    num_pending: Integer
    is_solved: Annotated[bool, codecs.BOOLEAN, Key("solved")] | None = None
    score: Score | None = None
    time: Annotated[timedelta, codecs.MINUTES] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """A row of a board; equal results share a rank."""

    rank: Integer
    team_id: TeamId
    score: BoardScore
    problems: tuple[BoardProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """The official board at a moment of the contest."""

    rows: tuple[BoardRow, ...]
    time: Time | None = None
    contest_time: RelativeTime | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of a submission."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestArchive:
    """A whole contest; every reference in it is good.

    `sources` has the files of those submissions whose files are in the archive, by submission id.
    """

    contest: Contest
    state: State = State()
    judgement_types: tuple[JudgementType, ...] = ()
    languages: tuple[Language, ...] = ()
    problems: tuple[Problem, ...] = ()
    groups: tuple[Group, ...] = ()
    organizations: tuple[Organization, ...] = ()
    teams: tuple[Team, ...] = ()
    persons: tuple[Person, ...] = ()
    accounts: tuple[Account, ...] = ()
    submissions: tuple[Submission, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    runs: tuple[Run, ...] = ()
    clarifications: tuple[Clarification, ...] = ()
    awards: tuple[Award, ...] = ()
    scoreboard: Scoreboard | None = None
    sources: Mapping[str, tuple[SourceFile, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A kind of object: its name in files and events, its attribute here, and how many may be."""

    name: str
    attribute: str
    shape: type
    objects_max: int


# In the order in which each refers only to those before it.
COLLECTIONS = tuple(
    Collection(name=name, attribute=name.replace("-", "_"), shape=shape, objects_max=objects_max)
    for name, shape, objects_max in (
        ("judgement-types", JudgementType, 100),
        ("languages", Language, 100),
        ("problems", Problem, 200),
        ("groups", Group, 10_000),
        ("organizations", Organization, 20_000),
        ("teams", Team, 20_000),
        ("persons", Person, 100_000),
        ("accounts", Account, 100_000),
        ("submissions", Submission, 200_000),
        ("judgements", Judgement, 400_000),
        ("runs", Run, 1_000_000),
        ("clarifications", Clarification, 20_000),
        ("awards", Award, 10_000),
    )
)

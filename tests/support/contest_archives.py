"""A small contest as an archive, and arbitrary ones."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from apps.archives.contest_archive.model import (
    Account,
    Award,
    BoardProblem,
    BoardRow,
    BoardScore,
    Clarification,
    Contest,
    ContestArchive,
    FileReference,
    Group,
    Judgement,
    JudgementType,
    Language,
    Organization,
    Person,
    Problem,
    RemovedInterval,
    Role,
    Run,
    Scoreboard,
    SourceFile,
    State,
    Submission,
    Team,
)

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
JUDGEMENT_TYPES = (
    JudgementType(id="AC", name="Accepted", is_penalised=False, is_solved=True),
    JudgementType(id="WA", name="Wrong Answer", is_penalised=True, is_solved=False),
    JudgementType(id="CE", name="Compile Error", is_penalised=False, is_solved=False),
)


def at(minute: float) -> datetime:
    """Give the time so many minutes after the start."""
    return START + timedelta(minutes=minute)


def submission(number: int, team: str, problem: str, minute: float) -> Submission:
    """Make a submission in C++ without files."""
    return Submission(
        id=f"s{number}",
        team_id=team,
        problem_id=problem,
        language_id="cpp",
        time=at(minute),
        contest_time=timedelta(minutes=minute),
    )


def judgement(number: int, verdict: str | None, minute: float, **changes: Any) -> Judgement:
    """Make the judgement of the submission with that number, ended within the minute."""
    values = {
        "id": f"j{number}",
        "submission_id": f"s{number}",
        "judgement_type_id": verdict,
        "start_time": at(minute),
        "end_time": at(minute + 0.5) if verdict else None,
    }
    return Judgement(**{**values, **changes})


def small_contest(**changes: Any) -> ContestArchive:
    """Make a contest of two teams and two problems with two submissions."""
    values: dict[str, Any] = {
        "contest": Contest(
            id="small",
            name="Small contest",
            start_time=START,
            duration=timedelta(hours=5),
            scoreboard_freeze_duration=timedelta(hours=1),
        ),
        "judgement_types": JUDGEMENT_TYPES,
        "languages": (Language(id="cpp", name="C++", extensions=("cc", "cpp")),),
        "problems": (
            Problem(id="apples", label="A", name="Apples", ordinal=1, test_data_count=3),
            Problem(id="bees", label="B", name="Bees", ordinal=2, test_data_count=2),
        ),
        "groups": (Group(id="north", name="North", type="site"),),
        "organizations": (Organization(id="uni", name="University", country="NLD"),),
        "teams": (
            Team(id="t1", name="One", label="1", organization_id="uni", group_ids=("north",)),
            Team(id="t2", name="Two", label="2"),
        ),
        "submissions": (submission(1, "t1", "apples", 10), submission(2, "t2", "apples", 20.5)),
        "judgements": (judgement(1, "WA", 10), judgement(2, "AC", 21)),
    }
    return ContestArchive(**{**values, **changes})


def full_contest() -> ContestArchive:
    """Make the small contest with at least one object of every kind."""
    teams, problems = small_contest().teams, small_contest().problems
    return small_contest(
        state=State(started=START, ended=at(300)),
        persons=(Person(id="p1", name="Alice", roles=(Role(type="contestant", team_id="t1"),)),),
        accounts=(Account(id="a1", username="alice", type="team", team_id="t1", person_id="p1"),),
        runs=(Run(id="r1", judgement_id="j1", ordinal=1, judgement_type_id="WA", time=at(10)),),
        clarifications=(
            Clarification(
                id="c1",
                from_team_id="t1",
                problem_id="apples",
                text="Red ones?",
                time=at(3),
                contest_time=timedelta(minutes=3),
            ),
            Clarification(
                id="c2",
                to_team_ids=("t1",),
                reply_to_id="c1",
                problem_id="apples",
                text="Any.",
                time=at(4),
                contest_time=timedelta(minutes=4),
            ),
        ),
        awards=(Award(id="winner", citation="Winner", team_ids=("t2",)),),
        scoreboard=_board(teams, problems),
    )


_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20
)
_ID = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,34}[A-Za-z0-9_-])?", fullmatch=True)
_MINUTES = st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes))
_RELATIVE = st.integers(-10_000_000, 100_000_000).map(
    lambda milliseconds: timedelta(milliseconds=milliseconds)
)
_TIME = st.integers(0, 20_000_000).map(lambda ms: START + timedelta(milliseconds=ms))
_SCORE = st.integers(0, 10_000_000).map(lambda units: Decimal(units) / 10_000)
_BYTES = st.binary(max_size=50)


def _ids(max_size: int) -> st.SearchStrategy[list[str]]:
    return st.lists(_ID, max_size=max_size, unique=True)


def _maybe(draw: st.DrawFn, ids: list[str]) -> str | None:
    return draw(st.none() | st.sampled_from(ids)) if ids else None


@st.composite
def contest_archives(draw: st.DrawFn) -> ContestArchive:
    """Draw a contest in which every reference is good and nothing contradicts itself."""
    contest_id = draw(_ID)
    groups = tuple(Group(id=each, name=draw(_TEXT)) for each in draw(_ids(2)))
    organizations = tuple(
        Organization(id=each, name=draw(_TEXT), country="DEU") for each in draw(_ids(2))
    )
    problems = tuple(
        Problem(
            id=each,
            label=f"P{ordinal}",
            name=draw(_TEXT),
            ordinal=ordinal,
            rgb=draw(st.none() | st.just("#AC00FF")),
            time_limit_ms=draw(st.none() | st.integers(1, 100_000)),
            max_score=draw(st.none() | _SCORE),
        )
        for ordinal, each in enumerate(draw(_ids(3)))
    )
    teams = tuple(
        Team(
            id=each,
            name=draw(_TEXT),
            label=draw(st.none() | _TEXT),
            organization_id=_maybe(draw, [one.id for one in organizations]),
            group_ids=tuple(one.id for one in groups if draw(st.booleans())),
            is_hidden=draw(st.booleans()),
        )
        for each in draw(_ids(3))
    )
    submissions = _submissions(draw, contest_id, teams, problems)
    judgements = tuple(_judgements(draw, submissions))
    persons = tuple(
        Person(
            id=each,
            name=draw(_TEXT),
            roles=(Role(type="contestant", team_id=_maybe(draw, [one.id for one in teams])),),
        )
        for each in draw(_ids(2))
    )
    return ContestArchive(
        contest=Contest(
            id=contest_id,
            name=draw(_TEXT),
            formal_name=draw(st.none() | _TEXT),
            start_time=draw(st.none() | st.just(START)),
            duration=timedelta(hours=5),
            scoreboard_freeze_duration=draw(st.none() | st.just(timedelta(hours=1))),
            penalty_time=draw(_MINUTES | st.just(timedelta(seconds=90))),
        ),
        state=draw(_states()),
        judgement_types=JUDGEMENT_TYPES,
        languages=(Language(id="cpp", name="C++"),),
        problems=problems,
        groups=groups,
        organizations=organizations,
        teams=teams,
        persons=persons,
        accounts=tuple(
            Account(id=each, username=draw(_TEXT), type="team", person_id=each)
            for each in [one.id for one in persons]
        ),
        submissions=submissions,
        judgements=judgements,
        runs=_runs(draw, judgements),
        clarifications=_clarifications(draw, teams, problems),
        awards=tuple(
            Award(
                id=each,
                citation=draw(_TEXT),
                team_ids=draw(st.none() | st.just(tuple(team.id for team in teams))),
            )
            for each in draw(_ids(2))
        ),
        scoreboard=draw(st.none() | st.just(_board(teams, problems))),
        sources={
            each.id: (SourceFile(name="main.cpp", content=draw(_BYTES)),)
            for each in submissions
            if each.files
        },
    )


def _submissions(
    draw: st.DrawFn, contest_id: str, teams: tuple[Team, ...], problems: tuple[Problem, ...]
) -> tuple[Submission, ...]:
    if not teams or not problems:
        return ()
    packed = FileReference(filename="files.zip", mime="application/zip")
    return tuple(
        Submission(
            id=each,
            team_id=draw(st.sampled_from(teams)).id,
            problem_id=draw(st.sampled_from(problems)).id,
            language_id="cpp",
            time=draw(_TIME),
            contest_time=draw(_RELATIVE),
            entry_point=draw(st.none() | st.just("Main")),
            files=draw(st.sampled_from([(), (packed,)])),
        )
        for each in draw(_ids(4))
    )


def _judgements(draw: st.DrawFn, submissions: tuple[Submission, ...]) -> list[Judgement]:
    judgements: list[Judgement] = []
    for each in submissions:
        count = draw(st.integers(0, 2))
        current = draw(st.integers(0, count - 1)) if count else None
        for number in range(count):
            verdict = draw(st.none() | st.sampled_from(["AC", "WA", "CE"]))
            length = timedelta(milliseconds=draw(st.integers(0, 100_000)))
            start = draw(_TIME)
            judgements.append(
                Judgement(
                    id=f"j{len(judgements)}",
                    submission_id=each.id,
                    judgement_type_id=verdict,
                    score=draw(st.none() | _SCORE),
                    is_current=number == current,
                    start_time=start,
                    end_time=start + length if verdict else None,
                    max_run_time_ms=draw(st.none() | st.integers(0, 100_000)),
                )
            )
    return judgements


def _runs(draw: st.DrawFn, judgements: tuple[Judgement, ...]) -> tuple[Run, ...]:
    return tuple(
        Run(
            id=f"r{number}",
            judgement_id=each.id,
            ordinal=1,
            judgement_type_id="AC",
            time=draw(_TIME),
            run_time_ms=draw(st.none() | st.integers(0, 100_000)),
        )
        for number, each in enumerate(judgements)
        if draw(st.booleans())
    )


def _clarifications(
    draw: st.DrawFn, teams: tuple[Team, ...], problems: tuple[Problem, ...]
) -> tuple[Clarification, ...]:
    if not teams:
        return ()
    question = Clarification(
        id="c1",
        from_team_id=teams[0].id,
        problem_id=_maybe(draw, [each.id for each in problems]),
        text=draw(_TEXT),
        time=draw(_TIME),
        contest_time=draw(_RELATIVE),
    )
    answer = Clarification(
        id="c2",
        to_team_ids=(teams[0].id,),
        reply_to_id="c1",
        text=draw(_TEXT),
        time=question.time,
        contest_time=question.contest_time,
    )
    return (question, answer)


@st.composite
def _states(draw: st.DrawFn) -> State:
    steps = ("started", "frozen", "ended", "thawed", "finalized", "end_of_updates")
    reached = steps[: draw(st.integers(0, len(steps)))]
    break_time = RemovedInterval(start=at(5), end=at(6), contest_time=timedelta(minutes=5))
    return State(
        **{name: at(60 * hour) for hour, name in enumerate(reached)},
        removed_intervals=draw(st.none() | st.just((break_time,))),
    )


def _board(teams: tuple[Team, ...], problems: tuple[Problem, ...]) -> Scoreboard:
    cells = tuple(
        BoardProblem(
            problem_id=each.id,
            num_judged=1,
            num_pending=0,
            is_solved=True,
            time=timedelta(minutes=7),
        )
        for each in problems
    )
    score = BoardScore(num_solved=1, total_time=timedelta(minutes=7), time=timedelta(minutes=7))
    return Scoreboard(
        time=at(300),
        contest_time=timedelta(hours=5),
        rows=tuple(
            BoardRow(rank=1, team_id=each.id, score=score, problems=cells) for each in teams
        ),
    )

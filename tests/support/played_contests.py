"""Arbitrary contests as they were played, as archives."""

from hypothesis import strategies as st

from apps.archives.contest_archive.judgement_types import KNOWN_JUDGEMENT_TYPES
from apps.archives.contest_archive.model import ContestArchive, State, Team
from tests.support.contest_archives import START, at, judgement, small_contest, submission

TYPES = ("AC", "WA", "CE", "TLE", "MLE", "JE", "PE", "RNO", "CTL")
# Often the same minutes and places, so that tries meet each other, the freeze and the end.
MINUTES = st.sampled_from([-1, 0, 5, 9.99, 60, 239.99, 240, 241.5, 250, 299.99, 300, 301])
VERDICTS = st.sampled_from([*TYPES, "AC", "AC", "WA", "CE", None])
TRIES = st.lists(
    st.tuples(
        st.sampled_from(["t1", "t2", "t3"]),
        st.sampled_from(["apples", "apples", "bees"]),
        MINUTES,
        VERDICTS,
        st.sampled_from([0, 0, 0, 2, 40]),
        st.sampled_from([None, None, *TYPES]),
    ),
    max_size=14,
)


@st.composite
def played_contests(draw: st.DrawFn) -> ContestArchive:
    """Draw a contest of three teams with many tries, some judged late, twice or not at all."""
    submissions, judgements = [], []
    for number, (team, problem, minute, verdict, waited, first) in enumerate(draw(TRIES)):
        submissions.append(submission(number, team, problem, minute))
        if first is not None:
            judgements.append(
                judgement(number, first, minute, id=f"first{number}", is_current=False)
            )
        end_time = at(minute + waited) if verdict else None
        judgements.append(judgement(number, verdict, minute, end_time=end_time))
    teams = tuple(
        Team(id=each, name=each, is_hidden=each == "t3" and draw(st.booleans()))
        for each in ("t1", "t2", "t3")
    )
    return small_contest(
        judgement_types=tuple(KNOWN_JUDGEMENT_TYPES[each] for each in TYPES),
        state=State(started=START),
        teams=teams,
        submissions=tuple(submissions),
        judgements=tuple(judgements),
    )

import pytest

from app.domain.runs import RunStatus
from app.domain.verdicts import Verdict, verdict_of


@pytest.mark.parametrize(
    ("status", "is_output_right", "verdict"),
    [
        (RunStatus.OK, True, Verdict.AC),
        (RunStatus.OK, False, Verdict.WA),
        (RunStatus.TIME_LIMIT, True, Verdict.TLE),
        (RunStatus.WALL_LIMIT, True, Verdict.TLE),
        (RunStatus.MEMORY_LIMIT, True, Verdict.MLE),
        (RunStatus.OUTPUT_LIMIT, True, Verdict.OLE),
        (RunStatus.NONZERO_EXIT, True, Verdict.RTE),
        (RunStatus.SIGNALED, True, Verdict.RTE),
    ],
)
def test_gives_the_verdict_of_the_table(
    status: RunStatus, is_output_right: bool, verdict: Verdict
) -> None:
    assert verdict_of(status, is_output_right=is_output_right) is verdict


@pytest.mark.parametrize("status", [status for status in RunStatus if status is not RunStatus.OK])
def test_right_output_never_saves_a_run_that_did_not_end_well(status: RunStatus) -> None:
    assert verdict_of(status, is_output_right=True) is not Verdict.AC

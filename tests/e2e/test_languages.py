import re
from html import unescape

import pytest

from tests.e2e.stack import Person
from tests.support import programs

pytestmark = pytest.mark.e2e
LANGUAGES = sorted(programs.ECHOING)
MIB = 1024 * 1024


@pytest.mark.parametrize("language", LANGUAGES)
def test_programs_of_every_kind_get_their_verdict(
    language: str,
    alice: Person,
    bob: Person,
    problem: dict[str, int],
    patient_problem: dict[str, int],
) -> None:
    cases = {
        "AC": programs.ECHOING,
        "WA": programs.WRONG,
        "TLE": programs.ENDLESS,
        "MLE": programs.GREEDY_IN_STEPS,
        "OLE": programs.FLOODING,
        "RTE": programs.CRASHING,
        "CE": programs.BROKEN,
    }
    submitted = {
        verdict: alice.submit(
            language=language,
            code=sources[language],
            **(problem if verdict == "TLE" else patient_problem),
        )
        for verdict, sources in cases.items()
    }

    results = {verdict: alice.wait_for_verdict(number) for verdict, number in submitted.items()}
    limits = alice.language_rules(problem["problem"])[language]

    assert {expected: result["verdict"] for expected, result in results.items()} == {
        verdict: verdict for verdict in cases
    }, {expected: result["error_output"] for expected, result in results.items()}
    assert results["AC"]["is_correct"] is True
    assert float(results["AC"]["score"]) == 100
    assert results["WA"]["status"] == "completed"
    assert results["TLE"]["status"] == "error"
    cpu_time_ms = limits["time_limit_ms"]
    # On a busy host it is the wall clock that runs out first.
    reasons = f"{cpu_time_ms} ms of CPU time", f"{2 * cpu_time_ms + 1000} ms of wall time"
    assert results["TLE"]["error_output"].endswith(reasons)
    assert f"{limits['memory_limit_bytes'] // MIB} MiB" in results["MLE"]["error_output"]


def test_the_admin_shows_every_submission(
    alice: Person, bob: Person, problem: dict[str, int]
) -> None:
    marker = "print('seen in the admin', 1 < 2)"
    number = alice.submit(language="python", code=marker, **problem)
    alice.wait_for_verdict(number)
    page = bob.http.get("/admin/login/")
    form = {
        "username": bob.username,
        "password": bob.password,
        "csrfmiddlewaretoken": page.cookies["csrftoken"],
    }
    bob.http.post("/admin/login/", data=form, headers={"Authorization": ""})

    listing = bob.http.get("/admin/code_execution/codesubmission/")
    shown = bob.http.get(f"/admin/code_execution/codesubmission/{number}/change/")

    assert listing.status_code == 200
    assert "alice" in listing.text
    # The code is coloured, so tags stand between its words.
    assert "seen in the admin', 1 < 2" in unescape(re.sub(r"<[^>]+>", "", shown.text))
    assert "WA" in shown.text

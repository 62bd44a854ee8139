from pathlib import Path

import pytest

from tests.container.deployment import Deployment
from tests.e2e.stack import Person

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]
PROGRAM = {"language": "python", "code": "print(input()[::-1])", "input_data": "stressed"}


def test_a_backup_comes_back_into_an_empty_stack(
    emptied_deployment: Deployment, tmp_path: Path
) -> None:
    deployment = emptied_deployment
    archive = str(tmp_path / "backup.tar.gz")
    charlie = Person(deployment, "charlie", "charlies-long-password").register()
    number = charlie.submit(**PROGRAM)
    before = charlie.wait_for_verdict(number)
    token = charlie.http.headers["Authorization"]

    deployment.manage("backup", archive)
    deployment.lose_everything()
    deployment.manage("restore", archive, "--compose")
    deployment.up()

    charlie.http = deployment.open_client()
    charlie.http.headers["Authorization"] = token  # still good: its key came back, too
    assert charlie.see(number) == before
    charlie.sign_in()
    again = charlie.wait_for_verdict(charlie.submit(**PROGRAM))
    assert again["output"] == before["output"] == "desserts\n"

"""The doctor's report over HTTP: who may ask for it, and how little that costs."""

import asyncio
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.clients.doctor import DoctorClient
from app.domain.signature import sign
from app.errors import ExaminationFailedError
from app.services import examination
from app.services.examination import ExaminationService
from tests.integration.execution.conftest import SECRET

pytestmark = pytest.mark.asyncio
PATH = "/api/v1/doctor"
REPORT = {
    "is_usable": True,
    "engine": [{"name": "bwrap", "is_ok": True, "detail": "walls: /usr/bin/bwrap"}],
    "languages": [
        {"name": "Go", "is_ok": False, "detail": "not installed: apt-get install golang"}
    ],
    "extra": [],
}


class Doctor:
    """Counts its visits; each takes as long as the test wants."""

    def __init__(self) -> None:
        self.visits = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.fault: Exception | None = None

    async def examine(self) -> dict[str, Any]:
        self.visits += 1
        await self.may_end.wait()
        if self.fault:
            raise self.fault
        return REPORT


@pytest.fixture
def doctor(client: httpx.AsyncClient, service: FastAPI) -> Doctor:
    doctor = Doctor()
    service.state.factory = dataclasses.replace(
        service.state.factory, examinations=ExaminationService(doctor.examine)
    )
    return doctor


def signed(secret: str = SECRET) -> dict[str, str]:
    return sign(b"", message_id="m", timestamp_s=int(time.time()), secrets=[secret])


async def test_gives_the_report_in_groups(client: httpx.AsyncClient, doctor: Doctor) -> None:
    answer = await client.get(PATH, headers=signed())

    body = answer.json()
    assert answer.status_code == 200, body
    assert body.pop("examined_at").endswith("Z")
    assert body == {
        "is_usable": True,
        "groups": [
            {"name": "engine", "findings": REPORT["engine"]},
            {"name": "languages", "findings": REPORT["languages"]},
            {"name": "extra", "findings": []},
        ],
    }


async def test_is_closed_even_where_other_doors_are_open(
    client: httpx.AsyncClient, doctor: Doctor
) -> None:
    assert (await client.get("/api/v1/submissions/")).status_code == 200
    assert (await client.get(PATH)).status_code == 401
    assert (await client.get(PATH, headers=signed("wrong"))).status_code == 401
    assert doctor.visits == 0


async def test_many_callers_cost_one_examination(client: httpx.AsyncClient, doctor: Doctor) -> None:
    doctor.may_end.clear()
    asking = [asyncio.create_task(client.get(PATH, headers=signed())) for _ in range(5)]
    await asyncio.sleep(0.05)
    doctor.may_end.set()
    answers = await asyncio.gather(*asking)
    later = await client.get(PATH, headers=signed())

    assert {answer.text for answer in (*answers, later)} == {later.text}
    assert doctor.visits == 1


async def test_a_report_that_is_no_longer_fresh_is_made_anew(
    client: httpx.AsyncClient, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "KEPT_FOR_S", 0.0)

    await client.get(PATH, headers=signed())
    await client.get(PATH, headers=signed())

    assert doctor.visits == 2


async def test_an_examination_that_takes_long_goes_on_without_its_caller(
    client: httpx.AsyncClient, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    doctor.may_end.clear()
    with monkeypatch.context() as hurry:
        hurry.setattr(examination, "PATIENCE_S", 0.05)
        early = await client.get(PATH, headers=signed())
    doctor.may_end.set()
    late = await client.get(PATH, headers=signed())

    assert early.status_code == 503
    assert "still being examined" in early.json()["detail"]
    assert late.status_code == 200
    assert doctor.visits == 1


async def test_a_doctor_without_a_report_is_not_called_again_at_once(
    client: httpx.AsyncClient, doctor: Doctor
) -> None:
    doctor.fault = ExaminationFailedError()

    answers = [await client.get(PATH, headers=signed()) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {500}
    assert "app.doctor" in answers[0].json()["detail"]
    assert doctor.visits == 1


class TestDoctorClient:
    """The doctor as a process."""

    def client(self, code: str, tmp_path: Path) -> DoctorClient:
        return DoctorClient((sys.executable, "-c", code), directory=tmp_path)

    async def test_reads_the_report_whatever_the_exit_code(self, tmp_path: Path) -> None:
        code = f"import sys; print({json.dumps(REPORT)!r}); sys.exit(1)"

        assert await self.client(code, tmp_path).examine() == REPORT

    @pytest.mark.parametrize("code", ["print('no JSON')", "print('[]')", "1/0"])
    async def test_a_doctor_that_says_nothing_usable_has_failed(
        self, tmp_path: Path, code: str
    ) -> None:
        with pytest.raises(ExaminationFailedError):
            await self.client(code, tmp_path).examine()

    async def test_a_doctor_that_never_ends_is_ended(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.clients.doctor.TIMEOUT_S", 0.1)

        with pytest.raises(ExaminationFailedError):
            await self.client("import time; time.sleep(60)", tmp_path).examine()

"""Another team, which may be on this machine, and an endpoint of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.endpoints.models import Endpoint
from apps.users.models import User
from tests.support.endpoints import Receiver, outgoing, receiver, register


@pytest.fixture(autouse=True)
def calls_of_this_machine(settings: Any) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS = outgoing()._allowed_networks


@pytest.fixture
def team() -> Iterator[Receiver]:
    with receiver() as told:
        yield told


@pytest.fixture
def endpoint(alice: User, team: Receiver) -> Endpoint:
    return register(alice, url=f"{team.url}/hook?key=1")

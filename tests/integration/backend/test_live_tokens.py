"""Streams that are opened with an API token: within its scopes, and no longer than it lives."""

import asyncio

import pytest

from apps.code_execution.models import CodeSubmission
from apps.users import api_tokens
from apps.users.models import ApiToken, User
from apps.users.scopes import Scope
from live.limits import StreamLimits
from tests.support.contests import make_submission
from tests.support.live_streams import in_thread, watching
from tests.support.live_submissions import events_of, finish
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
IMPATIENT = StreamLimits(heartbeat_s=0.1, recheck_s=0.1)


@pytest.fixture
def submission(alice: User) -> CodeSubmission:
    return make_submission(alice)


async def token_for(user: User, scope: Scope) -> str:
    made: api_tokens.NewToken = await in_thread(
        api_tokens.create, user=user, name="a", scopes=[scope]
    )
    return made.text


async def test_follows_what_its_scope_lets_it_read(submission: CodeSubmission, alice: User) -> None:
    text = await token_for(alice, Scope.SUBMISSIONS_READ)
    path = events_of(submission)

    async with (
        watching() as door,
        door.stream(path, Authorization=f"Bearer {text}") as stream,
        door.socket(f"{path}?token={text}") as socket,
    ):
        told = [await stream.next_data(), await socket.next_data()]
        await in_thread(finish, submission)
        told += [await stream.next_data(), await socket.next_data()]

    assert [each["status"] for each in told] == ["pending", "pending", "completed", "completed"]


async def test_is_refused_where_it_lacks_the_scope(submission: CodeSubmission, alice: User) -> None:
    text = await token_for(alice, Scope.SUBMISSIONS_WRITE)
    path = events_of(submission)

    async with watching() as door, door.socket(f"{path}?token={text}") as socket:
        answer = await door.client.get(path, headers={"Authorization": f"Bearer {text}"})
        code, _ = await socket.closing()

    assert (answer.status_code, code) == (403, 4003)


async def test_a_revoked_token_ends_its_streams(submission: CodeSubmission, alice: User) -> None:
    text = await token_for(alice, Scope.SUBMISSIONS_READ)

    async with (
        watching(IMPATIENT) as door,
        door.socket(f"{events_of(submission)}?token={text}") as socket,
    ):
        await socket.next_data()
        await in_thread(ApiToken.objects.all().delete)
        async with asyncio.timeout(PATIENCE_S):
            code, _ = await socket.closing()

    assert code == 4001

"""Questions, answers and announcements, as they come, to whoever may read them."""

import pytest

from apps.contests.models import Contest, ContestParticipant
from apps.users.models import User
from tests.support.contests import make_contest
from tests.support.live_streams import Socket, Watching, in_thread, token_of, watching

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


def path_of(contest: Contest) -> str:
    return f"/api/code-execution/contests/{contest.pk}/clarifications/"


@pytest.fixture
def contest(alice: User, charlie: User) -> Contest:
    made = make_contest()
    for user in (alice, charlie):
        ContestParticipant.objects.create(contest=made, user=user)
    return made


async def say(door: Watching, user: User, path: str, **body: object) -> int:
    token = await token_of(user)
    answer = await door.client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    said: int = answer.json()["id"]
    return said


async def ids_of_next(socket: Socket) -> list[int]:
    return [each["id"] for each in (await socket.next_data())["results"]]


async def test_an_announcement_is_for_all(
    contest: Contest, alice: User, bob: User, charlie: User
) -> None:
    path = f"{path_of(contest)}events"
    async with (
        watching() as door,
        door.socket(path, user=bob) as jury,
        door.socket(path, user=alice) as first,
        door.stream(path, user=charlie) as second,
    ):
        assert [await ids_of_next(each) for each in (jury, first)] == [[], []]
        await second.next_event()
        said = await say(door, bob, path_of(contest), text="Lunch at noon.")

        assert [await ids_of_next(each) for each in (jury, first)] == [[said], [said]]
        assert (await second.next_data())["results"][0]["text"] == "Lunch at noon."


async def test_a_question_and_its_answer_are_for_the_asker_and_the_jury(
    contest: Contest, alice: User, bob: User, charlie: User
) -> None:
    path = f"{path_of(contest)}events"
    async with (
        watching() as door,
        door.socket(path, user=bob) as jury,
        door.socket(path, user=alice) as asker,
        door.socket(path, user=charlie) as other,
    ):
        for each in (jury, asker, other):
            await each.next_data()
        question = await say(door, alice, path_of(contest), text="What is n?")
        told = [await ids_of_next(each) for each in (jury, asker)]
        answer = await say(
            door, bob, f"{path_of(contest)}{question}/answer/", text="Small.", to_all=False
        )

        assert told == [[question], [question]]
        assert [await ids_of_next(each) for each in (jury, asker)] == [[answer], [answer]]
        assert await other.is_quiet()


async def test_who_enters_while_watching_hears_of_answers_after_the_next_announcement(
    bob: User, alice: User
) -> None:
    contest = await in_thread(make_contest)
    path = f"{path_of(contest)}events"
    async with watching() as door, door.socket(path, user=alice) as watcher:
        await watcher.next_data()
        await in_thread(ContestParticipant.objects.create, contest=contest, user=alice)
        await say(door, bob, path_of(contest), text="Welcome.")
        await watcher.next_data()
        question = await say(door, alice, path_of(contest), text="What is n?")

        assert await ids_of_next(watcher) == [question]


async def test_a_contest_that_one_may_not_know_of_has_no_stream(charlie: User) -> None:
    hidden = await in_thread(make_contest, is_published=False)
    async with watching() as door:
        async with door.stream(f"{path_of(hidden)}events", user=charlie) as stream:
            assert stream.response.status_code == 404
        async with door.socket(f"{path_of(hidden)}events", user=charlie) as watcher:
            assert (await watcher.closing())[0] == 4003


async def test_who_comes_back_is_told_what_was_said_meanwhile(
    contest: Contest, alice: User, bob: User
) -> None:
    path = f"{path_of(contest)}events"
    async with watching() as door:
        async with door.stream(path, user=alice) as stream:
            known = await stream.next_tag()
        said = await say(door, bob, path_of(contest), text="Lunch at noon.")
        async with door.stream(path, user=alice, Last_Event_ID=known) as stream:
            results = (await stream.next_data())["results"]

    assert [each["id"] for each in results] == [said]

"""Keys are asked for when it makes sense, and kept while nobody answers."""

import asyncio
from collections.abc import AsyncIterator

import jwt
import pytest
import pytest_asyncio

from app.clients.key_servers import PublishedKeys
from app.errors import KeysUnavailableError
from app.services.key_store import COOLDOWN_S, PATIENCE_S, KeyStore
from tests.support.issuers import ec_key, jwk_of

pytestmark = pytest.mark.asyncio
FRESH_S = 3600.0


class Issuer:
    """An issuer's key server, and the time."""

    def __init__(self) -> None:
        self.kids = ["old"]
        self.fetches = 0
        self.now_s = 1000.0
        self.is_away = False
        self.silence: asyncio.Event | None = None

    def monotonic_s(self) -> float:
        return self.now_s

    async def fetch(self) -> PublishedKeys:
        self.fetches += 1
        if self.silence:
            await self.silence.wait()
        if self.is_away:
            raise KeysUnavailableError("away")
        keys = {kid: jwt.PyJWK.from_dict(jwk_of(ec_key(), kid)) for kid in self.kids}
        return PublishedKeys(keys=keys, fresh_s=FRESH_S)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest_asyncio.fixture
async def keys(issuer: Issuer) -> AsyncIterator[KeyStore]:
    store = KeyStore(issuer.fetch, monotonic_s=issuer.monotonic_s)
    yield store
    await store.close()


async def test_nothing_is_fetched_before_somebody_needs_it(issuer: Issuer, keys: KeyStore) -> None:
    assert issuer.fetches == 0


async def test_a_known_key_is_not_asked_for_again_while_it_is_fresh(
    issuer: Issuer, keys: KeyStore
) -> None:
    await keys.find("old")
    issuer.now_s += FRESH_S - 1

    assert await keys.find("old")
    assert issuer.fetches == 1


async def test_a_new_key_is_found_as_soon_as_a_token_names_it(
    issuer: Issuer, keys: KeyStore
) -> None:
    await keys.find("old")
    issuer.kids = ["old", "new"]
    issuer.now_s += COOLDOWN_S

    assert await keys.find("new")


async def test_a_key_that_is_withdrawn_is_good_until_the_keys_are_old(
    issuer: Issuer, keys: KeyStore
) -> None:
    await keys.find("old")
    issuer.kids = ["new"]

    assert await keys.find("old")
    issuer.now_s += FRESH_S
    assert await keys.find("old") is None


async def test_a_storm_of_unknown_keys_makes_one_fetch_per_cooldown(
    issuer: Issuer, keys: KeyStore
) -> None:
    found = await asyncio.gather(*(keys.find(f"unknown-{n}") for n in range(500)))
    for n in range(500):
        assert await keys.find(f"another-{n}") is None

    assert found == [None] * 500
    assert issuer.fetches == 1
    issuer.now_s += COOLDOWN_S
    await keys.find("unknown")
    assert issuer.fetches == 2


async def test_old_keys_are_good_while_the_server_is_away(issuer: Issuer, keys: KeyStore) -> None:
    await keys.find("old")
    issuer.is_away = True
    issuer.now_s += FRESH_S

    assert [bool(await keys.find("old")) for _ in range(100)] == [True] * 100
    assert issuer.fetches == 2


async def test_a_silent_server_holds_nobody_up_whose_key_is_known(
    issuer: Issuer, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.key_store.PATIENCE_S", 0.01)
    await keys.find("old")
    issuer.silence = asyncio.Event()
    issuer.kids = ["new"]
    issuer.now_s += FRESH_S

    assert await keys.find("old")

    issuer.silence.set()
    assert await keys.find("new")
    assert issuer.fetches == 2
    assert PATIENCE_S <= 1


async def test_it_is_nobodys_fault_if_the_first_fetch_fails(issuer: Issuer, keys: KeyStore) -> None:
    issuer.is_away = True

    with pytest.raises(KeysUnavailableError):
        await keys.find("old")
    with pytest.raises(KeysUnavailableError):
        await keys.find("old")

    assert issuer.fetches == 1
    issuer.is_away = False
    issuer.now_s += COOLDOWN_S
    assert await keys.find("old")


async def test_whether_an_unknown_key_is_good_can_not_be_told_while_the_server_is_away(
    issuer: Issuer, keys: KeyStore
) -> None:
    await keys.find("old")
    issuer.is_away = True
    issuer.now_s += COOLDOWN_S

    with pytest.raises(KeysUnavailableError):
        await keys.find("new")


async def test_who_goes_away_does_not_end_the_fetch_of_others(
    issuer: Issuer, keys: KeyStore
) -> None:
    issuer.silence = asyncio.Event()
    impatient = asyncio.create_task(keys.find("old"))
    patient = asyncio.create_task(keys.find("old"))
    await asyncio.sleep(0)

    impatient.cancel()
    await asyncio.sleep(0)
    issuer.silence.set()

    assert await patient
    assert issuer.fetches == 1


async def test_closing_ends_a_fetch_under_way(issuer: Issuer) -> None:
    store = KeyStore(issuer.fetch)
    issuer.silence = asyncio.Event()
    waiting = asyncio.create_task(store.find("old"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await asyncio.wait_for(store.close(), timeout=30)

    with pytest.raises(asyncio.CancelledError):
        await waiting

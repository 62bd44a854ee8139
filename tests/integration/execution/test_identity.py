"""Who calls, by tokens whose keys a real server on this machine publishes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from app.clients import key_servers
from app.config import OpenIdIssuer, Settings
from app.engines.fake import FakeEngine
from app.languages import load_languages
from app.main import create_app
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.fake_backend import FakeBackend
from tests.support.issuers import (
    OPENID_AUDIENCE,
    PROJECT,
    KeyServer,
    Published,
    ec_key,
    firebase_claims,
    guest_claims,
    jwk_of,
    key_server,
    openid_claims,
    platform_claims,
    rsa_key,
    sign,
    unsigned,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
VERIFY = "/api/v1/auth/verify"
USER = "/api/v1/auth/user"


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with key_server() as server:
        server.publish("/firebase", jwk_of(rsa_key(), "key-1"))
        server.provide_openid(jwk_of(ec_key(), "key-ec"))
        yield server


@pytest.fixture
def settings(keys: KeyServer, sqlite_template: Path, tmp_path: Path) -> Settings:
    """Trust three issuers. No request of this module asks the database for anything."""
    return Settings(
        database_url=f"sqlite:///{sqlite_template}",
        data_directory=tmp_path,
        logs_directory=tmp_path,
        judge_workers=1,
        debug=True,
        firebase_project_id=PROJECT,
        firebase_certs_url=f"{keys.url}/firebase",
        openid_issuers=(OpenIdIssuer(keys.url, OPENID_AUDIENCE),),
        BACKEND_WEBHOOK_SECRET=SECRET,
    )


@pytest.fixture
def backend() -> FakeBackend:
    backend = FakeBackend()
    backend.keys = {"keys": [jwk_of(rsa_key(1), "platform")]}
    return backend


@asynccontextmanager
async def serving(settings: Settings, backend: FakeBackend) -> AsyncIterator[httpx.AsyncClient]:
    languages = load_languages()
    app = create_app(
        settings,
        engine=FakeEngine(languages.languages),
        languages=languages,
        backend_transport=httpx.MockTransport(backend.answer),
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://service",
        ) as client,
    ):
        yield client


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"Authorization": f"{scheme} {token}"}


async def test_everybodys_token_tells_who_calls(
    settings: Settings, backend: FakeBackend, keys: KeyServer
) -> None:
    tokens = {
        "firebase": sign(firebase_claims()),
        "openid": sign(openid_claims(iss=keys.url), ec_key(), kid="key-ec"),
        "account": sign(platform_claims(), rsa_key(1), kid="platform"),
        "guest": sign(guest_claims(), rsa_key(1), kid="platform"),
    }

    async with serving(settings, backend) as client:
        answers = {
            name: await client.get(VERIFY, headers=bearer(token)) for name, token in tokens.items()
        }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        tokens, 200
    )
    users = {name: answer.json()["user"] for name, answer in answers.items()}
    assert users["firebase"] == {
        "uid": "fX2aPq0bTnQz",
        "email": "alice@example.org",
        "name": "Alice",
        "email_verified": True,
    }
    assert answers["firebase"].json()["authenticated"] is True
    assert answers["firebase"].json()["message"]
    assert {name: user["uid"] for name, user in users.items()} == {
        "firebase": "fX2aPq0bTnQz",
        "openid": "248289761001",
        "account": "user:7",
        "guest": guest_claims()["uid"],
    }


async def test_tells_in_detail_whose_token_it_is(settings: Settings, backend: FakeBackend) -> None:
    claims = guest_claims()

    async with serving(settings, backend) as client:
        answer = await client.get(
            USER, headers=bearer(sign(claims, rsa_key(1), kid="platform"), "Token")
        )

    assert answer.json()["user_data"]["is_guest"] is True
    assert answer.json()["user_data"]["uid"] == claims["uid"]


async def test_a_bad_token_is_answered_with_what_to_send(
    settings: Settings, backend: FakeBackend
) -> None:
    bad = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
        bearer("text"),
        bearer(unsigned(firebase_claims())),
        bearer(sign(firebase_claims(exp=1))),
        bearer(sign(platform_claims(token_use="refresh"), rsa_key(1), kid="platform")),
        {"Cookie": "access_token=text"},
    ]

    async with serving(settings, backend) as client:
        answers = [await client.get(VERIFY, headers=headers) for headers in bad]

    assert [answer.status_code for answer in answers] == [401] * len(bad)
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert {answer.json()["code"] for answer in answers} == {"unauthenticated"}


async def test_a_token_in_the_address_of_a_request_counts_for_nothing(
    settings: Settings, backend: FakeBackend
) -> None:
    async with serving(settings, backend) as client:
        answer = await client.get(VERIFY, params={"token": sign(firebase_claims())})

    assert answer.status_code == 401


async def test_the_cookie_of_the_sign_in_counts(settings: Settings, backend: FakeBackend) -> None:
    token = sign(platform_claims(), rsa_key(1), kid="platform")

    async with serving(settings, backend) as client:
        answer = await client.get(VERIFY, headers={"Cookie": f"access_token={token}"})

    assert answer.json()["user"]["name"] == "alice"


async def test_keys_are_fetched_once_and_by_nobody_before_they_are_needed(
    settings: Settings, backend: FakeBackend, keys: KeyServer
) -> None:
    async with serving(settings, backend) as client:
        assert keys.asked == []
        for _ in range(3):
            await client.get(VERIFY, headers=bearer(sign(firebase_claims())))
            token = sign(openid_claims(iss=keys.url), ec_key(), kid="key-ec")
            await client.get(VERIFY, headers=bearer(token))

    assert keys.asked == ["/firebase", "/.well-known/openid-configuration", "/jwks"]


async def test_a_storm_of_unknown_keys_reaches_the_key_server_once(
    settings: Settings, backend: FakeBackend, keys: KeyServer
) -> None:
    async with serving(settings, backend) as client:
        answers = await asyncio.gather(
            *(
                client.get(VERIFY, headers=bearer(sign(firebase_claims(), kid=f"unknown-{n}")))
                for n in range(100)
            )
        )

    assert {answer.status_code for answer in answers} == {401}
    assert keys.asked == ["/firebase"]


@pytest.mark.parametrize(
    "published",
    [
        Published(document={}, status=500),
        Published(document={"error": {"message": "quota"}}),
        Published(document={"keys": [], "more": "x" * 300_000}),
        Published(document=[]),
    ],
    ids=["fails", "says something else", "says too much", "is confused"],
)
async def test_a_good_token_is_not_called_bad_while_the_key_server_is_away(
    settings: Settings, backend: FakeBackend, keys: KeyServer, published: Published
) -> None:
    keys.published["/firebase"] = published

    async with serving(settings, backend) as client:
        answer = await client.get(VERIFY, headers=bearer(sign(firebase_claims())))

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["code"] == "keys-unavailable"
    assert keys.url not in answer.text


@pytest.mark.parametrize(
    "description",
    [
        {"issuer": "https://somebody.else", "jwks_uri": "{url}/jwks"},
        {"issuer": "{url}", "jwks_uri": "http://0.0.0.0:{port}/jwks"},
        {"issuer": "{url}", "jwks_uri": "file:///etc/passwd"},
        {"issuer": "{url}"},
    ],
    ids=str,
)
async def test_an_openid_issuer_describes_itself_or_is_not_believed(
    settings: Settings, backend: FakeBackend, keys: KeyServer, description: dict[str, str]
) -> None:
    port = keys.url.rpartition(":")[2]
    description = {
        name: value.replace("{url}", keys.url).replace("{port}", port)
        for name, value in description.items()
    }
    keys.published["/.well-known/openid-configuration"] = Published(document=description)
    token = sign(openid_claims(iss=keys.url), ec_key(), kid="key-ec")

    async with serving(settings, backend) as client:
        answer = await client.get(VERIFY, headers=bearer(token))

    assert answer.status_code == 503
    assert keys.asked == ["/.well-known/openid-configuration"]


async def test_a_silent_key_server_does_not_hold_the_service_up_when_it_stops(
    settings: Settings, backend: FakeBackend, keys: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.is_silent.set()
    monkeypatch.setattr(key_servers, "TIMEOUT_S", 10 * PATIENCE_S)

    async with asyncio.timeout(PATIENCE_S):
        async with serving(settings, backend) as client:
            waiting = asyncio.create_task(
                client.get(VERIFY, headers=bearer(sign(firebase_claims())))
            )
            await asyncio.to_thread(keys.was_asked.wait)
        await asyncio.wait({waiting})


async def test_keys_in_a_file_need_no_network(
    settings: Settings, backend: FakeBackend, keys: KeyServer, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(httpx.Response(200, json={"keys": [jwk_of(rsa_key(), "key-1")]}).text)
    offline = settings.model_copy(update={"firebase_certs_file": file})

    async with serving(offline, backend) as client:
        answer = await client.get(VERIFY, headers=bearer(sign(firebase_claims())))

    assert answer.status_code == 200
    assert keys.asked == []


async def test_the_emulators_tokens_are_taken_where_it_is_named(
    settings: Settings, backend: FakeBackend, keys: KeyServer
) -> None:
    emulated = settings.model_copy(update={"firebase_auth_emulator_host": "localhost:9099"})

    async with serving(emulated, backend) as client:
        taken = await client.get(VERIFY, headers=bearer(unsigned(firebase_claims())))
        signed = await client.get(VERIFY, headers=bearer(sign(firebase_claims())))

    assert (taken.status_code, signed.status_code) == (200, 401)
    assert keys.asked == []


async def test_a_guest_may_do_nothing_at_the_closed_doors(
    settings: Settings, backend: FakeBackend
) -> None:
    token = sign(guest_claims(), rsa_key(1), kid="platform")

    async with serving(settings, backend) as client:
        answers = [
            await client.get(url, headers=bearer(token))
            for url in ("/api/v1/submissions/", "/api/v1/contests/", "/api/v1/doctor")
        ]

    assert {answer.status_code for answer in answers} == {403}

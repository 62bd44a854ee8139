"""Issuers of tokens: their keys, what they sign, and a server that publishes the keys."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
)
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tests.support.http_server import served

PROJECT = "uyren-test"
FIREBASE = f"https://securetoken.google.com/{PROJECT}"
PLATFORM = "http://localhost:8000"
OPENID = "https://login.example.org"
OPENID_AUDIENCE = "contest-frontend"


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> RSAPrivateKey:
    """Give a key, the same for the same number: making one takes a while."""
    return generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key(number: int = 0) -> EllipticCurvePrivateKey:
    """Give a key of an elliptic curve."""
    return generate_ec_key(SECP256R1())


def jwk_of(key: RSAPrivateKey | EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    """Give a key's public half as issuers publish it."""
    if isinstance(key, RSAPrivateKey):
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return public | {"kid": kid, "use": "sig", "alg": "RS256"}
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return public | {"kid": kid, "use": "sig"}


def sign(
    claims: dict[str, Any],
    key: RSAPrivateKey | EllipticCurvePrivateKey | None = None,
    *,
    kid: str = "key-1",
) -> str:
    """Sign claims as an issuer does."""
    key = key or rsa_key()
    algorithm = "RS256" if isinstance(key, RSAPrivateKey) else "ES256"
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def unsigned(claims: dict[str, Any]) -> str:
    """Write a token as the Firebase Auth emulator does."""
    return jwt.encode(claims, "", algorithm="none")


def firebase_claims(**changes: Any) -> dict[str, Any]:
    """Say what an ID token of Firebase says; `None` takes a claim away."""
    person = {
        "user_id": "fX2aPq0bTnQz",
        "email": "alice@example.org",
        "email_verified": True,
        "name": "Alice",
        "firebase": {"sign_in_provider": "password"},
        "auth_time": _now_s() - 60,
    }
    return _claims(FIREBASE, PROJECT, "fX2aPq0bTnQz", person | changes)


def openid_claims(**changes: Any) -> dict[str, Any]:
    """Say what an ID token of an OpenID provider says."""
    return _claims(OPENID, OPENID_AUDIENCE, "248289761001", {"email": "a@example.org"} | changes)


def platform_claims(**changes: Any) -> dict[str, Any]:
    """Say what an access token of the backend says."""
    account = {"user_id": 7, "uid": None, "roles": ["participant"], "token_use": "access"}
    return _claims(PLATFORM, "code-execution", "alice", account | {"jti": "1"} | changes)


def guest_claims(**changes: Any) -> dict[str, Any]:
    """Say what the backend's token for a guest says."""
    uid = "guest:8a5f0b6e-0d0f-4c5e-9c37-6a8f3f8d0001"
    guest: dict[str, Any] = {"sub": uid, "uid": uid, "user_id": None, "roles": []}
    return platform_claims() | guest | {"token_use": "guest"} | changes


def _claims(issuer: str, audience: str, subject: str, more: dict[str, Any]) -> dict[str, Any]:
    times = {"iat": _now_s() - 60, "exp": _now_s() + 3600}
    claims = {"iss": issuer, "aud": audience, "sub": subject, **times, **more}
    absent = {name for name, value in more.items() if value is None} - {"uid", "user_id"}
    return {name: value for name, value in claims.items() if name not in absent}


def _now_s() -> int:
    return int(time.time())


@dataclass(kw_only=True)
class Published:
    """An answer of the key server."""

    document: Any
    status: int = 200
    cache_control: str = "public, max-age=3600"


class KeyServer:
    """A key server on this machine; what it publishes may be changed at any time."""

    def __init__(self) -> None:
        self.url = ""
        self.published: dict[str, Published] = {}
        self.asked: list[str] = []
        self.was_asked = threading.Event()
        self.is_silent = threading.Event()
        self.may_speak = threading.Event()

    def publish(self, path: str, *keys: dict[str, Any], cache_control: str = "max-age=3600") -> str:
        """Publish a key set at a path; gives its address."""
        document = {"keys": list(keys)}
        self.published[path] = Published(document=document, cache_control=cache_control)
        return self.url + path

    def provide_openid(self, *keys: dict[str, Any]) -> None:
        """Be an OpenID provider, whose name is the server's address."""
        jwks_uri = self.publish("/jwks", *keys)
        description = Published(document={"issuer": self.url, "jwks_uri": jwks_uri})
        self.published["/.well-known/openid-configuration"] = description


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """Run a key server on a free port of this machine."""
    server = KeyServer()
    with served(_handler_of(server)) as server.url:
        yield server
        server.may_speak.set()


def _handler_of(server: KeyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            server.was_asked.set()
            if server.is_silent.is_set():
                server.may_speak.wait(20)
                return
            answer = server.published.get(self.path, Published(document={}, status=404))
            body = json.dumps(answer.document).encode()
            self.send_response(answer.status)
            self.send_header("Cache-Control", answer.cache_control)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler

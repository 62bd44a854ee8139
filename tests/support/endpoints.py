"""Endpoints of other teams, and a receiver that is one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook

from apps.contests.models import Contest
from apps.contests.services.rights import Rights
from apps.core.outgoing import Outgoing
from apps.endpoints import services
from apps.endpoints.models import Endpoint
from apps.users.models import User
from tests.support.http_server import served

HERE = (ip_network("127.0.0.0/8"),)
AN_HOUR_AGO = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request that a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    def verified(self, secret: str) -> Any:
        """Verify it with the specification's own library; give what it read."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(slots=True, kw_only=True)
class Receiver:
    """Another team's server, which answers as it is told."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    status: int = 200
    answer: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[], object] = lambda: None

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The bodies that it got."""
        return [each.document for each in self.received]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Serve on this machine while the block runs."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.received.append(Received(path=self.path, headers=dict(self.headers), body=body))
            told.before_answer()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.answer)))
            self.end_headers()
            self.wfile.write(told.answer)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with served(Handler) as url:
        told.url = url
        yield told


def outgoing() -> Outgoing:
    """Make calls that may reach this machine."""
    return Outgoing(allowed_networks=HERE)


def register(
    owner: User,
    *event_types: str,
    url: str = "https://hooks.example.org/alice",
    contest: Contest | None = None,
    scope: str | None = None,
) -> Endpoint:
    """Make an endpoint that has been there for an hour."""
    by_contest = Endpoint.Scope.OWN if contest is None else Endpoint.Scope.CONTEST
    made = services.register(
        owner=owner,
        rights=Rights(owner, timezone.now()),
        url=url,
        event_types=event_types or ("submission.completed",),
        scope=scope or by_contest,
        contest=contest,
    ).endpoint
    Endpoint.objects.filter(pk=made.pk).update(active_since=timezone.now() - AN_HOUR_AGO)
    made.refresh_from_db()
    return made


def secret_of(endpoint: Endpoint) -> str:
    """Give the newest secret, as whoever made it was shown it."""
    return services.secrets_of(endpoint, now=timezone.now())[0].text

"""The ASGI application: the gateway in front of Django; `python -m config.server` serves it."""

import httpx
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from apps.core import live, tracing
from config.monitoring import measure_web
from config.traced import TracedRequests
from config.wsgi import application as wsgi_application
from gateway.asgi import Scope, header
from gateway.front_door import FrontDoor
from gateway.http import CONNECTIONS_MAX, HttpForwarder
from gateway.rules import Trust
from gateway.websocket import WebSocketForwarder
from gateway.wsgi import ThreadedWsgi
from live.hub import Hub
from live.limits import StreamLimits
from live.relay import RedisRelay
from live.streams import LiveStreams
from logbook.envelope import Envelope

DJANGO_THREADS = 8
# In a rush results do not wait behind submissions until their sender gives up, nor do those who
# look at a board.
RESERVED_THREADS = {
    "/api/webhooks/": 2,
    r"(/api/code-execution)?/contests/\d+/(scoreboard|leaderboard)(/|$)": 2,
}
# Less than the five seconds after which servers commonly close a connection that nobody uses.
KEPT_ALIVE_S = 4.0

trust = Trust(proxies=settings.TRUSTED_PROXIES, is_scheme_believed=settings.HTTPS_ONLY)


def make_front_door(hub: Hub, limits: StreamLimits) -> FrontDoor:
    """Put the gateway together from the settings."""
    transport = httpx.AsyncHTTPTransport(
        limits=httpx.Limits(
            max_connections=CONNECTIONS_MAX,
            max_keepalive_connections=CONNECTIONS_MAX,
            keepalive_expiry=KEPT_ALIVE_S,
        )
    )
    django = ThreadedWsgi(
        wsgi_application,
        threads=DJANGO_THREADS,
        reserved_threads=RESERVED_THREADS,
        body_bytes_max=settings.API_BODY_BYTES_MAX,
    )
    base_url = httpx.URL(settings.CODE_EXECUTION_SERVICE_URL)

    relay = None
    if settings.LIVE_REDIS_URL:
        relay = RedisRelay(settings.LIVE_REDIS_URL, hub, own_name=live.PROCESS)

    def is_origin_ours(scope: Scope) -> bool:
        ours = f"{trust.scheme(scope)}://{header(scope, b'host')}"
        known = {None, ours, *settings.CSRF_TRUSTED_ORIGINS, *settings.CORS_ALLOWED_ORIGINS}
        return header(scope, b"origin") in known

    async def close() -> None:
        await transport.aclose()
        if relay is not None:
            await relay.close()
        django.close()

    return FrontDoor(
        http=HttpForwarder(
            base_url=base_url,
            transport=transport,
            trust=trust,
            answer_timeout_s=settings.GATEWAY_ANSWER_TIMEOUT,
        ),
        websocket=WebSocketForwarder(
            base_url=base_url, trust=trust, idle_timeout_s=settings.GATEWAY_IDLE_TIMEOUT
        ),
        django=LiveStreams(
            application=django,
            hub=hub,
            relay=relay,
            address_of=trust.client_address,
            is_origin_ours=is_origin_ours,
            limits=limits,
        ),
        is_host_ours=is_host_ours,
        close=close,
    )


def is_host_ours(host: str) -> bool:
    """Tell whether a `Host` header names one of `ALLOWED_HOSTS`."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


streams_hub = Hub()
live.listen(streams_hub.tick_from_thread)
measure_web(lambda: streams_hub.stream_count)
front_door = make_front_door(streams_hub, StreamLimits())
application = Envelope(
    TracedRequests(front_door) if tracing.is_on() else front_door,
    hsts_s=settings.SECURE_HSTS_SECONDS,
    address_of=trust.client_address,
)

"""Nobody reaches through us what they could not reach themselves."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.outgoing import (
    BODY_BYTES_MAX,
    AddressRefusedError,
    Outgoing,
    OutgoingError,
    is_public,
    parse,
    system_addresses,
)
from tests.support.certificates import certified
from tests.support.http_server import served

PATIENCE_S = 30
HERE = (ip_network("127.0.0.0/8"),)
NAME = "hooks.example.org"
PUBLIC = "93.184.215.14"

LITERALS_INSIDE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not one to listen on
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[2001:db8::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
]
OTHER_SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "127。0。0。1",
    "１２７.0.0.1",  # noqa: RUF001 - that is the point
    "①②⑦.0.0.1",
    "[::ffff:127.0.0.1%25lo]",
    "[fe80::1%25eth0]",
    "0",
    "0x",
]


def never(host: str) -> Sequence[str]:
    raise AssertionError(f"{host} was resolved")


PURE = Outgoing(resolve=never)
HERE_ONLY = Outgoing(resolve=never, allowed_networks=HERE)


def guarded(*addresses: str) -> Outgoing:
    """Make calls for which every name has these addresses."""
    return Outgoing(resolve=lambda _host: addresses)


def post(outgoing: Outgoing, url: str, *, timeout_s: float = PATIENCE_S) -> Any:
    return outgoing.post(url, body=b"{}", headers={"X-Test": "1"}, timeout_s=timeout_s)


@pytest.mark.parametrize("host", [*LITERALS_INSIDE, *OTHER_SPELLINGS])
def test_refuses_addresses_inside_however_they_are_spelt(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        PURE.destination_of(f"https://{host}/hook")
    with pytest.raises(AddressRefusedError):
        post(PURE, f"https://{host}/hook")


@pytest.mark.parametrize("host", LITERALS_INSIDE)
def test_refuses_names_of_addresses_inside(host: str) -> None:
    outgoing = guarded(host.strip("[]"))

    with pytest.raises(AddressRefusedError, match="private or reserved"):
        post(outgoing, f"https://{NAME}/hook")


@pytest.mark.parametrize("host", ["localhost", "localhost.", "LOCALHOST"])
def test_refuses_this_machine_by_the_systems_own_names(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        post(Outgoing(resolve=system_addresses), f"https://{host}/")


def test_refuses_a_name_of_which_only_one_address_is_inside() -> None:
    with pytest.raises(AddressRefusedError):
        post(guarded(PUBLIC, "10.0.0.1"), f"https://{NAME}/hook")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org/x",
        "//hooks.example.org/x",
        "ftp://hooks.example.org/x",
        "file:///etc/passwd",
        "gopher://hooks.example.org/x",
        "http://hooks.example.org/x",
        "https://",
        "https:///x",
        "https://alice@hooks.example.org/",
        "https://alice:secret@hooks.example.org/",
        "https://@hooks.example.org/",
        "https://hooks.example.org:443@10.0.0.1/",
        "https://hooks.example.org\\@10.0.0.1/",
        "https://hooks.example.org/#fragment",
        "https://hooks.example.org/#",
        "https://hooks example.org/",
        "https://hooks.example.org/\r\nX-Injected: 1",
        "https://hooks.example.org/\x00",
        "https://hooks..example.org/",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:70000/",
        "https://[::1",
        "https://hooks.example.org/" + "x" * 2000,
    ],
)
def test_refuses_what_is_no_plain_https_address(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        PURE.destination_of(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://hooks.example.org", "hooks.example.org", 443, b"/"),
        ("HTTPS://Hooks.Example.ORG./a?b=c", "hooks.example.org", 443, b"/a?b=c"),
        ("https://hooks.example.org:8443/", "hooks.example.org", 8443, b"/"),
        ("https://münchen.example/ü", "xn--mnchen-3ya.example", 443, b"/%C3%BC"),
        (f"https://{PUBLIC}/", PUBLIC, 443, b"/"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, b"/"),
    ],
)
def test_takes_addresses_that_everybody_may_reach(
    url: str, host: str, port: int, target: bytes
) -> None:
    found = PURE.destination_of(url)

    assert (found.host, found.port, found.target) == (host, port, target)


def test_an_origin_leaves_out_the_path_which_may_be_a_secret() -> None:
    assert parse("https://hooks.example.org:8443/T0/secret?key=1").origin == (
        "https://hooks.example.org:8443"
    )


@given(st.text(max_size=200))
def test_reading_a_url_is_total(text: str) -> None:
    for url in (text, f"https://{text}", f"https://hooks.example.org/{text}"):
        with suppress(AddressRefusedError):
            assert PURE.destination_of(url).scheme == "https"


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_public_as_its_forms_in_ipv6(address: IPv4Address) -> None:
    number = int(address)
    mapped = IPv6Address((0xFFFF << 32) + number)
    nat64 = IPv6Address((0x64FF9B << 96) + number)
    six_to_four = IPv6Address((0x2002 << 112) + (number << 80))

    assert {is_public(each) for each in (mapped, nat64, six_to_four)} == {is_public(address)}


@given(st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16"]), st.data())
def test_no_address_of_a_network_inside_is_public(text: str, data: st.DataObject) -> None:
    network = IPv4Network(text)
    number = data.draw(st.integers(int(network[0]), int(network[-1])))

    assert not is_public(IPv4Address(number))


class Receiver(BaseHTTPRequestHandler):
    """Remembers what it gets, and answers as it is told."""

    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []
    status = 200
    answer = b"ok"
    location = ""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.seen.append((self.path, dict(self.headers), self.rfile.read(length)))
        self.send_response(self.status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> type[Receiver]:
    """A receiver of this test's own."""
    return type("OwnReceiver", (Receiver,), {"seen": []})


@pytest.fixture
def tls_url(receiver: type[Receiver], tmp_path: Path) -> Iterator[str]:
    """A receiver that proves to be `NAME`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), receiver)
    context = certified(NAME).server_context(tmp_path)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"https://{NAME}:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def trusting(name: str = NAME) -> Outgoing:
    """Make calls that trust the tests' authority, by which every name is this machine."""
    return Outgoing(
        allowed_networks=HERE,
        resolve=lambda _host: ["127.0.0.1"],
        tls=certified(name).client_context(),
    )


def test_sends_to_the_address_that_was_checked_under_the_name(
    tls_url: str, receiver: type[Receiver]
) -> None:
    answer = post(trusting(), f"{tls_url}/hook?a=1")

    assert (answer.status, answer.body) == (200, b"ok")
    [(path, headers, body)] = receiver.seen
    assert (path, body) == ("/hook?a=1", b"{}")
    assert headers["Host"] == tls_url.removeprefix("https://")
    assert headers["X-Test"] == "1"


def test_refuses_a_server_that_does_not_prove_the_name(
    tls_url: str, receiver: type[Receiver]
) -> None:
    other = tls_url.replace(NAME, "other.example.org")

    with pytest.raises(OutgoingError, match=r"(?i)certificate"):
        post(trusting(), other)
    with pytest.raises(OutgoingError, match=r"(?i)certificate"):
        post(Outgoing(allowed_networks=HERE, resolve=lambda _: ["127.0.0.1"]), tls_url)
    assert receiver.seen == []


def test_resolves_once_so_that_a_name_can_not_turn_inside_afterwards(
    tls_url: str, receiver: type[Receiver]
) -> None:
    asked: list[str] = []

    def turning(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    outgoing = Outgoing(
        allowed_networks=HERE, resolve=turning, tls=certified(NAME).client_context()
    )

    assert post(outgoing, tls_url).status == 200
    assert asked == [NAME]


def test_follows_no_redirect(receiver: type[Receiver]) -> None:
    with served(receiver) as url:
        receiver.status, receiver.location = 302, f"{url}/elsewhere"
        answer = post(trusting(), f"{url}/hook")

    assert answer.status == 302
    assert [path for path, _headers, _body in receiver.seen] == ["/hook"]


def test_uses_no_proxy_of_the_environment(
    receiver: type[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with served(receiver) as url:
        assert post(trusting(), url).status == 200


def test_keeps_the_beginning_of_a_long_answer(receiver: type[Receiver]) -> None:
    receiver.answer = b"x" * 200_000

    with served(receiver) as url:
        answer = post(trusting(), url)

    assert answer.body == b"x" * BODY_BYTES_MAX


def test_plain_http_is_for_the_operators_own_networks_only(receiver: type[Receiver]) -> None:
    with served(receiver) as url:
        named = url.replace("127.0.0.1", NAME)
        elsewhere = Outgoing(allowed_networks=HERE, resolve=lambda _host: [PUBLIC])

        assert post(trusting(), named).status == 200
        with pytest.raises(AddressRefusedError, match="https"):
            post(elsewhere, named)
        with pytest.raises(AddressRefusedError, match="https"):
            post(guarded("127.0.0.1"), named)


def test_tries_the_next_address_when_one_does_not_answer(receiver: type[Receiver]) -> None:
    with served(receiver) as url:
        outgoing = Outgoing(allowed_networks=HERE, resolve=lambda _host: ["127.0.0.2", "127.0.0.1"])

        assert post(outgoing, url.replace("127.0.0.1", NAME)).status == 200


def test_a_name_that_does_not_resolve_is_no_answer() -> None:
    with pytest.raises(OutgoingError, match="does not resolve"):
        post(guarded(), f"https://{NAME}/")
    with pytest.raises(OutgoingError, match="does not resolve"):
        post(Outgoing(), f"https://{'a' * 70}.invalid/")


def test_a_closed_port_is_no_answer() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]

    with pytest.raises(OutgoingError, match="ConnectError"):
        post(trusting(), f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_one_deadline_holds_however_slowly_an_answer_drips(answer: bytes) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        dripping = threading.Thread(target=_drip, args=(server, answer), daemon=True)
        dripping.start()
        started_s = time.monotonic()

        with pytest.raises(OutgoingError, match=r"within 0\.3 s"):
            post(trusting(), f"http://127.0.0.1:{port}/", timeout_s=0.3)

        assert time.monotonic() - started_s < PATIENCE_S  # it would drip on for longer
        dripping.join(PATIENCE_S)


def _drip(server: socket.socket, beginning: bytes) -> None:
    """Say something well within every pause that a client may wait for, without an end."""
    connection, _address = server.accept()
    with connection:
        try:
            connection.sendall(beginning or b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            return


@settings(max_examples=40)
@given(said=st.binary(max_size=300), is_http=st.booleans())
def test_whatever_a_server_says_it_is_an_answer_or_none(said: bytes, *, is_http: bool) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        talking = threading.Thread(target=_say, args=(server, said, is_http), daemon=True)
        talking.start()
        with suppress(OutgoingError):
            answer = post(HERE_ONLY, f"http://127.0.0.1:{server.getsockname()[1]}/")
            assert 100 <= answer.status < 1000
        talking.join(PATIENCE_S)


def _say(server: socket.socket, said: bytes, is_http: bool) -> None:
    connection, _address = server.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall((b"HTTP/1.1 " if is_http else b"") + said)


def test_a_server_that_speaks_no_tls_is_no_answer(receiver: type[Receiver]) -> None:
    with served(receiver) as url, pytest.raises(OutgoingError):
        post(trusting(), url.replace("http://", "https://"))


def test_the_default_trusts_the_usual_authorities() -> None:
    context: ssl.SSLContext = Outgoing()._tls

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_literal_public_addresses_are_public() -> None:
    for text in (PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"):
        assert is_public(ip_address(text)), text

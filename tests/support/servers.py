"""Real servers for tests: each on a free loopback port, in a folder of its own, gone afterwards.

A server whose program is not installed raises `ServerMissingError`; the fixtures turn that into a
skip that says so. `./manage-code-execution.sh test` installs them where it can.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg

START_TIMEOUT_S = 120
TLS = httpx.create_ssl_context()
"""For whoever asks often: making it takes longer than a request."""
_PORTS = range(12_000, 32_000)
"""Below those that Linux gives to connections: 32,768 to 60,999."""


class ServerMissingError(Exception):
    """The server's program is not on this machine; the text says what would bring it."""


def free_port() -> int:
    """Give a port that stays free until somebody listens there, and when he comes back, too.

    One that the system gives may meanwhile be taken by any connection that goes out; and the dice
    of tests, which all throw the same, would give each process of a run the same port.
    """
    while True:
        port = secrets.choice(_PORTS)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"server did not start: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """Make a folder in /var/tmp that belongs to the user that the server will run as."""
    folder = Path(tempfile.mkdtemp(prefix="test-server-", dir="/var/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def as_user(user: str, *command: str) -> list[str]:
    """Prefix the command so that root's tests run the server as its own user."""
    if os.geteuid() != 0:
        return [*command]
    account = pwd.getpwnam(user)
    drop = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    return ["setpriv", *drop, *command]


def program(name: str, *, package: str, folders: list[Path]) -> str:
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ["PATH"]]))
    if found is None:
        raise ServerMissingError(f"{name} is not installed (Debian package {package})")
    return found


@contextlib.contextmanager
def _stopped_at_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the process, which leads a group of its own, and whatever it has started."""
    try:
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Run PostgreSQL; yields a URL of its maintenance database, without durability."""
    with folder_of("postgres") as folder:
        make_cluster(folder)
        port, log = free_port(), folder / "log"
        careless = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        with log.open("wb") as output:
            process = subprocess.Popen(
                postgresql_command(folder, port, **careless),
                stdout=output,
                stderr=output,
                cwd=folder,
                start_new_session=True,
            )
        with _stopped_at_the_end(process):
            wait_for_port(port, process, log)
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            _wait_for_database(url)
            yield url


def make_cluster(folder: Path) -> None:
    """Make PostgreSQL's data in a folder that belongs to its user.

    Raises:
        ServerMissingError: PostgreSQL is not installed.
    """
    options = ["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
    subprocess.run(
        as_user("postgres", _postgresql_program("initdb"), "-D", str(folder / "data"), *options),
        check=True,
        capture_output=True,
        cwd=folder,
    )


def postgresql_command(folder: Path, port: int, **further: str) -> list[str]:
    """Give the command that runs PostgreSQL on what `make_cluster` has made."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        **further,
    }
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    server = _postgresql_program("postgres")
    return as_user("postgres", server, "-D", str(folder / "data"), *arguments)


def _postgresql_program(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return program(name, package="postgresql", folders=folders)


def _wait_for_database(url: str) -> None:
    """Return when the server takes connections; its port is open while it still starts up."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Run Redis without persistence; yields its URL."""
    server = program("redis-server", package="redis-server", folders=[])
    with folder_of("redis") as folder:
        port, log = free_port(), folder / "log"
        command = [server, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                as_user("redis", *command), stdout=output, stderr=output, start_new_session=True
            )
        with _stopped_at_the_end(process):
            wait_for_port(port, process, log)
            yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def rabbitmq() -> Iterator[str]:
    """Run RabbitMQ with an epmd of its own; yields its URL."""
    with folder_of("rabbitmq") as folder:
        command, port, epmd_port, log = rabbitmq_command(), free_port(), free_port(), folder / "log"
        environment = rabbitmq_environment(
            folder, port=port, distribution_port=free_port(), epmd_port=epmd_port
        )
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        try:
            with _stopped_at_the_end(process):
                wait_for_port(port, process, log)
                yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            kill_port_mapper(epmd_port)


def rabbitmq_command() -> list[str]:
    """Give the command that runs RabbitMQ.

    Raises:
        ServerMissingError: It is not installed.
    """
    server = program("rabbitmq-server", package="rabbitmq-server", folders=[])
    return as_user("rabbitmq", server)


def rabbitmq_environment(
    folder: Path, *, port: int, distribution_port: int, epmd_port: int
) -> dict[str, str]:
    """Have RabbitMQ keep all that is its own in a folder that belongs to its user."""
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        "log.console = true\nlog.console.level = warning\nlog.file = false\n"
    )
    (folder / "plugins").write_text("[].")
    return {
        "PATH": "/usr/lib/rabbitmq/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }


def kill_port_mapper(port: int) -> None:
    """End the Erlang port mapper, which outlives its node; it refuses until the node is gone."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        killing = subprocess.run(
            ["epmd", "-port", str(port), "-kill"], check=False, capture_output=True
        )
        if b"Killed" in killing.stdout:
            return
        time.sleep(0.1)
    raise RuntimeError(f"epmd on port {port} did not end: {killing.stdout!r}")

"""Servers that have everything they confirmed when they come back after having been killed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import psycopg
from typing_extensions import override

from tests.support.part import WholePart, is_listening
from tests.support.servers import (
    as_user,
    folder_of,
    free_port,
    kill_port_mapper,
    make_cluster,
    postgresql_command,
    program,
    rabbitmq_command,
    rabbitmq_environment,
)

_PATH = "/usr/bin:/bin"


class Server(WholePart):
    """A server whose data are in a folder of its own."""

    def end_for_good(self) -> None:
        """End it, if it is there, with what outlives it."""
        self.end()


ServerT = TypeVar("ServerT", bound=Server)


class DatabaseServer(Server):
    """PostgreSQL, as durable as it comes."""

    def __init__(self, folder: Path) -> None:
        """Make it with empty data.

        Raises:
            ServerMissingError: It is not installed.
        """
        make_cluster(folder)
        port = free_port()
        self._address = f"postgresql://postgres@127.0.0.1:{port}"
        durable = {"fsync": "on", "synchronous_commit": "on", "max_connections": "200"}
        super().__init__(
            "postgresql",
            postgresql_command(folder, port, **durable),
            folder=folder,
            working_folder=folder,
            environment={"PATH": _PATH},
            is_ready=self._is_ready,
        )

    def make_database(self, name: str) -> str:
        """Make an empty database, and give its URL."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url_of(name)

    def url_of(self, name: str) -> str:
        return f"{self._address}/{name}"

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class DurableRedis(Server):
    """Redis that writes to its log before it answers."""

    def __init__(self, folder: Path) -> None:
        """Make it empty.

        Raises:
            ServerMissingError: It is not installed.
        """
        self._port = free_port()
        server = program("redis-server", package="redis-server", folders=[])
        command = [server, "--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        super().__init__(
            "redis",
            as_user("redis", *command),
            folder=folder,
            working_folder=folder,
            environment={"PATH": _PATH},
            is_ready=partial(is_listening, self._port),
        )

    def url_of(self, database: int) -> str:
        return f"redis://127.0.0.1:{self._port}/{database}"


class MessageBroker(Server):
    """RabbitMQ with a port mapper of its own, which outlives it."""

    def __init__(self, folder: Path) -> None:
        """Make it empty.

        Raises:
            ServerMissingError: It is not installed.
        """
        port, self._epmd_port = free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"
        super().__init__(
            "rabbitmq",
            rabbitmq_command(),
            folder=folder,
            working_folder=folder,
            environment=rabbitmq_environment(
                folder, port=port, distribution_port=free_port(), epmd_port=self._epmd_port
            ),
            is_ready=partial(is_listening, port),
        )

    @override
    def end_for_good(self) -> None:
        """End it and its port mapper."""
        super().end_for_good()
        kill_port_mapper(self._epmd_port)


@contextmanager
def started(make: Callable[[Path], ServerT], *, user: str) -> Iterator[ServerT]:
    """Start a server without data, which runs as this user if root starts it; end it at the end."""
    with folder_of(user) as folder:
        server = make(folder)
        server.start()
        try:
            yield server
        finally:
            server.end_for_good()

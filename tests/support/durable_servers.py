"""Servers that have everything they confirmed when they come back after having been killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from tests.support.part import WholePart, is_listening, lasting_port
from tests.support.servers import (
    as_user,
    folder_of,
    kill_port_mapper,
    make_cluster,
    postgresql_command,
    program,
    rabbitmq_command,
    rabbitmq_environment,
)

_PATH = "/usr/bin:/bin"


class DatabaseServer(WholePart):
    """PostgreSQL, as durable as it comes."""

    def __init__(self, folder: Path) -> None:
        """Make it with empty data.

        Raises:
            ServerMissingError: It is not installed.
        """
        make_cluster(folder)
        port = lasting_port()
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


class DurableRedis(WholePart):
    """Redis that writes to its log before it answers."""

    def __init__(self, folder: Path) -> None:
        """Make it empty.

        Raises:
            ServerMissingError: It is not installed.
        """
        self._port = lasting_port()
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


class MessageBroker(WholePart):
    """RabbitMQ with a port mapper of its own, which outlives it."""

    def __init__(self, folder: Path) -> None:
        """Make it empty.

        Raises:
            ServerMissingError: It is not installed.
        """
        port, self.epmd_port = lasting_port(), lasting_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"
        super().__init__(
            "rabbitmq",
            rabbitmq_command(),
            folder=folder,
            working_folder=folder,
            environment=rabbitmq_environment(
                folder, port=port, distribution_port=lasting_port(), epmd_port=self.epmd_port
            ),
            is_ready=partial(is_listening, port),
        )


@contextmanager
def database_server() -> Iterator[DatabaseServer]:
    """Run PostgreSQL, and end it if it is there at the end."""
    with folder_of("postgres") as folder:
        server = DatabaseServer(folder)
        server.start()
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.end()


@contextmanager
def durable_redis() -> Iterator[DurableRedis]:
    """Run Redis, and end it if it is there at the end."""
    with folder_of("redis") as folder:
        server = DurableRedis(folder)
        server.start()
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.end()


@contextmanager
def message_broker() -> Iterator[MessageBroker]:
    """Start RabbitMQ, which takes seconds to get ready; end it if it is there at the end."""
    with folder_of("rabbitmq") as folder:
        server = MessageBroker(folder)
        server.start()
        try:
            yield server
        finally:
            server.end()
            kill_port_mapper(server.epmd_port)

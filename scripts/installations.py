"""What a backup is made of: the stack of containers, or the processes of a checkout."""

import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent


class BackupError(Exception):
    """It can't be done; the text is one sentence for the operator."""


class Installation(Protocol):
    """What is backed up, or brought back; databases are named `backend` and `code_execution`."""

    @property
    def kind(self) -> str:
        """Tell which databases it has, `postgresql` or `sqlite`."""

    def files(self) -> dict[str, Path]:
        """Name the files with settings and secrets; some may not be there."""

    def place_of(self, name: str) -> Path:
        """Say where such a file of an archive belongs."""

    def refuse_unless_empty(self) -> None:
        """Raise `BackupError` if there is anything that would be lost."""

    def prepare(self) -> None:
        """Get ready to load databases, when settings and secrets are there."""

    def dump(self, targets: Mapping[str, Path]) -> None:
        """Copy the databases to files, in this order."""

    def load(self, sources: Mapping[str, Path]) -> None:
        """Make the databases from such files."""

    def dump_keys(self, target: Path) -> None:
        """Copy the keys that sign tokens to a tar file."""

    def load_keys(self, source: Path) -> None:
        """Bring the keys back."""


class PostgreSql:
    """A PostgreSQL database.

    `prefix` stands before every command; `role` becomes the owner of what is loaded.
    """

    def __init__(
        self,
        name: str,
        *,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str],
        user: str,
        role: str = "",
    ) -> None:
        self._name = name
        self._prefix = prefix
        self._environment = environment
        self._user = user
        self._role = role

    def dump(self, target: Path) -> None:
        """Copy it to a file."""
        with target.open("wb") as output:
            self._run("pg_dump", "--format=custom", output=output)

    def load(self, source: Path) -> None:
        """Make it from such a file."""
        role = ["--role", self._role] if self._role else []
        with source.open("rb") as content:
            self._run("pg_restore", "--no-owner", "--exit-on-error", *role, content=content)

    def ask(self, statement: str) -> str:
        """Give what a statement answers."""
        return self._run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--command", statement)

    def is_empty(self) -> bool:
        """Tell whether it has no table."""
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        return self.ask(tables).strip() == "0"

    def _run(
        self,
        program: str,
        *options: str,
        content: IO[bytes] | None = None,
        output: IO[bytes] | None = None,
    ) -> str:
        place = ["--username", self._user, "--dbname", self._name]
        return run(
            [*self._prefix, program, *place, *options],
            self._environment,
            content=content,
            output=output,
        )


class ComposeStack:
    """The stack of docker-compose.prod.yml, as Docker's own variables choose it."""

    kind = "postgresql"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {"COMPOSE_FILE": str(ROOT / "docker-compose.prod.yml"), **environment}
        self._secrets = Path(environment.get("SECRETS_FOLDER", ROOT / "deploy" / "secrets"))
        self._settings = {
            "settings/backend": environment.get("BACKEND_ENV_FILE", "backend/.env.prod"),
            "settings/code-execution-service": environment.get(
                "EXECUTION_ENV_FILE", "code-execution-service/.env.prod"
            ),
        }
        prefix = ["docker", "compose", "exec", "--no-TTY", "db"]
        self._databases = {
            role: PostgreSql(
                name, prefix=prefix, environment=self._environment, user="postgres", role=role
            )
            for role, name in (("backend", "uyren"), ("code_execution", "uyren_code_execution"))
        }

    def files(self) -> dict[str, Path]:
        """Name the files with settings, and all secrets."""
        secrets = sorted(path.name for path in self._secrets.glob("[!.]*"))
        names = [*self._settings, *(f"secrets/{name}" for name in secrets)]
        return {name: self.place_of(name) for name in names}

    def place_of(self, name: str) -> Path:
        """Say where such a file of an archive belongs."""
        if name in self._settings:
            return ROOT / self._settings[name]
        return self._secrets / Path(name).name

    def refuse_unless_empty(self) -> None:
        """Refuse where the project has containers or volumes.

        Raises:
            BackupError: it has.
        """
        project = self._environment.get("COMPOSE_PROJECT_NAME", "uyren_prod")
        label = ["--filter", f"label=com.docker.compose.project={project}"]
        kinds = {
            "containers": ["docker", "ps", "--all", "--quiet", *label],
            "volumes": ["docker", "volume", "ls", "--quiet", *label],
        }
        for kind, command in kinds.items():
            if run(command, self._environment).strip():
                raise BackupError(
                    f"the stack {project} has {kind} already, and only an empty one can be restored"
                    " into; `./manage-code-execution.sh down --volumes` deletes all that it has"
                )

    def prepare(self) -> None:
        """Start the database, with a role for each service."""
        self._compose("build", "--quiet", "backend")
        self._compose("up", "--detach", "--wait", "db")
        self._compose("run", "--rm", "--no-TTY", "database-roles")

    def dump(self, targets: Mapping[str, Path]) -> None:
        """Copy the databases to files, in this order."""
        for name, target in targets.items():
            self._databases[name].dump(target)

    def load(self, sources: Mapping[str, Path]) -> None:
        """Make the databases from such files."""
        for name, source in sources.items():
            self._databases[name].load(source)
        pass_known_ids(**self._databases)

    def dump_keys(self, target: Path) -> None:
        """Copy the keys that sign tokens to a tar file."""
        with target.open("wb") as output:
            self._in_backend("cd data && tar --create *.pem", output=output)

    def load_keys(self, source: Path) -> None:
        """Bring the keys back."""
        with source.open("rb") as content:
            self._in_backend("cd data && tar --extract --no-same-owner", content=content)

    def _in_backend(
        self, command: str, *, content: IO[bytes] | None = None, output: IO[bytes] | None = None
    ) -> None:
        alone = ["--rm", "--no-deps", "--no-TTY"]
        command_line = ["docker", "compose", "run", *alone, "backend-migrate", "sh", "-c", command]
        run(command_line, self._environment, content=content, output=output)

    def _compose(self, *arguments: str) -> None:
        run(["docker", "compose", "--progress", "quiet", *arguments], self._environment)


class Sqlite:
    """A SQLite database in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, source: Path) -> None:
        """Make it from a copy."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self.path)

    def is_empty(self) -> bool:
        """Tell whether there is none yet."""
        return not self.path.exists()


class Checkout:
    """The processes of a checkout, with the databases that its settings name."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._settings = {
            "settings/backend": ROOT / environment.get("BACKEND_ENV_FILE", "backend/.env"),
            "settings/code-execution-service": ROOT
            / environment.get("EXECUTION_ENV_FILE", "code-execution-service/.env"),
        }

    @property
    def kind(self) -> str:
        """Tell which databases it has."""
        kinds = {type(database) for database in self._databases().values()}
        if len(kinds) > 1:
            raise BackupError("one service is on SQLite and the other on PostgreSQL; back each up")
        return "sqlite" if kinds == {Sqlite} else "postgresql"

    def files(self) -> dict[str, Path]:
        """Name the files with settings, where the secrets are too."""
        return dict(self._settings)

    def place_of(self, name: str) -> Path:
        """Say where such a file of an archive belongs.

        Raises:
            BackupError: it belongs to a stack of containers.
        """
        if name not in self._settings:
            raise BackupError(f"{name} of the archive belongs to a stack of containers")
        return self._settings[name]

    def refuse_unless_empty(self) -> None:
        """Refuse where a database has tables, or is a file.

        Raises:
            BackupError: one has.
        """
        for name, database in self._databases().items():
            if not database.is_empty():
                raise BackupError(
                    f"there is a database of {name} already, and only into an empty installation"
                    " can be restored; `./manage-code-execution.sh reset` deletes SQLite's"
                )

    def prepare(self) -> None:
        """Nothing has to be started."""

    def dump(self, targets: Mapping[str, Path]) -> None:
        """Copy the databases to files: SQLite's as both are at one moment."""
        databases = self._databases()
        files: dict[str, Path] = {}
        for name, target in targets.items():
            database = databases[name]
            if isinstance(database, PostgreSql):
                database.dump(target)
            elif database.is_empty():
                raise BackupError(f"there is no database of {name} at {database.path}")
            else:
                files[name] = database.path
        copy_at_one_moment({files[name]: targets[name] for name in files})

    def load(self, sources: Mapping[str, Path]) -> None:
        """Make the databases from such files."""
        databases = self._databases()
        for name, source in sources.items():
            databases[name].load(source)
        backend, execution = databases["backend"], databases["code_execution"]
        if isinstance(backend, PostgreSql) and isinstance(execution, PostgreSql):
            pass_known_ids(backend=backend, code_execution=execution)

    def dump_keys(self, target: Path) -> None:
        """Copy the keys that sign tokens to a tar file.

        Raises:
            BackupError: there is none.
        """
        with tarfile.open(target, "w") as tar:
            for number, path in enumerate(self._keys()):
                if not path.is_file():
                    raise BackupError(f"there is no key at {path}")
                tar.add(path, arcname=f"{number}.pem")

    def load_keys(self, source: Path) -> None:
        """Bring the keys back to where the settings look for them."""
        with tarfile.open(source) as tar:
            for number, path in enumerate(self._keys()):
                content = tar.extractfile(f"{number}.pem")
                if content is not None:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch(mode=0o600)
                    path.write_bytes(content.read())

    def _keys(self) -> list[Path]:
        values = _read_settings(self._settings["settings/backend"])
        current = values.get("JWT_PRIVATE_KEY_FILE", "") or "data/jwt-private-key.pem"
        retired = values.get("JWT_RETIRED_KEY_FILES", "").split(",")
        names = [current, *(name.strip() for name in retired if name.strip())]
        return [ROOT / "backend" / name for name in names]

    def _databases(self) -> dict[str, PostgreSql | Sqlite]:
        return {
            name: self._database(folder)
            for name, folder in (
                ("backend", "backend"),
                ("code_execution", "code-execution-service"),
            )
        }

    def _database(self, service: str) -> PostgreSql | Sqlite:
        values = _read_settings(self._settings[f"settings/{service}"])
        default = f"sqlite:///data/{service.removesuffix('-service').replace('-', '_')}.sqlite3"
        url = urlsplit(values.get("DATABASE_URL", "") or default)
        if url.scheme == "sqlite":
            return Sqlite(ROOT / service / url.path.removeprefix("/"))
        server = {
            "PGHOST": url.hostname or "",
            "PGPORT": str(url.port or 5432),
            "PGPASSWORD": unquote(url.password or values.get("DATABASE_PASSWORD", "")),
        }
        environment = {**self._environment, **{name: text for name, text in server.items() if text}}
        user = unquote(url.username or "postgres")
        return PostgreSql(url.path.removeprefix("/"), environment=environment, user=user)


def pass_known_ids(*, backend: PostgreSql, code_execution: PostgreSql) -> None:
    """Let the execution service number on above every id of its that the backend knows.

    Its database was copied first, so that the backend's may know newer ones.
    """
    known = "SELECT coalesce(max(microservice_submission_id), 0) FROM code_execution_judgement"
    newest = int(backend.ask(known))
    own = "SELECT coalesce(max(id), 0) + 1 FROM code_submissions"
    following = f"greatest({newest + 1}, ({own}))"
    code_execution.ask(
        f"SELECT setval(pg_get_serial_sequence('code_submissions', 'id'), {following}, false)"
    )


def copy_at_one_moment(targets: Mapping[Path, Path]) -> None:
    """Copy SQLite databases, each as it is at the moment when nobody may write to any."""
    with ExitStack() as stack:
        readers = {}
        with ExitStack() as locks:
            for path in targets:
                lock = locks.enter_context(closing(sqlite3.connect(path, timeout=20)))
                lock.isolation_level = None
                lock.execute("BEGIN IMMEDIATE")
            for path in targets:
                reader = stack.enter_context(closing(sqlite3.connect(path, timeout=20)))
                reader.isolation_level = None
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM sqlite_master")
                readers[path] = reader
        for path, target in targets.items():
            with closing(sqlite3.connect(target)) as copy:
                readers[path].backup(copy)


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    content: IO[bytes] | None = None,
    output: IO[bytes] | None = None,
) -> str:
    """Run a command, and give what it prints unless that goes to a file.

    Raises:
        BackupError: it is missing, or failed.
    """
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            stdin=content or subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
    except FileNotFoundError:
        raise BackupError(f"{command[0]} is not installed") from None
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip()[-1000:]
        raise BackupError(f"{' '.join(command[:8])} failed: {complaint}")
    return (done.stdout or b"").decode()


def _read_settings(file: Path) -> dict[str, str]:
    if not file.is_file():
        raise BackupError(f"there is no settings file {file}")
    lines = file.read_text(encoding="utf-8").splitlines()
    entries = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in entries}

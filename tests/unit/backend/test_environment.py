from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from config.passwords import has_known_password, with_password

POSTGRESQL = ("postgresql",)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "no-such-file")


@pytest.fixture
def secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a secret, which OUR_SECRET_FILE names."""
    file = tmp_path / "secret"
    file.write_text("a secret of ours\n")
    monkeypatch.setenv("OUR_SECRET_FILE", str(file))
    return file


def test_a_secret_is_read_from_the_file_that_is_named(
    environment: Environment, secret_file: Path
) -> None:
    assert environment.secret("OUR_SECRET", may_be_placeholder=False) == "a secret of ours"


@pytest.mark.parametrize("content", ["", "\n", "one\ntwo\n", "x" * 20_000])
def test_a_file_that_holds_no_single_line_is_refused(
    environment: Environment, secret_file: Path, content: str
) -> None:
    secret_file.write_text(content)

    with pytest.raises(ImproperlyConfigured, match=r"OUR_SECRET_FILE .* on one line"):
        environment.secret("OUR_SECRET", may_be_placeholder=False)


def test_a_file_that_is_missing_is_refused(environment: Environment, secret_file: Path) -> None:
    secret_file.unlink()

    with pytest.raises(ImproperlyConfigured, match=r"OUR_SECRET_FILE .* can't be read"):
        environment.secret("OUR_SECRET", may_be_placeholder=False)


def test_a_placeholder_in_a_file_is_refused(environment: Environment, secret_file: Path) -> None:
    secret_file.write_text("change-me")

    with pytest.raises(ImproperlyConfigured, match="a secret of your own"):
        environment.secret("OUR_SECRET", may_be_placeholder=False)


def test_a_secret_and_a_file_for_it_are_refused(
    environment: Environment, secret_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "another secret")

    with pytest.raises(ImproperlyConfigured, match="are both set"):
        environment.secret("OUR_SECRET", may_be_placeholder=False)


def test_a_password_from_a_file_is_put_into_the_address(
    environment: Environment, secret_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret_file.write_text("p@ss/word")
    monkeypatch.setenv("OUR_URL", "postgresql://backend@db:5432/contests")

    found = environment.database("OUR_URL", "", password="OUR_SECRET", may_be_known=False)

    assert found["PASSWORD"] == "p@ss/word"
    assert (found["USER"], found["HOST"], found["PORT"]) == ("backend", "db", 5432)


def test_nothing_is_put_where_there_is_a_password_or_no_server() -> None:
    assert with_password("amqp://a:theirs@rabbitmq//", "ours") == "amqp://a:theirs@rabbitmq//"
    assert with_password("sqlite:///data/runs.sqlite3", "ours") == "sqlite:///data/runs.sqlite3"


@pytest.mark.parametrize("password", ["postgres123", "change-me", "guest", ""])
def test_passwords_that_everybody_knows_are_refused_in_production(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("OUR_URL", url := f"postgresql://backend:{password}@db/contests")

    with pytest.raises(ImproperlyConfigured, match="OUR_URL has no password or one that everybody"):
        environment.server(
            "OUR_URL", "", password="OUR_SECRET", may_be_known=False, schemes=POSTGRESQL
        )

    in_development = environment.server(
        "OUR_URL", "", password="OUR_SECRET", may_be_known=True, schemes=POSTGRESQL
    )
    assert in_development == url


def test_rabbitmqs_guest_is_known_but_on_its_own_machine() -> None:
    assert has_known_password("amqp://guest:guest@rabbitmq//")
    assert not has_known_password("amqp://guest:guest@127.0.0.1//")


@pytest.mark.parametrize(("text", "port"), [("", None), ("1", 1), ("9102", 9102), ("65535", 65535)])
def test_a_port_may_be_left_out(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, text: str, port: int | None
) -> None:
    monkeypatch.setenv("OUR_PORT", text)

    assert environment.port("OUR_PORT") == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "91.02", "999999999"])
def test_what_is_no_port_is_refused(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("OUR_PORT", text)

    with pytest.raises(ImproperlyConfigured, match="OUR_PORT must be a port from 1 to 65535"):
        environment.port("OUR_PORT")

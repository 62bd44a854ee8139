"""Settings of the service, read once from the environment and from `.env`."""

import ipaddress
import json
import os
import re
import socket
import sys
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from limits import parse as parse_rate
from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from app.secret_files import (
    SecretFileError,
    has_known_password,
    read_secret_files,
    with_password,
    with_user,
)

SERVICE_DIRECTORY = Path(__file__).resolve().parent.parent
PLACEHOLDER_SECRETS = frozenset({"change-me", "your-webhook-secret-key", "your-secret"})
PLACEHOLDER_API_KEYS = frozenset({"change-me", "your-api-key", "your_api_key"})
API_KEY = re.compile(r"[\x21-\x7e]{1,500}")
GOOGLE_KEYS_URL = (
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
)
SERVICE_ACCOUNT_FILE = SERVICE_DIRECTORY / "service-account.json"  # contract S002-H05
FIREBASE_PROJECT = r"[a-z0-9.:-]{1,100}"
BROKER_SCHEMES = ("amqp://", "amqps://", "redis://", "rediss://", "redis+socket://")
DOORS = frozenset({"judge", "submissions"})
ORIGIN = re.compile(r"https?://[^/?#]+/?")
CommaSeparated = Annotated[tuple[str, ...], NoDecode]


def _read_rate(value: str) -> str:
    try:
        parse_rate(value)
    except ValueError as error:
        raise ValueError("must look like 50/minute") from error
    return value


Rate = Annotated[str, AfterValidator(_read_rate)]


class OpenIdIssuer(NamedTuple):
    """A further issuer of tokens, and the audience that they have to name."""

    url: str
    audience: str


class SettingsError(Exception):
    """The settings can't be used; the text is one sentence for the operator."""


class Settings(BaseSettings):
    """Everything an operator can set; `.env.example` explains each."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    debug: bool = False
    host: str = "0.0.0.0"  # noqa: S104  # contract S001-C10; a container publishes what it wants
    port: int = Field(default=8001, ge=1, le=65535)
    database_url: str = "sqlite:///data/code_execution.sqlite3"
    database_user: str = Field(default="", max_length=63)
    database_password: SecretStr = SecretStr("")
    data_directory: Path = SERVICE_DIRECTORY / "data"
    logs_directory: Path = SERVICE_DIRECTORY / "logs"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "json"
    replica_name: str = Field(default_factory=socket.gethostname, max_length=100)

    backend_service_url: str = "http://localhost:8000"
    backend_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("BACKEND_WEBHOOK_SECRET", "CODE_EXECUTION_WEBHOOK_SECRET"),
    )
    jwt_issuer: str = "http://localhost:8000"
    jwt_audience: str = "code-execution"
    api_open_endpoints: CommaSeparated = ()

    firebase_project_id: str = Field(default="", pattern=rf"^({FIREBASE_PROJECT})?$")
    firebase_service_account_path: Path | None = None
    firebase_auth_emulator_host: str = ""
    firebase_certs_file: Path | None = None
    firebase_certs_url: str = GOOGLE_KEYS_URL
    openid_issuers: Annotated[tuple[OpenIdIssuer, ...], NoDecode] = ()

    judge_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=64)
    judge_lease_seconds: float = Field(default=10.0, ge=1, le=3600)
    judge_max_queued: int = Field(default=50_000, ge=1, le=10_000_000)
    stop_delay_seconds: float = Field(default=0, ge=0, le=60)
    code_execution_queue_url: str = ""
    code_execution_queue_password: SecretStr = SecretStr("")
    test_data_days: int = Field(default=30, ge=1, le=3650)
    event_days: int = Field(default=30, ge=7, le=3650)

    code_execution_driver: Literal["local", "remote"] = "local"
    code_execution_api_url: str = "https://onlinecompiler.io/api/v2/run-code/"
    code_execution_api_key: SecretStr = SecretStr("")
    code_execution_compilers_file: Path | None = None
    code_execution_callback_url: str = ""

    execution_ttl: int = Field(default=3600, ge=1, le=7 * 24 * 3600)  # contract S002-T01
    execution_completed_status: Literal["completed", "success"] = "completed"
    execution_max_waiting: int = Field(default=200, ge=0, le=10_000)
    execution_rate_limit: Rate = "60/minute"
    guest_execution_rate_limit: Rate = "20/minute"
    frontend_service_url: CommaSeparated = ("http://localhost:3000",)

    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)

    redis_url: str = ""
    redis_password: SecretStr = SecretStr("")
    trusted_proxies: CommaSeparated = ("127.0.0.1", "::1")
    judge_max_timeout_seconds: int = Field(default=30, ge=1, le=120)
    judge_max_waiting_calls: int = Field(default=64, ge=0, le=10_000)
    judge_run_rate_limit: Rate = "50/minute"  # contract S000-X07
    judge_submit_rate_limit: Rate = "30/minute"
    judge_cors_origins: CommaSeparated = ("*",)

    @field_validator(
        "api_open_endpoints",
        "trusted_proxies",
        "judge_cors_origins",
        "frontend_service_url",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("api_open_endpoints")
    @classmethod
    def _know_doors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(value) - DOORS:
            known = ", ".join(sorted(DOORS))
            raise ValueError(f"knows only {known}, not {', '.join(sorted(unknown))}")
        return value

    @field_validator("frontend_service_url")
    @classmethod
    def _be_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin} is no origin like https://contest.example.org")
        return tuple(origin.rstrip("/") for origin in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _know_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            try:
                ipaddress.ip_network(address)
            except ValueError as error:
                raise ValueError(f"{address} is no IP address or network") from error
        return value

    @field_validator("redis_url")
    @classmethod
    def _know_redis(cls, value: str) -> str:
        # Celery writes `redis+socket` where others write `redis+unix`: both will do.
        url = value.replace("redis+socket:", "redis+unix:")
        if url and not url.startswith(("redis://", "rediss://", "redis+unix://")):
            raise ValueError("must start with redis://, rediss:// or redis+unix://")
        return url

    @field_validator("code_execution_queue_url")
    @classmethod
    def _know_broker(cls, value: str) -> str:
        if value and not value.startswith(BROKER_SCHEMES):
            raise ValueError(f"must start with {', '.join(BROKER_SCHEMES)}")
        return value

    @field_validator("database_url")
    @classmethod
    def _know_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must start with sqlite:/// or postgresql://, or be empty")
        return value

    @field_validator("backend_service_url")
    @classmethod
    def _be_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("openid_issuers", mode="before")
    @classmethod
    def _pair_issuers_with_audiences(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.split() for part in value.split(",") if part.strip()]
        if any(len(pair) != len(OpenIdIssuer._fields) for pair in pairs):
            raise ValueError(
                "must look like https://login.example.org contest-frontend, with a comma between"
                " one issuer with its audience and the next"
            )
        return tuple(OpenIdIssuer(*pair) for pair in pairs)

    @field_validator("openid_issuers")
    @classmethod
    def _know_issuers_safely(cls, value: tuple[OpenIdIssuer, ...]) -> tuple[OpenIdIssuer, ...]:
        for issuer in value:
            cls._be_safe_for_secrets(issuer.url)
        return value

    @field_validator("code_execution_api_url", "code_execution_callback_url", "firebase_certs_url")
    @classmethod
    def _be_safe_for_secrets(cls, value: str) -> str:
        url = urlsplit(value)
        is_safe = url.scheme == "https" or url.hostname in {"localhost", "127.0.0.1", "::1"}
        if value and not (is_safe and value.startswith(("http://", "https://"))):
            raise ValueError("must start with https:// (http:// only for this machine)")
        return value

    @field_validator(
        "code_execution_compilers_file", "firebase_certs_file", "firebase_service_account_path"
    )
    @classmethod
    def _start_at_the_service(cls, value: Path | None) -> Path | None:
        return value and SERVICE_DIRECTORY / value

    @model_validator(mode="after")
    def _have_a_real_api_key(self) -> Self:
        # Never the other way round: a copied placeholder must not make the engine remote.
        key = self.code_execution_api_key.get_secret_value()
        if self.code_execution_driver == "remote" and (
            key in PLACEHOLDER_API_KEYS or not API_KEY.fullmatch(key)
        ):
            raise ValueError(
                "CODE_EXECUTION_API_KEY: is not set, a placeholder, or no plain text without "
                "spaces; CODE_EXECUTION_DRIVER=remote needs the key of your account"
            )
        return self

    @model_validator(mode="after")
    def _have_real_passwords(self) -> Self:
        if self.database_user and not self.database_url.startswith("sqlite"):
            self.database_url = with_user(self.database_url, self.database_user)
        for name, password in (
            ("database_url", self.database_password),
            ("redis_url", self.redis_password),
            ("code_execution_queue_url", self.code_execution_queue_password),
        ):
            url = with_password(getattr(self, name), password.get_secret_value())
            if not self.debug and has_known_password(url):
                raise ValueError(
                    f"{name.upper()}: its password is empty or one that everybody knows; set one"
                    " of your own"
                )
            setattr(self, name, url)
        return self

    @model_validator(mode="after")
    def _have_one_way_for_results(self) -> Self:
        if self.code_execution_queue_url and self.code_execution_callback_url:
            raise ValueError(
                "CODE_EXECUTION_QUEUE_URL: judge workers can't be called back by the provider; set"
                " either this or CODE_EXECUTION_CALLBACK_URL"
            )
        return self

    @model_validator(mode="after")
    def _have_a_real_secret(self) -> Self:
        if not self.webhook_secrets:
            raise ValueError(
                "BACKEND_WEBHOOK_SECRET: is not set; give both services the same value"
            )
        if not self.debug and PLACEHOLDER_SECRETS & set(self.webhook_secrets):
            raise ValueError(
                "BACKEND_WEBHOOK_SECRET: is a published placeholder; set a secret of your own"
            )
        return self

    @model_validator(mode="after")
    def _know_the_firebase_project(self) -> Self:
        path = self.firebase_service_account_path
        if not self.firebase_project_id and (path or SERVICE_ACCOUNT_FILE.exists()):
            self.firebase_project_id = _project_of(path or SERVICE_ACCOUNT_FILE)
        if self.firebase_auth_emulator_host and not self.debug:
            raise ValueError(
                "FIREBASE_AUTH_EMULATOR_HOST: anybody can write the emulator's tokens; it is only"
                " for development, with DEBUG=true"
            )
        if self.firebase_auth_emulator_host and not self.firebase_project_id:
            raise ValueError("FIREBASE_PROJECT_ID: is not set; the emulator's tokens name it")
        return self

    @model_validator(mode="after")
    def _know_each_issuer_once(self) -> Self:
        names = [self.jwt_issuer, *(issuer.url for issuer in self.openid_issuers)]
        if self.firebase_project_id:
            names.append(self.firebase_issuer)
        if len(set(names)) < len(names):
            raise ValueError(
                "OPENID_ISSUERS: names an issuer twice, or one that other settings are for"
            )
        return self

    @property
    def firebase_issuer(self) -> str:
        """What the project's tokens say in `iss`.

        Source: https://firebase.google.com/docs/auth/admin/verify-id-tokens
        """
        return f"https://securetoken.google.com/{self.firebase_project_id}"

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let an empty DATABASE_URL say that there is none (contract C-02); read secrets in files.

        Any other variable that is empty counts as not set.
        """
        assert isinstance(dotenv_settings, DotEnvSettingsSource)  # noqa: S101  # its documentation
        file = dotenv_settings.env_file
        with_empty = (
            EnvSettingsSource(settings_cls, env_ignore_empty=False),
            DotEnvSettingsSource(settings_cls, env_file=file, env_ignore_empty=False),
        )
        urls = (source.env_vars.get("database_url") for source in with_empty)
        named = next((url for url in urls if url is not None), None)
        no_database = InitSettingsSource(settings_cls, {"database_url": ""} if named == "" else {})
        environment, env_file = with_empty
        named_files = read_secret_files(
            {**env_file.env_vars, **environment.env_vars}, SERVICE_DIRECTORY
        )
        aliased = {"BACKEND_WEBHOOK_SECRET", "CODE_EXECUTION_WEBHOOK_SECRET"}
        secrets = InitSettingsSource(
            settings_cls,
            {name if name in aliased else name.lower(): named_files[name] for name in named_files},
        )
        return init_settings, secrets, no_database, env_settings, dotenv_settings

    @property
    def secret_values(self) -> frozenset[str]:
        """What no line of the log may show."""
        urls = (self.database_url, self.redis_url, self.code_execution_queue_url)
        passwords = [urlsplit(url).password or "" for url in urls]
        api_key = self.code_execution_api_key.get_secret_value()
        return frozenset({*self.webhook_secrets, *passwords, api_key}) - {""}

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Active secrets, the newest first."""
        parts = self.backend_webhook_secret.get_secret_value().split(",")
        return tuple(part.strip() for part in parts if part.strip())


def _project_of(path: Path) -> str:
    """Read the project's id from a service account's file, and nothing else: it has secrets.

    Raises:
        ValueError: there is none.
    """
    try:
        project = json.loads(path.read_bytes())["project_id"]
    except (OSError, ValueError, LookupError, TypeError):
        project = None
    if not isinstance(project, str) or not re.fullmatch(FIREBASE_PROJECT, project):
        raise ValueError(
            f"FIREBASE_SERVICE_ACCOUNT_PATH: {path} can't be read or names no project_id; set"
            " FIREBASE_PROJECT_ID instead"
        )
    return project


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value is missing or wrong; the text names the variable and the rule.
    """
    file = os.environ.get("EXECUTION_ENV_FILE", SERVICE_DIRECTORY / ".env")
    try:
        return Settings(_env_file=file)
    except ValidationError as error:
        problems = "; ".join(_describe(problem) for problem in error.errors(include_input=False))
        raise SettingsError(
            f"code-execution-service/.env or the environment: {problems}"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError("code-execution-service/.env: is not UTF-8 text") from error
    except SecretFileError as error:
        raise SettingsError(str(error)) from error


def _describe(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101  # pydantic's ErrorDetails is a TypedDict
    message = str(problem["msg"]).removeprefix("Value error, ")
    name = str(problem["loc"][0]).upper() if problem["loc"] else ""
    return f"{name}: {message}" if name else message


def load_settings_or_exit() -> Settings:
    """Read the settings at a program's start; a fault ends it with one line and exit code 2."""
    try:
        return load_settings()
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    load_settings_or_exit()

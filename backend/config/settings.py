"""Django's settings; what differs between installations comes from the environment or `.env`."""

import os
import socket
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from corsheaders.defaults import default_headers
from limits import parse as parse_rate

from apps.core.signature import decode_secrets
from config.environment import Environment, read_networks, redis_url_of
from logbook.lines import JsonFormatter, TextFormatter
from logbook.redaction import Redactor

# Makes `ModelAdmin[Contest]` and the like work at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / "data"
env = Environment(Path(os.environ.get("BACKEND_ENV_FILE", BASE_DIR / ".env")))

KIB = 1024
MIB = 1024 * KIB

# --- Security ---------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", may_be_placeholder=DEBUG)
_former_keys = env.sensitive("SECRET_KEY_FALLBACKS", "").split(",")
SECRET_KEY_FALLBACKS = [each.strip() for each in _former_keys if each.strip()]
ALLOWED_HOSTS = env.texts("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
if not ALLOWED_HOSTS:
    raise env.problem("ALLOWED_HOSTS", "must name the hosts that this server answers for")
CSRF_TRUSTED_ORIGINS = env.texts("CSRF_TRUSTED_ORIGINS", [])
CORS_ALLOWED_ORIGINS = env.texts("CORS_ALLOWED_ORIGINS", ["http://localhost:3000"])
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-none-match",
    "last-event-id",
    "traceparent",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = ["ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"]
CORS_URLS_REGEX = r"^/(api|\.well-known)/.*$"
# Number of proxies in front that append to X-Forwarded-For; with 0 that header is not believed.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, of="proxies")
# Told to stop, the server says at its readiness check that it goes, and serves on for so long.
STOP_DELAY_SECONDS = env.integer("STOP_DELAY_SECONDS", 0, of="seconds")
STOP_DELAY_SECONDS_MAX = 60
if STOP_DELAY_SECONDS > STOP_DELAY_SECONDS_MAX:
    raise env.problem("STOP_DELAY_SECONDS", "must be a number of seconds up to 60")
HTTPS_ONLY = env.flag("HTTPS_ONLY", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
# Browsers that have come once over HTTPS come no other way for so long; to this host only.
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 365 * 24 * 3600, of="seconds") * HTTPS_ONLY
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # other hosts of the domain are not ours to decide about
    "security.W008",  # who ends TLS redirects; the services speak HTTP with each other behind it
    "security.W021",  # nor is a browser's own list, which nobody gets off again
]
X_FRAME_OPTIONS = "DENY"

# --- Applications -----------------------------------------------------------------------------

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
INSTALLED_APPS = [
    "config.admin_app.ContestAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "apps.core",
    "apps.users",
    "apps.audit",
    "apps.problems",
    "apps.contests",
    "apps.code_execution",
    "apps.webhooks",
    "apps.endpoints",
    "apps.archives",
    "apps.playground",
    "apps.operations",
]
# Where Prometheus asks this process for metrics; without a port nothing is measured.
METRICS_HOST = env.text("METRICS_HOST", "127.0.0.1")
METRICS_PORT = env.port("METRICS_PORT")
MIDDLEWARE = [
    *(["apps.operations.middleware.MeasuredRequestsMiddleware"] if METRICS_PORT else []),
    "apps.core.middleware.RequestLogMiddleware",
    # Before all that answers, so that a page of another origin may read errors too.
    "corsheaders.middleware.CorsMiddleware",
    "apps.core.middleware.ContentSecurityPolicyMiddleware",
    "apps.core.middleware.JsonApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------

_database = env.database(
    "DATABASE_URL",
    "sqlite:///data/backend.sqlite3",
    password="DATABASE_PASSWORD",  # noqa: S106 - the variable's name
    may_be_known=DEBUG,
)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets readers go on while one writes; IMMEDIATE takes the write lock when a transaction
    # begins, so that two never wait for each other half-way (source: sqlite.org/wal.html).
    _database |= {
        "NAME": BASE_DIR / str(_database["NAME"]),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
else:
    _database |= {
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 20, "timeout": 10},
            # PostgreSQL then reads and plans a statement once per connection, not each time.
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    }
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Users and tokens -------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Registration says which field is taken; `apps.users.throttling` bounds how often one may ask.
ACCOUNT_PREVENT_ENUMERATION = False
ACCOUNT_RATE_LIMITS = False

JWT_ISSUER = env.text("JWT_ISSUER", "http://localhost:8000")
JWT_AUDIENCE = env.text("JWT_AUDIENCE", "code-execution")
# The first key signs; tokens signed by a retired one stay good until they expire.
JWT_KEY_FILES = [
    env.path("JWT_PRIVATE_KEY_FILE", "data/jwt-private-key.pem", base=BASE_DIR),
    *(BASE_DIR / name for name in env.texts("JWT_RETIRED_KEY_FILES", [])),
]
JWT_ACCESS_TOKEN_LIFETIME = timedelta(hours=24)
# A refresh token lives in a session, so it can't outlive one.
JWT_REFRESH_TOKEN_LIFETIME = timedelta(days=14)
# Whether visitors without an account get a token to run programs with.
GUEST_EXECUTIONS = env.flag("GUEST_EXECUTIONS", default=DEBUG)
SESSION_COOKIE_AGE = int(JWT_REFRESH_TOKEN_LIFETIME.total_seconds())

# Whether nobody works in the admin who has not set up a second factor.
ADMIN_REQUIRES_SECOND_FACTOR = env.flag("ADMIN_REQUIRES_SECOND_FACTOR", default=False)
MFA_ADAPTER = "apps.users.second_factor_storage.SecondFactorStorage"
# Codes of the half minute before and after count, as clocks differ. Source: RFC 6238, section 5.2.
MFA_TOTP_TOLERANCE = 1
# Entries of the audit trail that are older are deleted.
AUDIT_DAYS = env.integer("AUDIT_DAYS", 730, of="days")
if AUDIT_DAYS == 0:
    raise env.problem("AUDIT_DAYS", "must be a number of days greater than zero")

# --- Code execution service -------------------------------------------------------------------

CODE_EXECUTION_SERVICE_URL = env.url(
    "CODE_EXECUTION_SERVICE_URL", "http://localhost:8001", schemes=("http", "https")
)
CODE_EXECUTION_TIMEOUT = env.number("CODE_EXECUTION_TIMEOUT", 30.0, unit="seconds")
# Comma-separated, newest first: the newest signs, all verify, so that secrets can be changed.
_secrets = env.secret(
    "CODE_EXECUTION_WEBHOOK_SECRET", "BACKEND_WEBHOOK_SECRET", may_be_placeholder=DEBUG
)
try:
    CODE_EXECUTION_WEBHOOK_SECRETS = decode_secrets(_secrets)
except ValueError as error:
    raise env.problem("CODE_EXECUTION_WEBHOOK_SECRET", f"can't be used: {error}") from None
CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET = env.flag(
    "CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET", default=DEBUG
)
# A result that has not come by then is asked for.
CODE_EXECUTION_RECONCILE_AFTER = env.number("CODE_EXECUTION_RECONCILE_AFTER", 30.0, unit="seconds")
# The gateway's: how long an answer to what it passes on may take, and a WebSocket be silent.
GATEWAY_ANSWER_TIMEOUT = env.number("GATEWAY_ANSWER_TIMEOUT", 300.0, unit="seconds")
GATEWAY_IDLE_TIMEOUT = env.number("GATEWAY_IDLE_TIMEOUT", 3600.0, unit="seconds")

# --- Addresses that users name ----------------------------------------------------------------

# Where plain HTTP and private addresses are good too: the operator's own networks. Else only what
# is public is called.
OUTGOING_ALLOWED_NETWORKS = env.checked(
    "OUTGOING_ALLOWED_NETWORKS",
    "",
    read_networks,
    expected="networks such as 10.20.0.0/16, separated by commas",
)

# --- Celery -----------------------------------------------------------------------------------

CELERY_BROKER_URL = env.server(
    "CELERY_BROKER_URL",
    "redis://localhost:6379/0",
    password="CELERY_BROKER_PASSWORD",  # noqa: S106 - the variable's name
    may_be_known=DEBUG,
    schemes=("amqp", "amqps", "redis", "rediss", "redis+socket", "valkey", "valkeys", "sentinel"),
)
# Celery prefers the environment's CELERY_BROKER_URL, which may lack the password, to the setting.
CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = CELERY_BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# A task whose worker dies is done again by another one; every task here is safe to repeat.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Touched by a worker, or by beat, every few seconds while it does its work; empty: none.
HEARTBEAT_FILE = env.text("HEARTBEAT_FILE", "")
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
if CELERY_BROKER_URL.startswith(("redis", "valkey")):
    # A dead worker's tasks come back after the visibility timeout plus one sweep. Kombu sweeps
    # every `interval` x `throttle` seconds, which would be 100 s by default.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 2 * CODE_EXECUTION_TIMEOUT + 60,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    }

# --- API --------------------------------------------------------------------------------------

REDIS_URL = env.server(
    "REDIS_URL",
    "",
    password="REDIS_PASSWORD",  # noqa: S106 - the variable's name
    may_be_known=DEBUG,
    schemes=("redis", "rediss", "redis+socket", "redis+unix"),
)
# Carries live updates between processes. Without one, those of other processes come by polling.
LIVE_REDIS_URL = redis_url_of(REDIS_URL) or redis_url_of(CELERY_BROKER_URL)
API_TITLE = "Code Contest"
API_VERSION = "0.1.0"
REPLICA_NAME = env.text("REPLICA_NAME", "") or socket.gethostname()
PROBLEM_TYPE_BASE = "/problems/"
# One body holds at most a program and its input, or a problem with its test cases, or a result.
API_BODY_BYTES_MAX = 16 * MIB
DATA_UPLOAD_MAX_MEMORY_SIZE = API_BODY_BYTES_MAX
# The admin's page of a problem posts eight fields for each test case.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 40_000
RATE_LIMITS = {
    name.lower(): env.checked(
        f"{name}_RATE_LIMIT", default, parse_rate, expected="a rate such as 30/minute"
    )
    for name, default in (
        ("API", "600/minute"),
        ("SUBMISSION", "60/minute"),
        ("TRIAL", "30/minute"),
        ("ENTRY", "30/minute"),
        # A whole contest hall may come from one address, and most of it gets a 304.
        ("BOARD", "6000/minute"),
        ("QUESTION", "10/minute"),
        # Each guest may run programs, which the execution service counts by address, too.
        ("GUEST", "120/minute"),
        # Calls to addresses that users name.
        ("ENDPOINT_CALL", "30/minute"),
        ("LOGIN", "10/minute"),
        ("LOGIN_ADDRESS", "120/minute"),
        ("LOGIN_FAILURES", "30/hour"),
    )
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.users.authentication.BearerAuthentication",
        "apps.users.authentication.CookieAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.throttling.ApiThrottle"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.pagination.PagePagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.handle_exception",
    "COERCE_DECIMAL_TO_STRING": False,
    "NUM_PROXIES": TRUSTED_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": API_TITLE,
    "VERSION": API_VERSION,
    "DESCRIPTION": "Contests, problems and submissions of programs that are really run.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/(code-execution/)?",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.openapi.describe_answers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ApiTokenScopeEnum": "apps.users.scopes.SCOPE_CHOICES",
        "SubmissionStatusEnum": "apps.code_execution.models.STATUS_CHOICES",
        "ContestAccessEnum": "apps.contests.models.Contest.Access",
        "ContestBoardAccessEnum": "apps.contests.models.Contest.BoardAccess",
        "ContestFeedbackEnum": "apps.contests.models.Contest.Feedback",
        "GroupScoringEnum": "apps.problems.models.TestGroup.Scoring",
        "ParticipantStateEnum": "apps.contests.models.ContestParticipant.State",
        "ProgramProtocolEnum": "apps.problems.models.ProblemProgram.Protocol",
        "ProgramRoleEnum": "apps.problems.models.ProblemProgram.Role",
        "RejudgingStateEnum": "apps.code_execution.models.Rejudging.State",
        "DeliveryStateEnum": "apps.endpoints.models.EndpointDelivery.State",
        "ClarificationKindEnum": "apps.contests.serializers.clarifications.ClarificationKind",
        "EndpointDisabledForEnum": "apps.endpoints.models.Endpoint.Disabled",
        "ReceiverDisabledForEnum": "apps.code_execution.delivery_views.DISABLED_FOR",
        "DeliveryStatusEnum": "apps.code_execution.delivery_views.STATUSES",
        "ResendableStatusEnum": "apps.code_execution.delivery_views.RESENDABLE_STATUSES",
        "EntrantKindEnum": "apps.contests.serializers.participants.KINDS_TO_CHOOSE",
        "ParticipantKindEnum": "apps.contests.models.ContestParticipant.Kind",
        "LanguageEnum": "apps.problems.models.LANGUAGE_CHOICES",
        "PurposeEnum": "apps.code_execution.models.CodeSubmission.Purpose",
        "SubmissionPurposeEnum": "apps.code_execution.serializers.PURPOSES_TO_CHOOSE",
        "VerdictEnum": "apps.code_execution.models.VERDICT_CHOICES",
    },
}

# --- Files, time, language --------------------------------------------------------------------

STATIC_URL = "/static/"
# Serves the files of the installed packages as they are, so that no collecting step is needed.
WHITENOISE_USE_FINDERS = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

# --- Logs -------------------------------------------------------------------------------------

LOG_FILE = env.path("LOGS_DIRECTORY", "logs", base=BASE_DIR) / "django.log"
LOG_FILE.parent.mkdir(parents=True, exist_ok=True)
DATA_DIR.mkdir(exist_ok=True)
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
REDACTOR = Redactor(env.secrets_read)
DEFAULT_EXCEPTION_REPORTER = "apps.core.crash_pages.RedactedReporter"
LOG_FORMAT = env.choice("LOG_FORMAT", "json", choices=("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": {"text": TextFormatter, "json": JsonFormatter}[LOG_FORMAT],
            "redactor": REDACTOR,
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "file": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": LOG_FILE,
            "maxBytes": 10 * MIB,
            "backupCount": 5,
            "formatter": "line",
            "delay": True,
            "encoding": "utf-8",
            "errors": "backslashreplace",
        },
    },
    "root": {"handlers": ["console", "file"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        # Every statement is a line at DEBUG, with the values in it.
        "django.db.backends": {"level": "INFO"},
        # Every call to the execution service is a line at INFO, with its full address.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # Every WebSocket is a line at INFO, with its full address and so with any token in it.
        "uvicorn.error": {"level": "WARNING"},
        "websockets": {"level": "WARNING"},
        # Every sweep is four lines at INFO.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Every message is a line at DEBUG, with what is in it.
        "celery.pool": {"level": "WARNING"},
        "amqp": {"level": "WARNING"},
        "kombu": {"level": "INFO"},
        "asyncio": {"level": "WARNING"},
    },
}

"""The backend's settings for tests: they need no `.env`, and leave none of their own behind.

Only `DATABASE_URL` comes from the environment, so that the same tests run on SQLite and PostgreSQL.
"""

import os
import tempfile
from pathlib import Path

_folder = tempfile.TemporaryDirectory(prefix="backend-tests-", ignore_cleanup_errors=True)
_PATH = Path(_folder.name)
_before = dict(os.environ)
os.environ.update({
    "BACKEND_ENV_FILE": os.devnull,
    "DEBUG": "false",
    "SECRET_KEY": "a secret of the tests",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "CODE_EXECUTION_WEBHOOK_SECRET": "new-test-secret,old-test-secret",
    "CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET": "false",
    "CODE_EXECUTION_SERVICE_URL": "http://127.0.0.1:9",
    "JWT_PRIVATE_KEY_FILE": str(_PATH / "jwt-private-key.pem"),
    "JWT_ISSUER": "http://localhost:8000",
    "JWT_AUDIENCE": "code-execution",
    "REDIS_URL": "",
    "LOG_LEVEL": "INFO",
})
try:
    from config.settings import *  # noqa: F403
    from config.settings import DATABASES, JWT_KEY_FILES, LOGGING
finally:
    # The execution service's tests, in the same process, read variables of the same names.
    os.environ.clear()
    os.environ.update(_before)

# It reads the settings above.
from apps.users.keys import create_signing_key  # noqa: E402

create_signing_key(JWT_KEY_FILES[0])
# A file, as threads of one test can't share SQLite's memory database without locking each other.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"] |= {"TEST": {"NAME": _PATH / "test.sqlite3"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING |= {"root": {"level": "INFO", "handlers": ["console"]}}
WHITENOISE_AUTOREFRESH = True
# Celery's broker, which no test starts by default.
LIVE_REDIS_URL = ""

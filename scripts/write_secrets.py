"""Make what the production stack reads and is not there yet: secrets, and both `.env.prod` files.

`write_secrets.py SITE` where SITE is the address that people open, such as https://contest.example.org.
Nothing that exists is changed.
"""

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "secrets"
BYTES_OF_SECRETS = {
    "django_secret_key": 48,
    "webhook_secret": 32,
    "postgres_password": 24,
    "backend_database_password": 24,
    "code_execution_database_password": 24,
    "redis_password": 24,
    "rabbitmq_password": 24,
    "grafana_password": 24,
}
KNOWN = {"", "change-me", "guest", "password", "postgres", "postgres123", "rabbitmq", "redis"}
EXAMPLE = urlsplit("https://contest.example.org")


def write_secrets(folder: Path) -> None:
    """Make the secrets that are missing.

    The containers' users are not the one who owns the files, and the engine hands files over with
    their modes: so the files can be read, and it is the folder that lets nobody in.
    """
    folder.chmod(0o700)
    (folder / "tls").mkdir(exist_ok=True)  # for a certificate and its key, in the same way
    for name, length in BYTES_OF_SECRETS.items():
        if (folder / name).exists():
            continue
        # Whoever has a password of the administrator in the environment goes on with it.
        given = os.environ.get("POSTGRES_PASSWORD", "") if name == "postgres_password" else ""
        _write(folder / name, f"{given or secrets.token_urlsafe(length)}\n", mode=0o444)


def refuse_known_secrets(folder: Path) -> None:
    """End the program when a secret is one that everybody knows."""
    for name in BYTES_OF_SECRETS:
        if (folder / name).read_text(encoding="utf-8").strip() in KNOWN:
            sys.exit(
                f"error: deploy/secrets/{name} is empty or a value that everybody knows; delete the"
                " file, and `up` makes a random one"
            )


def write_settings(service: str, site: SplitResult) -> None:
    """Copy the service's example with the site's address in it."""
    path = ROOT / service / ".env.prod"
    if path.exists():
        return
    text = path.with_name(".env.prod.example").read_text(encoding="utf-8")
    text = text.replace(EXAMPLE.geturl(), site.geturl())
    text = text.replace(EXAMPLE.netloc, site.hostname or "")
    if site.scheme == "http":
        text = text.replace("HTTPS_ONLY=true", "HTTPS_ONLY=false")
    _write(path, text, mode=0o600)


def _write(path: Path, text: str, *, mode: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(file, "w", encoding="utf-8") as output:
        output.write(text)
    path.chmod(mode)
    sys.stdout.write(f"    made {path}\n")


def site_of(text: str) -> SplitResult:
    """Read the address of the site, or end the program with what is wrong with it."""
    site = urlsplit(text.rstrip("/"))
    is_plain = not (site.path or site.query or site.fragment or site.username)
    if site.scheme not in {"http", "https"} or not site.hostname or not is_plain:
        sys.exit(f"error: --site must look like https://contest.example.org, not {text}")
    return site


if __name__ == "__main__":
    address = site_of(sys.argv[1])
    write_secrets(FOLDER)
    refuse_known_secrets(FOLDER)
    for each in ("backend", "code-execution-service"):
        write_settings(each, address)

"""Write both `.env` files from their examples, with fresh secrets; existing ones stay."""

import os
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "change-me"
SHARED_NAMES = {"CODE_EXECUTION_WEBHOOK_SECRET", "BACKEND_WEBHOOK_SECRET"}
ASSIGNMENT = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)


def shared_secret() -> str:
    """Return the secret that one of the services has already, or a new one."""
    for service in ("backend", "code-execution-service"):
        path = ROOT / service / ".env"
        if path.exists():
            values = dict(ASSIGNMENT.findall(path.read_text(encoding="utf-8")))
            for name in SHARED_NAMES & values.keys():
                return str(values[name])
    return secrets.token_urlsafe(32)


def write_settings(service: str, *, shared: str) -> None:
    """Copy the service's example with every placeholder replaced."""
    path = ROOT / service / ".env"
    if path.exists():
        return
    example = path.with_name(".env.example").read_text(encoding="utf-8")

    def fill(match: re.Match[str]) -> str:
        name, value = match.groups()
        if value != PLACEHOLDER:
            return match.group()
        return f"{name}={shared if name in SHARED_NAMES else secrets.token_urlsafe(48)}"

    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as output:
        output.write(ASSIGNMENT.sub(fill, example))


if __name__ == "__main__":
    secret = shared_secret()
    write_settings("backend", shared=secret)
    write_settings("code-execution-service", shared=secret)

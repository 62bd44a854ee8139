"""Derive the container's seccomp profile from Docker's: `python scripts/seccomp_profile.py`.

To follow a newer Docker, put its `profiles/seccomp/default.json` (Debian packages it in
golang-github-docker-docker-dev) in place of `docker-default-seccomp.json` and run this again.
"""

import json
from pathlib import Path
from typing import Any

CONTAINER = Path(__file__).resolve().parent.parent / "code-execution-service" / "container"
SOURCE = CONTAINER / "docker-default-seccomp.json"
PROFILE = CONTAINER / "seccomp.json"

ADDED = (
    "clone",  # a box is namespaces; Docker's list only has the clone() that makes none
    "clone3",
    "unshare",
    "mount",  # a box's files; inside user namespaces of its own, whose mounts no one else sees
    "umount2",
    "pivot_root",
    "sethostname",  # a box does not know the name of its host
    "kcmp",  # two processes with one memory are counted once
)
"""What the sandbox needs and Docker only allows to those who hold a capability, which we do not."""

MACHINES = ("amd64", "arm64")
ARCHITECTURES = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64")
"""Without the 32-bit calls of the same processors: no toolchain of ours makes them.

x32 is there so that what its calls meet is the box's own filter, as everywhere else.
"""


def derive(docker: dict[str, Any]) -> dict[str, Any]:
    """Return a profile without conditions: Kubernetes would ignore them and apply every entry."""
    plain = set(ADDED)
    restricted = []
    for entry in docker["syscalls"]:
        if not _holds_without_capabilities(entry):
            continue
        if entry.get("args"):
            restricted.append({name: entry[name] for name in ("names", "action", "args")})
        else:
            plain |= set(entry["names"])
    allowed = {"names": sorted(plain), "action": "SCMP_ACT_ALLOW"}
    return {
        "defaultAction": docker["defaultAction"],
        "defaultErrnoRet": docker["defaultErrnoRet"],
        "architectures": list(ARCHITECTURES),
        "syscalls": [allowed, *restricted],
    }


def _holds_without_capabilities(entry: dict[str, Any]) -> bool:
    includes, excludes = entry.get("includes", {}), entry.get("excludes", {})
    machines = includes.get("arches", MACHINES)
    return not (
        "caps" in includes
        or "caps" in excludes  # what is only allowed or refused for want of one: see ADDED
        or set(machines).isdisjoint(MACHINES)
    )


if __name__ == "__main__":
    profile = derive(json.loads(SOURCE.read_text(encoding="utf-8")))
    PROFILE.write_text(json.dumps(profile, indent=2) + "\n", encoding="utf-8")

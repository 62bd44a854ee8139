import json
from pathlib import Path

import pytest
import yaml

from app.languages import load_languages
from scripts.seccomp_profile import ADDED, PROFILE, SOURCE, derive

ROOT = Path(__file__).parents[3]
COMPOSE_FILES = ("docker-compose.dev.yml", "docker-compose.prod.yml")
WALLS = (
    "user",
    "read_only",
    "cap_drop",
    "security_opt",
    "mem_limit",
    "memswap_limit",
    "pids_limit",
)


def allowed_names() -> set[str]:
    profile = json.loads(PROFILE.read_text())
    return {name for entry in profile["syscalls"] for name in entry["names"]}


def test_the_profile_is_what_its_script_derives() -> None:
    assert json.loads(PROFILE.read_text()) == derive(json.loads(SOURCE.read_text()))


def test_the_profile_has_no_condition_that_kubernetes_would_ignore() -> None:
    profile = json.loads(PROFILE.read_text())

    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {key for entry in profile["syscalls"] for key in entry} == {"names", "action", "args"}
    assert all(entry["action"] == "SCMP_ACT_ALLOW" for entry in profile["syscalls"])


def test_only_what_makes_a_box_is_allowed_on_top_of_dockers_list() -> None:
    docker = json.loads(SOURCE.read_text())
    plain = {
        name
        for entry in docker["syscalls"]
        if "caps" not in entry.get("includes", {}) and entry["action"] == "SCMP_ACT_ALLOW"
        for name in entry["names"]
    }

    assert allowed_names() - plain == set(ADDED) - {"clone"}  # Docker allows some of its flags


@pytest.mark.parametrize(
    "name",
    ["bpf", "io_uring_setup", "kexec_load", "keyctl", "open_by_handle_at", "perf_event_open",
     "setns", "userfaultfd"],
)  # fmt: skip
def test_what_opens_more_of_the_kernel_stays_forbidden(name: str) -> None:
    assert name not in allowed_names()


def test_development_and_production_put_the_same_walls_around_the_service() -> None:
    services = [
        yaml.safe_load((ROOT / file).read_text())["services"]["code-execution-service"]
        for file in COMPOSE_FILES
    ]

    assert [services[0][wall] for wall in WALLS] == [services[1][wall] for wall in WALLS]


@pytest.mark.parametrize("file", ["Dockerfile.dev", "Dockerfile.prod"])
def test_the_image_has_the_packages_of_every_language(file: str) -> None:
    words = (ROOT / "code-execution-service" / file).read_text().split()

    missing = {
        package
        for language in load_languages().languages
        for package in language.debian_packages
        if package not in words
    }

    assert missing == set()

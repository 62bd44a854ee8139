"""The page at `/` as the server gives it."""

import gzip
import re
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from apps.playground.views import MODULES
from apps.users.models import User

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "backend/apps/playground/static"
KATEX = ROOT / "backend/apps/core/static/katex"


def test_allows_files_of_its_own_origin_alone_and_a_nonce_that_is_new_each_time() -> None:
    policies = {Client().get("/")["Content-Security-Policy"] for _ in range(2)}

    assert len(policies) == 2
    for policy in policies:
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == "'self'"
        assert re.fullmatch(r"'self' 'nonce-[\w-]{22}'", rules["style-src"])
        assert rules["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy


def test_has_no_script_and_no_style_in_it() -> None:
    text = Client().get("/").content.decode()

    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.findall(r"\son\w+=|\sstyle=", text)


def test_can_only_be_read() -> None:
    assert Client().head("/").status_code == 200
    assert Client().post("/").status_code == 405


def test_names_every_module_that_its_script_imports() -> None:
    own = {f"playground/{path.name}" for path in (STATIC / "playground").glob("*.js")}
    text = Client().get("/").content.decode()

    assert set(MODULES) == own - {"playground/page.js"} | {
        "core/maths.js",
        "playground/vendor/editor.js",
    }
    assert all(finders.find(module) for module in MODULES)
    assert all(f'href="/static/{module}"' in text for module in MODULES)


def test_what_is_sent_compressed_is_what_lies_beside_it() -> None:
    compressed = [*(STATIC / "playground/vendor").glob("*.gz"), *KATEX.glob("*.gz")]

    assert len(compressed) >= 4
    for path in compressed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes(), path


# Closing an answer looks after the connection to the database.
@pytest.mark.django_db
def test_the_editor_is_sent_compressed_to_who_reads_that() -> None:
    def encoding(**headers: str) -> str | None:
        with closing(Client().get("/static/playground/vendor/editor.js", headers=headers)) as sent:
            return sent.headers.get("Content-Encoding")

    assert encoding(**{"Accept-Encoding": "gzip"}) == "gzip"
    assert encoding() is None


@pytest.mark.django_db
def test_the_admin_leads_to_the_page(bob: User) -> None:
    client = Client()
    client.force_login(bob)

    assert '<a href="/">View site</a>' in client.get("/admin/").content.decode()


# Source: WCAG 2.2, success criterion 1.4.3, and its definitions of contrast and luminance.
READABLE = 4.5
TEXTS = {
    "card": ("text", "quiet", "faint", "accent", "good", "bad"),
    "ground": ("text", "quiet"),
    "field": ("text", "faint", "bad"),
    "tint": ("accent", "first", "good", "bad"),
    "accent": ("on-accent",),
    "good-ground": ("good", "quiet"),
    "bad-ground": ("bad", "quiet"),
    "busy-ground": ("accent", "quiet"),
}


def test_every_text_can_be_told_from_what_is_behind_it_in_light_and_in_dark() -> None:
    text = (STATIC / "playground/page.css").read_text()
    themes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", block))
        for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    ]

    assert len(themes) == 2
    for colours in themes:
        code = tuple(name for name in colours if name.startswith("code-"))
        for behind, names in {**TEXTS, "card": TEXTS["card"] + code}.items():
            for name in names:
                assert contrast(colours[name], colours[behind]) >= READABLE, (name, behind)


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

"""What alerts, dashboard and documentation say of metrics, and what a scrape really has."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
DOCUMENT = ROOT / "docs" / "monitoring.md"
OWN_NAME = re.compile(r"\b(?:http|execution|contest)_[a-z_]+\b")
SERIES = re.compile(r"_(bucket|count|sum)$")


def alerts() -> list[dict[str, Any]]:
    """Give the alert rules."""
    document = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def dashboard_expressions() -> list[str]:
    """Give what the dashboard asks for."""
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def families_used() -> set[str]:
    """Give the metrics that alerts and dashboard name."""
    expressions = [*(rule["expr"] for rule in alerts()), *dashboard_expressions()]
    return {SERIES.sub("", name) for each in expressions for name in OWN_NAME.findall(each)}


def families_documented() -> set[str]:
    """Give the metrics of the document's table."""
    lines = DOCUMENT.read_text().splitlines()
    rows = [line.split("|")[1] for line in lines if line.startswith("| `")]
    return {name for row in rows for name in OWN_NAME.findall(row)}


def families_of(scrape: str) -> set[str]:
    """Give the metrics of our own that a scrape has, with values or still without."""
    names = re.findall(r"^# HELP (\w+)", scrape, re.MULTILINE)
    return {name for name in names if OWN_NAME.fullmatch(name) and not name.endswith("_created")}


def of_service(families: set[str], prefix: str) -> set[str]:
    """Give those of one service; requests are measured by both."""
    return {name for name in families if name.startswith((prefix, "http_"))}

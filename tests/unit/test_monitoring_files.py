"""Alerts and scrape configuration: complete, and about processes that there are."""

import re

import pytest
import yaml

from tests.support.monitoring_files import MONITORING, ROOT, alerts, dashboard_expressions

EXPRESSIONS = [*(rule["expr"] for rule in alerts()), *dashboard_expressions()]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "todo"}
    assert all(rule["annotations"].values())


def test_no_two_alerts_have_the_same_name() -> None:
    names = [rule["alert"] for rule in alerts()]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_brackets_and_quotes_of_an_expression_are_closed(expression: str) -> None:
    code = re.sub(r'"[^"]*"', "", expression)
    assert '"' not in code
    closing = {")": "(", "]": "[", "}": "{"}
    open_ones: list[str] = []
    for character in code:
        if character in closing.values():
            open_ones.append(character)
        elif character in closing:
            assert open_ones.pop() == closing[character]
    assert not open_ones


def test_prometheus_asks_processes_of_the_production_stack() -> None:
    stack = yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text())["services"]
    jobs = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    targets = {
        target.partition(":")[0]
        for job in jobs
        for config in job.get("static_configs", ())
        for target in config["targets"]
    }
    looked_up = {
        name for job in jobs for config in job.get("dns_sd_configs", ()) for name in config["names"]
    }

    assert targets | looked_up == {"backend", "worker", "code-execution-service", "judge-worker"}
    assert targets | looked_up <= stack.keys()

"""The alert rules ask for metrics that there are, with labels that they have."""

import re
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[1]
RULES = [
    rule for group in yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
METRIC = re.compile(r"\bopsroom_\w+")
SELECTED = re.compile(r"(opsroom_\w+)\{(?P<labels>[^}]*)\}")
PROMETHEUS_OWN = {"up"}


async def metrics(client: httpx.AsyncClient) -> dict[str, set[str]]:
    """The labels of every series, by its name."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(answer.text):
        # A family without series says its name all the same.
        found.setdefault(family.name, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
async def test_a_rule_asks_for_what_is_there(rule: dict[str, str], admin: httpx.AsyncClient) -> None:
    await admin.get("/readyz")  # a counter has no series before something is counted
    there = await metrics(admin)
    asked = set(METRIC.findall(rule["expr"]))
    assert asked or PROMETHEUS_OWN & set(re.findall(r"\w+", rule["expr"]))
    assert asked <= there.keys()
    for name, labels in SELECTED.findall(rule["expr"]):
        assert set(re.findall(r"(\w+)[=!]", labels)) <= there[name]
    assert rule["annotations"].keys() == {"summary"}  # type: ignore[attr-defined]  # the file's own shape

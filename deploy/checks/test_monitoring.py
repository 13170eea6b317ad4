"""Alerts and dashboard speak of series that the running binary really has; promtool judges the rest."""

import json
import re

import pytest
from conftest import DEPLOY, ROOT, get, run

MONITORING = DEPLOY / "monitoring"
PROMTOOL = ROOT / "target" / "promtool" / "usr" / "bin" / "promtool"
SERIES = re.compile(r"\bhokusai_[a-z_]+")


def dashboard_expressions():
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_promtool_accepts_the_alerts():
    run(PROMTOOL, "check", "rules", "--lint-fatal", MONITORING / "alerts.yml")


def test_each_alert_is_raised_by_its_cause_and_by_nothing_else():
    run(PROMTOOL, "test", "rules", "alerts_test.yml", cwd=MONITORING)


def test_every_alert_has_a_test():
    alerts = re.findall(r"- alert: (\w+)", (MONITORING / "alerts.yml").read_text())
    tested = re.findall(r"alertname: (\w+)\n\s+exp_alerts", (MONITORING / "alerts_test.yml").read_text())
    assert alerts and sorted(alerts) == sorted(tested)


def test_promtool_accepts_the_dashboards_queries(tmp_path):
    expressions = dashboard_expressions()
    assert len(expressions) >= 4
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(expressions)]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    run(PROMTOOL, "check", "rules", path)


@pytest.mark.parametrize("source", ["alerts", "dashboard"])
def test_every_series_is_one_that_the_binary_has(source, served, front_door_metrics):
    text = (MONITORING / "alerts.yml").read_text() if source == "alerts" else " ".join(dashboard_expressions())
    exposed = types_in(front_door_metrics)
    for service in ("auth", "registry"):
        get(f"{served[service]}/version")  # routes are counted from their first request on
        exposed |= types_in(get(f"{served[service]}/metrics"))
    asked = set(SERIES.findall(text))
    assert len(asked) >= 5 and asked <= exposed, asked - exposed


def types_in(metrics):
    """The series of a page of metrics; a histogram has three, and OpenMetrics names a counter without its `_total`."""
    types = re.findall(r"^# TYPE (\S+) (\S+)", metrics, re.MULTILINE)
    suffixes = {"histogram": ["_bucket", "_sum", "_count"], "counter": ["_total"]}
    return {name.removesuffix("_total") + suffix for name, kind in types for suffix in suffixes.get(kind, [""])}


def test_panels_do_not_overlap():
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24

"""A refused key tells the user of the stock client why and what to do, at once; a rate limit is waited for."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from harness.postgres import run_sql
from harness.raw import Connection
from harness.scenario import API

CALL = """
import json, os, time, mlflow, requests
mlflow.set_tracking_uri(mlflow.get_tracking_uri())
first = os.environ.get("FIRST_UNTIL_REFUSED")
while first:
    refused = requests.get(first, headers={"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]})
    if refused.status_code == 429:
        break
started = time.monotonic()
try:
    said = "made " + mlflow.MlflowClient().create_experiment("messages " + str(time.time_ns()))
except mlflow.exceptions.MlflowException as error:
    said = str(error)
print(json.dumps({"said": said, "took_s": time.monotonic() - started}))
"""
AT_ONCE_S = 5


def client_says(server, key: str | None, folder, first_until_refused: str = "") -> dict:
    """What the stock client, its retries as they are by default, says and how long it took. It may use up its key before, in the
    same process: while Python starts, a bucket fills again."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    env |= {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_DISABLE_TELEMETRY": "true", "FIRST_UNTIL_REFUSED": first_until_refused}
    if key is not None:
        env["MLFLOW_TRACKING_TOKEN"] = key
    done = subprocess.run([sys.executable, "-c", CALL], env=env, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def wrong(server):
    made = server.mint("template")["api_key"]
    return made[:9] + made[9:][::-1], ("key",)


def missing(server):
    return None, ("MLFLOW_TRACKING_TOKEN",)


def revoked(server):
    made = server.mint("revoked")
    server.revoke(made["key_id"])
    return made["api_key"], ("revoked",)


def out_of_scope(server):
    return server.mint("reader", scopes=["model:read"])["api_key"], ("scope", "Permission denied")


def wrong_address(server):
    return server.mint("elsewhere", allowed_ips=["203.0.113.0/24"])["api_key"], ("127.0.0.1",)


@pytest.mark.parametrize("case", [wrong, missing, revoked, out_of_scope, wrong_address], ids=lambda case: case.__name__)
def test_the_client_prints_reason_and_fix_at_once(hokusai, case, tmp_path):
    key, phrases = case(hokusai)
    answer = client_says(hokusai, key, tmp_path)
    for phrase in phrases:
        assert phrase in answer["said"], answer["said"]
    assert "hokusai keys" in answer["said"], f"no fix in: {answer['said']}"
    assert answer["took_s"] < AT_ONCE_S
    assert key is None or key not in answer["said"]


def test_an_expired_key_says_so(start_hokusai, tmp_path):
    server = start_hokusai()
    made = server.mint("expires", expires_in_days=1)
    server.stop()
    statement = f"UPDATE {'hokusai_auth.' if server.database_url else ''}api_keys SET expires_at_ms = created_at_ms + 1 WHERE id = '{made['key_id']}'"
    if server.database_url:
        run_sql(server.database_url, statement)
    else:
        with sqlite3.connect(server.data / "auth.sqlite") as connection:
            connection.execute(statement)
    server.start()
    answer = client_says(server, made["api_key"], tmp_path)
    assert "expired" in answer["said"] and "hokusai keys" in answer["said"], answer["said"]
    assert answer["took_s"] < AT_ONCE_S


def test_a_rate_limited_client_waits_and_succeeds(hokusai, tmp_path):
    made = hokusai.mint("hurried", rate_limit_per_hour=720)
    connection = Connection(hokusai.url, made["api_key"])
    for _ in range(10_000):
        answer = connection.send("GET", API + "experiments/get?experiment_id=0")
        if answer.status == 429:
            break
    assert answer.status == 429 and int(answer.headers["retry-after"]) <= 10, answer
    waited = client_says(hokusai, made["api_key"], tmp_path, first_until_refused=hokusai.url + API + "experiments/get?experiment_id=0")
    assert waited["said"].startswith("made "), waited
    assert waited["took_s"] >= 1, f"it was not made to wait: {waited}"
    assert waited["took_s"] <= 3 * 10, f"it waited longer than Retry-After says, a few times: {waited}"
    shown = json.loads(hokusai.command("keys", "show", made["key_id"], "--json"))
    assert "rate" in json.dumps(shown["last_refusal"])
    assert any(made["key_id"] in line and "rate" in line for line in hokusai.log_text().splitlines())

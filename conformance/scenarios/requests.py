"""What goes wrong before a handler: bodies, content types, methods, unknown routes, prefixes."""

from harness.scenario import Step, delete, get, post, scenario

from .runs import EXPERIMENT, RUN

JSON = {"Content-Type": "application/json"}


def raw(body: bytes, headers=None, path="experiments/create", label=""):
    return Step("POST", path, body=body, headers=JSON if headers is None else headers, label=label or f"body {body!r} {headers or ''}")


SCENARIOS = [
    scenario(
        "bodies",
        raw(b"{not json"),
        raw(b""),
        raw(b"[]"),
        raw(b'"text"'),
        raw(b"null"),
        raw(b"{}"),
        raw(b'{"name": "bodies 1"} trailing'),
        raw(b'{"name": "bodies 2", "name": "bodies 3"}'),
        raw(b'{"name": "bodies \xff"}'),
        raw(b'{"name": "bodies 4"}', {}),
        raw(b'{"name": "bodies 5"}', {"Content-Type": "text/plain"}),
        raw(b'{"name": "bodies 6"}', {"Content-Type": "application/json; charset=utf-8"}),
        raw(b'{"name": "bodies 7"}', {"Content-Type": "APPLICATION/JSON"}),
        raw(b"name=bodies", {"Content-Type": "application/x-www-form-urlencoded"}),
        raw(b'{"name": "bodies \\u0000"}'),
        raw(b'"{\\"name\\": \\"bodies 8\\"}"'),
    ),
    scenario(
        "methods",
        get("experiments/create"),
        post("experiments/get", {"experiment_id": "0"}),
        delete("runs/create"),
        Step("PUT", "runs/create", body=b"{}", headers=JSON),
        Step("PATCH", "registered-models/create", body=b"{}", headers=JSON),
        post("registered-models/update", {"name": "x"}),
        post("registered-models/delete", {"name": "x"}),
        Step("HEAD", "experiments/get?experiment_id=0"),
        Step("OPTIONS", "experiments/get"),
    ),
    scenario(
        "server routes",
        get("/health"),
        get("/version"),
        get("/api/3.0/mlflow/server-info"),
        get("/api/2.0/mlflow/nothing", label="an unknown route"),
        get("/ajax-api/2.0/mlflow/experiments/get", {"experiment_id": "0"}),
        post("/ajax-api/2.0/mlflow/experiments/search", {"max_results": 1, "filter": "name = 'Default'"}),
    ),
    scenario(
        "web interface prefix",
        Step("POST", "/ajax-api/2.0/mlflow/experiments/create", json={"name": "$uid"}, keep={"exp": "experiment_id"}),
        post("/ajax-api/2.0/mlflow/runs/create", {"experiment_id": "$exp", "start_time": 5, "run_name": "x"}, keep={"run": "run.info.run_id"}),
        Step("PUT", "/ajax-api/2.0/mlflow-artifacts/artifacts/$exp/$run/artifacts/a.txt", body=b"x"),
        get("/ajax-api/2.0/mlflow-artifacts/artifacts/$exp/$run/artifacts/a.txt"),
        get("/ajax-api/2.0/mlflow/artifacts/list", {"run_id": "$run"}),
    ),
    scenario(
        "foreign origins",
        EXPERIMENT,
        post("runs/create", {"experiment_id": "$exp", "start_time": 1, "run_name": "x"}, headers={"Origin": "http://evil.example"}, label="a foreign origin"),
        get("experiments/get", {"experiment_id": "$exp"}, headers={"Host": "evil.example"}, label="a foreign host"),
    ),
    scenario(
        "older clients",
        EXPERIMENT,
        RUN,
        post("runs/log-model", {"run_id": "$run", "model_json": '{"artifact_path": "model", "utc_time_created": "2024-01-01 00:00:00.000000", "run_id": "x", "flavors": {"python_function": {}}}'}),
        post("runs/log-model", {"run_id": "$run", "model_json": "not json"}),
        post("runs/log-model", {"run_id": "$run", "model_json": "{}"}),
        post("runs/log-model", {"run_id": "$run"}),
        get("runs/get", {"run_id": "$run"}),
    ),
]

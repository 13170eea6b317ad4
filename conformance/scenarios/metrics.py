"""Metrics: numbers at the edge, which one is the latest, history and its pages."""

from harness.scenario import get, post, scenario

from .runs import EXPERIMENT, GET, RUN

HISTORY = get("metrics/get-history", {"run_id": "$run", "metric_key": "m"})


def metric(value, timestamp=1, step=0, key="m", **more):
    return post("runs/log-metric", {"run_id": "$run", "key": key, "value": value, "timestamp": timestamp, "step": step, **more})


SCENARIOS = [
    scenario(
        "metric values",
        EXPERIMENT,
        RUN,
        HISTORY,
        *(
            metric(value, key=f"k{index}")
            for index, value in enumerate(
                [0, 0.0, -0.0, 1, -1.5, 1e300, 1e-300, 0.1, 123456789012345678, "NaN", "Infinity", "-Infinity", "1.5", "1e3", "nan", "inf", "x", "", True, None, [1], {"a": 1}]
            )
        ),
        *(get("metrics/get-history", {"run_id": "$run", "metric_key": f"k{index}"}) for index in range(15)),
        GET,
    ),
    scenario(
        "metric fields",
        EXPERIMENT,
        RUN,
        *(metric(1, timestamp=timestamp, key="ts") for timestamp in (0, -5, "17", 1.5, "x", None, 9007199254740993)),
        *(metric(1, step=step, key="st") for step in (0, -5, "17", 1.5, "x", None, 9007199254740993)),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "ts"}, unordered=True),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "st"}, unordered=True),
        *(metric(1, key=key) for key in ("a/b", "a b.c-d_e", "a:b", "../a", "a//b", "/a", "a\\b", "ключ", "", "k" * 250, "k" * 251, 5)),
        post("runs/log-metric", {"run_id": "$run", "value": 1, "timestamp": 1}, says=("Missing value for required parameter 'key'",)),
        post("runs/log-metric", {"run_id": "$run", "key": "m", "timestamp": 1}, says=("Missing value for required parameter 'value'",)),
        post("runs/log-metric", {"run_id": "$run", "key": "m", "value": 1}, says=("Missing value for required parameter 'timestamp'",)),
        post("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1}, says=("Missing value for required parameter 'run_id'",)),
        post("runs/log-metric", {"run_uuid": "$run", "key": "m", "value": 1, "timestamp": 1}),
        metric(2, key="d", dataset_name="iris", dataset_digest="abc"),
        GET,
    ),
    scenario(
        "the latest metric",
        EXPERIMENT,
        RUN,
        metric(5, timestamp=10, step=2),
        metric(9, timestamp=20, step=1),
        GET,
        metric(4, timestamp=11, step=2),
        GET,
        metric(7, timestamp=11, step=2),
        metric(6, timestamp=11, step=2),
        GET,
        metric("NaN", timestamp=11, step=2),
        GET,
        metric(7, timestamp=11, step=2),
        metric(7, timestamp=11, step=2),
        HISTORY,
        metric(-1, timestamp=1, step=-1),
        HISTORY,
        get("metrics/get-history", {"run_id": "$run", "metric_key": "other"}),
        get("metrics/get-history", {"run_id": "$run"}, says=("Missing value for required parameter 'metric_key'",)),
    ),
    scenario(
        "history pages",
        EXPERIMENT,
        RUN,
        *(metric(value, timestamp=value % 3, step=value) for value in range(7)),
        HISTORY,
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": 3}, keep={"page": "next_page_token"}),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": 3, "page_token": "$page"}, keep={"page": "next_page_token"}),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": 3, "page_token": "$page"}),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": 7}),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": 0}, says=("max_results",)),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": -1}, says=("max_results",)),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": "x"}),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m", "max_results": 3, "page_token": "###"}),
        get("/ajax-api/2.0/mlflow/metrics/get-history", {"run_id": "$run", "metric_key": "m"}),
        get("/ajax-api/2.0/mlflow/metrics/get-history-bulk", {"run_id": "$run", "metric_key": "m"}),
    ),
]

"""log-batch: all or nothing, limits, duplicates."""

from harness.scenario import get, post, scenario

from .runs import EXPERIMENT, GET, RUN


def batch(says=(), **more):
    return post("runs/log-batch", {"run_id": "$run", **more}, says=says)


def metrics(count, start=0):
    return [{"key": f"m{n}", "value": n, "timestamp": n, "step": n} for n in range(start, start + count)]


def pairs(count, prefix="k"):
    return [{"key": f"{prefix}{n}", "value": str(n)} for n in range(count)]


SCENARIOS = [
    scenario(
        "batches",
        EXPERIMENT,
        RUN,
        batch(),
        batch(metrics=[], params=[], tags=[]),
        batch(metrics=metrics(3), params=pairs(2, "p"), tags=pairs(2, "t")),
        GET,
        batch(metrics=[{"key": "m", "value": "NaN", "timestamp": 1, "step": 1}, {"key": "m", "value": "Infinity", "timestamp": 2, "step": 1}]),
        batch(metrics=[{"key": "m", "value": 1, "timestamp": "5", "step": "6"}]),
        batch(metrics=[{"key": "dup", "value": 1, "timestamp": 1, "step": 1}] * 3),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "m"}, unordered=True),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "dup"}),
        batch(metrics=[{"key": "no step", "value": 1, "timestamp": 1}]),
        batch(tags=[{"key": "t0", "value": "again"}, {"key": "t0", "value": "and again"}]),
        batch(params=[{"key": "p0", "value": "0"}]),
        batch(params=[{"key": "same", "value": "0"}, {"key": "same", "value": "0"}]),
        batch(params=[{"key": "clash", "value": "0"}, {"key": "clash", "value": "1"}]),
        batch(params=[{"key": "new", "value": "1"}, {"key": "p0", "value": "other"}], metrics=[{"key": "rolled back", "value": 1, "timestamp": 1}], tags=[{"key": "rolled back", "value": "x"}]),
        GET,
    ),
    scenario(
        "batch limits",
        EXPERIMENT,
        RUN,
        batch(metrics=metrics(1000)),
        batch(metrics=metrics(1001)),
        batch(params=pairs(100)),
        batch(params=pairs(101, "o")),
        batch(tags=pairs(100)),
        batch(tags=pairs(101, "o")),
        batch(metrics=metrics(900), params=pairs(50), tags=pairs(51)),
        batch(params=[{"key": "long", "value": "x" * 6001}]),
        batch(tags=[{"key": "long", "value": "x" * 8001}]),
        batch(metrics=[{"key": "k" * 251, "value": 1, "timestamp": 1}]),
    ),
    scenario(
        "batch fields",
        EXPERIMENT,
        RUN,
        batch(metrics=[{"value": 1, "timestamp": 1}], says=("metrics[0].key",)),
        batch(metrics=[{"key": "m", "timestamp": 1}], says=("metrics[0].value",)),
        batch(metrics=[{"key": "m", "value": 1}], says=("metrics[0].timestamp",)),
        batch(metrics=[{"key": "m", "value": 1, "timestamp": 1}, {"key": "m", "value": "x", "timestamp": 1}]),
        batch(params=[{"value": "1"}], says=("params[0].key",)),
        batch(tags=[{"value": "1"}], says=("tags[0].key",)),
        batch(metrics="x"),
        batch(metrics={"key": "m"}),
        batch(params=[{"key": "a:b", "value": "1"}]),
        batch(params=[{"key": "nothing"}]),
        post("runs/log-batch", {"metrics": []}, says=("Missing value for required parameter 'run_id'",)),
        GET,
    ),
]

"""Logged models: what `log_model` of a current client needs."""

from harness.scenario import delete, get, patch, post, scenario

from .runs import EXPERIMENT, RUN

NEW = post("logged-models", {"experiment_id": "$exp", "name": "m", "source_run_id": "$run", "model_type": "classifier"}, keep={"model": "model.info.model_id"})
GET = get("logged-models/$model")
GONE = "m-" + "0" * 32

SCENARIOS = [
    scenario(
        "logged model life",
        EXPERIMENT,
        RUN,
        post("logged-models", {"experiment_id": "$exp", "name": "m", "source_run_id": "$run", "model_type": "classifier", "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "1"}]}, keep={"model": "model.info.model_id"}),
        GET,
        post("logged-models/$model/params", {"model_id": "$model", "params": [{"key": "q", "value": "2"}]}),
        post("logged-models/$model/params", {"model_id": "$model", "params": [{"key": "q", "value": "3"}]}),
        post("logged-models/$model/params", {"model_id": "$model"}),
        patch("logged-models/$model/tags", {"tags": [{"key": "t", "value": "2"}, {"key": "u", "value": "3"}]}),
        delete("logged-models/$model/tags/u"),
        delete("logged-models/$model/tags/u"),
        patch("logged-models/$model", {"model_id": "$model", "status": "LOGGED_MODEL_READY"}),
        GET,
        patch("logged-models/$model", {"model_id": "$model", "status": "LOGGED_MODEL_UPLOAD_FAILED"}),
        patch("logged-models/$model", {"model_id": "$model", "status": 2}),
        patch("logged-models/$model", {"model_id": "$model", "status": "NONSENSE"}),
        patch("logged-models/$model", {"model_id": "$model"}),
        post("runs/log-metric", {"run_id": "$run", "key": "acc", "value": 0.5, "timestamp": 1, "step": 0, "model_id": "$model"}),
        GET,
        get("logged-models/$model/artifacts/directories"),
        delete("logged-models/$model"),
        GET,
        delete("logged-models/$model"),
        post("logged-models/search", {"experiment_ids": ["$exp"]}),
    ),
    scenario(
        "logged model that is not there",
        get(f"logged-models/{GONE}"),
        get("logged-models/nonsense"),
        patch(f"logged-models/{GONE}", {"model_id": GONE, "status": "LOGGED_MODEL_READY"}),
        patch(f"logged-models/{GONE}/tags", {"tags": [{"key": "t", "value": "2"}]}),
        delete(f"logged-models/{GONE}"),
        delete(f"logged-models/{GONE}/tags/x"),
        post(f"logged-models/{GONE}/params", {"model_id": GONE, "params": [{"key": "q", "value": "3"}]}),
        post("logged-models", {"name": "m"}, says=("Missing value for required parameter 'experiment_id'",)),
        post("logged-models", {"experiment_id": "987654", "name": "m"}),
    ),
    scenario(
        "logged model names",
        EXPERIMENT,
        RUN,
        post("logged-models", {"experiment_id": "$exp"}),
        *(post("logged-models", {"experiment_id": "$exp", "name": name}) for name in ("", "a/b", "a:b", "a.b", "a%b", "a\"b", "a'b", "a b", "ü", "n" * 500, 5)),
        post("logged-models", {"experiment_id": "$exp", "name": "x", "source_run_id": "0" * 32}),
        post("logged-models", {"experiment_id": "$exp", "name": "x", "params": [{"key": "k" * 251, "value": "1"}]}),
        post("logged-models", {"experiment_id": "$exp", "name": "x", "params": [{"key": "k", "value": "v" * 6001}]}),
        post("logged-models", {"experiment_id": "$exp", "name": "x", "params": "x"}),
    ),
    scenario(
        "logged model search",
        EXPERIMENT,
        RUN,
        post("logged-models", {"experiment_id": "$exp", "name": "one", "source_run_id": "$run", "params": [{"key": "lr", "value": "1"}], "tags": [{"key": "t", "value": "x"}]}, keep={"one": "model.info.model_id"}),
        post("logged-models", {"experiment_id": "$exp", "name": "two", "source_run_id": "$run", "params": [{"key": "lr", "value": "2"}]}, keep={"two": "model.info.model_id"}),
        patch("logged-models/$one", {"model_id": "$one", "status": "LOGGED_MODEL_READY"}),
        post("runs/log-metric", {"run_id": "$run", "key": "acc", "value": 0.5, "timestamp": 1, "step": 0, "model_id": "$one"}),
        post("runs/log-metric", {"run_id": "$run", "key": "acc", "value": 0.9, "timestamp": 1, "step": 0, "model_id": "$two"}),
        *(
            post("logged-models/search", {"experiment_ids": ["$exp"], "filter": text, "order_by": [{"field_name": "name", "ascending": True}]}, label=f"filter {text}")
            for text in ("", "name = 'one'", "name LIKE 't%'", "params.lr = '1'", "tags.t = 'x'", "metrics.acc > 0.6", "metrics.acc >= 0.5", "source_run_id = '$run'", "status = 'READY'", "model_id = '$one'", "name != 'one'", "nonsense = 'x'", "foo.bar = 'x'", "name =", "name IN ('one', 'x')", "creation_timestamp > 0", "attributes.name = 'one'", "params.lr > '1'")
        ),
        *(
            post("logged-models/search", {"experiment_ids": ["$exp"], "order_by": order}, label=f"order {order}")
            for order in ([{"field_name": "metrics.acc", "ascending": False}], [{"field_name": "metrics.acc"}], [{"field_name": "name", "ascending": False}], [{"field_name": "nonsense"}], [{"ascending": True}])
        ),
        post("logged-models/search", {"experiment_ids": ["$exp"], "max_results": 1, "order_by": [{"field_name": "name"}]}, keep={"page": "next_page_token"}),
        post("logged-models/search", {"experiment_ids": ["$exp"], "max_results": 1, "order_by": [{"field_name": "name"}], "page_token": "$page"}),
        post("logged-models/search", {"experiment_ids": ["$exp"], "page_token": "###"}),
        post("logged-models/search", {"experiment_ids": ["$exp"], "max_results": 51}),
        post("logged-models/search", {"experiment_ids": []}),
        post("logged-models/search", {}),
    ),
]

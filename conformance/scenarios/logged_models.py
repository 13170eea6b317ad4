"""Logged models: what `log_model` of a current client needs."""

from harness.scenario import delete, get, patch, post, scenario

from .runs import EXPERIMENT, RUN

NEW = post("logged-models", {"experiment_id": "$exp", "name": "m", "source_run_id": "$run", "model_type": "classifier"}, keep={"model": "model.info.model_id"})
GET = get("logged-models/$model")
GONE = "m-" + "0" * 32

ON_TRAIN = {"dataset_name": "train", "dataset_digest": "d1"}
ON_TEST = {"dataset_name": "test", "dataset_digest": "d2"}
BY_NAME = [{"field_name": "name", "ascending": True}]


def model(name):
    return post("logged-models", {"experiment_id": "$exp", "name": name, "source_run_id": "$run"}, keep={name: "model.info.model_id"})


def point(model, key, value, step=0, at=1, **more):
    return post("runs/log-metric", {"run_id": "$run", "key": key, "value": value, "timestamp": at, "step": step, "model_id": model, **more})


def search(label, **more):
    return post("logged-models/search", {"experiment_ids": ["$exp"], "order_by": BY_NAME, **more}, label=label)


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
    scenario(
        "logged model metrics",
        EXPERIMENT,
        RUN,
        *(model(name) for name in ("a", "b", "c", "d")),
        point("$a", "acc", 0.5, **ON_TRAIN),
        point("$a", "acc", 0.6, step=1, at=2, **ON_TEST),
        point("$a", "acc", 0.6, step=1, at=2, **ON_TEST),
        point("$a", "loss", 3),
        point("$b", "acc", 0.9, **ON_TEST),
        point("$b", "loss", "Infinity"),
        point("", "acc", 0.1),
        point("m-" + "0" * 32, "acc", 0.1),
        point("nonsense", "acc", 0.1, step=5),
        post(
            "runs/log-batch",
            {
                "run_id": "$run",
                "metrics": [
                    {"key": "acc", "value": 0.7, "timestamp": 5, "step": 0, "model_id": "$c", **ON_TRAIN},
                    {"key": "acc", "value": 0.2, "timestamp": 9, "step": 0, "model_id": "$c", **ON_TEST},
                    {"key": "plain", "value": 0.2, "timestamp": 9, "step": 0},
                ],
            },
        ),
        *(get(f"logged-models/${name}", label=f"model {name}") for name in ("a", "b", "c", "d")),
        get("metrics/get-history", {"run_id": "$run", "metric_key": "acc"}, label="the run's own history", unordered=True),
        *(
            search(f"metrics {text}", filter=text)
            for text in ("metrics.acc > 0.65", "metrics.acc <= 0.5", "metrics.`acc` = 0.6", "metrics.acc != 0.9", "metrics.acc > 0.55 AND metrics.loss < 4", "metrics.nothing > 0", "metrics.acc > 'x'", "metrics.acc LIKE '1'", "metric.acc > 0")
        ),
        search("on train", datasets=[ON_TRAIN]),
        search("on train or test", datasets=[ON_TRAIN, ON_TEST]),
        search("on nothing known", datasets=[{"dataset_name": "train", "dataset_digest": "other"}]),
        search("by name alone", datasets=[{"dataset_name": "train"}]),
        search("without a name", datasets=[{"dataset_digest": "d1"}]),
        search("acc on train", datasets=[ON_TRAIN], filter="metrics.acc > 0.55"),
        search("acc on test", datasets=[ON_TEST], filter="metrics.acc > 0.55"),
        *(
            search(f"metric order {order}", order_by=[order])
            for order in (
                {"field_name": "metrics.acc", "ascending": False},
                {"field_name": "metrics.acc"},
                {"field_name": "metrics.acc", "ascending": False, **ON_TEST},
                {"field_name": "metrics.acc", "dataset_name": "train"},
                {"field_name": "metrics.loss"},
                {"field_name": "params.x"},
                {"field_name": "creation_time", "ascending": True},
                {"field_name": "last_updated_timestamp"},
                {"field_name": "model_type"},
            )
        ),
        search("in a list", filter="name IN ('a', 'c')"),
        search("by time", filter="creation_timestamp > 1000"),
        search("by time, other name", filter="creation_time < 1000"),
        search("a status as text", filter="status = '1'"),
        post("runs/delete", {"run_id": "$run"}),
        point("$a", "late", 1),
        get("logged-models/$a", label="after the run's deletion"),
    ),
]

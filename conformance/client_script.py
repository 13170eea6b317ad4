"""A user's script: needs MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN; prints what it saw as one JSON line, without ids and times."""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from pathlib import Path

import mlflow
import numpy
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression

SEEN: dict = {}


def remember(name: str, value):
    assert name not in SEEN, name
    SEEN[name] = value


def refusal(action) -> str:
    try:
        action()
    except MlflowException as error:
        return error.error_code
    return "no refusal"


def tracking(client: MlflowClient, name: str) -> str:
    experiment = mlflow.set_experiment(name)
    remember("experiment is active", experiment.lifecycle_stage)
    with mlflow.start_run(run_name="training", tags={"team": "red"}) as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "kind": "tree"})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.9, "auc": 0.8}, step=4)
        mlflow.log_metric("nan", float("nan"))
        mlflow.log_metric("inf", float("inf"))
        mlflow.set_tag("stage", "draft")
        mlflow.set_tags({"a": "1", "b": "2"})
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/data.json")
        mlflow.log_text("percent", "notes/100% dog step#1.txt")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "big.bin").write_bytes(b"\x00\x01" * 500_000)
            mlflow.log_artifacts(folder, "files")
        dataset = mlflow.data.from_numpy(numpy.arange(6).reshape(3, 2), targets=numpy.arange(3), name="six")
        mlflow.log_input(dataset, context="training")
    run_id = run.info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric("batch", value, 1000 + value, value) for value in range(10)],
        params=[Param("batch", "yes")],
        tags=[RunTag("batch", "yes")],
    )
    client.delete_tag(run_id, "b")
    found = client.get_run(run_id)
    remember("params", dict(sorted(found.data.params.items())))
    remember("metrics", {key: repr(value) for key, value in sorted(found.data.metrics.items())})
    remember("tags", {key: value for key, value in sorted(found.data.tags.items()) if not key.startswith("mlflow.")})
    remember("status", found.info.status)
    remember("datasets", [(item.dataset.name, [(tag.key, tag.value) for tag in item.tags]) for item in found.inputs.dataset_inputs])
    remember("history", [(point.step, point.value) for point in client.get_metric_history(run_id, "loss")])
    remember("artifacts", [(item.path, item.is_dir, item.file_size) for item in client.list_artifacts(run_id, "notes")])
    remember("artifact roots", sorted(item.path for item in client.list_artifacts(run_id)))
    remember("text", mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt"))
    remember("strange name", mlflow.artifacts.load_text(f"runs:/{run_id}/notes/100% dog step#1.txt"))
    remember("dict", mlflow.artifacts.load_dict(f"runs:/{run_id}/notes/data.json"))
    with tempfile.TemporaryDirectory() as folder:
        local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="files", dst_path=folder)
        remember("bytes", [(path.name, path.stat().st_size) for path in sorted(Path(local).iterdir())])
    remember("another param value", refusal(lambda: client.log_param(run_id, "lr", "0.2")))
    return run_id


def searching(client: MlflowClient, name: str):
    for number in range(3):
        with mlflow.start_run(run_name=f"candidate {number}"):
            mlflow.log_metric("score", number)
            mlflow.log_param("number", number)
    query = {"experiment_names": [name], "output_format": "list"}
    remember("runs by score", [run.info.run_name for run in mlflow.search_runs(filter_string="metrics.score >= 1", order_by=["metrics.score DESC"], **query)])
    remember("runs by param", [run.info.run_name for run in mlflow.search_runs(filter_string="params.number = '0' and tags.`mlflow.runName` LIKE 'cand%'", **query)])
    remember("columns", sorted(c for c in mlflow.search_runs(experiment_names=[name]).columns if c.startswith(("params.", "metrics."))))
    remember("bad filter", refusal(lambda: mlflow.search_runs(filter_string="nonsense", **query)))
    remember("experiments", [found.name == name for found in mlflow.search_experiments(filter_string=f"name = '{name}'")])


class Doubler(mlflow.pyfunc.PythonModel):
    """The smallest model of our own."""

    def predict(self, context, model_input: list[float], params=None) -> list[float]:
        return [2 * value for value in model_input]


def models(client: MlflowClient, name: str):
    features = numpy.array([[0.0], [1.0], [2.0], [3.0]])
    model = LogisticRegression().fit(features, [0, 0, 1, 1])
    with mlflow.start_run(run_name="registering"):
        logged = mlflow.sklearn.log_model(model, name="classifier", registered_model_name=name, input_example=features[:1], pip_requirements=[])
        mlflow.log_metric("accuracy", 1.0, model_id=logged.model_id)
    with mlflow.start_run(run_name="registering again"):
        mlflow.pyfunc.log_model(name="doubler", python_model=Doubler(), registered_model_name=f"{name} doubler", pip_requirements=[])
        mlflow.sklearn.log_model(model, name="classifier", registered_model_name=name, pip_requirements=[])
    remember("logged model", (logged.name if hasattr(logged, "name") else None, mlflow.get_logged_model(logged.model_id).status))
    remember("logged models", sorted(found.name for found in mlflow.search_logged_models(experiment_ids=[mlflow.get_experiment_by_name(name).experiment_id], output_format="list")))
    client.set_registered_model_alias(name, "champion", "1")
    remember("predictions by alias", mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(features).tolist())
    remember("predictions", mlflow.sklearn.load_model(f"models:/{name}/2").predict(features).tolist())
    remember("doubled", list(mlflow.pyfunc.load_model(f"models:/{name} doubler/1").predict([1.0, 2.5])))
    client.set_registered_model_alias(name, "champion", "2")
    remember("alias moved", client.get_model_version_by_alias(name, "champion").version)
    client.set_model_version_tag(name, "2", "checked", "yes")
    client.update_model_version(name, "2", "the second")
    client.update_registered_model(name, "what it is for")
    client.transition_model_version_stage(name, "1", "Archived")
    found = client.get_model_version(name, "2")
    remember("version", (found.version, found.status, found.description, found.tags, found.aliases, found.current_stage))
    remember("versions", sorted((str(v.version), v.current_stage) for v in client.search_model_versions(f"name = '{name}'")))
    remember("models", sorted(m.name.removeprefix(name) for m in client.search_registered_models(f"name LIKE '{name}%'")))
    remember("model", (client.get_registered_model(name).description, client.get_registered_model(name).aliases))
    remember("missing alias", refusal(lambda: client.get_model_version_by_alias(name, "nobody")))
    remember("missing model", refusal(lambda: client.get_registered_model(f"{name} nobody")))
    client.delete_registered_model_alias(name, "champion")
    client.delete_model_version(name, "1")
    remember("version left", [str(v.version) for v in client.search_model_versions(f"name = '{name}'")])
    client.rename_registered_model(f"{name} doubler", f"{name} renamed")
    client.delete_registered_model(f"{name} renamed")
    remember("models left", [m.name.removeprefix(name) for m in client.search_registered_models(f"name LIKE '{name}%'")])


def deleting(client: MlflowClient, name: str, run_id: str):
    client.delete_run(run_id)
    remember("deleted run", client.get_run(run_id).info.lifecycle_stage)
    remember("writing to a deleted run", refusal(lambda: client.log_metric(run_id, "late", 1)))
    client.restore_run(run_id)
    remember("restored run", client.get_run(run_id).info.lifecycle_stage)
    experiment_id = mlflow.get_experiment_by_name(name).experiment_id
    client.delete_experiment(experiment_id)
    remember("deleted experiment", client.get_experiment(experiment_id).lifecycle_stage)
    client.restore_experiment(experiment_id)
    remember("restored experiment", client.get_experiment(experiment_id).lifecycle_stage)


def main():
    client = MlflowClient()
    name = f"client {uuid.uuid4().hex}"
    run_id = tracking(client, name)
    searching(client, name)
    models(client, name)
    deleting(client, name, run_id)
    print(json.dumps(SEEN, default=list))


if __name__ == "__main__":
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    main()

"""Registers and loads a model with the stock MLflow client: proof.py REGISTRY_URL RESOLVE_JSON, the key on standard input.

RESOLVE_JSON maps host names to addresses in place of what DNS says, as curl's --resolve does.
"""

import json
import os
import socket
import sys
import tempfile
import uuid

url, resolve = sys.argv[1], json.loads(sys.argv[2])
os.environ["MLFLOW_TRACKING_URI"] = url
os.environ["MLFLOW_TRACKING_TOKEN"] = sys.stdin.read().strip()
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "2"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"

system_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, port, *args, **kwargs):
    target = resolve.get(host, host)
    if target.count(":") == 1:
        target, port = target.split(":")
    return system_getaddrinfo(target, port, *args, **kwargs)


socket.getaddrinfo = getaddrinfo

import mlflow  # noqa: E402
from mlflow.pyfunc import PythonModel  # noqa: E402


class Doubles(PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * value for value in model_input]


name = f"hokusai-migration-{uuid.uuid4().hex[:12]}"
client = mlflow.MlflowClient()
folder = tempfile.TemporaryDirectory(prefix="hokusai-proof-")
os.chdir(folder.name)
mlflow.set_experiment(name)
experiment = client.get_experiment_by_name(name).experiment_id
try:
    with mlflow.start_run():
        mlflow.log_metric("auroc", 0.87)
        mlflow.pyfunc.log_model(name="model", python_model=Doubles(), registered_model_name=name, pip_requirements=[])
    client.set_registered_model_alias(name, "champion", "1")
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    answer = loaded.predict([1, 2, 3])
    assert list(answer) == [2, 4, 6], f"the loaded model predicts {answer}"
finally:
    for clean in (lambda: client.delete_registered_model(name), lambda: client.delete_experiment(experiment)):
        try:
            clean()
        except Exception as error:  # what failed before is what matters
            print(f"not cleaned up: {error}", file=sys.stderr)
    os.chdir("/")
    folder.cleanup()
print(f"MLflow {mlflow.__version__} registered `{name}` at {url}, set the alias `champion`, loaded the model by it and predicted")

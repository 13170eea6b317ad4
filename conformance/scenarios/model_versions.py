"""Model versions: creation, sources, stages, tags, search."""

from harness.scenario import delete, get, patch, post, scenario

from .registered_models import NEW, SOURCE, VERSION
from .runs import EXPERIMENT, RUN

GET = get("model-versions/get", {"name": "$uid", "version": "1"})


def source(text, **more):
    return post("model-versions/create", {"name": "$uid", "source": text, **more}, label=f"source {text} {sorted(more)}")


SCENARIOS = [
    scenario(
        "version life",
        EXPERIMENT,
        RUN,
        post("model-versions/create", {"name": "$uid", **SOURCE}),
        NEW,
        post("model-versions/create", {"name": "$uid", **SOURCE, "description": "what", "tags": [{"key": "a", "value": "1"}], "run_link": "http://example.com/run"}),
        VERSION,
        GET,
        get("registered-models/get", {"name": "$uid"}),
        patch("model-versions/update", {"name": "$uid", "version": "1", "description": "else"}),
        patch("model-versions/update", {"name": "$uid", "version": "1", "description": ""}),
        patch("model-versions/update", {"name": "$uid", "version": "1"}),
        get("model-versions/get-download-uri", {"name": "$uid", "version": "1"}),
        get("model-versions/get-download-uri", {"name": "$uid", "version": "9"}),
        *(get("model-versions/get", {"name": "$uid", "version": version}) for version in ("9", "0", "-1", "abc", "", "1.0", "01")),
        get("model-versions/get", {"name": "$uid"}, says=("Missing value for required parameter 'version'",)),
        get("model-versions/get", {"version": "1"}, says=("Missing value for required parameter 'name'",)),
        delete("model-versions/delete", {"name": "$uid", "version": "2"}),
        delete("model-versions/delete", {"name": "$uid", "version": "2"}),
        VERSION,
        delete("model-versions/delete", {"name": "$uid", "version": "3"}),
        VERSION,
        get("model-versions/search", {"filter": "name = '$uid'"}),
    ),
    scenario(
        "stages",
        EXPERIMENT,
        RUN,
        NEW,
        VERSION,
        VERSION,
        VERSION,
        *(
            post("model-versions/transition-stage", {"name": "$uid", "version": version, "stage": stage, "archive_existing_versions": archive})
            for version, stage, archive in (("1", "Production", False), ("2", "production", True), ("1", "Staging", False), ("3", "staging", False), ("3", "Archived", False), ("3", "None", False), ("3", "Nowhere", False), ("3", "Archived", True), ("9", "Staging", False), ("1", "", False))
        ),
        post("model-versions/transition-stage", {"name": "$uid", "version": "1", "stage": "Staging"}),
        get("registered-models/get-latest-versions", {"name": "$uid"}, unordered=True),
        post("registered-models/get-latest-versions", {"name": "$uid", "stages": ["Production"]}),
        post("registered-models/get-latest-versions", {"name": "$uid", "stages": ["staging", "None"]}, unordered=True),
        post("registered-models/get-latest-versions", {"name": "$uid", "stages": ["Nowhere"]}),
        post("registered-models/get-latest-versions", {"name": "$uid none"}),
        post("registered-models/get-latest-versions", {"name": "$uid"}, unordered=True),
    ),
    scenario(
        "version tags",
        EXPERIMENT,
        RUN,
        NEW,
        VERSION,
        post("model-versions/set-tag", {"name": "$uid", "version": "1", "key": "a", "value": "1"}),
        post("model-versions/set-tag", {"name": "$uid", "version": "1", "key": "a", "value": "2"}),
        post("model-versions/set-tag", {"name": "$uid", "version": "9", "key": "a", "value": "2"}),
        post("model-versions/set-tag", {"name": "$uid", "version": "1", "value": "2"}),
        post("model-versions/set-tag", {"name": "$uid", "version": "1", "key": "a"}),
        GET,
        delete("model-versions/delete-tag", {"name": "$uid", "version": "1", "key": "a"}),
        delete("model-versions/delete-tag", {"name": "$uid", "version": "1", "key": "a"}),
        GET,
    ),
    scenario(
        "version sources",
        EXPERIMENT,
        RUN,
        NEW,
        post("model-versions/create", {"name": "$uid"}, says=("Missing value for required parameter 'source'",)),
        post("model-versions/create", {"source": "mlflow-artifacts:/1"}, says=("Missing value for required parameter 'name'",)),
        source("mlflow-artifacts:/$exp/$run/artifacts/model", run_id="$run"),
        source("mlflow-artifacts:/$exp/$run/artifacts/model"),
        source("mlflow-artifacts:/../../etc"),
        source("mlflow-artifacts:/a/../b"),
        source("mlflow-artifacts:/a/%2e%2e/b"),
        source("mlflow-artifacts:/a/%252e%252e/b"),
        source("/etc/passwd"),
        source("/etc/passwd", run_id="$run"),
        source("file:///etc"),
        source("file:/etc"),
        source("relative/path"),
        source("./x"),
        source(""),
        source("s3://bucket/key"),
        source("s3://bucket/../key"),
        source("http://example.com/x"),
        source("http://example.com/../x"),
        source("runs:/$run/model"),
        source("runs:/" + "0" * 32 + "/model", run_id="$run"),
        source("models:/$uid/1"),
        source("models:/nothing"),
        source("mlflow-artifacts:/1/x", run_id="0" * 32),
        source("mlflow-artifacts:/1/x", run_id="nonsense"),
        source("mlflow-artifacts:/1/x#fragment"),
        source("mlflow-artifacts:/1/x?query=1"),
        source("mlflow-artifacts://host/1/x"),
    ),
    scenario(
        "versions of logged models",
        EXPERIMENT,
        RUN,
        NEW,
        post("logged-models", {"experiment_id": "$exp", "name": "m", "source_run_id": "$run"}, keep={"model": "model.info.model_id", "place": "model.info.artifact_uri"}),
        patch("logged-models/$model", {"model_id": "$model", "status": "LOGGED_MODEL_READY"}),
        post("model-versions/create", {"name": "$uid", "source": "$place", "run_id": "$run", "model_id": "$model"}),
        post("model-versions/create", {"name": "$uid", "source": "models:/$model", "run_id": "$run", "model_id": "$model"}),
        get("logged-models/$model"),
        GET,
        get("model-versions/get-download-uri", {"name": "$uid", "version": "1"}),
        get("model-versions/get-download-uri", {"name": "$uid", "version": "2"}),
        post("model-versions/create", {"name": "$uid", "source": "$place", "model_id": "m-" + "0" * 32}),
    ),
    scenario(
        "version search",
        EXPERIMENT,
        RUN,
        NEW,
        post("registered-models/create", {"name": "$uid two"}),
        post("model-versions/create", {"name": "$uid", "source": "mlflow-artifacts:/$exp/$run/artifacts/model", "run_id": "$run", "tags": [{"key": "t", "value": "x"}]}),
        post("model-versions/create", {"name": "$uid", "source": "mlflow-artifacts:/$exp/$run/artifacts/other", "run_id": "$run", "tags": [{"key": "t", "value": "y"}]}),
        post("model-versions/create", {"name": "$uid two", "source": "mlflow-artifacts:/$exp/$run/artifacts/model", "run_id": "$run"}),
        *(
            get("model-versions/search", {"filter": text, "order_by": "name ASC"}, label=f"filter {text}")
            for text in (
                "name = '$uid'", "name LIKE '$uid%'", "name ILIKE '$uid TWO'", "name != '$uid'", "run_id = '$run'", "run_id IN ('$run', 'x')", "source_path = 'mlflow-artifacts:/$exp/$run/artifacts/model'", "source_path LIKE 'mlflow-artifacts:/$exp/%'", "version_number = 1 AND name LIKE '$uid%'",
                "version_number > 1 AND name LIKE '$uid%'", "version_number = '1' AND name = '$uid'", "name = '$uid' AND tags.t = 'x'", "name = '$uid' AND tags.t != 'x'", "name = '$uid' AND tag.`t` LIKE '%y'", "name IN ('$uid', '$uid two')", "nonsense = 'x'", "version = 1", "name = 5", "name = '$uid' OR run_id = '$run'", "run_id IN ()", "name = '$uid' AND current_stage = 'None'",
            )
            if not text.startswith("name != ")
        ),
        *(
            get("model-versions/search", [("filter", "name LIKE '$uid%'"), *(("order_by", part) for part in order)], label=f"order {order}")
            for order in (["name ASC", "version_number DESC"], ["version_number", "name"], ["creation_timestamp DESC", "name", "version_number"], ["nonsense"], ["name sideways"])
        ),
    ),
]

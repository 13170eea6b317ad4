"""Where Hokusai answers otherwise than the real server, on purpose.

(scenario, step label, or its beginning and `*`): reason. The suite fails when no such step is different any more, so that the list stays true.
"""

KNOWN: dict[tuple[str, str], str] = {
    ("server routes", "GET /health"): "ours says which service answers; clients look at the status only",
    ("server routes", "GET /version"): "our own version",
    ("server routes", "GET /api/3.0/mlflow/server-info"): "no AI gateway and no presigned uploads here",
    ("experiment names", "POST experiments/update"): "a taken name is RESOURCE_ALREADY_EXISTS, as it is when creating; the real server lets the database's error through",
    ("model names", "POST registered-models/create (8)"): "names are limited to what the column holds on every database; SQLite lets the real server store more",
    ("methods", "OPTIONS experiments/get"): "no CORS grant, so nothing answers OPTIONS",
    ("bodies", "body b'{\"name\": \"bodies \\\\u0000\"}' "): "text with NUL is refused at the edge: PostgreSQL cannot store it",
    ("experiment that is not there", "GET experiments/get*"): "the experiment `Default` is made by the migration, which knows no clock",
    ("server routes", "GET /ajax-api/2.0/mlflow/experiments/get"): "the experiment `Default` is made by the migration, which knows no clock",
    ("server routes", "POST /ajax-api/2.0/mlflow/experiments/search"): "the experiment `Default` is made by the migration, which knows no clock",
    ("run creation", "POST runs/create*"): "a fraction as time, and tags that are no list, are refused; the real server drops all fields and makes a nameless run (the ids that follow shift)",
    ("run updates", "POST runs/update*"): "an unknown status, or a number for one, is refused; the real server ignores the one and believes the other",
    ("run updates", "GET runs/get"): "follows from it",
    ("metric values", "POST runs/log-metric*"): "`nan`, `inf` and `true` are no numbers in JSON; the real server stores 0 for them",
    ("metric values", "GET *"): "follows from it",
    ("metric fields", "POST runs/log-metric*"): "a fraction as time or step is refused; the real server drops all fields and stores zeros",
    ("batch fields", "POST runs/log-batch (4)"): "a value that is no number fails the batch; the real server drops the whole batch and answers 200",
    ("batch fields", "GET runs/get"): "follows from it",
    ("bodies", "body b'\"*"): "its id follows from the refusal before it",
    ("inputs and outputs", "POST runs/outputs (2)"): "logging the same output again changes nothing; the real server lets the database's error through",
    ("logged model names", "POST logged-models*"): "a model without a name is called by its id",
    ("artifact names", "*"): "a path is decoded once; the real server decodes twice, and refuses names that the client makes for images",
    ("artifact traversal", "*"): "backslashes, NUL, empty and dot segments are refused whatever they lead to",
    ("older clients", "GET runs/get"): "JSON of our own spacing and order; clients parse it",
    ("run search", "POST runs/search (17)"): "a fraction as page size is refused; the real server drops all fields",
    ("foreign origins", "a foreign host"): "421 names the hosts that are allowed; the real server answers 403",
    ("logged model life", "POST logged-models/$model/params (2)"): "another value for a param is INVALID_PARAMETER_VALUE; the real server lets the database's error through",
    ("logged model life", "PATCH logged-models/$model*"): "an unknown status, or a number for one, is refused or believed as protobuf says; the real server makes the status unspecified",
    ("logged model life", "GET logged-models/$model (3)"): "follows from it",
    ("logged model metrics", "POST runs/log-metric*"): "an unknown logged model is RESOURCE_DOES_NOT_EXIST; the real server lets the database's error through",
    ("logged model metrics", "by name alone"): "a dataset without digest means any digest; the real server looks for metrics that have none",
}


def page() -> str:
    """The list for readers, as `docs/mlflow-differences.md` holds it."""
    lines = [
        "# Where Hokusai answers otherwise than MLflow's server, on purpose",
        "",
        "Made from `conformance/differences.py` by `python3 conformance/differences.py > docs/mlflow-differences.md`; the conformance suite",
        "compares every other answer of its scenarios with a real server's, and fails when one of these is different no more.",
        "",
        "| where | which request | why |",
        "| --- | --- | --- |",
    ]
    cell = lambda text: text.replace("|", "\\|").replace("\n", " ")
    lines += [f"| {cell(name)} | `{cell(step)}` | {cell(why)} |" for (name, step), why in KNOWN.items() if why != "follows from it"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")

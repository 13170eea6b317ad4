"""Where Hokusai answers otherwise than the real server, on purpose.

(scenario, step label): reason. The suite fails when such a step is *not* different any more, so that the list stays true.
"""

KNOWN: dict[tuple[str, str], str] = {
    ("run search", "POST runs/search (17)"): "a fraction as page size is refused",
    ("server routes", "GET /health"): "ours says which service answers; clients look at the status only",
    ("server routes", "GET /version"): "our own version",
    ("server routes", "GET /api/3.0/mlflow/server-info"): "no AI gateway and no presigned uploads here",
    ("experiment names", "POST experiments/update (2)"): "a taken name is RESOURCE_ALREADY_EXISTS, as it is when creating; the real server lets the database's error through",
    ("model names", "POST registered-models/create (8)"): "names are limited to what the column holds on every database; SQLite lets the real server store more",
    ("methods", "OPTIONS experiments/get"): "no CORS grant, so nothing answers OPTIONS",
    ("bodies", "body b'{\"name\": \"bodies \\\\u0000\"}' "): "text with NUL is refused at the edge: PostgreSQL cannot store it",
}

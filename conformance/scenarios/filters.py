"""The filter and ordering grammar of run search, as a matrix over one set of runs."""

from harness.scenario import get, post, scenario

from .runs import EXPERIMENT


def run(name, start, metrics=(), params=(), tags=(), status=None):
    steps = [
        post("runs/create", {"experiment_id": "$exp", "run_name": name, "start_time": start, "user_id": "ada", "tags": [{"key": k, "value": v} for k, v in tags]}, keep={f"run_{name}": "run.info.run_id"}),
        post(
            "runs/log-batch",
            {
                "run_id": f"$run_{name}",
                "metrics": [{"key": k, "value": v, "timestamp": 1, "step": 0} for k, v in metrics],
                "params": [{"key": k, "value": v} for k, v in params],
            },
        ),
    ]
    if status:
        steps.append(post("runs/update", {"run_id": f"$run_{name}", "status": status, "end_time": start + 50}))
    return steps


RUNS = (
    EXPERIMENT,
    *run("alpha", 100, [("acc", 0.5), ("loss", 2)], [("lr", "0.1"), ("opt name", "Adam")], [("team", "Red")], "FINISHED"),
    *run("beta", 200, [("acc", 0.9), ("loss", -1)], [("lr", "0.01")], [("team", "blue"), ("a.b", "x_y")], "FAILED"),
    *run("gamma", 300, [("acc", "NaN")], [("lr", "0.001")], [("team", "50%")]),
    *run("delta", 400, [], [("lr", "0.1")], [], "KILLED"),
    *run("omega", 500, [("acc", "Infinity"), ("loss", "-Infinity")], [], [("team", "it's")], "FINISHED"),
)

FILTERS = [
    "", " ", "metrics.acc > 0.5", "metrics.acc >= 0.5", "metrics.acc < 0.9", "metrics.acc <= 0.9", "metrics.acc = 0.5", "metrics.acc != 0.5",
    "metric.acc>0.5", "metrics.`acc` > 0", "metrics.\"acc\" > 0", "metrics.acc > -1", "metrics.acc > 1e-3", "metrics.acc > .1", "metrics.loss < 0", "metrics.nothing > 0",
    "metrics.acc > 0 AND metrics.loss > 0", "metrics.acc > 0 and params.lr = '0.1'", "metrics.acc LIKE '0%'", "metrics.acc > 'x'", "metrics.acc > '0.5'",
    "params.lr = '0.1'", "param.lr = \"0.1\"", "parameter.lr = '0.1'", "params.lr != '0.1'", "params.lr LIKE '0.0%'", "params.lr ILIKE '0.0%'", "params.lr = 0.1", "params.lr > '0.1'",
    "params.`opt name` = 'Adam'", "params.\"opt name\" LIKE 'a%'", "params.\"opt name\" ILIKE 'a%'", "params.`opt name` IS NULL", "params.`opt name` IS NOT NULL", "params.lr IN ('0.1')",
    "tags.team = 'Red'", "tag.team = 'red'", "tags.team LIKE 'r%'", "tags.team ILIKE 'r%'", "tags.team != 'Red'", "tags.`a.b` = 'x_y'", "tags.a.b = 'x_y'", "tags.`a.b` LIKE 'x_y'", "tags.team = '50%'", "tags.team LIKE '50\\%'",
    "tags.team IS NULL", "tags.team IS NOT NULL", "tags.team = \"it's\"", "tags.`mlflow.runName` = 'alpha'", "tags.\"mlflow.runName\" LIKE '%a'",
    "attributes.status = 'FINISHED'", "attribute.status = 'finished'", "attr.status != 'FINISHED'", "run.status LIKE 'F%'", "status = 'FAILED'", "attributes.status ILIKE 'fin%'", "attributes.status IN ('FAILED', 'KILLED')",
    "attributes.run_id = '$run_beta'", "run_id IN ('$run_beta','$run_gamma')", "attributes.run_id NOT IN ('$run_beta')", "attributes.run_id IN ()", "attributes.run_id IN ('$run_beta', 5)", "attributes.run_id IN '$run_beta'",
    "attributes.run_name = 'alpha'", "run_name LIKE '%ta'", "attributes.`run name` = 'alpha'", "attributes.`Run name` ILIKE 'AL%'", "attributes.start_time > 200", "attributes.start_time >= 200 AND attributes.start_time <= 400", "attributes.created = 300",
    "attributes.end_time > 0", "attributes.end_time < 300", "attributes.start_time > '200'", "attributes.start_time > 'x'", "attributes.user_id = 'ada'", "attributes.artifact_uri LIKE 'mlflow-artifacts:%'", "attributes.lifecycle_stage = 'active'", "attributes.experiment_id = '1'",
    "foo.bar = 'x'", "bar = 'x'", "= 'x'", "params.lr =", "params.lr '0.1'", "params.lr = '0.1", "params.lr = 'a' OR params.lr = 'b'", "NOT params.lr = 'a'", "(params.lr = '0.1')", "params.lr = '0.1';", "params.lr = '0.1'; DROP TABLE runs",
    "params.lr = '0.1' AND", "AND params.lr = '0.1'", "params.lr = '0.1' params.lr = '0.1'", "params. = 'x'", "params = 'x'", "'0.1' = params.lr", "metrics.acc BETWEEN 0 AND 1", "params.lr == '0.1'", "metrics.acc <> 1", "params.lr = lr", "params.lr LIKE '%'", "params.`lr = '0.1'",
    "metrics.acc > 0  AND\n metrics.loss > 0", "METRICS.acc > 0", "params.lr like '0.0%'", "tags.team = ''", "params.\"unclosed = 'x'", "metrics.acc > 1 -- comment",
]

ORDERS = [
    [], ["metrics.acc"], ["metrics.acc ASC"], ["metrics.acc DESC"], ["metrics.`acc` desc"], ["metric.loss asc", "start_time DESC"], ["params.lr", "start_time"], ["params.lr DESC", "start_time ASC"], ["tags.team"], ["tags.team DESC"],
    ["attributes.start_time"], ["attribute.start_time DESC"], ["start_time"], ["start_time desc"], ["run_name"], ["attributes.run_name DESC"], ["attributes.status", "start_time"], ["end_time"], ["attributes.end_time DESC"], ["created DESC"], ["attributes.`Run name`"],
    ["metrics.nothing", "start_time"], ["metrics.acc sideways"], ["metrics.acc ASC DESC"], ["foo.bar"], ["bar"], [""], ["metrics."], ["dataset.name"], ["metrics.acc, start_time"], ["start_time", "start_time"], "start_time", [1],
]

SCENARIOS = [
    scenario(
        "run filters",
        *RUNS,
        *(
            post("runs/search", {"experiment_ids": ["$exp"], "filter": text, "order_by": ["attributes.start_time"]}, label=f"filter {text}")
            for text in FILTERS
        ),
        post("runs/search", {"experiment_ids": ["$exp"], "filter": 7}),
    ),
    scenario("run ordering", *RUNS, *(post("runs/search", {"experiment_ids": ["$exp"], "order_by": order}, label=f"order {order}") for order in ORDERS)),
    scenario(
        "run search",
        *RUNS,
        post("runs/delete", {"run_id": "$run_beta"}),
        *(post("runs/search", {"experiment_ids": ["$exp"], "run_view_type": view, "order_by": ["start_time"]}) for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL", "SOME", 1)),
        post("runs/search", {"experiment_ids": []}),
        post("runs/search", {"experiment_ids": ["987654"]}),
        post("runs/search", {"experiment_ids": ["abc"]}),
        post("runs/search", {"experiment_ids": "$exp"}),
        *(post("runs/search", {"experiment_ids": ["$exp"], "max_results": limit, "order_by": ["start_time"]}) for limit in (1, "2", 0, -1, 50000, 50001, "x", 1.5)),
        get("runs/search", {"experiment_ids": "$exp"}),
    ),
]

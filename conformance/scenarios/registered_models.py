"""Registered models: life, tags, aliases, search."""

from harness.scenario import delete, get, patch, post, scenario

from .runs import EXPERIMENT, RUN

NEW = post("registered-models/create", {"name": "$uid"})
SOURCE = {"source": "mlflow-artifacts:/$exp/$run/artifacts/model", "run_id": "$run"}
GET = get("registered-models/get", {"name": "$uid"})
VERSION = post("model-versions/create", {"name": "$uid", **SOURCE}, succeeds=True)

SCENARIOS = [
    scenario(
        "model life",
        EXPERIMENT,
        RUN,
        GET,
        post("registered-models/create", {"name": "$uid", "description": "what", "tags": [{"key": "a", "value": "1"}]}),
        NEW,
        GET,
        patch("registered-models/update", {"name": "$uid", "description": "else"}),
        patch("registered-models/update", {"name": "$uid", "description": ""}),
        patch("registered-models/update", {"name": "$uid"}),
        patch("registered-models/update", {"name": "$uid none", "description": "x"}),
        VERSION,
        VERSION,
        post("registered-models/alias", {"name": "$uid", "alias": "champion", "version": "1"}),
        GET,
        post("registered-models/rename", {"name": "$uid", "new_name": "$uid renamed"}),
        GET,
        get("registered-models/get", {"name": "$uid renamed"}),
        get("model-versions/get", {"name": "$uid renamed", "version": "2"}),
        get("registered-models/alias", {"name": "$uid renamed", "alias": "champion"}),
        post("registered-models/create", {"name": "$uid other"}),
        post("registered-models/rename", {"name": "$uid renamed", "new_name": "$uid other"}),
        post("registered-models/rename", {"name": "$uid renamed", "new_name": ""}),
        post("registered-models/rename", {"name": "$uid renamed"}),
        post("registered-models/rename", {"name": "$uid none", "new_name": "x"}),
        delete("registered-models/delete", {"name": "$uid renamed"}),
        delete("registered-models/delete", {"name": "$uid renamed"}),
        get("registered-models/get", {"name": "$uid renamed"}),
        get("model-versions/get", {"name": "$uid renamed", "version": "1"}),
    ),
    scenario(
        "model names",
        *(post("registered-models/create", {"name": name}) for name in ("$uid a/b", "$uid a:b", "", None, 5, "$uid ünïcödé", " $uid lead", "$uid " + "n" * 300, "$uid.dots", "$uid%20", "$uid\"quoted\"", "$uid `tick`")),
        post("registered-models/create", {}, says=("Missing value for required parameter 'name'",)),
        post("registered-models/create", {"name": "$uid tags", "tags": [{"key": "k" * 251, "value": "x"}]}),
        post("registered-models/create", {"name": "$uid tags", "tags": "x"}),
        post("registered-models/create", {"name": "$uid d", "description": "d" * 5001}),
        get("registered-models/get", {"name": "$uid ünïcödé"}),
        get("registered-models/get", says=("Missing value for required parameter 'name'",)),
    ),
    scenario(
        "model tags",
        NEW,
        post("registered-models/set-tag", {"name": "$uid", "key": "a", "value": "1"}),
        post("registered-models/set-tag", {"name": "$uid", "key": "a", "value": "2"}),
        post("registered-models/set-tag", {"name": "$uid", "key": "empty", "value": ""}),
        post("registered-models/set-tag", {"name": "$uid", "key": "absent"}),
        post("registered-models/set-tag", {"name": "$uid", "value": "x"}),
        post("registered-models/set-tag", {"name": "$uid", "key": "k" * 251, "value": "x"}),
        post("registered-models/set-tag", {"name": "$uid", "key": "long", "value": "x" * 100001}),
        post("registered-models/set-tag", {"name": "$uid none", "key": "a", "value": "2"}),
        GET,
        delete("registered-models/delete-tag", {"name": "$uid", "key": "a"}),
        delete("registered-models/delete-tag", {"name": "$uid", "key": "a"}),
        delete("registered-models/delete-tag", {"name": "$uid"}),
        GET,
    ),
    scenario(
        "aliases",
        EXPERIMENT,
        RUN,
        NEW,
        VERSION,
        VERSION,
        post("registered-models/alias", {"name": "$uid", "alias": "champion", "version": "1"}),
        get("registered-models/alias", {"name": "$uid", "alias": "champion"}),
        post("registered-models/alias", {"name": "$uid", "alias": "champion", "version": "2"}),
        get("registered-models/alias", {"name": "$uid", "alias": "champion"}),
        post("registered-models/alias", {"name": "$uid", "alias": "challenger", "version": "2"}),
        get("model-versions/get", {"name": "$uid", "version": "2"}),
        GET,
        get("registered-models/alias", {"name": "$uid", "alias": "Champion"}),
        get("registered-models/alias", {"name": "$uid", "alias": "nobody"}, label="a missing alias"),
        get("registered-models/alias", {"name": "$uid none", "alias": "champion"}),
        get("registered-models/alias", {"name": "$uid"}),
        *(post("registered-models/alias", {"name": "$uid", "alias": alias, "version": "1"}) for alias in ("latest", "LATEST", "v1", "V12", "", "a b", "a/b", "a.b", "ü", "a" * 255, "a" * 256, 5)),
        post("registered-models/alias", {"name": "$uid", "alias": "x", "version": "9"}),
        post("registered-models/alias", {"name": "$uid", "alias": "x", "version": "abc"}),
        post("registered-models/alias", {"name": "$uid", "alias": "x", "version": 1}),
        post("registered-models/alias", {"name": "$uid", "alias": "x"}),
        post("registered-models/alias", {"name": "$uid none", "alias": "x", "version": "1"}),
        delete("registered-models/alias", {"name": "$uid", "alias": "challenger"}),
        delete("registered-models/alias", {"name": "$uid", "alias": "challenger"}),
        delete("model-versions/delete", {"name": "$uid", "version": "2"}),
        get("registered-models/alias", {"name": "$uid", "alias": "champion"}, label="the alias of a deleted version"),
        GET,
    ),
    scenario(
        "model search",
        post("registered-models/create", {"name": "$uid B", "tags": [{"key": "team", "value": "red"}, {"key": "$uid", "value": "1"}]}),
        post("registered-models/create", {"name": "$uid a", "tags": [{"key": "$uid", "value": "2"}]}),
        post("registered-models/create", {"name": "$uid c", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}),
        *(
            get("registered-models/search", {"filter": text}, label=f"filter {text}")
            for text in (
                "name LIKE '$uid%'", "name ILIKE '$uid A%'", "name = '$uid a'", "name != '$uid a' AND name LIKE '$uid%'", "tags.team = 'red'", "tags.`$uid` LIKE '%'", "tag.`$uid` != '1'", "tags.team IS NULL AND name LIKE '$uid%'",
                "name IN ('$uid a')", "name > 'a'", "name = 5", "nonsense = 'x'", "params.x = '1'", "name LIKE '$uid%' OR name = 'x'", "name LIKE", "tags.`mlflow.prompt.is_prompt` = 'true' AND name LIKE '$uid%'", "tags.`mlflow.prompt.is_prompt` = 'false' AND name LIKE '$uid%'",
            )
        ),
        *(
            get("registered-models/search", [("filter", "name LIKE '$uid%'"), *(("order_by", part) for part in order)], label=f"order {order}")
            for order in (["name"], ["name ASC"], ["name DESC"], ["timestamp", "name"], ["last_updated_timestamp DESC", "name DESC"], ["nonsense"], ["name sideways"], ["creation_timestamp"])
        ),
        post("registered-models/search", {"filter": "name LIKE '$uid%'"}),
    ),
]

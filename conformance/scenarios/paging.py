"""Pages: tokens go on where the page ended, and end."""

from harness.scenario import get, post, scenario

from .registered_models import SOURCE
from .runs import EXPERIMENT, RUN


def pages(path, request, count, method=post):
    first = method(path, request, keep={"page": "next_page_token"})
    return [first, *(method(path, {**request, "page_token": "$page"}, keep={"page": "next_page_token"}) for _ in range(count - 2)), method(path, {**request, "page_token": "$page"})]


SCENARIOS = [
    scenario(
        "run pages",
        EXPERIMENT,
        *(post("runs/create", {"experiment_id": "$exp", "run_name": f"run {n}", "start_time": 100 + n % 3}) for n in range(7)),
        *pages("runs/search", {"experiment_ids": ["$exp"], "max_results": 3, "order_by": ["run_name"]}, 3),
        *pages("runs/search", {"experiment_ids": ["$exp"], "max_results": 4, "order_by": ["attributes.start_time DESC", "run_name DESC"]}, 2),
        post("runs/search", {"experiment_ids": ["$exp"], "max_results": 7}, unordered=True),
        post("runs/search", {"experiment_ids": ["$exp"], "page_token": "a"}, says=("Invalid page token, could not base64-decode",)),
        post("runs/search", {"experiment_ids": ["$exp"], "page_token": "e30="}),
        post("runs/search", {"experiment_ids": ["$exp"], "page_token": "bm90IGpzb24="}),
        post("runs/search", {"experiment_ids": ["$exp"], "page_token": ""}, unordered=True),
    ),
    scenario(
        "model pages",
        EXPERIMENT,
        RUN,
        *(post("registered-models/create", {"name": f"$uid {n}"}) for n in range(5)),
        *pages("registered-models/search", {"filter": "name LIKE '$uid%'", "max_results": 2}, 3, get),
        *pages("registered-models/search", {"filter": "name LIKE '$uid%'", "max_results": 2, "order_by": "name DESC"}, 3, get),
        get("registered-models/search", {"page_token": "###"}),
        get("registered-models/search", {"max_results": 0}),
        get("registered-models/search", {"max_results": -1}),
        get("registered-models/search", {"max_results": 1001}),
        get("registered-models/search", {"max_results": "x"}),
        *(post("model-versions/create", {"name": "$uid 1", **SOURCE}, succeeds=True) for _ in range(5)),
        *pages("model-versions/search", {"filter": "name = '$uid 1'", "max_results": 2}, 3, get),
        *pages("model-versions/search", {"filter": "name = '$uid 1'", "max_results": 3, "order_by": "version_number ASC"}, 2, get),
        get("model-versions/search", {"page_token": "###"}),
        get("model-versions/search", {"max_results": 0}),
        get("model-versions/search", {"max_results": 200001}),
    ),
    scenario(
        "experiment pages",
        *(post("experiments/create", {"name": f"$uid {n}"}) for n in range(5)),
        *pages("experiments/search", {"filter": "name LIKE '$uid%'", "max_results": 2, "order_by": ["name"]}, 3),
    ),
]

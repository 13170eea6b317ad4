"""All scenarios. To add one, append to the list of its file; to add a file, name it here."""

from . import artifacts, batches, experiments, filters, logged_models, metrics, model_versions, paging, registered_models, requests, runs

ALL = [
    plan
    for page in (experiments, runs, metrics, batches, filters, paging, registered_models, model_versions, logged_models, artifacts, requests)
    for plan in page.SCENARIOS
]

"""Every scenario gets the same answers from Hokusai as from a real `mlflow server`."""

from __future__ import annotations

from pathlib import Path

import pytest

import scenarios
from differences import KNOWN, page
from harness.bucket import Bucket
from harness.compare import difference, observed, silent_phrases
from harness.mlflow_server import MlflowServer
from harness.raw import Connection
from harness.replicas import Replicas

PLANS = pytest.mark.parametrize("plan", scenarios.ALL, ids=lambda plan: plan.slug)


@pytest.fixture(scope="session")
def expected(oracle):
    """What the oracle answers, per scenario, asked once."""
    answers = {}

    def ask(plan):
        if plan.name not in answers:
            answers[plan.name] = observed(plan, Connection(oracle.url, None))
        return answers[plan.name]

    return ask


def compare(plan, wanted, got, known, is_oracle=False):
    """All problems of a scenario; `known` maps (scenario, pattern of labels) to why those steps may differ."""
    problems = []
    stale = {pattern for name, pattern in known if name == plan.name}
    for right, ours in zip(wanted, got, strict=True):
        label = right[0].step.label
        found = difference(right, ours, is_oracle)
        if found:
            excuses = {pattern for name, pattern in known if name == plan.name and matches(pattern, label)}
            stale -= excuses
            if not excuses:
                problems.append(f"[{label}] {found}")
        for phrase in silent_phrases(ours[0]):
            problems.append(f"[{label}] the message does not say {phrase!r}: {ours[0].answer.body}")
    return problems + [f"[{pattern}] is no longer different: take it out of differences.py" for pattern in stale]


def matches(pattern: str, label: str) -> bool:
    return pattern == label or (pattern.endswith("*") and label.startswith(pattern[:-1]))


@PLANS
def test_hokusai_answers_like_mlflow(plan, expected, hokusai):
    problems = compare(plan, expected(plan), observed(plan, Connection(hokusai.url, hokusai.token)), KNOWN)
    assert not problems, f"{len(problems)} of {len(plan.steps)} answers differ\n\n" + "\n\n".join(problems)


@pytest.fixture(scope="session")
def replicas(tmp_path_factory, postgres):
    """Two registries on one PostgreSQL database and one bucket."""
    bucket = Bucket(tmp_path_factory.mktemp("bucket"))
    servers = Replicas(tmp_path_factory.mktemp("replicas"), 2, postgres.new_database(), bucket.url, bucket.env)
    yield servers
    servers.stop()
    bucket.stop()


@PLANS
def test_two_replicas_that_take_turns_answer_like_mlflow(plan, expected, replicas):
    problems = compare(plan, expected(plan), observed(plan, replicas.in_turn()), KNOWN)
    assert not problems, f"{len(problems)} of {len(plan.steps)} answers differ\n\n" + "\n\n".join(problems)


@pytest.fixture(scope="session")
def second_oracle(tmp_path_factory):
    """Another real server, whose ids and times are its own."""
    server = MlflowServer(tmp_path_factory.mktemp("second-oracle"))
    # Ids that differ from the first one's, so that a redaction that is missing shows.
    Connection(server.url, None).json("POST", "/api/2.0/mlflow/experiments/create", {"name": "shifts the ids"})
    yield server
    server.stop()


@PLANS
def test_what_is_hidden_is_all_that_differs_between_two_real_servers(plan, expected, second_oracle):
    problems = compare(plan, expected(plan), observed(plan, Connection(second_oracle.url, None)), {}, is_oracle=True)
    assert not problems, "\n\n".join(problems)


@PLANS
def test_a_real_server_accepts_what_later_steps_build_on(plan, expected):
    refused = [(x.step.label, x.answer.body) for x, _ in expected(plan) if (x.step.keep or x.step.succeeds) and x.answer.status != 200]
    assert not refused


def test_known_differences_name_steps_that_exist():
    steps = [(plan.name, step.label) for plan in scenarios.ALL for step in plan.steps]
    assert not [known for known in KNOWN if not any(known[0] == name and matches(known[1], label) for name, label in steps)]


def test_the_page_of_differences_says_what_this_list_says():
    written = Path(__file__).parent.parent / "docs" / "mlflow-differences.md"
    assert written.read_text() == page(), "run `python3 conformance/differences.py > docs/mlflow-differences.md`"

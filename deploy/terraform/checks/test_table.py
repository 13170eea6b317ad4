"""One rule table: what is proven is what is generated, and what is generated is what is planned."""

from conftest import EXAMPLE
from write_plan import text_of

TABLE = EXAMPLE / "front-door.toml"
GENERATED = EXAMPLE / "front-door" / "front_door.tf.json"


def test_the_table_is_proven_isolated(hokusai):
    code, stdout, stderr = hokusai("routes", "check", TABLE)
    assert code == 0, stderr
    assert "no failures" in stdout + stderr


def test_the_generated_module_is_fresh(hokusai):
    code, stdout, stderr = hokusai("routes", "convert", "--to", "terraform", TABLE)
    assert code == 0, stderr
    assert GENERATED.read_text() == stdout, f"run: hokusai routes convert --to terraform {TABLE.name} > front-door/{GENERATED.name}"


def test_the_committed_plan_is_what_terraform_plans(planned):
    assert (EXAMPLE / "plan.json").read_text() == text_of(planned[1]), "run: checks/write_plan.py examples/complete/plan.json"

"""One rule table: what is proven is what is generated, and what is generated is what is planned."""

import json
import tomllib

from conftest import EXAMPLE, resources
from planted import in_json
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


def test_dns_names_are_the_hosts_of_the_table(workspace):
    planned_names = {
        values["name"] for _, type_, values in resources(workspace.plan("-var=dns_records=simple")) if type_ == "aws_route53_record"
    }
    assert planned_names == tomllib.loads(TABLE.read_text())["intent"].keys() - {"*"}


def written(plan, folder):
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def test_isolation_is_proven_from_the_very_plan(planned, hokusai, tmp_path):
    code, stdout, stderr = hokusai("routes", "check", written(planned[1], tmp_path), "--intent", TABLE)
    said = stdout + stderr
    assert code == 0, said
    for listener in ("auth-http", "auth-https", "registry-http", "registry-https"):
        assert f"proven: on listener `{listener}`, `auth.example.com` reaches nothing but `auth`" in said
        assert f"proven: on listener `{listener}`, every other host reaches nothing but no target group" in said
    assert "proven: on listener `auth-https`, `auth.example.com/api/v1/*` reaches `auth`" in said
    assert "proven: on listener `registry-https`, `registry.example.com/api/2.0/mlflow/*` reaches `registry-mlflow`" in said


def test_the_plan_does_what_the_table_says(planned, hokusai, tmp_path):
    code, stdout, stderr = hokusai("routes", "diff", "--json", TABLE, written(planned[1], tmp_path))
    assert code == 0, stdout + stderr


def test_a_host_less_rule_in_a_plan_is_caught_with_the_request_that_goes_astray(workspace, hokusai, tmp_path):
    """The incident's rule: Terraform sees nothing wrong with it."""

    def capture(resources):
        resources["aws_lb_listener_rule"]["generic_api"] = {
            "listener_arn": "${aws_lb_listener.listener_auth_https.arn}",
            "priority": 5,
            "condition": [{"path_pattern": [{"values": ["/api*"]}]}],
            "action": [{"type": "forward", "target_group_arn": "${aws_lb_target_group.group_registry_api.arn}"}],
        }

    in_json(capture)(workspace.folder)
    workspace.validate()
    code, stdout, _ = hokusai("routes", "check", "--json", written(workspace.plan(), tmp_path), "--intent", TABLE)
    assert code == 1
    witnesses = [finding["witness"] for finding in json.loads(stdout)["findings"] if finding.get("reaches") == "registry-api"]
    assert ("auth.example.com", "/api") in [(witness["host"], witness["path"]) for witness in witnesses]

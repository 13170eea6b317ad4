"""checkov's policies on the plan: every finding is accepted here with its reason, and every acceptance is needed."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import REPOSITORY

CHECKOV = REPOSITORY / "target" / "checkov-venv" / "bin" / "checkov"

ACCEPTED = [
    ("CKV_AWS_2", r"aws_lb_listener\.listener_\w+_http$", "port 80 is open so that it can say where to go; it forwards nothing (test_plan.py)"),
    ("CKV_AWS_103", r"aws_lb_listener\.listener_\w+_http$", "port 80 speaks no TLS"),
    ("CKV_AWS_260", r"ingress_rule\.clients\[\"http ", "the same: without port 80 a client that was given http:// times out and nobody knows why"),
    ("CKV_AWS_378", r"aws_lb_target_group\.", "TLS ends at the balancer; its way to the services is one security group wide, and keys are checked at the service"),
    ("CKV2_AWS_28", r"aws_lb\.this$", "a firewall is the operator's choice (`web_acl_arn`): its body inspection breaks uploads unless it is tuned"),
    ("CKV_AWS_145", r"aws_s3_bucket\.logs$", "a balancer can't write logs to a bucket that is encrypted with a key of ours"),
    ("CKV_AWS_144", r"aws_s3_bucket\.logs$", "access logs are kept for three months, not across regions"),
    ("CKV2_AWS_62", r"aws_s3_bucket\.logs$", "nothing waits for a new log file"),
]

PLANTED = [
    ("CKV_AWS_131", "drop_invalid_header_fields = true", "drop_invalid_header_fields = false"),
    ("CKV_AWS_150", "enable_deletion_protection = var.deletion_protection", "enable_deletion_protection = false"),
    ("CKV_AWS_328", 'desync_mitigation_mode     = "strictest"', 'desync_mitigation_mode     = "monitor"'),
]


def failed_checks(plan, folder):
    """What checkov finds in a plan: (check, resource)."""
    path = Path(folder) / "plan.json"
    path.write_text(json.dumps(plan, indent=1))
    command = [CHECKOV, "--skip-download", "--quiet", "--compact", "--framework", "terraform_plan", "--output", "json", "--file", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 50 and report["summary"]["parsing_errors"] == 0
    return [(found["check_id"], found["resource"]) for found in report["results"]["failed_checks"]]


def is_accepted(check, resource):
    return any(check == accepted and re.search(where, resource) for accepted, where, _ in ACCEPTED)


def test_every_finding_is_accepted_and_every_acceptance_is_needed(planned, tmp_path):
    found = failed_checks(planned[1], tmp_path)
    assert [finding for finding in found if not is_accepted(*finding)] == []
    for check, where, _ in ACCEPTED:
        assert any(check == name and re.search(where, resource) for name, resource in found), f"{check} is no longer found: drop it"


def test_weakened_balancers_are_found(workspace, tmp_path):
    path = workspace.folder / "modules" / "load-balancer" / "main.tf"
    text = path.read_text()
    for _, strong, weak in PLANTED:
        assert strong in text
        text = text.replace(strong, weak)
    path.write_text(text)
    found = {check for check, resource in failed_checks(workspace.plan(), tmp_path) if not is_accepted(check, resource)}
    assert found == {check for check, _, _ in PLANTED}


@pytest.mark.parametrize(("check", "where", "reason"), ACCEPTED)
def test_an_acceptance_has_a_reason(check, where, reason):
    assert len(reason.split()) >= 5

"""During a migration the migrator alone owns DNS: no plan between two of its steps changes a record.

The stub provider applies the example, then answers reads with what the migrator has written since.
"""

import pytest
from conftest import resources

STEPS = [1, 10, 50, 100]


def dns_changes(plan):
    return [
        (change["address"], change["change"]["actions"])
        for change in plan["resource_changes"]
        if change["type"] == "aws_route53_record" and change["change"]["actions"] != ["no-op"]
    ]


def changes(plan):
    return [change["address"] for change in plan["resource_changes"] if change["change"]["actions"] not in (["no-op"], ["read"])]


def test_before_a_migration_no_record_is_terraforms(planned):
    assert [address for address, type_, _ in resources(planned[1]) if type_ == "aws_route53_record"] == []


def test_a_second_plan_changes_nothing(workspace):
    workspace.apply("-var=dns_records=weighted")
    assert changes(workspace.plan("-var=dns_records=weighted")) == []


@pytest.mark.parametrize("records", ["none", "weighted"])
def test_no_plan_after_a_shift_step_changes_dns(records, workspace, stub):
    workspace.apply(f"-var=dns_records={records}")
    for weight in STEPS if records == "weighted" else STEPS[-1:]:
        stub.live["aws_route53_record"] = lambda state: state | {"weighted_routing_policy": [{"weight": weight}]}
        plan = workspace.plan(f"-var=dns_records={records}")
        assert dns_changes(plan) == []
        if records == "weighted":
            assert [live["change"]["after"]["weighted_routing_policy"] for live in drift(plan)] == [[{"weight": weight}]] * 2


def test_without_ignore_changes_a_plan_would_take_the_weights_back(workspace, stub):
    """The test above can fail: this is how."""
    path = workspace.folder / "modules" / "load-balancer" / "dns.tf"
    text = path.read_text()
    assert "ignore_changes = [weighted_routing_policy]" in text
    path.write_text(text.replace("ignore_changes = [weighted_routing_policy]", "ignore_changes = []"))
    workspace.apply("-var=dns_records=weighted")
    stub.live["aws_route53_record"] = lambda state: state | {"weighted_routing_policy": [{"weight": 50}]}
    assert [actions for _, actions in dns_changes(workspace.plan("-var=dns_records=weighted"))] == [["update"], ["update"]]


def test_a_new_weighted_record_takes_no_traffic(workspace):
    records = [values for _, type_, values in resources(workspace.plan("-var=dns_records=weighted")) if type_ == "aws_route53_record"]
    assert [record["weighted_routing_policy"] for record in records] == [[{"weight": 0}]] * 2
    assert {record["set_identifier"] for record in records} == {"dedicated"}


def drift(plan):
    return [change for change in plan.get("resource_drift", []) if change["type"] == "aws_route53_record"]

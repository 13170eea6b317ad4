"""What real Terraform plans for the example."""

import json
import re

import pytest
from conftest import resources
from terraform import Failed

HTTPS = re.compile(r"^module\.front_door\.aws_lb_listener\.listener_(auth|registry)_https$")


def of_type(planned, wanted):
    found = {address: values for address, type_, values in resources(planned[1]) if type_ == wanted}
    assert found, f"the plan has no {wanted}"
    return found


def test_each_service_has_a_protected_load_balancer_that_refuses_what_is_ambiguous(planned):
    balancers = of_type(planned, "aws_lb")
    assert sorted(values["name"] for values in balancers.values()) == ["hokusai-auth", "hokusai-registry"]
    for values in balancers.values():
        assert values["enable_deletion_protection"] is True
        assert values["desync_mitigation_mode"] == "strictest"
        assert values["drop_invalid_header_fields"] is True
        assert values["access_logs"][0]["enabled"] is True


def test_x_forwarded_for_is_appended_to(planned):
    for values in of_type(planned, "aws_lb").values():
        assert values["xff_header_processing_mode"] == "append"
        assert values["enable_xff_client_port"] is False


def test_service_ports_are_open_to_the_balancers_security_group_only(planned):
    ingress = of_type(planned, "aws_vpc_security_group_ingress_rule")
    to_services = {address: values for address, values in ingress.items() if values["from_port"] not in (80, 443)}
    assert {values["from_port"] for values in to_services.values()} == {8000, 5000}
    configured = configuration_of(planned[1], "module.auth", "aws_vpc_security_group_ingress_rule.services")
    assert "aws_security_group.balancer.id" in configured["referenced_security_group_id"]["references"]
    for values in to_services.values():
        assert values["from_port"] == values["to_port"]
        for source in ("cidr_ipv4", "cidr_ipv6", "prefix_list_id"):
            assert values[source] is None


def test_the_balancer_reaches_nothing_but_the_services(planned):
    for values in of_type(planned, "aws_vpc_security_group_egress_rule").values():
        assert values["from_port"] == values["to_port"] in (8000, 5000)
        assert values["cidr_ipv4"] is None and values["cidr_ipv6"] is None
    for values in of_type(planned, "aws_security_group").values():
        assert values["egress"] == [] and values["ingress"] == []


def test_https_listeners_have_a_modern_tls_policy_and_a_certificate(planned):
    https = {address: values for address, values in of_type(planned, "aws_lb_listener").items() if values["protocol"] == "HTTPS"}
    assert len(https) == 2
    for address, values in https.items():
        assert HTTPS.match(address)
        assert values["port"] == 443
        assert values["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
        assert values["certificate_arn"].startswith("arn:aws:acm:")


def test_port_80_forwards_nothing_and_redirects_only_get_and_head(planned):
    actions = []
    for address, values in rules_of_listeners(planned, port=80):
        (action,) = values["action"]
        actions.append(action["type"])
        if action["type"] == "redirect":
            methods = [condition["http_request_method"] for condition in values["condition"] if condition["http_request_method"]]
            assert sorted(methods[0][0]["values"]) == ["GET", "HEAD"], address
            assert action["redirect"][0]["protocol"] == "HTTPS"
    assert set(actions) == {"redirect", "fixed-response"} and actions.count("redirect") == 2


def test_what_carries_a_key_is_not_redirected(planned):
    """A header rule stands before each redirect."""
    refusing = {
        (host_of(values), condition["http_header"][0]["http_header_name"])
        for _, values in rules_of_listeners(planned, port=80)
        for condition in values["condition"]
        if condition["http_header"] and values["action"][0]["type"] == "fixed-response" and values["priority"] < 100
    }
    assert refusing == {(host, header) for host in ("auth.example.com", "registry.example.com") for header in ("Authorization", "X-API-Key")}


def test_api_paths_on_port_80_are_answered_with_403_json_that_names_the_https_url(planned):
    answers = [
        (values["action"][0]["fixed_response"][0], host_of(values))
        for values in of_type(planned, "aws_lb_listener_rule").values()
        if values["action"][0]["type"] == "fixed-response"
    ]
    defaults = [
        (values["default_action"][0]["fixed_response"][0], address.split("_")[-2] + ".example.com")
        for address, values in of_type(planned, "aws_lb_listener").items()
        if values["port"] == 80
    ]
    assert len(answers) >= 3 and len(defaults) == 2
    for answer, host in answers + defaults:
        assert (answer["status_code"], answer["content_type"]) == ("403", "application/json")
        body = json.loads(answer["message_body"])
        assert f"https://{host}" in body["message"] and body["error_code"] == "PERMISSION_DENIED"
        assert len(answer["message_body"]) <= 1024


def test_every_rule_names_a_host_and_every_default_forwards_nothing(planned):
    for address, values in of_type(planned, "aws_lb_listener_rule").items():
        assert host_of(values), address
    for address, values in of_type(planned, "aws_lb_listener").items():
        assert values["default_action"][0]["type"] == "fixed-response", address


def test_target_groups_are_health_checked_at_health(planned):
    groups = of_type(planned, "aws_lb_target_group")
    assert {values["name"] for values in groups.values()} == {"auth", "registry-mlflow", "registry-api"}
    for values in groups.values():
        (check,) = values["health_check"]
        assert (check["path"], check["matcher"], check["enabled"]) == ("/health", "200", True)


def test_alarms_watch_every_target_group(planned):
    alarms = [values["alarm_name"] for values in of_type(planned, "aws_cloudwatch_metric_alarm").values()]
    for group in ("hokusai-auth-auth", "hokusai-registry-registry-mlflow", "hokusai-registry-registry-api"):
        for about in ("no-healthy-target", "unhealthy-target", "slow", "5xx"):
            assert f"{group}-{about}" in alarms


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ('client_cidrs=["everyone"]', "Each client range must be written as"),
        ("client_cidrs=[]", "Each client range must be written as"),
        ('public_subnet_ids=["subnet-0123456789abcdef0"]', "at least two subnets"),
        ("vpc_id=my-network", "given by its id, `vpc-…`"),
        ("tls_policy=ELBSecurityPolicy-2016-08", "older ones allow TLS 1.0 or 1.1"),
        ("tls_policy=ELBSecurityPolicy-TLS13-1-0-2021-06", "older ones allow TLS 1.0 or 1.1"),
        ("dns_records=some", "must be `none`, `weighted` or `simple`"),
        ('certificate_arns={"auth":"mine","registry":"mine"}', "given by its ARN"),
        ('service_security_group_ids={"auth":"auth","registry":"sg-1"}', "given by its id, `sg-…`"),
    ],
)
def test_a_wrong_value_is_refused_in_words(variable, message, workspace):
    with pytest.raises(Failed) as failed:
        workspace.plan(f"-var={variable}")
    assert message in " ".join(str(failed.value).replace("│", " ").split())


@pytest.mark.parametrize(
    "policy",
    ["ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"],
)
def test_modern_tls_policies_are_accepted(policy, workspace):
    plan = workspace.plan(f"-var=tls_policy={policy}")
    listeners = [values for _, type_, values in resources(plan) if type_ == "aws_lb_listener" and values["port"] == 443]
    assert {values["ssl_policy"] for values in listeners} == {policy}


def rules_of_listeners(planned, port):
    """The rules of the listeners on a port, by what their configuration refers to."""
    listeners = {address.rsplit(".", 1)[1]: values["port"] for address, values in of_type(planned, "aws_lb_listener").items()}
    found = []
    for address, values in of_type(planned, "aws_lb_listener_rule").items():
        expressions = configuration_of(planned[1], "module.front_door", address.removeprefix("module.front_door."))
        (listener,) = [reference for reference in expressions["listener_arn"]["references"] if reference.count(".") == 1]
        if listeners[listener.split(".")[1]] == port:
            found.append((address, values))
    return found


def host_of(rule):
    hosts = [condition["host_header"][0]["values"] for condition in rule["condition"] if condition["host_header"]]
    return hosts[0][0] if hosts else None


def configuration_of(plan, module, resource):
    """The expressions of a resource in a module that the root calls."""
    calls = plan["configuration"]["root_module"]["module_calls"]
    inner = calls[module.removeprefix("module.")]["module"]
    return next(found for found in inner["resources"] if found["address"] == resource)["expressions"]

"""An AWS account in moto, and the load balancers' data planes as HAProxy processes: moto routes no request."""

from __future__ import annotations

import boto3
import requests

ZONE_NAME = "example.test"
SHARED, AUTH_BALANCER, REGISTRY_BALANCER = "127.0.0.10", "127.0.0.20", "127.0.0.21"
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "eu-west-1"}


class Account:
    """One account with a shared load balancer, its targets, and simple alias records."""

    def __init__(self, url: str, auth: str, registry: str):
        self.url = url
        requests.post(f"{url}/moto-api/reset", timeout=10)
        self.elb = boto3.client("elbv2", endpoint_url=url, **CREDENTIALS)
        self.names = boto3.client("route53", endpoint_url=url, **CREDENTIALS)
        ec2 = boto3.client("ec2", endpoint_url=url, **CREDENTIALS)
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.zone = self.names.create_hosted_zone(Name=ZONE_NAME, CallerReference="rehearsal")["HostedZone"]["Id"].split("/")[-1]
        acm = boto3.client("acm", endpoint_url=url, **CREDENTIALS)
        self._certificate = acm.request_certificate(DomainName=f"*.{ZONE_NAME}")["CertificateArn"]
        self.addresses: dict[str, str] = {}
        self._auth, self._registry = auth, registry

    def balancer(self, name: str, address: str) -> dict:
        made = self.elb.create_load_balancer(Name=name, Subnets=self.subnets, Type="application")["LoadBalancers"][0]
        self.addresses[made["DNSName"].lower()] = address
        return made

    def group(self, name: str, target: str | None = None) -> str:
        arn = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip", HealthCheckPath="/health")["TargetGroups"][0]["TargetGroupArn"]
        if target:
            host, port = target.rsplit(":", 1)
            self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": host, "Port": int(port)}])
        return arn

    def listener(self, balancer: dict) -> str:
        respond = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no such host"}}
        return self.elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTPS", Port=443, DefaultActions=[respond],
                                        Certificates=[{"CertificateArn": self._certificate}])["Listeners"][0]["ListenerArn"]

    def rule(self, listener: str, priority: int, group: str, host: str | None = None, path: str | None = None):
        conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}] if host else []
        conditions += [{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}] if path else []
        self.elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=[{"Type": "forward", "TargetGroupArn": group}])

    def shared(self, hosts: dict[str, str], names_auth: bool):
        """The shared load balancer. The incident's names only the registry; 60 rules of others make its rules two pages long."""
        balancer = self.balancer("shared", SHARED)
        listener = self.listener(balancer)
        registry = self.group("registry-old", self._registry)
        auth = self.group("auth-old", self._auth)
        others = self.group("others")
        for number in range(60):
            self.rule(listener, 1000 + number, others, host=f"tenant-{number}.example.test")
        self.rule(listener, 100, registry, path="/api*")
        self.rule(listener, 50, registry, host=hosts["registry"])
        if names_auth:
            self.rule(listener, 40, auth, host=hosts["auth"])
        else:
            self.rule(listener, 40, auth, path="/health")
        for host in hosts.values():
            self.alias(host, balancer)

    def alias(self, host: str, balancer: dict):
        target = {"HostedZoneId": balancer["CanonicalHostedZoneId"], "DNSName": balancer["DNSName"] + ".", "EvaluateTargetHealth": False}
        record = {"Name": host + ".", "Type": "A", "AliasTarget": target}
        self.names.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]})

    def apply(self, hosts: dict[str, str]):
        """What Terraform would make: a load balancer per service."""
        for name, address in (("auth", AUTH_BALANCER), ("registry", REGISTRY_BALANCER)):
            listener = self.listener(self.balancer(name, address))
            self.rule(listener, 10, self.group(name), host=hosts[name])

    def records(self) -> list[dict]:
        found = self.names.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return sorted((record for record in found if record["Type"] == "A"), key=lambda record: (record["Name"], record.get("SetIdentifier", "")))

    def targets(self, name: str) -> list[dict]:
        arn = self.elb.describe_target_groups(Names=[name])["TargetGroups"][0]["TargetGroupArn"]
        return [found["Target"] for found in self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]]


def table(hosts: dict[str, str]) -> str:
    """The new side as one rule table."""
    text = ""
    for name in ("auth", "registry"):
        text += f"""
[[listener]]
name = "{name}-443"
protocol = "https"
port = 443
bind = "{AUTH_BALANCER if name == "auth" else REGISTRY_BALANCER}"
certificates = [{{ names = ["{hosts[name]}"] }}]
default = {{ respond = {{ status = 404, content_type = "text/plain", body = "no such host" }} }}

[[listener.rule]]
name = "{name}"
priority = 10
host = "{hosts[name]}"
forward = "{name}"

[target_group.{name}]
targets = []

[intent."{hosts[name]}"]
may = ["{name}"]
"""
    return text

"""Migrations on AWS as moto plays it: weighted names, cached answers, kept connections, two sets of balancers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from certificates import Authority
from clients import Clients
from cloud import AUTH_BALANCER, REGISTRY_BALANCER, SHARED, Account, table
from harness.hokusai_server import BINARY, HokusaiServer
from migrator import Migrator
from names import WeightedNames, serve
from world import AUTH, HOSTS, REGISTRY, World, free_port, listens

NAMES = {"auth": AUTH, "registry": REGISTRY}


class Stage:
    """Services, balancers, an account, a name server; all of it real but for the account."""

    def __init__(self, world: World, folder: Path, names_auth: bool):
        self.world = world
        self.authority = Authority(folder)
        self.certificate = self.authority.issue("good")
        self.server = HokusaiServer(folder / "server", flags=HOSTS)
        world.when_closed(self.server.stop)
        port = free_port()
        moto = world.process("moto", [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)], env=dict(os.environ))
        moto.wait_until(lambda: listens(port), timeout_s=60)
        auth, registry = (url.removeprefix("http://") for url in (self.server.auth_url, self.server.url))
        self.account = Account(f"http://127.0.0.1:{port}", auth, registry)
        self.account.shared(NAMES, names_auth)
        server = serve(WeightedNames(self.account.names, self.account.zone, self.account.addresses))
        world.when_closed(server.stop)
        self._backends = f"backend auth\n    server auth {auth}\nbackend registry\n    server registry {registry}\n"
        rules = "    use_backend auth if is_auth\n    use_backend registry if is_registry\n"
        incident = "    use_backend registry if is_registry\n    use_backend auth if { path /health }\n    use_backend registry if { path_beg /api }\n"
        self.balancer("shared", SHARED, rules if names_auth else incident)
        self.migrator = Migrator(folder, self.server.token, self.authority.pem)
        self.next = folder / "next.toml"
        self.next.write_text(table(NAMES))

    def balancer(self, name: str, address: str, rules: str):
        """A load balancer's data plane."""
        path = self.world.folder / f"{name}.cfg"
        path.write_text(f"""global
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 30s
frontend main
    bind {address}:443 ssl crt {self.certificate} alpn http/1.1
    http-request set-var(txn.host) req.hdr(host),field(1,:),lower
    acl is_auth var(txn.host) -m str {AUTH}
    acl is_registry var(txn.host) -m str {REGISTRY}
{rules}    default_backend nobody
backend nobody
    http-request return status 404 content-type text/plain string "no such host"
{self._backends}""")
        child = self.world.process(name, ["haproxy", "-db", "-f", path])
        child.wait_until(lambda: listens(443, address), timeout_s=20)
        return child

    def apply(self):
        """The operator's Terraform."""
        self.account.apply(NAMES)
        auth = self.balancer("auth", AUTH_BALANCER, "    use_backend auth if is_auth\n")
        registry = self.balancer("registry", REGISTRY_BALANCER, "    use_backend registry if is_registry\n")
        return auth, registry

    def plan(self, *more: str) -> dict:
        return self.migrator.plan(
            "--cloud", "aws", "--next", self.next, "--auth", f"https://{AUTH}", "--registry", f"https://{REGISTRY}", "--load-balancer", "shared",
            "--new-load-balancer", f"{AUTH}=auth", "--new-load-balancer", f"{REGISTRY}=registry", "--attach", "auth=auth-old", "--attach", "registry=registry-old",
            "--zone", self.account.zone, "--region", "eu-west-1", "--endpoint-url", self.account.url, "--hold-s", "4", "--ttl-s", "2", "--rounds", "1", *more,
        )

    def rules_name_the_cause(self):
        """The live rules, read from the account, give the finding to the prover and the sentence to the verifier."""
        live = ("--aws", "shared", "--aws-region", "eu-west-1", "--aws-endpoint-url", self.account.url)
        env = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "HOKUSAI_API_KEY": self.server.token}
        checked = subprocess.run([BINARY, "routes", "check", *live, "--expect", f"{AUTH}=auth-old", "--json"], env=env, capture_output=True, text=True)
        assert checked.returncode == 1, checked
        captured = [finding for finding in json.loads(checked.stdout)["findings"] if finding["code"] == "R002"]
        assert captured and captured[0]["witness"]["host"] == AUTH and "/api*" in captured[0]["message"], checked.stdout
        urls = ("--auth", f"https://{AUTH}", "--registry", f"https://{REGISTRY}", "--ca", self.authority.pem)
        verified = subprocess.run([BINARY, "verify", *live, *urls, "--json"], env=env, capture_output=True, text=True)
        assert verified.returncode == 1, verified
        top = json.loads(verified.stdout)["causes"][0]
        assert "/api*" in top["sentence"], top

    def load(self) -> Clients:
        return Clients(str(self.authority.pem), AUTH, REGISTRY, self.server.token)


@contextmanager
def stage(folder: Path, names_auth: bool):
    world = World(None)
    try:
        yield Stage(world, folder, names_auth)
    finally:
        world.close()


def healthy(folder: Path) -> str:
    """From a healthy shared balancer: no request fails, from start to clean-up."""
    with stage(folder, names_auth=True) as it, it.load() as clients:
        plan = it.plan()
        # Pages of 50 rules: 63 were read. Only the tenants of the shared balancer lose their target.
        assert len(plan["current"].split("[[listener.rule]]")) == 64, "all pages of rules were read"
        waiting = it.migrator.run()
        assert (waiting.code, waiting.kind) == (3, "waiting"), waiting
        it.apply()
        ended = it.migrator.run()
        assert (ended.code, ended.kind) == (0, "finished"), ended
        records = it.account.records()
        assert [record.get("SetIdentifier") for record in records] == [None, None], records
        assert {it.account.addresses[r["AliasTarget"]["DNSName"].rstrip(".")] for r in records} == {AUTH_BALANCER, REGISTRY_BALANCER}
        for new, old in (("auth", "auth-old"), ("registry", "registry-old")):
            assert it.account.targets(new) == it.account.targets(old), new
        assert "PASSED" in it.migrator.report.upper() and "MLflow" in it.migrator.record
        it.migrator.must_not_hold_the_key()
    assert not clients.failed, f"{clients.failed} {clients.reasons}"
    return f"{sum(clients.done.values())} requests of clients, none failed"


def incident(folder: Path) -> str:
    """From the incident's: what was green stays green, and auth is green at the end."""
    with stage(folder, names_auth=False) as it, it.load() as clients:
        it.rules_name_the_cause()
        it.plan()
        assert it.migrator.run().kind == "waiting"
        it.apply()
        ended = it.migrator.run()
        assert (ended.code, ended.kind) == (0, "finished"), ended
        baseline = next(entry["probes"] for entry in it.migrator.entries() if entry["event"] == "baseline")
        latest = [entry["probes"] for entry in it.migrator.entries() if entry["event"] == "verified"][-1]
        assert baseline["auth.key-valid.Bearer"] == "red" if "auth.key-valid.Bearer" in baseline else any(light == "red" for light in baseline.values())
        assert not [probe for probe, light in latest.items() if light == "red"], latest
        assert not any(entry.get("regressions") for entry in it.migrator.entries())
    assert clients.failed["auth"] and not clients.failed["registry"], f"{clients.failed} {clients.reasons}"
    red = sum(light == "red" for light in baseline.values())
    return f"{red} probes red before, none after; {clients.done['registry']} requests of the registry's clients, none failed"


def rollback(folder: Path) -> str:
    """A dedicated balancer dies at 50 %: the exact earlier records come back by themselves."""
    with stage(folder, names_auth=True) as it:
        before = it.account.records()
        it.plan("--weights", "10,50,100")
        assert it.migrator.run().kind == "waiting"
        auth, _ = it.apply()
        it.migrator.run_until("began", "shift-50")
        weights = {record.get("SetIdentifier"): record.get("Weight") for record in it.account.records()}
        assert weights.keys() == {"hokusai-shared", "hokusai-dedicated"}, weights
        auth.stop()
        ended = it.migrator.run()
        assert (ended.code, ended.kind) == (1, "rolled-back"), ended
        assert it.account.records() == before, "the exact earlier records"
        assert it.account.targets("auth") == [] and it.account.targets("registry") == []
        assert "rolled back" in it.migrator.record
    return "the exact earlier records, the targets taken out again"


def edited(folder: Path) -> str:
    """A record edited behind its back, and another load balancer of the same name: both stop it, and nothing is touched."""
    with stage(folder, names_auth=True) as it:
        it.plan()
        assert it.migrator.run().kind == "waiting"
        it.apply()
        it.migrator.run_until("done", "shift-10")
        records = it.account.records()
        mine = {**next(record for record in records if record.get("SetIdentifier") == "hokusai-dedicated"), "Weight": 77}
        it.account.names.change_resource_record_sets(HostedZoneId=it.account.zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": mine}]})
        edited = it.account.records()
        for ended in (it.migrator.run(), it.migrator.roll_back()):
            assert ended.code == 3 and "changed by somebody else" in ended.text, ended
        assert it.account.records() == edited, "what somebody else set is not touched"
        it.account.elb.delete_load_balancer(LoadBalancerArn=it.account.elb.describe_load_balancers(Names=["shared"])["LoadBalancers"][0]["LoadBalancerArn"])
        it.account.balancer("shared", SHARED)
        ended = it.migrator.run()
        assert ended.code == 3 and ("there is no load balancer" in ended.text or "cannot be read" in ended.text or "the plan is for" in ended.text), ended
    return "stopped both ways, nothing touched"


SCENARIOS = {"aws-healthy": healthy, "aws-incident": incident, "aws-rollback": rollback, "aws-edited": edited}

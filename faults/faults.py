"""The faults: each plants one cause in a healthy deployment and says which one the verifier must name first.

Classes are the numbers of the table in docs/verify.md. To add one: a function with `@fault`, and a row there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import doors
from harness.postgres import Postgres, run_sql
from world import AUTH, BINARY, HOSTS, REGISTRY, WRITE, Connection, HokusaiServer, Mute, Verdict, World, address, announced, free_port, listens

QUICK = ("--deadline-ms", "3000")


@dataclass
class Fault:
    name: str
    classes: str
    cause: str
    run: Callable[[World], Verdict]
    says: str
    exit_code: int


ALL: list[Fault] = []


def fault(classes: str, cause: str, says: str = "", exit_code: int = 1):
    def register(function):
        ALL.append(Fault(function.__name__.replace("_", " "), classes, cause, function, says, exit_code))
        return function

    return register


# Routing (1, 4)


@fault("1, 3", "routing-captured", says="rule 100 `generic-api`")
def the_incident(world: World):
    server, port, mute = world.shared.server, free_port(), Mute(world)
    table = world.front_door(doors.shared_table(port, address(server.auth_url), address(server.url), f"127.0.0.1:{mute.port}"), port, "--accept-unproven")
    return world.verify_door(port, "--rules", table, key=world.shared.token)


@fault("1", "routing-captured", says="when asked directly and never through the front door")
def the_incident_without_the_rules_at_hand(world: World):
    server, port, mute = world.shared.server, free_port(), Mute(world)
    world.front_door(doors.shared_table(port, address(server.auth_url), address(server.url), f"127.0.0.1:{mute.port}"), port, "--accept-unproven")
    return world.verify_door(port, "--auth-direct", address(server.auth_url), key=world.shared.token)


@fault("1, 4", "no-rule", says=AUTH)
def a_missing_rule(world: World):
    server, port = world.shared.server, free_port()
    table = world.front_door(
        doors.listener(port, doors.rule("registry", 10, "registry", host=REGISTRY)) + doors.group("auth", address(server.auth_url))
        + doors.group("registry", address(server.url)) + doors.INTENT, port, "--accept-unproven")
    return world.verify_door(port, "--rules", table, key=world.shared.token)


@fault("1", "services-swapped")
def swapped_target_groups(world: World):
    server, port = world.shared.server, free_port()
    table = world.front_door(doors.healthy_table(port, address(server.url), address(server.auth_url)), port)
    return world.verify_door(port, "--rules", table, key=world.shared.token)


@fault("1", "wrong-targets", says="the targets of that group are registry's")
def a_target_group_with_the_other_services_targets(world: World):
    server, port = world.shared.server, free_port()
    table = world.front_door(doors.healthy_table(port, address(server.url), address(server.url)), port)
    return world.verify_door(port, "--rules", table, key=world.shared.token)


@fault("1, 10", "not-isolated", says=REGISTRY)
def auths_paths_served_on_the_registrys_host(world: World):
    routing = "    use_backend auth if is_auth\n    use_backend auth if is_registry { path_beg /api/v1/ }\n    use_backend registry if is_registry\n"
    return behind_haproxy(world, routing=routing)


@fault("1", "unknown-host-served")
def a_default_action_that_forwards(world: World):
    any_host = world.services("--allowed-host", "hokusai-verify.invalid")
    routing = "    use_backend auth if is_auth\n    default_backend registry\n"
    port = free_port()
    world.haproxy(doors.haproxy(f"127.0.0.1:{port}", any_host.auth_url, any_host.url, routing=routing, default=""), port)
    return world.verify_door(port, key=any_host.token)


@fault("4", "base-path", says="/mlflow/*")
def a_base_path_that_is_not_routed(world: World):
    refuse = '    http-request return status 404 content-type text/html string "<h1>Not Found</h1>" if is_registry { path_beg /mlflow }\n'
    return behind_haproxy(world, frontend=refuse)


@fault("4", "redirected")
def an_api_that_redirects(world: World):
    return behind_haproxy(world, frontend="    http-request redirect location https://www.example.test/ if is_registry\n")


# Health checks (2)


@fault("2", "health-not-the-service", says="green without auth")
def a_balancer_that_answers_health_itself(world: World):
    server = world.shared.server
    fixed = '    http-request return status 200 content-type application/json string {\\"status\\":\\"healthy\\"} if is_auth { path /health }\n'
    port = free_port()
    world.haproxy(doors.haproxy(f"127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}", server.url, frontend=fixed), port)
    return world.verify_door(port, key=world.shared.token)


@fault("2, 6", "database-down", says="`/ready` does not")
def a_database_that_is_down(world: World):
    cluster = Postgres()
    world.when_closed(cluster.stop)
    server = world.services(database_url=cluster.new_database())
    key = server.token
    cluster._process.stop()
    time.sleep(1)
    return world.verify_clear(server, *QUICK, key=key)


# Silence (3)


@fault("3", "upstream-hangs", says="not even `/health`")
def a_service_that_hangs(world: World):
    apart = world.apart()
    os.kill(apart.auth.pid, signal.SIGSTOP)
    world.when_closed(lambda: os.kill(apart.auth.pid, signal.SIGCONT))
    port = free_port()
    world.haproxy(doors.haproxy(f"127.0.0.1:{port}", apart.auth_url, apart.url, auth_backend="    timeout server 2s\n"), port)
    return world.verify_door(port, "--deadline-ms", "6000", key=apart.token)


@fault("3, 8", "transfer-breaks")
def a_proxy_that_cuts_long_uploads_off(world: World):
    server, port = world.shared.server, free_port()
    haproxy = doors.haproxy(f"127.0.0.1:{port}", server.auth_url, server.url, registry_backend="    timeout server 1s\n    http-request silent-drop if METH_PUT { req.hdr_val(content-length) gt 100000 }\n")
    world.haproxy(haproxy, port)
    return world.verify_door(port, *QUICK, key=world.shared.token)


@fault("3", "unreachable")
def packets_that_get_lost(world: World):
    server = world.shared.server
    hole = netns(world)
    return world.verify("--auth", "http://192.0.2.9:8000", "--registry", server.url, *QUICK, key=world.shared.token, netns=hole)


# Deployment (5, 6)


@fault("5", "stale-build", says="rolled back")
def a_build_that_was_not_deployed(world: World):
    return world.verify_clear(world.shared.server, "--expect-version", "99.0.0")


@fault("6", "wrong-upstream", says="nothing listens at")
def a_wrong_upstream_port(world: World):
    server, port, nobody = world.shared.server, free_port(), free_port()
    table = world.front_door(doors.healthy_table(port, f"127.0.0.1:{nobody}", address(server.url)), port)
    return world.verify_door(port, "--rules", table, key=world.shared.token)


@fault("6", "wrong-upstream", says="the front door has no working target for auth")
def auth_down_behind_its_balancer(world: World):
    apart, port = world.apart(), free_port()
    world.haproxy(doors.haproxy(f"127.0.0.1:{port}", apart.auth_url, apart.url), port)
    apart.auth.stop()
    return world.verify_door(port, *QUICK, key=apart.token)


@fault("6", "nothing-listens", says="auth is down")
def auth_down(world: World):
    apart = world.apart()
    apart.auth.stop()
    return world.verify_clear(apart, *QUICK)


# Names (7)


@fault("7", "name-unresolved", says="auth.hokusai-verify.invalid")
def a_name_without_an_address(world: World):
    return world.verify("--auth", "https://auth.hokusai-verify.invalid", "--registry", world.shared.server.url, key=world.shared.token)


@fault("7, 11", "auth-away", says="--auth-url")
def a_registry_that_looks_for_auth_elsewhere(world: World):
    return world.verify_clear(world.apart(auth_url=f"http://127.0.0.1:{free_port()}"), *QUICK)


@fault("12, 15", "auth-away", says="keys:validate")
def a_registry_whose_own_key_lacks_its_scope(world: World):
    return world.verify_clear(world.apart(scopes=["model:read"]), *QUICK)


# Artifacts and stores (8)


@fault("8", "artifacts-not-served", says="mlflow-artifacts")
def artifact_paths_that_end_in_a_page(world: World):
    page = '    http-request return status 404 content-type text/html string "<h1>Not Found</h1>" if { path_beg /api/2.0/mlflow-artifacts }\n'
    return behind_haproxy(world, frontend=page)


@fault("8", "upload-too-large", says="413")
def a_proxy_that_limits_bodies(world: World):
    limit = "    http-request return status 413 if METH_PUT { req.hdr_val(content-length) gt 65536 }\n"
    return behind_haproxy(world, frontend=limit)


@fault("8", "artifact-changed")
def a_proxy_that_changes_bodies(world: World):
    change = '    http-request return status 200 content-type application/octet-stream string other hdr x-hokusai-answered-by registry if METH_GET { path_sub /model/weights.bin }\n'
    return behind_haproxy(world, frontend=change)


@fault("8", "disk-full", says="507")
def a_full_disk(world: World):
    """A volume smaller than what the registry keeps free."""
    data = world.folder / "small"
    data.mkdir()
    server = mounted(world, f"mount -t tmpfs -o size=48m tmpfs {data}", data)
    return world.verify_clear(server)


@fault("8", "store-read-only", says="artifacts")
def a_volume_that_became_read_only(world: World):
    data = world.folder / "volume"
    artifacts = data / "artifacts"
    artifacts.mkdir(parents=True)
    server = mounted(world, f"mount --bind {artifacts} {artifacts}", data)
    subprocess.run(["nsenter", "-t", str(server.pid), "-m", "mount", "-o", "remount,ro,bind", str(artifacts)], check=True, capture_output=True)
    return world.verify_clear(server)


@fault("8", "store-read-only", says="its database")
def a_database_that_is_a_standby(world: World):
    cluster = Postgres()
    world.when_closed(cluster.stop)
    url = cluster.new_database()
    server = world.services(database_url=url)
    key, name = server.token, url.rsplit("/", 1)[1]
    run_sql(cluster.url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    run_sql(cluster.url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    time.sleep(2)
    return world.verify_clear(server, *QUICK, key=key)


# Hosts and exposure (9, 10)


@fault("9", "host-not-allowed", says="--allowed-host")
def a_service_that_does_not_know_its_name(world: World):
    server, port = world.services(hosts=()), free_port()
    table = world.front_door(doors.healthy_table(port, address(server.auth_url), address(server.url)), port)
    return world.verify_door(port, "--rules", table, key=server.token)


@fault("10", "open-without-key")
def a_registry_without_authentication(world: World):
    return world.verify_clear(world.services("--no-auth"))


@fault("10", "open-without-key")
def a_proxy_that_brings_its_own_key(world: World):
    return behind_haproxy(world, registry_backend=f"    http-request set-header Authorization \"Bearer {world.shared.token}\"\n    http-request del-header X-API-Key\n")


@fault("10", "plain-http", says="https://")
def plain_http_beyond_this_machine(world: World):
    apart = netns(world)
    # The whole deployment lives where an address is not loopback.
    out = world.folder / "inside.out"
    child = world.process("inside", ["nsenter", "-t", apart.pid, "-n", BINARY, "serve", "--data-dir", world.folder / "inside", "--auth-listen", "192.0.2.80:8000",
                                     "--registry-listen", "192.0.2.80:5000", "--behind-tls", "--allowed-host", "192.0.2.80",
                                     "--bootstrap-key-file", world.folder / "inside-key", "--announce"], stdout=out.open("wb"))
    child.wait_until(lambda: announced(out, "registry"), timeout_s=60)
    return world.verify("--auth", "http://192.0.2.80:8000", "--registry", "http://192.0.2.80:5000", key=(world.folder / "inside-key").read_text().strip(), netns=apart)


@fault("10", "port80-api", says="fixed 403")
def port_80_that_redirects_the_api(world: World):
    return behind_tls(world, plain="    http-request redirect scheme https")


@fault("10", "port80-api", says="in clear")
def port_80_that_forwards(world: World):
    return behind_tls(world, plain=f"    use_backend auth if {{ req.hdr(host) -i {AUTH} }}\n    default_backend registry")


@fault("10", "redirect-loop")
def port_80_that_goes_round_in_circles(world: World):
    return behind_tls(world, plain="    http-request redirect scheme http")


# TLS and clocks (13)


@fault("13", "certificate-expired", says="2021-01-01")
def an_expired_certificate(world: World):
    return behind_tls(world, chain=world.shared.authority.issue("expired", ends="20210101000000Z"))


@fault("13", "certificate-wrong-name", says="other.example.test")
def a_certificate_for_another_name(world: World):
    return behind_tls(world, chain=world.shared.authority.issue("other", names=("other.example.test",)))


@fault("13", "certificate-untrusted")
def a_self_signed_certificate(world: World):
    return behind_tls(world, chain=world.shared.authority.self_signed())


@fault("13", "certificate-not-yet-valid", says="clock of this machine")
def a_clock_of_this_machine_that_is_behind(world: World):
    return behind_tls(world, clock="-400d")


@fault("13", "certificate-ends-soon")
def a_certificate_that_ends_within_days(world: World):
    soon = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 3 * 86400))
    return behind_tls(world, chain=world.shared.authority.issue("soon", ends=soon))


@fault("13", "client-certificate-wanted")
def a_balancer_that_wants_client_certificates(world: World):
    return behind_tls(world, more=f"verify required ca-file {world.shared.authority.pem}")


@fault("13", "not-tls")
def plain_http_behind_an_https_url(world: World):
    server, port = world.shared.server, free_port()
    world.haproxy(doors.haproxy(f"127.0.0.1:{port}", server.auth_url, server.url), port)
    return world.verify_tls(port, key=world.shared.token)


@fault("", "clock-skew", says="timedatectl")
def a_servers_clock_that_is_ahead(world: World):
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    server = world.services(env={"LD_PRELOAD": str(library), "FAKETIME": "+2h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    return world.verify_clear(server)


# Keys (14) and what takes them away


@fault("14", "authorization-stripped", says="X-API-Key")
def a_proxy_that_strips_authorization(world: World):
    return behind_haproxy(world, frontend="    http-request del-header Authorization\n")


@fault("14", "identity-removed")
def a_proxy_that_strips_response_headers(world: World):
    return behind_haproxy(world, registry_backend="    http-response del-header X-Hokusai-Answered-By\n", auth_backend="    http-response del-header X-Hokusai-Answered-By\n")


@fault("14", "key-revoked")
def a_revoked_key(world: World):
    made = world.shared.server.mint("leaver")
    world.shared.server.revoke(made["key_id"])
    return world.verify_clear(world.shared.server, key=made["api_key"])


@fault("14", "key-unknown", says="another environment or server")
def a_key_of_another_server(world: World):
    return world.verify_clear(world.shared.server, key=world.services().token)


@fault("14", "key-mistyped")
def a_mistyped_key(world: World):
    key = world.shared.token
    return world.verify_clear(world.shared.server, key=key[:-1] + ("x" if key[-1] != "x" else "y"))


@fault("14", "key-malformed")
def a_key_in_quotes(world: World):
    return world.verify_clear(world.shared.server, key=f'"{world.shared.token}"')


@fault("14", "key-scope")
def a_key_that_may_only_read(world: World):
    return world.verify_clear(world.shared.server, key=world.shared.server.mint("reader", ["model:read"])["api_key"])


@fault("14", "key-wrong-address")
def a_key_of_another_network(world: World):
    made = world.shared.server.mint("office", WRITE, allowed_ips=["192.0.2.0/24"])
    return world.verify_clear(world.shared.server, key=made["api_key"])


@fault("14", "key-rate")
def a_key_whose_rate_is_spent(world: World):
    made = world.shared.server.mint("slow", WRITE, rate_limit_per_hour=10)
    session = Connection(world.shared.server.url, made["api_key"])
    for _ in range(12):
        session.send("GET", "/api/2.0/mlflow/registered-models/search?max_results=1")
    session = Connection(world.shared.server.auth_url, made["api_key"])
    for _ in range(12):
        session.send("POST", "/api/v1/keys/validate")
    return world.verify_clear(world.shared.server, key=made["api_key"])


# What is impossible, and by what


@dataclass
class Impossible:
    name: str
    classes: str
    run: Callable[[HokusaiServer], str]


def a_misspelt_setting(_server) -> str:
    done = subprocess.run([BINARY, "serve"], env={**os.environ, "HOKUSAI_DATABSE_URL": "postgres://x"}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "HOKUSAI_DATABASE_URL" in done.stderr, done
    return "the server does not start, and names the setting that was meant"


def a_database_url_without_its_scheme(_server) -> str:
    done = subprocess.run([BINARY, "serve"], env={**os.environ, "HOKUSAI_DATABASE_URL": "db.example.test:5432"}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2, done
    return "the server does not start on a setting that it can't read"


def a_listener_open_to_everybody(_server) -> str:
    done = subprocess.run([BINARY, "serve", "--no-auth", "--registry-listen", "0.0.0.0:0"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "no-auth" in done.stderr, done
    return "--no-auth beyond loopback is refused at the start"


def the_service_ids_of_old_clients(server) -> str:
    session = Connection(server.auth_url, server.token)
    for name in ("platform", "ml-platform", "hokusai-data-pipeline"):
        answer = session.json("POST", "/api/v1/keys/validate", {"api_key": server.token, "service_id": name})
        assert answer.status == 200 and answer.body["is_valid"], (name, answer.body)
    answer = session.json("POST", "/api/v1/keys/validate", {"api_key": server.token, "service_id": "nobody"})
    assert answer.status == 422 and "service_id" in answer.raw.decode(), answer
    return "all are one service, and an unknown one is a 422 that names the field"


IMPOSSIBLE = [
    Impossible("a misspelt setting", "12", a_misspelt_setting),
    Impossible("a database URL without its scheme", "5, 12", a_database_url_without_its_scheme),
    Impossible("the service ids of old clients", "15", the_service_ids_of_old_clients),
    Impossible("a listener open to everybody", "10", a_listener_open_to_everybody),
]


# Helpers


def behind_haproxy(world: World, **faults) -> Verdict:
    server, port = world.shared.server, free_port()
    world.haproxy(doors.haproxy(f"127.0.0.1:{port}", server.auth_url, server.url, **faults), port)
    return world.verify_door(port, *QUICK, key=world.shared.token)


def behind_tls(world: World, chain: Path | None = None, plain: str = doors.REFUSE_API, more: str = "", clock: str | None = None) -> Verdict:
    server, port, port80 = world.shared.server, free_port(), free_port()
    bind = f"127.0.0.1:{port} ssl crt {chain or world.shared.good} alpn http/1.1 {more}"
    world.haproxy(doors.haproxy(bind, server.auth_url, server.url) + doors.plain_port(port80, plain), port, port80)
    return world.verify_tls(port, *QUICK, key=world.shared.token, plain=port80, clock=clock)


def netns(world: World):
    """A network of its own, in which 192.0.2.80 is this machine."""
    child = world.process("netns", ["unshare", "-n", "sh", "-c", "ip link set lo up && ip addr add 192.0.2.80/32 dev lo && echo up && exec sleep 600"])
    child.wait_until(lambda: "up" in child.log.read_text(), timeout_s=20)
    return child


class Mounted:
    """A server whose mounts are its own."""

    def __init__(self, world: World, mount: str, data: Path):
        out, key = world.folder / "mounted.out", world.folder / "mounted-key"
        serve = f"{BINARY} serve --data-dir {data} --auth-listen 127.0.0.1:0 --registry-listen 127.0.0.1:0 --bootstrap-key-file {key} --announce {' '.join(HOSTS)}"
        child = world.process("mounted", ["unshare", "-m", "--propagation", "private", "sh", "-c", f"{mount} && exec {serve}"], stdout=out.open("wb"))
        self.url = child.wait_until(lambda: announced(out, "registry"), timeout_s=60)
        self.auth_url, self.pid, self.token = announced(out, "auth"), child.pid, key.read_text().strip()


def mounted(world: World, mount: str, data: Path) -> Mounted:
    return Mounted(world, mount, data)

"""Healthy deployments, directly and through three front doors: no run may fail a check or name a cause."""

from __future__ import annotations

import doors
from world import World, address, free_port, listens


def check(shared, runs: int) -> list[str]:
    world = World(shared)
    problems = []
    try:
        for name, verify in deployments(world, shared).items():
            slowest, before = 0.0, len(problems)
            for number in range(runs):
                verdict = verify()
                slowest = max(slowest, verdict.took_s)
                if verdict.code != 0 or verdict.causes:
                    problems.append(f"healthy, {name}, run {number + 1}: exit {verdict.code}, {verdict.failed}, {verdict.causes}")
            print(f"{'ok' if len(problems) == before else 'FAIL':4}  healthy, {name}: {runs} runs, the slowest {slowest:.1f} s")
    finally:
        world.close()
    return problems


def deployments(world: World, shared) -> dict:
    server, key = shared.server, shared.token
    auth, registry = server.auth_url, server.url
    door, haproxy, envoy = free_port(), free_port(), free_port()
    table = world.front_door(doors.healthy_table(door, address(auth), address(registry)), door)
    plain = free_port()
    world.haproxy(doors.haproxy(f"127.0.0.1:{haproxy} ssl crt {shared.good} alpn http/1.1", auth, registry) + doors.plain_port(plain, doors.REFUSE_API), haproxy, plain)
    config = world.folder / "envoy.json"
    config.write_text(doors.envoy(envoy, auth, registry, str(shared.good.with_suffix(".crt")), str(shared.good.with_suffix(".key"))))
    child = world.process("envoy", ["envoy", "-c", config, "--use-dynamic-base-id", "--log-level", "error", "--concurrency", "1"])
    child.wait_until(lambda: listens(envoy), timeout_s=60)
    apart = world.apart()
    return {
        "directly": lambda: world.verify_clear(server),
        "a process each": lambda: world.verify_clear(apart),
        "Hokusai's front door": lambda: world.verify_door(door, "--rules", table, key=key),
        "HAProxy": lambda: world.verify_tls(haproxy, key=key, plain=plain),
        "Envoy": lambda: world.verify_tls(envoy, key=key),
    }

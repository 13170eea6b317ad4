"""Measures the front door: a long upload, a group that hangs, reload under load, and its speed beside other proxies."""

from __future__ import annotations

import argparse
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import front_door_servers as servers

MIB = 1 << 20
MEMORY_LIMIT_MB = 64
RATIO_AIM = 1.1
SPEED_AIM = 0.7


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="hokusai-front-door-") as folder:
        with servers.World(Path(folder), options.hokusai) as world:
            fine = [
                upload(world, options.upload_mib),
                isolation(world, options.pairs, options.seconds),
                reloads(world, options.reloads, options.seconds),
                speed(world, options.rounds, options.seconds),
            ]
    sys.exit(0 if all(fine) else 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/front-door", description=__doc__)
    parser.add_argument("--hokusai", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--upload-mib", type=int, default=10 * 1024, help="of the long upload (10240)")
    parser.add_argument("--pairs", type=int, default=20, help="of measurements with and without a hanging group (20)")
    parser.add_argument("--reloads", type=int, default=20, help="while requests run (20)")
    parser.add_argument("--rounds", type=int, default=5, help="in which the proxies take turns; the median counts (5)")
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement (3)")
    return parser.parse_args()


def upload(world, size_mib: int) -> bool:
    """Sends one body through the door and looks at the most memory that the door ever had."""
    before = world.door_memory_mb()
    started = time.monotonic()
    with socket.create_connection(world.door) as client:
        client.sendall(f"PUT /up HTTP/1.1\r\nHost: sink.test\r\nConnection: close\r\nContent-Length: {size_mib * MIB}\r\n\r\n".encode())
        piece = bytes(MIB)
        for _ in range(size_mib):
            client.sendall(piece)
        answer = b""
        while received := client.recv(65536):
            answer += received
    took = time.monotonic() - started
    arrived = answer.endswith(f"\r\n\r\n{size_mib * MIB}".encode())
    peak = world.door_memory_mb()
    fine = arrived and peak < MEMORY_LIMIT_MB
    say(f"upload: {size_mib} MiB {'arrived whole' if arrived else 'DID NOT ARRIVE: ' + repr(answer[:200])} in {took:.1f} s ({size_mib / took:.0f} MiB/s); the door's peak memory {peak:.1f} MB, before it {before:.1f} MB (limit {MEMORY_LIMIT_MB}) {verdict(fine)}")
    return fine


def isolation(world, pairs: int, seconds: float) -> bool:
    """p99 of the healthy group with and without a group that hangs, in pairs whose order changes."""
    ratios = []
    for pair in range(pairs):
        found = {}
        for hangs in (False, True) if pair % 2 == 0 else (True, False):
            noise = wrk_start(world.door, "hanging.test", 64, seconds + 1) if hangs else None
            if noise:
                time.sleep(0.5)
            found[hangs] = wrk(world.door, "fast.test", 8, seconds)["p99_ms"]
            if noise:
                noise.communicate()
        ratios.append(found[True] / found[False])
    status = world.status()
    queued = {group["name"]: (group["queued"], group["full"]) for group in status["current"]["groups"]}
    median = statistics.median(ratios)
    fine = median <= RATIO_AIM and queued["fast"] == (0, 0) and queued["hanging"][0] > 0
    say(f"isolation: {pairs} pairs, p99 with a hanging group / without: median {median:.3f} (aim <= {RATIO_AIM}), quartiles {quartiles(ratios)}; requests that waited for a place, and were refused for want of one: fast {queued['fast']}, hanging {queued['hanging']} {verdict(fine)}")
    return fine


def reloads(world, count: int, seconds: float) -> bool:
    """Changes the table again and again while requests run; none may fail."""
    before = world.status()["revision"]
    running = wrk_start(world.door, "fast.test", 16, max(seconds, 5))
    time.sleep(0.5)
    for number in range(count):
        world.change_rules(number)
        time.sleep(0.1)
    seen = wrk_read(running.communicate()[0])
    revisions = world.status()["revision"] - before
    fine = seen["failures"] == 0 and revisions >= count and seen["requests"] > 0
    say(f"reload: {revisions} tables taken into use while {seen['requests']:,} requests ran; {seen['failures']} failed {verdict(fine)}")
    return fine


def speed(world, rounds: int, seconds: float) -> bool:
    """Requests per second through each proxy to the same target, in turns."""
    proxies = {"hokusai": world.door, "nginx": world.nginx, "haproxy": world.haproxy}
    found = {name: [] for name in proxies}
    for _ in range(rounds):
        for name, address in proxies.items():
            seen = wrk(address, "fast.test", 32, seconds)
            if seen["failures"]:
                say(f"speed: {name}: {seen['failures']} requests FAILED")
                return False
            found[name].append(seen["per_s"])
    direct = wrk(world.target, "fast.test", 32, seconds)["per_s"]
    middle = {name: statistics.median(values) for name, values in found.items()}
    fine = middle["hokusai"] >= SPEED_AIM * middle["nginx"]
    rates = ", ".join(f"{name} {value:,.0f}" for name, value in middle.items())
    say(f"speed: median requests/s of {rounds} rounds: {rates} (the target without a proxy {direct:,.0f}); hokusai / nginx {middle['hokusai'] / middle['nginx']:.2f} (aim >= {SPEED_AIM}), hokusai / haproxy {middle['hokusai'] / middle['haproxy']:.2f} {verdict(fine)}")
    return fine


def wrk(address, host: str, connections: int, seconds: float) -> dict:
    return wrk_read(wrk_start(address, host, connections, seconds).communicate()[0])


def wrk_start(address, host: str, connections: int, seconds: float) -> subprocess.Popen:
    url = f"http://{address[0]}:{address[1]}/"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "10s", "-H", f"Host: {host}", url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def wrk_read(text: str) -> dict:
    def number(pattern: str) -> float:
        match = re.search(pattern, text)
        return float(match[1]) if match else 0.0

    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    unit_ms = {"us": 0.001, "ms": 1, "s": 1000}
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return {
        "requests": int(number(r"(\d+) requests in")),
        "per_s": number(r"Requests/sec:\s+([\d.]+)"),
        "p99_ms": float(p99[1]) * unit_ms[p99[2]] if p99 else float("nan"),
        "failures": int(number(r"Non-2xx or 3xx responses: (\d+)")) + sum(map(int, errors.groups() if errors else ())),
    }


def quartiles(values: list[float]) -> str:
    if len(values) < 2:
        return "-"
    low, _, high = statistics.quantiles(values, n=4)
    return f"{low:.3f} to {high:.3f}"


def verdict(fine: bool) -> str:
    return "- ok" if fine else "- MISSED"


def say(text: str):
    print(text, flush=True)


if __name__ == "__main__":
    main()

"""One measurement of one kind of request at one server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import machine
import servers


def load(program: str, server, prepared, workload, folder: Path, seconds: float) -> dict:
    """What the load generator saw, the server's CPU for it, and how busy others kept the machine meanwhile."""
    body, words = folder / "body", folder / "words"
    body.write_text(workload.body(prepared))
    words.write_text("\n".join(prepared.runs[: workload.runs]))
    addresses = ",".join(urlsplit(url).netloc for url in getattr(server, "urls", [server.url]))
    target = workload.target.replace("@experiment@", prepared.experiment)
    before, machine_before = servers.cpu_s(server), machine.busy_s()
    children_before = machine.children_s()
    done = subprocess.run(
        [program, addresses, str(workload.connections), str(seconds), workload.method, target, servers.token(server), str(body), str(words)],
        check=True, capture_output=True, text=True,
    )
    spent = servers.cpu_s(server) - before
    others = machine.busy_s() - machine_before - spent - (machine.children_s() - children_before)
    seen = json.loads(done.stdout)
    seen["per_s"] = seen["requests"] / seen["seconds"]
    seen["cpu_us_per_request"] = spent * 1e6 / max(seen["requests"] + seen["failures"], 1)
    seen["cores_used_by_others"] = max(others, 0) / seen["seconds"]
    return seen

"""Starts a server of both services and runs schemathesis against each one's document, with a key that may do everything.

No answer may be a 5xx, and status, content type, headers and schema of every answer must be what the document says; a route behind a key
must refuse who has none. What is left out: that data beyond the schema is refused and data within it is taken, since MLflow's clients
send numbers as texts, and since names must exist, which no schema says; and chains of requests, which would lose the key in use.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
# Uploads in parts are 501 by MLflow's own contract.
NOT_DONE = "/mpu/"
# Service, share of the time, operations, and whether the key may be lost: these revoke and rotate whatever keys a list shows.
SPENDING = r"^/api/v1(/auth)?/keys/\{id\}"
PARTS = [
    ("registry", 0.6, ["--exclude-path-regex", NOT_DONE], False),
    ("auth", 0.3, ["--exclude-path-regex", SPENDING], False),
    ("auth", 0.1, ["--include-path-regex", SPENDING], True),
]
# Of the default run: enough to meet every field of every route with its usual mistakes.
EXAMPLES = 12
SEED = 20_251_125


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, help="fuzz for so long with a new seed; in place of the default run")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder, served(pathlib.Path(folder)) as server:
        faults = [fault for part in PARTS for fault in fuzzed(server, part, minutes, folder)]
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


class served:
    """A server on free ports in an empty directory."""

    def __init__(self, folder):
        binary = os.environ.get("HOKUSAI_BIN", TOP / "target/debug/hokusai")
        key_file = folder / "first-key"
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(
            [binary, "serve", "--data-dir", folder / "data", "--bootstrap-key-file", key_file, "--announce",
             "--auth-listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
            env={"PATH": os.environ["PATH"], "HOKUSAI_LOG": "warn"},
        )
        announced = [json.loads(self.process.stdout.readline()) for _ in range(2)]
        self.urls = {one["service"]: one["url"] for one in announced}
        self.key = key_file.read_text().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        # Warnings beside failures: the cause of a 500 stands here only.
        self.log.seek(0)
        for line in [line for line in self.log if "ERROR" in line or '"error"' in line.lower()][:20]:
            print(line.rstrip())
        self.log.close()


def fuzzed(server, part, minutes, folder):
    """Runs schemathesis on a part of a service; says what is wrong afterwards."""
    name, share, chosen, spends_the_key = part
    url = server.urls[name]
    command = [
        TOP / "target/openapi-venv/bin/schemathesis", "run", f"{url}/openapi.json", "--url", url, *chosen,
        "--header", f"Authorization: Bearer {server.key}", "--checks", ",".join(CHECKS),
        "--phases", "examples,coverage,fuzzing", "--generation-allow-x00", "true", "--request-timeout", "30",
        "--no-color", "--warnings", "off", "--continue-on-failure", "--suppress-health-check", "all",
    ]
    if minutes:
        seconds = max(1, int(minutes * 60 * share))
        command += ["--max-time", seconds, "--max-examples", "1000000", "--generation-database", "none"]
    else:
        command += ["--max-examples", EXAMPLES, "--seed", SEED, "--generation-deterministic"]
    print(f"== {name} {' '.join(chosen)}", flush=True)
    code = subprocess.run(list(map(str, command)), cwd=folder).returncode
    if code:
        yield f"{name}: schemathesis found something, or failed ({code})"
    if server.process.poll() is not None:
        yield f"{name}: the server ended"
    elif not spends_the_key and not is_good(server):
        # Whatever was asked since then was refused alike, and proves nothing.
        yield f"{name}: the key in use was lost on the way"


def is_good(server):
    request = urllib.request.Request(f"{server.urls['registry']}/models", headers={"Authorization": f"Bearer {server.key}"})
    try:
        return urllib.request.urlopen(request, timeout=30).status == 200
    except urllib.error.HTTPError:
        return False


if __name__ == "__main__":
    main()

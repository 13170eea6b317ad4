"""The unit is one that systemd understands, and leaves little exposed. No unit is started: there is no systemd in CI."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest
from conftest import BINARY, DEPLOY, get, run

UNIT = DEPLOY / "systemd" / "hokusai.service"


@pytest.fixture
def unit(tmp_path):
    """The unit with a binary that exists here."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/usr/local/bin/hokusai", str(BINARY)))
    return path


def test_systemd_understands_every_line(unit):
    assert run("systemd-analyze", "verify", "--man=no", unit) == ""


def test_a_misspelt_setting_is_found(unit):
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHomes="))
    with pytest.raises(AssertionError, match="ProtectHomes"):
        assert run("sh", "-c", f"systemd-analyze verify --man=no {unit} 2>&1") == ""


def test_little_is_exposed(unit):
    """systemd's own figure, from 0 (nothing) to 10; the threshold is ten times it."""
    run("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)


def test_the_command_line_is_one_that_the_binary_takes():
    (command,) = re.findall(r"^ExecStart=/usr/local/bin/hokusai (.*)$", UNIT.read_text(), re.MULTILINE)
    flags = [word for word in command.split() if word.startswith("--")]
    assert shutil.which(BINARY), "build the binary first"
    known = run(BINARY, "serve", "--help")
    assert flags and all(flag in known for flag in flags)


def test_the_unit_forbids_no_system_call_that_serving_makes(tmp_path):
    """Traces a start, requests and a stop as a user who is not root, as the unit runs it."""
    binary = shutil.copy(BINARY, tmp_path / "hokusai")
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    for folder in [tmp_path, *list(tmp_path.parents)[:2]]:
        os.chmod(folder, 0o755)
    serve = [binary, "serve", "--announce", "--data-dir", data, "--bootstrap-key-file", data / "key"]
    listen = ["--auth-listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0"]
    tracing = ["strace", "-f", "-qq", "-o", tmp_path / "trace", "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    environment = {"PATH": os.environ["PATH"]}
    with subprocess.Popen([*tracing, *serve, *listen], stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            for _ in range(2):
                get(json.loads(server.stdout.readline())["url"] + "/ready")
        finally:
            (traced,) = map(int, (tmp_path / "trace").read_text().split(maxsplit=1)[:1])
            os.kill(traced, signal.SIGTERM)
            server.wait(timeout=60)
    trace = (tmp_path / "trace").read_text().partition("/hokusai\"")[2]
    made = set(re.findall(r"^\d+\s+(\w+)\(", trace, re.MULTILINE))
    assert {"accept4", "fdatasync"} & made and len(made) > 30
    assert made - allowed_calls() == set()


def allowed_calls():
    allowed = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.MULTILINE):
        named = {call for group in line.removeprefix("~").split() for call in calls_of(group)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed | calls_of("@default")


def calls_of(group):
    lines = [line.strip() for line in run("systemd-analyze", "syscall-filter", group).splitlines()[1:]]
    calls = set()
    for line in lines:
        if line.startswith("@"):
            calls |= calls_of(line)
        elif line and not line.startswith("#"):
            calls.add(line)
    return calls


NOBODY = 65534

"""checkov's policies on the Containerfile. No image is built: base images can't be fetched in CI."""

import json
import re
import subprocess

from conftest import DEPLOY, ROOT

ACCEPTED = {"CKV_DOCKER_2": "a health check needs a client in the image; the file says who asks instead"}
FILE = DEPLOY / "container" / "Containerfile"


def findings(folder, text):
    (folder / "Dockerfile").write_text(text)
    checkov = ROOT / "target" / "checkov-venv" / "bin" / "checkov"
    command = [checkov, "--skip-download", "--quiet", "--compact", "--framework", "dockerfile", "--output", "json", "--directory", folder]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=120).stdout)
    assert report["summary"]["passed"] > 5
    return {found["check_id"] for found in report["results"]["failed_checks"]}


def test_only_accepted_findings(tmp_path):
    assert findings(tmp_path, FILE.read_text()) == ACCEPTED.keys()


def test_a_root_user_is_found(tmp_path):
    weakened = FILE.read_text().replace("USER 10001:10001", "USER root")
    assert "CKV_DOCKER_8" in findings(tmp_path, weakened)


def test_what_is_copied_is_what_cargo_builds():
    assert re.search(r"cargo build --release --locked --package hokusai\b", FILE.read_text())
    assert "/target" in (ROOT / ".dockerignore").read_text().splitlines()

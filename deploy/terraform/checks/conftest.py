"""What the checks share: the stub provider, workspaces with real Terraform, the plan of the example, the binary."""

import os
import subprocess
from pathlib import Path

import pytest
from stub_provider import Stub
from terraform import SOURCES, Workspace

REPOSITORY = SOURCES.parent.parent
EXAMPLE = SOURCES / "examples" / "complete"


@pytest.fixture(scope="session")
def session_stub():
    with Stub() as stub:
        yield stub


@pytest.fixture
def stub(session_stub):
    yield session_stub
    session_stub.live.clear()


@pytest.fixture(scope="session")
def initialised(tmp_path_factory, session_stub):
    """A workspace after `terraform init`, to be copied."""
    workspace = Workspace(tmp_path_factory.mktemp("initialised") / "terraform", session_stub)
    workspace.init()
    return workspace


@pytest.fixture
def workspace(tmp_path, stub, initialised):
    return Workspace(tmp_path / "terraform", stub, initialised.folder)


@pytest.fixture(scope="session")
def planned(tmp_path_factory, session_stub, initialised):
    """The example, validated and planned: (workspace, plan)."""
    workspace = Workspace(tmp_path_factory.mktemp("plan") / "terraform", session_stub, initialised.folder)
    workspace.validate()
    return workspace, workspace.plan()


@pytest.fixture(scope="session")
def hokusai():
    """Runs `hokusai` and returns (exit code, stdout, stderr)."""
    binary = Path(os.environ.get("HOKUSAI_BIN", REPOSITORY / "target" / "debug" / "hokusai"))

    def run(*arguments):
        done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    return run


def resources(plan):
    """All planned resources, modules' included, as (address, type, values)."""

    def of(module):
        for resource in module.get("resources", []):
            yield resource["address"], resource["type"], resource["values"]
        for child in module.get("child_modules", []):
            yield from of(child)

    return list(of(plan["planned_values"]["root_module"]))

"""Every planted mistake is caught, by each check that can see it, and by its own message; the real source passes."""

import pytest
from planted import MISTAKES
from schema_check import Module
from terraform import SOURCES, Failed, Workspace

MODULES = ["modules/load-balancer", "examples/complete", "examples/complete/front-door"]


def schema_errors(folder):
    return [error for module in MODULES for error in Module(folder / module).check()]


def flat(message):
    """A message without Terraform's frame and line breaks."""
    return " ".join(message.replace("│", " ").split())


def test_the_schema_check_finds_nothing_in_the_real_source():
    assert schema_errors(SOURCES) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.claim)
def test_the_schema_check_catches(mistake, workspace):
    mistake.plant(workspace.folder)
    errors = schema_errors(workspace.folder)
    assert any(mistake.ours in error for error in errors), errors
    assert len(errors) <= 2, errors


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m.terraform], ids=lambda mistake: mistake.claim)
def test_terraform_catches(mistake, workspace):
    mistake.plant(workspace.folder)
    with pytest.raises(Failed) as failed:
        workspace.validate()
    assert mistake.terraform in flat(str(failed.value)), failed.value


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if not m.terraform], ids=lambda mistake: mistake.claim)
def test_terraform_with_the_stub_does_not_see(mistake, workspace):
    """So that nobody believes it does: if this fails, say in `planted.py` what Terraform says now."""
    mistake.plant(workspace.folder)
    workspace.validate()

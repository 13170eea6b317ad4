"""Writes the example's plan as real Terraform prints it: write_plan.py FILE

The committed plan.json is one, so that `hokusai routes check` can be shown on a plan where there is no Terraform; a test
compares it with a fresh one. The time is taken out, and lists whose order means nothing are sorted.
"""

import json
import sys
import tempfile
from pathlib import Path

from stub_provider import Stub
from terraform import Workspace


def text_of(plan):
    plan = {name: value for name, value in plan.items() if name != "timestamp"}
    for unordered in ("relevant_attributes", "checks"):
        plan[unordered] = sorted(plan.get(unordered, []), key=lambda item: json.dumps(item, sort_keys=True))
    return json.dumps(plan, indent=1, sort_keys=True) + "\n"


def main(path):
    with Stub() as stub, tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "terraform", stub)
        workspace.init()
        Path(path).write_text(text_of(workspace.plan()))


if __name__ == "__main__":
    main(sys.argv[1])

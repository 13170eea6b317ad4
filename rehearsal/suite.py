"""Rehearses migrations; prints a line for each, and how many passed."""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "faults"), str(HERE.parent / "conformance")]

import aws  # noqa: E402
import door  # noqa: E402

SCENARIOS = {**door.SCENARIOS, **aws.SCENARIOS}


def main() -> int:
    wanted = sys.argv[1:] or list(SCENARIOS)
    if unknown := [name for name in wanted if name not in SCENARIOS]:
        print(f"there is no rehearsal {', '.join(unknown)}; there are {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    passed = failed = 0
    for name in wanted:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="hokusai-rehearsal-") as folder:
            try:
                said = SCENARIOS[name](Path(folder))
                passed += 1
                print(f"ok    {name}: {said} ({time.monotonic() - started:.0f} s)", flush=True)
            except Exception:
                failed += 1
                traceback.print_exc()
                print(f"FAIL  {name} ({time.monotonic() - started:.0f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

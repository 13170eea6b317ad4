"""Replays every scenario against a real `mlflow server` and writes what it answers: `python record.py FILE` (JSON lines)."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import scenarios
from harness.mlflow_server import MlflowServer
from harness.raw import Connection
from harness.scenario import replay


def main(path: str) -> None:
    with tempfile.TemporaryDirectory() as folder, Path(path).open("w") as out:
        server = MlflowServer(Path(folder))
        try:
            connection = Connection(server.url, None)
            for plan in scenarios.ALL:
                for exchange in replay(plan, connection)[0]:
                    line = {
                        "scenario": plan.name,
                        "step": exchange.step.label,
                        "method": exchange.method,
                        "target": exchange.target,
                        "sent": exchange.sent.decode(errors="replace")[:2000] if exchange.sent is not None else None,
                        "status": exchange.answer.status,
                        "headers": exchange.answer.headers,
                        "response": exchange.answer.body,
                    }
                    out.write(json.dumps(line, ensure_ascii=False) + "\n")
        finally:
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1])

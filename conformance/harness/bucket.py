"""A real S3 server with a bucket of its own (`crates/s3-server`)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .hokusai_server import ROOT
from .process import Process

BINARY = Path(os.environ.get("HOKUSAI_S3_SERVER_BIN", ROOT / "target/debug/hokusai-s3-server"))


class Bucket:
    """An empty bucket; `url` and `env` are what `hokusai serve` needs to keep artifacts there."""

    def __init__(self, folder: Path):
        if not BINARY.exists():
            raise FileNotFoundError(f"{BINARY} is not there: build it with `cargo build -p hokusai-s3-server`, or name it in HOKUSAI_S3_SERVER_BIN")
        folder.mkdir(parents=True, exist_ok=True)
        said = folder / "said.json"
        with said.open("wb") as stdout:
            self.process = Process([str(BINARY), str(folder / "buckets")], folder / "bucket.log", stdout=stdout)
        announced = self.process.wait_until(lambda: _whole(said), timeout_s=20)
        self.url = f"s3://{announced['bucket']}/artifacts"
        self.env: dict[str, str] = announced["environment"]

    def stop(self):
        self.process.stop()


def _whole(path: Path) -> dict | None:
    text = path.read_text()
    return json.loads(text) if text.endswith("\n") else None

"""Makes answers of two servers comparable: ids, times and places become names."""

from __future__ import annotations

import json
import re
from typing import Any

HEX_ID = re.compile(r"(?:m-)?[0-9a-f]{32}")
NOW_MS = re.compile(r"\b1[6-9]\d{11}\b")
RANDOM_NAME = re.compile(r"^[a-z]+-[a-z]+-\d{1,4}$")
KEYED_LISTS = {"tags", "params", "metrics", "aliases", "datasets", "inputs", "outputs", "model_inputs", "model_outputs", "dataset_inputs"}
EXPERIMENT_ID_FIELDS = {"experiment_id"}
PLACES = {"artifact_uri", "artifact_location", "source", "root_uri", "storage_location"}


class Redactor:
    """Names ids in the order in which they appear, over a whole scenario on one server."""

    def __init__(self, kept: dict[str, str]):
        self._ids: dict[str, str] = {}
        # Small numbers are ids only where a field says so; long ones anywhere.
        self._experiments = {v: f"<{k}>" for k, v in kept.items() if k.startswith("exp") and v.isdigit()}
        self._kept = {v: f"<{k}>" for k, v in kept.items() if len(v) >= 16 and not HEX_ID.fullmatch(v) and k != "uid"}

    def body(self, body: Any, unordered: bool = False) -> Any:
        return self._value(body, "", unordered, in_data=False)

    def _value(self, value: Any, field: str, unordered: bool, in_data: bool) -> Any:
        if isinstance(value, dict):
            return {k: self._value(v, k, unordered, in_data or field in ("data", "info")) for k, v in sorted(value.items())}
        if isinstance(value, list):
            if unordered or (field in KEYED_LISTS and (in_data or field != "metrics")):
                value = sorted(value, key=_sort_key)
            return [self._value(item, field, unordered, in_data) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return "<now ms>" if NOW_MS.fullmatch(str(value)) else value
        if isinstance(value, str):
            return self._text(value, field)
        return value

    def _text(self, text: str, field: str) -> str:
        if field == "next_page_token":
            return "<page token>"
        if field in EXPERIMENT_ID_FIELDS and text.isdigit() and text != "0":
            return self._experiments.setdefault(text, f"<experiment {len(self._experiments) + 1}>")
        for value, name in self._kept.items():
            text = text.replace(value, name)
        if field in PLACES or field == "message":
            for value, name in self._experiments.items():
                text = re.sub(rf"(?<![\w.-]){value}(?![\w.-])", name, text)
        text = HEX_ID.sub(self._id, text)
        text = NOW_MS.sub("<now ms>", text)
        if RANDOM_NAME.fullmatch(text) and field in ("run_name", "value", "name"):
            return "<random name>"
        return text

    def _id(self, match: re.Match) -> str:
        kind = "model" if match.group().startswith("m-") else "id"
        return self._ids.setdefault(match.group(), f"<{kind} {len(self._ids) + 1}>")


def _sort_key(item: Any) -> str:
    if isinstance(item, dict):
        for name in ("key", "alias", "name"):
            if name in item:
                return f"{item[name]}"
        plain = {k: v for k, v in item.items() if not HEX_ID.search(str(v))}
        return json.dumps([item.get("info", {}).get("run_name"), plain], sort_keys=True)
    return repr(item)

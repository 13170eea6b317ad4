"""Scenarios: lists of requests as data, replayed against several servers.

`$name` in a path, query or body is a value that an earlier step kept, `$uid` a name that belongs to this scenario alone.
"""

from __future__ import annotations

import json
import string
import time
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from .raw import Answer, Connection

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass(frozen=True)
class Step:
    """One request, and what later steps need of its answer."""

    method: str
    path: str
    json: Any = None
    query: Any = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    """Phrases that the message of a refusal holds on every server, since clients look for them."""
    label: str = ""
    """A name for `differences.py`; made from method and path when empty."""
    succeeds: bool = False
    """What follows means nothing if the real server refuses this; so do steps that keep something."""
    unordered: bool = False
    """The order of lists in this answer is nobody's promise."""

    def request(self, kept: dict[str, str]) -> tuple[str, str, bytes | None, dict[str, str]]:
        """Method, target, body and headers with the kept values filled in."""
        target = fill(self.path, kept)
        if not target.startswith("/"):
            target = API + target
        if self.query is not None:
            pairs = self.query.items() if isinstance(self.query, dict) else self.query
            target += "?" + urlencode([(k, fill(str(v), kept)) for k, v in pairs], quote_via=quote)
        headers = dict(self.headers)
        body = self.body
        if self.json is not None:
            body = json.dumps(fill(self.json, kept)).encode()
            headers.setdefault("Content-Type", "application/json")
        return self.method, target, body, headers


@dataclass(frozen=True)
class Scenario:
    """A named sequence of steps that shares nothing with any other scenario."""

    name: str
    steps: tuple[Step, ...]

    @property
    def slug(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.name.lower())


def scenario(name: str, *steps: Step) -> Scenario:
    """Numbers the labels, so that each step has a name of its own."""
    seen: dict[str, int] = {}
    named = []
    for step in steps:
        label = step.label or f"{step.method} {step.path}"
        seen[label] = seen.get(label, 0) + 1
        if seen[label] > 1:
            label = f"{label} ({seen[label]})"
        named.append(replace(step, label=label))
    return Scenario(name, tuple(named))


def get(path: str, query: Any = None, **more) -> Step:
    return Step("GET", path, query=query, **more)


def post(path: str, body: Any = None, **more) -> Step:
    return Step("POST", path, json=body, **more)


def patch(path: str, body: Any = None, **more) -> Step:
    return Step("PATCH", path, json=body, **more)


def delete(path: str, body: Any = None, **more) -> Step:
    return Step("DELETE", path, json=body, **more)


def put(path: str, body: bytes, **more) -> Step:
    return Step("PUT", path, body=body, **more)


def fill(value: Any, kept: dict[str, str]) -> Any:
    """`value` with every `$name` replaced, at any depth."""
    if isinstance(value, str):
        return string.Template(value).safe_substitute(kept) if "$" in value else value
    if isinstance(value, list):
        return [fill(item, kept) for item in value]
    if isinstance(value, dict):
        return {fill(k, kept): fill(v, kept) for k, v in value.items()}
    return value


@dataclass
class Exchange:
    """A step as it went on one server."""

    step: Step
    method: str
    target: str
    sent: bytes | None
    answer: Answer


def replay(plan: Scenario, connection: Connection, prefix: str = "") -> tuple[list[Exchange], dict[str, str]]:
    """Sends every step in order; gives the exchanges and the values kept."""
    kept = {"uid": plan.slug}
    exchanges = []
    for step in plan.steps:
        method, target, body, headers = step.request(kept)
        answer = connection.send(method, prefix + target, body, headers)
        exchanges.append(Exchange(step, method, target, body, answer))
        for name, where in step.keep.items():
            kept[name] = str(dig(answer.body, where, f"missing-{name}"))
        if step.keep:
            # What is made next gets a later time: a fast server makes two things in a millisecond, and their order is then nobody's promise.
            time.sleep(0.002)
    return exchanges, kept


def dig(body: Any, where: str, otherwise: Any = None) -> Any:
    """The value at a dotted path: `runs.0.info.run_id`."""
    for part in where.split("."):
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return otherwise
    return body

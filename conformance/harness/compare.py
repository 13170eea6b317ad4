"""Says how two answers to the same request differ, in words that a person can act on."""

from __future__ import annotations

import difflib
import json

from .redaction import Redactor
from .scenario import Exchange, Scenario, replay

HEADERS = ("content-type", "content-disposition", "x-content-type-options")


def observed(plan: Scenario, connection) -> list[tuple[Exchange, dict]]:
    """Replays `plan`; gives each exchange with what is comparable of its answer."""
    exchanges, kept = replay(plan, connection)
    redactor = Redactor(kept)
    return [(exchange, _comparable(exchange, redactor)) for exchange in exchanges]


def difference(oracle: tuple[Exchange, dict], ours: tuple[Exchange, dict], is_oracle: bool = False) -> str | None:
    """A readable difference, or None; `is_oracle` when both are real servers."""
    expected, got = oracle[1], ours[1]
    if expected["status"] >= 500 and not is_oracle:
        # The real server crashes or calls the caller's mistake its own; ours must blame the right side.
        if got["status"] < 500:
            return None
        expected = {**expected, "status": "anything below 500"}
    elif expected["status"] == got["status"] >= 400 and expected["error_code"] is None:
        return None  # it answers these in HTML
    elif expected == got:
        return None
    exchange = ours[0]
    lines = difflib.unified_diff(_lines(expected), _lines(got), "mlflow", "another mlflow" if is_oracle else "hokusai", lineterm="", n=4)
    sent = f" {exchange.sent[:400]!r}" if exchange.sent else ""
    return f"{exchange.method} {exchange.target}{sent}\n" + "\n".join(lines)


def silent_phrases(exchange: Exchange) -> list[str]:
    """Phrases that clients look for in the message and did not find."""
    body = exchange.answer.body
    message = body.get("message", "") if isinstance(body, dict) else ""
    return [phrase for phrase in exchange.step.says if phrase not in message]


def _comparable(exchange: Exchange, redactor: Redactor) -> dict:
    answer = exchange.answer
    seen: dict = {"status": answer.status}
    body = answer.body
    if answer.status >= 400:
        # The sentence is our own; the code is the contract. What clients look for in sentences is in `says`.
        seen["error_code"] = body.get("error_code") if isinstance(body, dict) else None
        return seen
    if exchange.method == "PUT" and body in ("", {}):
        return seen  # nothing and an empty object say the same to every client
    seen["body"] = redactor.body(body, exchange.step.unordered)
    if "mlflow-artifacts/artifacts/" in exchange.target and exchange.method == "GET":
        seen["headers"] = {name: answer.headers.get(name, "").replace("; ", ";") for name in HEADERS}
    else:
        seen["headers"] = {"content-type": answer.headers.get("content-type", "").split(";")[0]}
    return seen


def _lines(seen: dict) -> list[str]:
    return json.dumps(seen, indent=1, ensure_ascii=False, sort_keys=True).splitlines()

"""A key, however it was sent, is found nowhere but where a user stored it as data."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path
from urllib.parse import quote

from harness.postgres import dump
from harness.raw import Connection
from harness.scenario import API, ARTIFACTS


def forms(key: str) -> dict[str, bytes]:
    """The key raw, percent-encoded, and in base64 at each of the three offsets (without the characters that neighbours change)."""
    found = {"raw": key.encode(), "percent-encoded": percent_encoded(key).encode(), "quoted": quote(key).encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + key.encode())
        found[f"base64 at {offset}"] = encoded[4 if offset else 0 : -4]
    return found


def percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def send_everywhere(server, key: str) -> list[bytes]:
    """Presents the key in every place where somebody might put one; gives all answers."""
    anonymous = Connection(server.url, None)
    basic = base64.b64encode(f"someone:{key}".encode()).decode()
    get = API + "experiments/get"
    requests = [
        ("GET", f"{get}?experiment_id=0", None, {"Authorization": f"Bearer {key}"}),
        ("GET", f"{get}?experiment_id=0", None, {"Authorization": f"ApiKey {key}"}),
        ("GET", f"{get}?experiment_id=0", None, {"Authorization": f"Basic {basic}"}),
        ("GET", f"{get}?experiment_id=0", None, {"X-API-Key": key}),
        ("GET", f"{get}?experiment_id=0", None, {"Authorization": f"Nonsense {key}"}),
        ("GET", f"{get}?experiment_id=0&api_key={key}", None, {}),
        ("GET", f"/{key}/nothing", None, {}),
        ("GET", f"/{percent_encoded(key)}/nothing", None, {}),
        ("GET", f"{API}{key}", None, {"Authorization": f"Bearer {key}"}),
        ("POST", f"{API}experiments/create", f'{{"name": "{key}'.encode(), {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}),
        ("GET", f"{ARTIFACTS}/1/{key}", None, {"Authorization": f"Bearer {key}"}),
        ("GET", f"{get}?experiment_id={key}", None, {"Authorization": f"Bearer {key}"}),
        ("GET", "/metrics", None, {}),
        ("GET", "/health", None, {}),
    ]
    answers = [anonymous.send(*request) for request in requests]
    auth = Connection(server.auth_url, None)
    answers.append(auth.json("POST", "/api/v1/keys/validate", {"api_key": key, "service_id": "platform"}))
    answers.append(auth.send("POST", "/api/v1/keys/validate", f'{{"api_key": "{key}'.encode(), {"Content-Type": "application/json"}))
    answers += [auth.send("GET", path) for path in ("/metrics", "/openapi.json", "/health", f"/{key}")]
    return [repr(sorted(answer.headers.items())).encode() + answer.raw for answer in answers]


def kept(server) -> dict[str, bytes]:
    """Every byte that the server keeps: log, files with their write-ahead logs, database."""
    places = {str(path): path.read_bytes() for path in Path(server.data).rglob("*") if path.is_file()}
    places["log"] = server.log.read_bytes()
    if server.database_url:
        places["database"] = dump(server.database_url)
    else:
        for path in Path(server.data).glob("*.sqlite"):
            with sqlite3.connect(path) as connection:
                places[f"dump of {path.name}"] = "\n".join(connection.iterdump()).encode()
    return places


def test_a_key_is_found_nowhere(start_hokusai):
    server = start_hokusai(env={"HOKUSAI_LOG": "trace"})
    good, dead = server.mint("canary"), server.mint("dead canary")
    server.revoke(dead["key_id"])
    stranger = good["api_key"][:8] + good["api_key"][8:][::-1]
    keys = {"good": good["api_key"], "revoked": dead["api_key"], "unknown": stranger, "admin": server.token}
    answers = {name: send_everywhere(server, key) for name, key in keys.items()}
    server.stop()
    places = kept(server)
    assert b"TRACE" in places["log"], "the log is not at its most talkative"
    for name, key in keys.items():
        for form, bytes_ in forms(key).items():
            assert not [place for place, text in places.items() if bytes_ in text], f"the {name} key is kept, {form}"
            assert not [text[:300] for text in answers[name] if bytes_ in text], f"the {name} key is echoed, {form}"


def test_a_key_that_a_user_stored_as_data_is_found_in_that_data_alone(start_hokusai):
    server = start_hokusai(env={"HOKUSAI_LOG": "trace"})
    key = server.mint("canary")["api_key"]
    mine = Connection(server.url, key)
    run = mine.json("POST", API + "runs/create", {"experiment_id": "0", "tags": [{"key": "oops", "value": key}]}).body["run"]["info"]["run_id"]
    tagged = mine.json("POST", API + "runs/set-tag", {"run_id": run, "key": key, "value": "oops"})
    uploaded = mine.send("PUT", f"{ARTIFACTS}/0/{run}/artifacts/{key}.txt", b"oops", {})
    listed = mine.json("GET", API + f"artifacts/list?run_id={run}", None)
    assert (tagged.status, uploaded.status, listed.body["files"][0]["path"]) == (200, 200, f"{key}.txt")
    Connection(server.auth_url, server.token).json("GET", "/api/v1/keys", None)
    for url in (server.url, server.auth_url):
        for path in ("/metrics", "/health", "/openapi.json"):
            assert key.encode() not in Connection(url, server.token).send("GET", path).raw
    server.stop()
    places = kept(server)
    where = {place for place, text in places.items() for form in forms(key).values() if form in text}
    # A tag's key and value, and a file's name, in the registry's database (in PostgreSQL both schemas are in one dump).
    assert where, "the tag is gone"
    assert not [place for place in where if "registry" not in place and place != "database"], where
    names = [path for path in Path(server.data).rglob("*") if key in path.name]
    assert [path.name for path in names] == [f"{key}.txt"]

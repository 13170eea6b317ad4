"""Artifacts through the server: upload, listing, download, ranges, names that bite."""

from harness.scenario import ARTIFACTS, delete, get, put, scenario

from .runs import EXPERIMENT, RUN

PLACE = ARTIFACTS + "/$exp/$run/artifacts"
LIST = get("artifacts/list", {"run_id": "$run"})

SCENARIOS = [
    scenario(
        "artifact life",
        EXPERIMENT,
        RUN,
        LIST,
        get(PLACE + "/a.txt"),
        put(PLACE + "/a.txt", b"hello"),
        get(PLACE + "/a.txt"),
        put(PLACE + "/a.txt", b"hello again"),
        get(PLACE + "/a.txt"),
        put(PLACE + "/empty.bin", b""),
        get(PLACE + "/empty.bin"),
        put(PLACE + "/dir/b.json", b"{}"),
        put(PLACE + "/dir/deep/c.html", b"<b>"),
        LIST,
        get("artifacts/list", {"run_id": "$run", "path": "dir"}),
        get("artifacts/list", {"run_id": "$run", "path": "dir/deep"}),
        get("artifacts/list", {"run_id": "$run", "path": "a.txt"}),
        get("artifacts/list", {"run_id": "$run", "path": "nothing"}),
        get("artifacts/list", {"run_id": "$run", "path": "../.."}),
        get("artifacts/list", {"run_id": "$run", "path": "/etc"}),
        get(ARTIFACTS, {"path": "$exp/$run/artifacts"}),
        get(ARTIFACTS, {"path": "$exp/$run/artifacts/dir"}),
        get(ARTIFACTS, {"path": "$exp/$run/artifacts/nothing"}),
        get(ARTIFACTS, {"path": "../.."}),
        get(PLACE + "/dir"),
        delete(PLACE + "/a.txt"),
        get(PLACE + "/a.txt"),
        delete(PLACE + "/a.txt"),
        LIST,
    ),
    scenario(
        "artifact types",
        EXPERIMENT,
        RUN,
        *(
            step
            for name in ("MLmodel", "a.txt", "a.py", "a.json", "a.html", "a.yaml", "a.yml", "a.csv", "a.png", "a.pkl", "a.svg", "a.js", "a.xml", "a.md", "a.parquet", "a.ipynb", "a", "a.log", "a.pdf", "conda.yaml", "requirements.txt")
            for step in (put(f"{PLACE}/{name}", b"x"), get(f"{PLACE}/{name}", headers={"Accept": "text/html"}))
        ),
    ),
    scenario(
        "artifact names",
        EXPERIMENT,
        RUN,
        *(
            step
            for name in ("with%20space", "100%25", "dog%25step%25230", "%C3%BC.txt", "a+b", "a%2Bb", "semi%3Bcolon", "quote%22.txt", "hash%23.txt", "q%3F.txt", "a&b=c", "(x)")
            for step in (put(f"{PLACE}/{name}", name.encode()), get(f"{PLACE}/{name}"))
        ),
        LIST,
    ),
    scenario(
        "artifact traversal",
        EXPERIMENT,
        RUN,
        *(
            step
            for path in ("../../../../etc/passwd", "%2e%2e/%2e%2e/x", "..%2f..%2fx", "a/../../x", "a/%2e%2e/%2e%2e/x", "..\\..\\x", "..%5c..%5cx", "%252e%252e/x", "/etc/passwd", "%2fetc%2fpasswd", "./x", "a//b", "x%00y", "C:/x")
            for step in (get(f"{PLACE}/{path}"), put(f"{PLACE}/{path}", b"x"), delete(f"{PLACE}/{path}"))
        ),
    ),
]

"""The front door with its targets, and the other proxies in front of the same target."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

RULES = """
[[listener]]
name = "main"
protocol = "http"
port = 80
default = {{ respond = {default} }}
[[listener.rule]]
priority = 10
host = "fast.test"
forward = "fast"
[[listener.rule]]
priority = 20
host = "hanging.test"
forward = "hanging"
[[listener.rule]]
priority = 30
host = "sink.test"
forward = "sink"
[target_group.fast]
targets = ["{fast}"]
health = {{ path = "/" }}
[target_group.hanging]
targets = ["{hanging}"]
max_in_flight = 48
health = {{ enabled = false }}
[target_group.sink]
targets = ["{sink}"]
health = {{ enabled = false }}
[intent."fast.test"]
may = ["fast"]
[intent."hanging.test"]
may = ["hanging"]
[intent."sink.test"]
may = ["sink"]
[intent."*"]
may = []
"""

NGINX = """
worker_processes {workers};
daemon off;
master_process on;
user root;
pid {folder}/{name}.pid;
error_log {folder}/{name}.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
    fastcgi_temp_path {folder}/{name}-f; uwsgi_temp_path {folder}/{name}-u; scgi_temp_path {folder}/{name}-s;
    {http}
}}
"""

TARGET = "server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ default_type text/plain; return 200 'a small answer of some fifty bytes, like most JSON is'; }} }}"

PROXY = """
    upstream fast {{ server {fast}; keepalive 64; keepalive_requests 1000000000; }}
    server {{ listen 127.0.0.1:{port} backlog=1024; server_name fast.test;
        location / {{ proxy_pass http://fast; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }} }}
    server {{ listen 127.0.0.1:{port} default_server; return 404; }}
"""

HAPROXY = """
global
    nbthread {workers}
    maxconn 4096
defaults
    mode http
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    option forwardfor
    http-reuse always
frontend main
    bind 127.0.0.1:{port}
    use_backend fast if {{ hdr(host) -i fast.test }}
    default_backend none
backend fast
    server one {fast}
backend none
    http-request return status 404
"""

HANG_S = 5


class World:
    """Everything that runs; all of it ends with the block."""

    def __init__(self, folder: Path, hokusai: str):
        self.folder, self.hokusai = folder, hokusai
        self.processes: list[subprocess.Popen] = []

    def __enter__(self) -> World:
        workers = os.cpu_count() or 1
        self.target, self.nginx, self.haproxy = free_address(), free_address(), free_address()
        self.start_nginx("target", 1, TARGET.format(port=self.target[1]))
        self.start_nginx("proxy", workers, PROXY.format(port=self.nginx[1], fast=text(self.target)))
        config = self.folder / "haproxy.cfg"
        config.write_text(HAPROXY.format(workers=workers, port=self.haproxy[1], fast=text(self.target)))
        self.start(["haproxy", "-db", "-q", "-f", str(config)])
        self.sink = listen(drain)
        self.hanging = listen(hang)
        self.write_rules(404)
        wait_for(self.target)
        self.start_door()
        wait_for(self.nginx)
        wait_for(self.haproxy)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()

    def start_door(self):
        command = [self.hokusai, "serve", "front-door", "--announce", "--routes", str(self.folder / "routes.toml"), "--front-door-listen", "main=127.0.0.1:0", "--data-dir", str(self.folder / "data")]
        # The others write no access log either.
        door = self.start(command, stdout=subprocess.PIPE, env={**os.environ, "HOKUSAI_LOG": "warn"}, text=True)
        url = json.loads(door.stdout.readline())["url"]
        self.door_pid = door.pid
        host, port = url.removeprefix("http://").split(":")
        self.door = (host, int(port))

    def start_nginx(self, name: str, workers: int, http: str):
        config = self.folder / f"{name}.conf"
        config.write_text(NGINX.format(folder=self.folder, name=name, workers=workers, http=http))
        self.start(["nginx", "-e", str(self.folder / f"{name}.log"), "-c", str(config)])

    def start(self, command: list[str], **options) -> subprocess.Popen:
        process = subprocess.Popen(command, **options)
        self.processes.append(process)
        return process

    def write_rules(self, default: int):
        rules = RULES.format(default=default, fast=text(self.target), hanging=text(self.hanging), sink=text(self.sink))
        fresh = self.folder / "fresh.toml"
        fresh.write_text(rules)
        fresh.rename(self.folder / "routes.toml")

    def change_rules(self, number: int):
        """Another table each time, taken into use before this returns."""
        self.write_rules(404 if number % 2 else 410)
        self.admin("reload")

    def status(self) -> dict:
        return json.loads(self.admin("status"))

    def admin(self, command: str) -> str:
        asked = [self.hokusai, "front-door", command, "--json", "--data-dir", str(self.folder / "data")]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout

    def door_memory_mb(self) -> float:
        """The most that was ever resident."""
        status = Path(f"/proc/{self.door_pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def drain(client: socket.socket):
    """Reads a request with a length and answers with the number of bytes of its body."""
    buffer = bytearray(1 << 20)
    head = b""
    while b"\r\n\r\n" not in head:
        received = client.recv(65536)
        if not received:
            return
        head += received
    head, rest = head.split(b"\r\n\r\n", 1)
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1])
    seen = len(rest)
    while seen < length and (count := client.recv_into(buffer)):
        seen += count
    told = str(seen).encode()
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(told), told))


def hang(client: socket.socket):
    """Takes five seconds for each request."""
    while client.recv(65536):
        time.sleep(HANG_S)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def listen(serve) -> tuple[str, int]:
    """A server with a thread for each connection."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    def handle(client: socket.socket):
        with client:
            try:
                serve(client)
            except OSError:
                pass  # the other side went away

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=handle, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()


def free_address() -> tuple[str, int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()


def wait_for(address: tuple[str, int]):
    for _ in range(500):
        try:
            socket.create_connection(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing listens on {text(address)}")


def text(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"

"""Front doors as text: Hokusai's tables, and configurations of HAProxy and Envoy."""

from __future__ import annotations

import json

from world import AUTH, REGISTRY, address

INTENT = f"""
[intent."{AUTH}"]
may = ["auth"]
[intent."{REGISTRY}"]
may = ["registry"]
[intent."*"]
may = []
"""


def group(name: str, target: str, **more) -> str:
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
    return f'[target_group.{name}]\ntargets = ["{target}"]\nhealth = {{ path = "/health" }}\n{lines}'


def rule(name: str, priority: int, forward: str, host: str = "", path: str = "") -> str:
    conditions = (f'host = "{host}"\n' if host else "") + (f'path = "{path}"\n' if path else "")
    return f'[[listener.rule]]\nname = "{name}"\npriority = {priority}\n{conditions}forward = "{forward}"\n'


def listener(port: int, *rules: str, default: str = "{ respond = 404 }") -> str:
    return f'[[listener]]\nname = "main"\nprotocol = "http"\nport = {port}\ndefault = {default}\n' + "".join(rules)


def healthy_table(port: int, auth: str, registry: str) -> str:
    return (
        listener(port, rule("auth", 10, "auth", host=AUTH), rule("registry", 20, "registry", host=REGISTRY))
        + group("auth", auth) + group("registry", registry) + INTENT
    )


def shared_table(port: int, auth: str, registry: str, api: str) -> str:
    """The incident's: the registry has its host, auth only its health check, and a generic rule takes what begins with /api."""
    return (
        listener(port, rule("registry", 10, "registry", host=REGISTRY), rule("health-checks", 50, "auth", path="/health"),
                 rule("generic-api", 100, "registry-api", path="/api*"))
        + group("auth", auth) + group("registry", registry) + group("registry-api", api, response_timeout_ms=2000) + INTENT
    )


def haproxy(
    bind: str,
    auth: str,
    registry: str,
    *,
    frontend: str = "",
    auth_backend: str = "",
    registry_backend: str = "",
    default: str = "    http-request return status 404 content-type text/plain string not-here unless is_auth or is_registry\n",
    routing: str = "    use_backend auth if is_auth\n    use_backend registry if is_registry\n",
) -> str:
    return f"""frontend main
    bind {bind}
    http-request set-var(txn.host) req.hdr(host),field(1,:),lower
    acl is_auth var(txn.host) -m str {AUTH}
    acl is_registry var(txn.host) -m str {REGISTRY}
{frontend}{default}{routing}
backend auth
{auth_backend}    server auth {address(auth)}
backend registry
{registry_backend}    server registry {address(registry)}
"""


def plain_port(port: int, answer: str) -> str:
    """Port 80 beside a TLS listener."""
    return f"frontend plain\n    bind 127.0.0.1:{port}\n{answer}\n"


REFUSE_API = """    http-request return status 403 content-type application/json string '{"error_code":"PERMISSION_DENIED","message":"use https"}' if { path_beg /api /mlflow }
    http-request redirect scheme https"""


def envoy(port: int, auth: str, registry: str, chain: str, key: str) -> str:
    """One virtual host, ordered routes, TLS."""

    def cluster(name: str, at: str) -> dict:
        host, number = address(at).rsplit(":", 1)
        endpoint = {"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(number)}}}}
        return {"name": name, "type": "STATIC", "connect_timeout": "2s", "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}}

    def route(host: str, name: str) -> dict:
        matcher = {"name": ":authority", "string_match": {"safe_regex": {"regex": f"(?i){host.replace('.', '[.]')}"}}}
        return {"match": {"prefix": "/", "headers": [matcher]}, "route": {"cluster": name, "timeout": "0s"}}

    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "main", "codec_type": "AUTO", "strip_any_host_port": False,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            route(f"{AUTH}(:[0-9]+)?", "auth"), route(f"{REGISTRY}(:[0-9]+)?", "registry"),
            {"match": {"prefix": "/"}, "direct_response": {"status": 404, "body": {"inline_string": "not here"}}},
        ]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
    }
    tls = {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {"tls_certificates": [{"certificate_chain": {"filename": chain}, "private_key": {"filename": key}}]},
    }
    chain_of_filters = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}],
                        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls}}
    listener_ = {"name": "main", "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "filter_chains": [chain_of_filters]}
    return json.dumps({"static_resources": {"listeners": [listener_], "clusters": [cluster("auth", auth), cluster("registry", registry)]}})

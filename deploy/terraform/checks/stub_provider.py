"""A provider that knows the schema of `hashicorp/aws` and nothing else: Terraform validates and plans with it, offline.

It speaks plugin protocol 6 and is handed to Terraform through TF_REATTACH_PROVIDERS. It plans what is proposed, with the
computed attributes unknown; "applies" by inventing them; and reads back what it applied, changed by [`Stub.live`], which
stands for what others did to the cloud meanwhile. It has none of the real provider's own checks and defaults: an
optional attribute that is not set stays null.
"""

import functools
import hashlib
import json
import os
import tempfile
from concurrent import futures
from pathlib import Path

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

PROVIDER = "registry.terraform.io/hashicorp/aws"
SCHEMA = Path(__file__).parent / "schema" / "aws.json"
UNKNOWN = msgpack.ExtType(0, b"\x00")
ACCOUNT = "123456789012"
NESTING = {
    "single": pb.Schema.NestedBlock.SINGLE,
    "list": pb.Schema.NestedBlock.LIST,
    "set": pb.Schema.NestedBlock.SET,
}
# What data sources answer; everything else about them is invented.
READ = {
    "aws_caller_identity": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root"},
    "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com"},
    "aws_region": {"name": "eu-central-1", "region": "eu-central-1"},
}


@functools.cache
def load_schema():
    """The schema, for reading only."""
    return json.loads(SCHEMA.read_text())["provider_schemas"][PROVIDER]


class Stub(rpc.ProviderServicer):
    """The provider. `live` maps a resource type to a function from its state to the state that is read back."""

    def __init__(self):
        self.schema = load_schema()
        self.live = {}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        path = f"{self._folder.name}/provider.sock"
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
        rpc.add_ProviderServicer_to_server(self, self._server)
        self._server.add_insecure_port(f"unix://{path}")
        self._server.start()
        address = {"Network": "unix", "String": path}
        self.environment = {
            "TF_REATTACH_PROVIDERS": json.dumps(
                {PROVIDER: {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}}
            )
        }
        return self

    def __exit__(self, *_):
        self._server.stop(grace=None)
        self._folder.cleanup()

    # Schema and configuration.

    def GetProviderSchema(self, request, context):
        def schemas(kind):
            return {name: schema_message(schema["block"]) for name, schema in self.schema[kind].items()}

        return pb.GetProviderSchema.Response(
            provider=schema_message(self.schema["provider"]["block"]),
            resource_schemas=schemas("resource_schemas"),
            data_source_schemas=schemas("data_source_schemas"),
            server_capabilities=pb.ServerCapabilities(plan_destroy=True),
        )

    def GetResourceIdentitySchemas(self, request, context):
        return pb.GetResourceIdentitySchemas.Response()

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return pb.ConfigureProvider.Response()

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()

    # Resources.

    def UpgradeResourceState(self, request, context):
        return pb.UpgradeResourceState.Response(upgraded_state=encode(json.loads(request.raw_state.json)))

    def ReadResource(self, request, context):
        state = decode(request.current_state)
        change = self.live.get(request.type_name)
        if state is not None and change is not None:
            state = change(state)
        return pb.ReadResource.Response(new_state=encode(state))

    def PlanResourceChange(self, request, context):
        proposed, prior = decode(request.proposed_new_state), decode(request.prior_state)
        if proposed is not None and prior is None:
            for name in self._computed("resource_schemas", request.type_name):
                if proposed.get(name) is None:
                    proposed[name] = UNKNOWN
        return pb.PlanResourceChange.Response(planned_state=encode(proposed))

    def ApplyResourceChange(self, request, context):
        state = decode(request.planned_state)
        if state is not None:
            self._invent(state, "resource_schemas", request.type_name)
        return pb.ApplyResourceChange.Response(new_state=encode(state))

    def ReadDataSource(self, request, context):
        state = decode(request.config)
        state.update(READ.get(request.type_name, {}))
        self._invent(state, "data_source_schemas", request.type_name)
        return pb.ReadDataSource.Response(state=encode(state))

    def _computed(self, kind, type_name):
        attributes = self.schema[kind][type_name]["block"]["attributes"]
        return {name: about for name, about in attributes.items() if about.get("computed")}

    def _invent(self, state, kind, type_name):
        """Gives every computed attribute that has no value one that depends on nothing but the resource."""
        known = {name: value for name, value in state.items() if not isinstance(value, msgpack.ExtType)}
        digest = hashlib.sha256(msgpack.packb([type_name, sorted(known.items())], default=str)).hexdigest()[:17]
        for name, about in self._computed(kind, type_name).items():
            value = state.get(name)
            if value is None or isinstance(value, msgpack.ExtType):
                state[name] = invented(type_name, name, about["type"], digest)


def invented(type_name, name, type_, digest):
    if type_ == "string":
        if name.endswith("arn"):
            return f"arn:aws:stub:eu-central-1:{ACCOUNT}:{type_name}/{digest}"
        return f"{type_name}-{digest}"
    return {"number": 0, "bool": False}.get(type_ if isinstance(type_, str) else "", {} if type_[0] == "map" else [])


def schema_message(block):
    return pb.Schema(version=0, block=block_message(block))


def block_message(block):
    attributes = [
        pb.Schema.Attribute(
            name=name,
            type=json.dumps(about["type"]).encode(),
            required=about.get("required", False),
            optional=about.get("optional", False),
            computed=about.get("computed", False),
        )
        for name, about in block["attributes"].items()
    ]
    blocks = [
        pb.Schema.NestedBlock(
            type_name=name,
            block=block_message(nested["block"]),
            nesting=NESTING[nested["nesting_mode"]],
            min_items=nested.get("min_items", 0),
            max_items=nested.get("max_items", 0),
        )
        for name, nested in block.get("block_types", {}).items()
    ]
    return pb.Schema.Block(version=0, attributes=attributes, block_types=blocks)


def decode(value):
    return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False) if value.msgpack else json.loads(value.json)


def encode(state):
    return pb.DynamicValue(msgpack=msgpack.packb(state, use_bin_type=True))

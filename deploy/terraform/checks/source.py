"""Terraform source, HCL or JSON, as bodies of attributes and blocks. No Terraform takes part: python-hcl2 parses."""

import functools
import json
from dataclasses import dataclass, field

import hcl2

# Blocks that the JSON form must tell from attributes without a provider's schema, with their number of labels.
TOP_LEVEL = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "locals": 0, "terraform": 0}
OURS = {"lifecycle", "validation", "precondition", "postcondition", "required_providers", "dynamic", "content"}


@dataclass(frozen=True)
class Expression:
    """What stands between `${` and `}`, or without them as a value in HCL."""

    text: str


@dataclass
class Body:
    """The inside of a block. Where it stands is `place`, for messages."""

    place: str
    is_json: bool
    attributes: dict = field(default_factory=dict)
    blocks: list = field(default_factory=list)

    def of(self, kind):
        """The blocks of one kind, as (labels, body)."""
        return [(labels, body) for name, labels, body in self.blocks if name == kind]


def read_module(folder):
    """The body of a module: of all its files together."""
    module = Body(str(folder), is_json=False)
    for path in sorted(folder.glob("*.tf")):
        part = from_hcl(parsed(path.read_text()), path.name)
        module.blocks += part.blocks
    for path in sorted(folder.glob("*.tf.json")):
        part = from_json(json.loads(path.read_text()), path.name)
        module.blocks += part.blocks
    return module


@functools.cache
def parsed(text):
    """Parsing is slow, and most files are read again and again; what it gives is never changed."""
    return hcl2.loads(text)


def from_hcl(raw, place):
    body = Body(place, is_json=False)
    for name, value in raw.items():
        if name.startswith("__"):
            continue
        if isinstance(value, list) and value and all(is_block(item) for item in value):
            for item in value:
                labels, inner = unlabelled(item)
                title = " ".join([name, *(f"`{label}`" for label in labels)])
                body.blocks.append((name, labels, from_hcl(inner, f"{place}: {title}")))
        else:
            body.attributes[name] = hcl_value(value)
    return body


def is_block(item):
    return isinstance(item, dict) and (
        item.get("__is_block__") is True or (len(item) == 1 and all(key.startswith('"') and is_block(inner) for key, inner in item.items()))
    )


def unlabelled(item):
    labels = []
    while item.get("__is_block__") is not True:
        (label, item), = item.items()
        labels.append(label.strip('"'))
    return tuple(labels), item


def hcl_value(value):
    if isinstance(value, str):
        if value.startswith('"<<'):
            return value
        if value.startswith('"'):
            return value[1:-1]
        return Expression(value[2:-1] if value.startswith("${") else value)
    if isinstance(value, list):
        return [hcl_value(item) for item in value]
    if isinstance(value, dict):
        return {key.strip('"'): hcl_value(item) for key, item in value.items() if not key.startswith("__")}
    return value


def from_json(raw, place):
    """The whole file: its top-level blocks. What is inside a block is told apart by whoever knows its schema."""
    body = Body(place, is_json=True)
    for kind, value in raw.items():
        if kind == "//":
            continue
        if kind not in TOP_LEVEL:
            raise ValueError(f"{place}: unknown block `{kind}`")
        for labels, inner in labelled(value, TOP_LEVEL[kind]):
            title = " ".join([kind, *(f"`{label}`" for label in labels)])
            body.blocks.append((kind, labels, json_body(inner, f"{place}: {title}")))
    return body


def labelled(value, depth):
    if depth == 0:
        return [((), item) for item in (value if isinstance(value, list) else [value])]
    return [((label, *labels), item) for label, inner in value.items() for labels, item in labelled(inner, depth - 1)]


def json_body(raw, place):
    body = Body(place, is_json=True)
    for name, value in raw.items():
        if name == "//":
            continue
        if name in OURS:
            for item in value if isinstance(value, list) else [value]:
                body.blocks.append((name, (), json_body(item, f"{place}: {name}")))
        else:
            body.attributes[name] = json_value(value)
    return body


def json_value(value):
    if isinstance(value, str) and value.startswith("${") and value.endswith("}") and value.count("${") == 1:
        return Expression(value[2:-1])
    if isinstance(value, list):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {key: json_value(item) for key, item in value.items()}
    return value

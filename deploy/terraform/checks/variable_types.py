"""Types of variables, as they are written: `map(object({ port = number, name = optional(string, "x") }))`."""

import re

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z_][\w-]*|[0-9.]+|[(){}\[\]=:,])')
PRIMITIVE = {"string": "string", "number": "number", "bool": "bool", "any": "dynamic"}


def parse_type(text):
    """The type in the form of a provider's schema; an object is `["object", {name: (type, is optional)}]`."""
    tokens = TOKEN.findall(text.strip().removeprefix("${").removesuffix("}") if text.startswith("${") else text)
    type_, rest = read(tokens)
    if rest:
        raise ValueError(f"`{text}` is no type")
    return type_


def read(tokens):
    head, rest = tokens[0], tokens[1:]
    if head in PRIMITIVE:
        return PRIMITIVE[head], rest
    if head in ("list", "set", "map"):
        element, rest = read(rest[1:])
        return [head, element], rest[1:]
    if head == "object":
        return read_object(rest[2:])
    raise ValueError(f"unknown type `{head}`")


def read_object(tokens):
    fields = {}
    while tokens[0] != "}":
        name, tokens = tokens[0].strip('"'), tokens[2:]
        optional = tokens[0] == "optional"
        if optional:
            type_, tokens = read(tokens[2:])
            tokens = tokens[end_of_call(tokens) :]
        else:
            type_, tokens = read(tokens)
        fields[name] = (type_, optional)
        if tokens[0] == ",":
            tokens = tokens[1:]
    return ["object", fields], tokens[2:]


def end_of_call(tokens):
    """How many tokens up to and with the bracket that closes a call."""
    depth = 1
    for at, token in enumerate(tokens):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token, 0)
        if depth == 0:
            return at + 1
    raise ValueError("a bracket is not closed")

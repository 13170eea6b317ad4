"""Types of variables, as they are written: `map(object({ port = number, name = optional(string, "x") }))`; and what
Terraform converts to what."""

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


def literal_converts(value, type_):
    """Whether a literal can be of a primitive type."""
    if type_ == "string":
        return True
    if isinstance(value, str) and "${" in value:
        return True
    if type_ == "bool":
        return isinstance(value, bool) or value in ("true", "false")
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def converts(actual, wanted):
    """Whether Terraform converts one type to another by itself."""
    if "dynamic" in (actual, wanted) or actual == wanted:
        return True
    if isinstance(actual, str) and isinstance(wanted, str):
        return wanted == "string" or actual == "string"
    if isinstance(actual, list) and isinstance(wanted, list):
        sequences = {"list", "set", "tuple"}
        if actual[0] in sequences and wanted[0] in sequences:
            return converts(actual[1], wanted[1])
        if actual[0] == wanted[0] == "map":
            return converts(actual[1], wanted[1])
        return {actual[0], wanted[0]} <= {"map", "object"}
    return False


def described(type_):
    return f"a {type_}" if isinstance(type_, str) else f"a {type_[0]}"

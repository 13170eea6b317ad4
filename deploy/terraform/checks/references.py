"""What an expression refers to: `var.name`, `module.auth.arn`, `aws_lb.this.arn`, read without evaluating anything."""

import re

from source import Body, Expression

IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_-]*"
TRAVERSAL = re.compile(rf"(?<![\w.\]-])({IDENTIFIER})((?:\.{IDENTIFIER}|\[[^\]]*\])+)")
STEP = re.compile(rf"\.({IDENTIFIER})|\[([^\]]*)\]")
BOUND = re.compile(rf"\bfor\s+({IDENTIFIER})(?:\s*,\s*({IDENTIFIER}))?\s+in\b")


def traversals(value):
    """All references in a value, as tuples of steps; an index is the step `[]`."""
    if isinstance(value, Body):
        inner = [*value.attributes.values(), *(body for _, _, body in value.blocks)]
        return [found for item in inner for found in traversals(item)]
    if isinstance(value, list):
        return [found for item in value for found in traversals(item)]
    if isinstance(value, dict):
        return [found for item in value.values() for found in traversals(item)]
    if isinstance(value, Expression):
        return of_code(value.text)
    if isinstance(value, str):
        return [found for code in interpolations(value) for found in of_code(code)]
    return []


def of_code(code):
    bound = {name for pair in BOUND.findall(code) for name in pair if name}
    bare, inner = without_strings(code)
    found = [(root, *steps(rest)) for root, rest in TRAVERSAL.findall(bare) if root not in bound]
    # What a loop binds is bound in the strings inside it too.
    return found + [item for code in inner for item in of_code(code) if item[0] not in bound]


def steps(rest):
    return [name or "[]" for name, _ in STEP.findall(rest)]


def sole_traversal(value):
    """The reference that a value is, if it is nothing else."""
    if isinstance(value, Expression) and TRAVERSAL.fullmatch(value.text.strip()):
        return of_code(value.text)[0] if of_code(value.text) else None
    return None


def without_strings(code):
    """The code with its string literals emptied, and the code of the interpolations inside them."""
    bare, inner, at = [], [], 0
    while at < len(code):
        if code[at] == '"':
            end = end_of_string(code, at + 1)
            inner += interpolations(code[at + 1 : end])
            bare.append('""')
            at = end + 1
        else:
            bare.append(code[at])
            at += 1
    return "".join(bare), inner


def end_of_string(code, at):
    depth = 0
    while at < len(code):
        if code[at] == "\\":
            at += 1
        elif code.startswith("${", at):
            depth += 1
            at += 1
        elif depth and code[at] == "}":
            depth -= 1
        elif depth and code[at] == '"':
            at = end_of_string(code, at + 1)
        elif not depth and code[at] == '"':
            return at
        at += 1
    return at


def interpolations(template):
    found, at = [], 0
    while (start := template.find("${", at)) != -1:
        if template[start - 1 : start] == "$":
            at = start + 2
            continue
        depth, end = 1, start + 2
        while end < len(template) and depth:
            depth += {"{": 1, "}": -1}.get(template[end], 0)
            end += 1
        found.append(template[start + 2 : end - 1])
        at = end
    return found

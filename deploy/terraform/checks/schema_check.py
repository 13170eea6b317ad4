"""Checks Terraform source against the slim schema, without Terraform and without network: schema_check.py MODULE…

Every block and attribute exists, has the right type, and is there when it is required; every reference leads to
something that is declared; every module call gives what the module asks for; every listener rule names a host.
Expressions are not evaluated: of what is not a literal or a plain reference, only the references are looked at.
"""

import sys
from difflib import get_close_matches
from pathlib import Path

from references import sole_traversal, traversals
from source import Body, Expression, read_module
from stub_provider import load_schema
from value_types import converts, described, literal_converts, parse_type

META = {"count", "for_each", "depends_on", "provider"}
LIFECYCLE = {"create_before_destroy", "prevent_destroy", "ignore_changes", "replace_triggered_by"}
BUILT_IN_ROOTS = {"each", "count", "path", "terraform", "self"}
# Attributes of every variable, output and so on, with those that we insist on.
SHAPES = {
    "variable": ({"type", "default", "description", "nullable", "sensitive", "ephemeral"}, {"type", "description"}),
    "output": ({"value", "description", "sensitive", "ephemeral", "depends_on"}, {"value", "description"}),
}


class Module:
    """One module and what is wrong with it."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.body = read_module(self.folder)
        self.schema = load_schema()
        self.errors = []

    def check(self):
        self.declare()
        for kind, section in (("resource", "resource_schemas"), ("data", "data_source_schemas")):
            for (type_name, name), body in self.body.of(kind):
                self.check_typed(body, self.schema[section], type_name, kind)
        for labels, body in self.body.of("provider"):
            self.check_block(body, self.schema["provider"]["block"], body.place)
        for labels, body in self.body.of("module"):
            self.check_call(labels[0], body)
        for kind, (known, required) in SHAPES.items():
            for _, body in self.body.of(kind):
                self.check_shape(body, known, required)
        for _, _, body in self.body.blocks:
            self.check_references(body)
        return self.errors

    def error(self, place, message):
        self.errors.append(f"{place}: {message}")

    # What is declared.

    def declare(self):
        self.variables = {labels[0]: body for labels, body in self.body.of("variable")}
        self.locals = {name for _, body in self.body.of("locals") for name in body.attributes}
        self.outputs = {labels[0] for labels, _ in self.body.of("output")}
        self.resources = {labels for labels, _ in self.body.of("resource")}
        self.data = {labels for labels, _ in self.body.of("data")}
        self.calls = {}
        for labels, body in self.body.of("module"):
            source = body.attributes.get("source")
            if isinstance(source, str) and source.startswith(".") and (self.folder / source).is_dir():
                called = Module(self.folder / source)
                called.declare()
                self.calls[labels[0]] = called
            else:
                self.error(body.place, f"`source` must be the folder of a module beside this one, not {source!r}")

    # Blocks and attributes.

    def check_typed(self, body, schemas, type_name, kind):
        if type_name not in schemas:
            self.error(body.place, f"unknown {kind} type `{type_name}`{suggestion(type_name, schemas)}")
            return
        self.check_block(body, schemas[type_name]["block"], body.place, META)
        if kind == "resource" and type_name == "aws_lb_listener_rule":
            self.check_names_a_host(body)

    def check_block(self, body, schema, place, meta=frozenset()):
        attributes, nested = schema["attributes"], schema.get("block_types", {})
        counts = dict.fromkeys(nested, 0)
        dynamic = set()
        for name, value in body.attributes.items():
            if name in meta:
                continue
            if name in nested and body.is_json:
                for item in value if isinstance(value, list) else [value]:
                    counts[name] += 1
                    self.check_json_block(item, nested[name]["block"], f"{place}: {name}")
            elif name in nested:
                self.error(place, f"`{name}` is a block: write it without `=`")
            elif name not in attributes:
                self.error(place, f"unknown attribute `{name}`{suggestion(name, [*attributes, *nested])}")
            elif not ({"required", "optional"} & attributes[name].keys()):
                self.error(place, f"`{name}` is decided by the provider and can't be set")
            elif reason := self.mismatch(value, attributes[name]["type"]):
                self.error(place, f"`{name}` {reason}")
        for name, labels, inner in body.blocks:
            if name == "lifecycle" and meta:
                self.check_shape(inner, LIFECYCLE, set())
            elif name == "dynamic" and labels and labels[0] in nested:
                dynamic.add(labels[0])
                for _, content in inner.of("content"):
                    self.check_block(content, nested[labels[0]]["block"], content.place)
            elif name in nested:
                counts[name] += 1
                self.check_block(inner, nested[name]["block"], inner.place)
            elif name in attributes:
                self.error(place, f"`{name}` is an attribute: write it with `=`")
            else:
                wanted = labels[0] if name == "dynamic" and labels else name
                self.error(place, f"unknown block `{wanted}`{suggestion(wanted, [*attributes, *nested])}")
        for name, about in attributes.items():
            if about.get("required") and body.attributes.get(name) is None:
                self.error(place, f"`{name}` is required")
        for name, about in nested.items():
            if counts[name] < about.get("min_items", 0) and name not in dynamic:
                self.error(place, f"a block `{name}` is required")
            if counts[name] > about.get("max_items", counts[name]):
                self.error(place, f"only {about['max_items']} block `{name}` is allowed, not {counts[name]}")

    def check_json_block(self, item, schema, place):
        if not isinstance(item, dict):
            self.error(place, "a block must be an object")
            return
        self.check_block(Body(place, True, attributes=item), schema, place)

    def check_shape(self, body, known, required):
        for name in body.attributes.keys() - known:
            self.error(body.place, f"unknown attribute `{name}`{suggestion(name, known)}")
        for name in required - body.attributes.keys():
            self.error(body.place, f"`{name}` is required")

    def check_names_a_host(self, body):
        conditions = [inner for name, _, inner in body.blocks if name == "condition"]
        written = body.attributes.get("condition", [])
        conditions += written if isinstance(written, list) else [written]

        def names_a_host(condition):
            if isinstance(condition, Body):
                return any(name == "host_header" for name, _, _ in condition.blocks)
            return isinstance(condition, dict) and "host_header" in condition

        if not any(names_a_host(condition) for condition in conditions):
            self.error(body.place, "the rule names no host: it would take requests of every host on its listener")

    # Types.

    def mismatch(self, value, type_):
        """Why a value can't be of a type; `None` when it can, or when that would have to be evaluated."""
        if isinstance(value, Expression):
            actual = self.type_of(sole_traversal(value))
            if actual is not None and not converts(actual, type_):
                return f"must be {described(type_)}, but `{value.text}` is {described(actual)}"
            return None
        if value is None or type_ == "dynamic":
            return None
        if isinstance(type_, list):
            return self.collection_mismatch(value, type_)
        if isinstance(value, (list, dict)) or not literal_converts(value, type_):
            return f"must be {described(type_)}, not {value!r}"
        return None

    def collection_mismatch(self, value, type_):
        kind, element = type_
        if kind == "object":
            if not isinstance(value, dict):
                return f"must be {described(type_)}, not {value!r}"
            reasons = [f"has no attribute `{name}`" for name, (_, optional) in element.items() if not optional and name not in value]
            reasons += [reason for name, item in value.items() if name in element and (reason := self.mismatch(item, element[name][0]))]
            reasons += [f"has an unknown attribute `{name}`" for name in value if name not in element]
            return reasons[0] if reasons else None
        wanted = dict if kind == "map" else list
        if not isinstance(value, wanted):
            return f"must be {described(type_)}, not {value!r}"
        items = value.values() if kind == "map" else value
        return next((reason for item in items if (reason := self.mismatch(item, element))), None)

    def type_of(self, reference):
        """The type of a plain reference, as far as declarations tell."""
        if reference is None:
            return None
        root, *rest = reference
        if root == "var" and rest and rest[0] in self.variables:
            type_ = declared_type(self.variables[rest[0]])
            rest = rest[1:]
        elif (root, *rest[:1]) in self.resources and len(rest) == 2 and root in self.schema["resource_schemas"]:
            attributes = self.schema["resource_schemas"][root]["block"]["attributes"]
            return attributes.get(rest[1], {}).get("type")
        else:
            return None
        for step in rest:
            if not isinstance(type_, list):
                return None
            if type_[0] == "object":
                type_ = type_[1].get(step, (None,))[0]
            else:
                type_ = type_[1]
        return type_

    # References.

    def check_references(self, body):
        place = body.place
        has_each = "for_each" in body.attributes
        iterators = {labels[0] for _, labels, _ in dynamics(body)}
        for root, *rest in traversals(body):
            name = rest[0] if rest else ""
            if root == "var":
                self.declared(place, name in self.variables, f"variable `{name}`", name, self.variables)
                self.check_member(place, name, rest)
            elif root == "local":
                self.declared(place, name in self.locals, f"local `{name}`", name, self.locals)
            elif root == "module":
                self.check_output(place, rest)
            elif root == "data":
                self.declared(place, tuple(rest[:2]) in self.data, f"data source `{'.'.join(rest[:2])}`", name, ())
            elif root == "each":
                if not has_each:
                    self.error(place, f"`each.{name}` stands in a block without `for_each`")
            elif root.startswith("aws_"):
                self.check_resource_reference(place, root, rest)
            elif root not in BUILT_IN_ROOTS | iterators:
                self.error(place, f"`{'.'.join([root, *rest])}` refers to nothing")

    def check_member(self, place, name, rest):
        declared = self.variables.get(name)
        type_ = declared_type(declared) if declared else None
        if isinstance(type_, list) and type_[0] == "object" and len(rest) > 1 and rest[1] not in type_[1] and rest[1] != "[]":
            self.error(place, f"variable `{name}` has no attribute `{rest[1]}`{suggestion(rest[1], type_[1])}")

    def check_resource_reference(self, place, type_name, rest):
        if (type_name, rest[0] if rest else "") not in self.resources:
            self.error(place, f"resource `{'.'.join([type_name, *rest[:1]])}` is not declared")
            return
        schema = self.schema["resource_schemas"].get(type_name)
        attribute = next((step for step in rest[1:] if step != "[]"), None)
        if schema and attribute:
            known = [*schema["block"]["attributes"], *schema["block"].get("block_types", {})]
            if attribute not in known:
                self.error(place, f"`{type_name}` has no attribute `{attribute}`{suggestion(attribute, known)}")

    def check_output(self, place, rest):
        called = self.calls.get(rest[0] if rest else "")
        if called is None:
            self.error(place, f"module `{rest[0] if rest else ''}` is not called here")
        elif len(rest) > 1 and rest[1] != "[]":
            self.declared(place, rest[1] in called.outputs, f"output `{rest[1]}` of module `{rest[0]}`", rest[1], called.outputs)

    def declared(self, place, is_declared, what, name, known):
        if not is_declared:
            self.error(place, f"{what} is not declared{suggestion(name, known)}")

    def check_call(self, name, body):
        called = self.calls.get(name)
        if called is None:
            return
        for argument, value in body.attributes.items():
            if argument in META | {"source", "version", "providers"}:
                continue
            if argument not in called.variables:
                self.error(body.place, f"module `{name}` has no variable `{argument}`{suggestion(argument, called.variables)}")
                continue
            if reason := self.mismatch(value, declared_type(called.variables[argument])):
                self.error(body.place, f"`{argument}` {reason}")
        for variable, declaration in called.variables.items():
            if "default" not in declaration.attributes and variable not in body.attributes:
                self.error(body.place, f"module `{name}` needs a value for `{variable}`")


def declared_type(variable):
    """The type of a variable; JSON writes it as a string."""
    type_ = variable.attributes.get("type", "any")
    return parse_type(type_.text if isinstance(type_, Expression) else type_)


def dynamics(body):
    found = [entry for entry in body.blocks if entry[0] == "dynamic"]
    return found + [entry for _, _, inner in body.blocks for entry in dynamics(inner)]


def suggestion(name, known):
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def main(folders):
    errors = [error for folder in folders for error in Module(folder).check()]
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Mistakes to plant in the source: each is caught by our own schema check, and by Terraform where Terraform can."""

import json
from dataclasses import dataclass

MODULE = "modules/load-balancer"
FRONT_DOOR = "examples/complete/front-door/front_door.tf.json"


@dataclass(frozen=True)
class Mistake:
    """A change of one file, and what each check says about it; `None`: it can't see it."""

    claim: str
    file: str
    old: str
    new: str
    ours: str
    terraform: str | None

    def plant(self, folder):
        path = folder / self.file
        text = path.read_text()
        assert text.count(self.old) >= 1, f"{self.file} has no `{self.old}`"
        path.write_text(text.replace(self.old, self.new, 1))


def in_json(change):
    """Plants by changing the document of the generated module."""

    def plant(folder):
        path = folder / FRONT_DOOR
        document = json.loads(path.read_text())
        change(document["resource"])
        path.write_text(json.dumps(document))

    return plant


@dataclass(frozen=True)
class JsonMistake:
    """A change of the generated module."""

    claim: str
    change: object
    ours: str
    terraform: str | None

    def plant(self, folder):
        in_json(self.change)(folder)


def first(resources, kind):
    return next(iter(resources[kind].values()))


def drop_host(resources):
    rule = first(resources, "aws_lb_listener_rule")
    rule["condition"] = [condition for condition in rule["condition"] if "host_header" not in condition]


MAIN = f"{MODULE}/main.tf"
LOGS = f"{MODULE}/logs.tf"
DNS = f"{MODULE}/dns.tf"
ROOT = "examples/complete/main.tf"

MISTAKES = [
    # Attributes.
    Mistake("unknown attribute", MAIN, "desync_mitigation_mode ", "desync_mitigation_mod ", "unknown attribute `desync_mitigation_mod`; did you mean `desync_mitigation_mode`?", "Unsupported argument"),
    Mistake("missing required attribute", MAIN, "    bucket  = aws_s3_bucket.logs.id\n    prefix  = local.access_log_prefix", "    prefix  = local.access_log_prefix", "`bucket` is required", "Missing required argument"),
    Mistake("attribute that the provider decides", MAIN, "  internal           = var.internal", '  dns_name = "lb.example.com"', "`dns_name` is decided by the provider and can't be set", None),
    Mistake("word for a number", LOGS, "days = var.log_retention_days", 'days = "soon"', "`days` must be a number, not 'soon'", "a number is required"),
    Mistake("truth for a number", MAIN, "= var.idle_timeout_s", "= true", "`idle_timeout` must be a number, not True", "number required"),
    Mistake("word for a truth", MAIN, "drop_invalid_header_fields = true", 'drop_invalid_header_fields = "yes"', "`drop_invalid_header_fields` must be a bool, not 'yes'", "bool"),
    Mistake("string for a set", MAIN, "= var.subnet_ids", '= "subnet-1"', "`subnets` must be a set, not 'subnet-1'", "set of string required"),
    Mistake("list in a list of strings", MAIN, "[aws_security_group.balancer.id]", "[[aws_security_group.balancer.id]]", "`security_groups` must be a string", "string required"),
    Mistake("map for a string through a variable", MAIN, "= var.ip_address_type", "= var.tags", "`ip_address_type` must be a string, but `var.tags` is a map", "string required"),
    Mistake("set for a number through a variable", MAIN, "= var.client_keep_alive_s", "= var.hosts", "`client_keep_alive` must be a number, but `var.hosts` is a set", "number required"),
    Mistake("object for a map of strings", MAIN, "tags = var.tags", "tags = { a = { b = 1 } }", "`tags` must be a string", "string required"),
    # Blocks.
    Mistake("misspelt block", MAIN, "access_logs {", "acces_logs {", "unknown block `acces_logs`; did you mean `access_logs`?", 'Did you mean "access_logs"?'),
    Mistake("block written as an attribute", DNS, "alias {", "alias = {", "`alias` is a block: write it without `=`", "Unsupported argument"),
    Mistake("attribute written as a block", MAIN, "tags = var.tags", "tags {\n a = 1\n }", "`tags` is an attribute: write it with `=`", "Unsupported block type"),
    Mistake("block that may stand once, twice", MAIN, "access_logs {", "access_logs {\n bucket = aws_s3_bucket.logs.id\n }\n access_logs {", "only 1 block `access_logs` is allowed, not 2", "Too many access_logs blocks"),
    Mistake("required block missing inside a block", LOGS, '  rule {\n    object_ownership = "BucketOwnerEnforced"\n  }\n', "", "a block `rule` is required", "Insufficient rule blocks"),
    Mistake("misspelt lifecycle", DNS, "ignore_changes =", "ignore_change =", "unknown attribute `ignore_change`", "Unsupported argument"),
    Mistake("misspelt meta block", DNS, "lifecycle {", "lifecyle {", "unknown block `lifecyle`", "Unsupported block type"),
    Mistake("unknown resource type", MAIN, '"aws_wafv2_web_acl_association"', '"aws_waf_acl_association"', "unknown resource type `aws_waf_acl_association`", "Invalid resource type"),
    # References.
    Mistake("undeclared variable", MAIN, "= var.internal", "= var.is_internal", "variable `is_internal` is not declared; did you mean `internal`?", "Reference to undeclared input variable"),
    Mistake("undeclared variable inside a string", f"{MODULE}/security.tf", '"${var.name}-balancer-"', '"${var.nam}-balancer-"', "variable `nam` is not declared", "Reference to undeclared input variable"),
    Mistake("undeclared local", MAIN, "local.access_log_prefix", "local.access_prefix", "local `access_prefix` is not declared", "Reference to undeclared local value"),
    Mistake("undeclared resource", MAIN, "bucket  = aws_s3_bucket.logs.id", "bucket  = aws_s3_bucket.log.id", "resource `aws_s3_bucket.log` is not declared", "Reference to undeclared resource"),
    Mistake("undeclared data source", LOGS, "data.aws_caller_identity.current.account_id", "data.aws_caller_identity.this.account_id", "data source `aws_caller_identity.this` is not declared", "Reference to undeclared resource"),
    Mistake("attribute that a resource doesn't have", f"{MODULE}/outputs.tf", "aws_lb.this.dns_name", "aws_lb.this.dns", "`aws_lb` has no attribute `dns`", "Unsupported attribute"),
    Mistake("attribute that an object variable doesn't have", DNS, "var.dns.set_identifier", "var.dns.identifier", "variable `dns` has no attribute `identifier`", "Unsupported attribute"),
    Mistake("each without for_each", MAIN, "name               = var.name", "name               = each.key", "`each.key` stands in a block without `for_each`", "Reference to \"each\" in context without for_each"),
    # Module calls.
    Mistake("argument that a module doesn't take", ROOT, "client_cidrs =", "client_ranges =", "module `auth` has no variable `client_ranges`", "Unsupported argument"),
    Mistake("argument of a module missing", ROOT, "  hosts        = [local.hosts.auth]\n", "", "module `auth` needs a value for `hosts`", "Missing required argument"),
    Mistake("wrong type for a module", ROOT, "idle_timeout_s = 300", 'idle_timeout_s = "long"', "`idle_timeout_s` must be a number, not 'long'", "a number is required"),
    Mistake("missing attribute of an object for a module", ROOT, "{ security_group_id = var.service_security_group_ids.auth, port = 8000 }", "{ port = 8000 }", "`services` has no attribute `security_group_id`", 'attribute "security_group_id" is required'),
    Mistake("misspelt optional attribute of an object, which Terraform drops without a word", ROOT, "records = var.dns_records }", "recods = var.dns_records }", "`dns` has an unknown attribute `recods`", None),
    Mistake("output that a module doesn't have", ROOT, "= module.auth.arn\n", "= module.auth.load_balancer_arn\n", "output `load_balancer_arn` of module `auth` is not declared", "Unsupported attribute"),
    Mistake("variable without a description", f"{MODULE}/variables.tf", '  description = "Whether the load balancer refuses to be deleted."\n', "", "`description` is required", None),
    # The generated module.
    JsonMistake("host-less rule", drop_host, "the rule names no host", None),
    JsonMistake("rule without an action", lambda resources: first(resources, "aws_lb_listener_rule").pop("action"), "a block `action` is required", "Insufficient action blocks"),
    JsonMistake("rule without a listener", lambda resources: first(resources, "aws_lb_listener_rule").pop("listener_arn"), "`listener_arn` is required", "Missing required argument"),
    JsonMistake("priority in words", lambda resources: first(resources, "aws_lb_listener_rule").update(priority="first"), "`priority` must be a number, not 'first'", "a number is required"),
    JsonMistake("misspelt block in JSON", lambda resources: first(resources, "aws_lb_target_group").update(helth_check=[{}]), "unknown attribute `helth_check`; did you mean `health_check`?", "Extraneous JSON object property"),
    JsonMistake("string for a list in JSON", lambda resources: first(resources, "aws_lb_listener_rule")["condition"][0].update(host_header=[{"values": "auth.example.com"}]), "`values` must be a set, not 'auth.example.com'", "set of string required"),
]

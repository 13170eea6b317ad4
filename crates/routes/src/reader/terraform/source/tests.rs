use super::*;
use crate::matcher::select;
use crate::reader::UNRESOLVED;
use crate::request::Request;

const SHARED: &str = include_str!("../../../../../../examples/routes/hcl/shared/main.tf");
const DEDICATED: &str = include_str!("../../../../../../examples/routes/hcl/dedicated/main.tf");
const JSON: &str = include_str!("../../../../../../examples/routes/tf.json/shared/main.tf.json");

fn read_text(text: &str) -> Reading {
    read(&[Source::new(0, "main.tf", text)])
}

fn failures(reading: &Reading) -> Vec<&str> {
    let failures = reading.findings.iter().filter(|f| f.is_failure());
    failures.map(|finding| finding.message.as_str()).collect()
}

/// A listener, a group and a rule with this in its body, after these lines.
fn rule(before: &str, condition: &str) -> String {
    format!(
        r#"{before}
resource "aws_lb_target_group" "auth" {{
  name = "auth"
}}
resource "aws_lb_listener" "https" {{
  port     = 443
  protocol = "HTTPS"
  default_action {{
    type = "fixed-response"
    fixed_response {{
      status_code = 404
    }}
  }}
}}
resource "aws_lb_listener_rule" "r" {{
  listener_arn = aws_lb_listener.https.arn
  priority     = 10
  {condition}
  action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.auth.arn
  }}
}}
"#
    )
}

/// The hosts that an expression stands for.
fn hosts(before: &str, expression: &str) -> Result<Vec<String>, String> {
    let condition = format!("condition {{\n host_header {{\n values = {expression}\n }}\n }}");
    let reading = read_text(&rule(before, &condition));
    match failures(&reading).first() {
        Some(message) => Err((*message).to_owned()),
        None => Ok(reading.table.listeners[0].rules[0].conditions[0]
            .test
            .values()),
    }
}

#[test]
fn locals_defaults_and_for_each_make_a_table() {
    let reading = read_text(SHARED);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    assert!(reading.findings[0].message.contains("`vpc_id`"));
    let listener = &reading.table.listeners[0];
    let request = Request::get("auth.example.com", "/api");
    let reached = select(listener, &request).action.reached_groups();
    assert_eq!(reached, ["registry-api"]);
    let span = listener.rules[0].span.unwrap();
    assert_eq!(reading.table.sources[0].place(span).unwrap().line, 52);
    let reading = read_text(DEDICATED);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    assert_eq!(reading.table.listeners.len(), 2);
}

#[test]
fn the_json_syntax_means_the_same() {
    let reading = read(&[Source::new(0, "main.tf.json", JSON)]);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    let listener = &reading.table.listeners[0];
    let request = Request::get("auth.example.com", "/api");
    let selection = select(listener, &request);
    assert_eq!(selection.rule.unwrap().name, "generic-api");
    assert_eq!(selection.action.reached_groups(), ["registry-api"]);
}

#[test]
fn constant_expressions_are_worked_out() {
    for (expression, wanted) in [
        (r#"["a.b"]"#, vec!["a.b"]),
        (r#"["${local.name}.example.com"]"#, vec!["auth.example.com"]),
        (r#"["${upper(local.name)}.b"]"#, vec!["AUTH.b"]),
        (
            r#"[for k, v in local.map : "${k}.${v}"]"#,
            vec!["x.1", "y.2"],
        ),
        (
            r#"[for k in toset(["c.d", "a.b"]) : k if k != "a.b"]"#,
            vec!["c.d"],
        ),
        (r#"local.map.x == 1 ? ["a.b"] : var.unknown"#, vec!["a.b"]),
        (
            r#"concat([format("%s.b", "a")], var.more)"#,
            vec!["a.b", "m.n"],
        ),
        (
            r#"[join(".", keys(merge(local.map, { a = 1 })))]"#,
            vec!["a.x.y"],
        ),
        (
            r#"[{ "a" = "b.c" }["a"], lookup({}, "x", "d.e")]"#,
            vec!["b.c", "d.e"],
        ),
        (r#"[1 + 2 * 3 > 6 && !false ? "a.b" : "c.d"]"#, vec!["a.b"]),
        ("[<<EOT\na.b\nEOT\n]", vec!["a.b\n"]),
    ] {
        let before = "locals {\n name = \"auth\"\n map = { y = 2, x = 1 }\n}\nvariable \"more\" {\n default = [\"m.n\"]\n}\n";
        assert_eq!(
            hosts(before, expression),
            Ok(wanted.into_iter().map(str::to_owned).collect()),
            "{expression}"
        );
    }
}

#[test]
fn what_is_not_constant_fails_and_says_why() {
    let before = "locals {\n a = local.b\n b = local.a\n}\nvariable \"host\" {\n}\nvariable \"secret\" {\n sensitive = true\n default = \"swordfish\"\n}\n";
    for (expression, why) in [
        (
            "var.hosts",
            "variable `hosts` is not defined in these files",
        ),
        ("[var.host]", "variable `host` has no default"),
        ("[local.a]", "local value `a` refers to itself"),
        (
            "[local.none]",
            "local value `none` is not defined in these files",
        ),
        ("[var.secret]", "is marked as sensitive"),
        (
            "[data.aws_x.y.z]",
            "`data.aws_x.y` is not defined in these files",
        ),
        (
            "[aws_lb_listener.https.port]",
            "is known only after it is applied",
        ),
        (
            "[file(\"x\")]",
            "function `file` is not one that is worked out",
        ),
        ("[terraform.workspace]", "it refers to `terraform`"),
        ("[each.key]", "it refers to `each`"),
        ("[\"a\" + 1]", "its operation is not one that is worked out"),
        ("[{ a = 1 }.b]", "there is no `b` in what it refers to"),
        (
            "[aws_lb_listener.https.arn]",
            "is the identity of `aws_lb_listener.https`",
        ),
    ] {
        let message = hosts(before, expression).unwrap_err();
        assert!(message.contains(why), "{expression}: {message}");
    }
}

#[test]
fn dynamic_blocks_and_counts_are_written_out() {
    let condition = "count = 2\n dynamic \"condition\" {\n for_each = [\"a.b\", \"c.d\"]\n iterator = it\n content {\n http_header {\n http_header_name = \"X\"\n values = [\"${it.key}-${count.index}\"]\n }\n }\n }";
    let text = rule("", condition).replace("priority     = 10", "priority = 10 + count.index");
    let reading = read_text(&text);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    let rules = &reading.table.listeners[0].rules;
    assert_eq!(
        (rules[0].name.as_str(), rules[1].name.as_str()),
        ("r[0]", "r[1]")
    );
    let values: Vec<_> = rules[1]
        .conditions
        .iter()
        .map(|c| c.test.values())
        .collect();
    assert_eq!(values, [["a.b-1"], ["c.d-1"]]);
}

#[test]
fn secrets_are_neither_in_the_text_nor_in_the_table() {
    let text = rule(
        "variable \"key\" {\n sensitive = true\n default = \"swordfish-1\"\n}\n",
        "action {\n type = \"authenticate-oidc\"\n authenticate_oidc {\n client_id = \"x\"\n client_secret = \"swordfish-2\"\n token_endpoint = var.key\n }\n }\n condition {\n host_header {\n values = [\"a.b\"]\n }\n }",
    );
    let reading = read_text(&text);
    assert_eq!(failures(&reading), Vec::<&str>::new());
    assert!(!format!("{reading:?}").contains("swordfish"));
    let broken = read_text(&text.replace("sensitive = true", "sensitive = "));
    assert_eq!(broken.findings.len(), 1);
    assert!(!format!("{:?}", broken.table).contains("swordfish-2"));
}

#[test]
fn values_that_grow_without_end_are_cut_short() {
    let mut before = String::from("locals {\n l0 = [\"a\", \"b\"]\n s0 = \"aaaaaaaaaaaaaaaa\"\n");
    for n in 1..64 {
        let last = n - 1;
        let more = format!(
            " l{n} = [local.l{last}, local.l{last}]\n s{n} = \"${{local.s{last}}}${{local.s{last}}}\"\n"
        );
        before += &more;
    }
    before += "}\n";
    for expression in ["local.l63", "[local.s63]"] {
        assert!(
            hosts(&before, expression)
                .unwrap_err()
                .contains("takes more than is allowed")
        );
    }
}

#[test]
fn malformed_source_is_reported_with_its_place() {
    let host = "condition {\n host_header {\n values = [\"a.b\"]\n }\n }";
    for (text, message, line) in [
        ("locals {\n a = \n}".to_owned(), "not HCL: ", 2),
        (
            "{\"resource\": {\n\"x\": ]}}".to_owned(),
            "not JSON: unexpected close bracket",
            2,
        ),
        (
            "\nmodule \"edge\" {\n source = \"./edge\"\n}".to_owned(),
            "module `edge` is not looked into",
            2,
        ),
        (
            "locals {\n a = 1\n}\nlocals {\n a = 2\n}".to_owned(),
            "local value `a` is defined twice",
            5,
        ),
        (rule("", ""), "", 16),
        (
            rule("", host).replace("priority     = 10", ""),
            "rule `r` has no priority",
            15,
        ),
        (
            rule("", host).replace("= aws_lb_listener.https.arn", "= aws_lb_listener.other.arn"),
            "`listener_arn` can't be worked out: `aws_lb_listener.other` is not defined",
            16,
        ),
        (
            rule("", host).replace("aws_lb_target_group.auth.arn", "aws_lb_listener.https.arn"),
            "`target_group_arn` means no target group",
            25,
        ),
        (
            rule("", "condition {\n cookie {\n }\n }"),
            "`cookie` is not known here",
            19,
        ),
        (
            rule("", "for_each = var.rules"),
            "`for_each` can't be worked out: variable `rules` is not defined",
            18,
        ),
    ] {
        let reading = read_text(&text);
        let finding = reading
            .findings
            .iter()
            .find(|f| f.is_failure() && f.message.starts_with(message));
        if message.is_empty() {
            // A rule without conditions is the check's to find.
            assert!(reading.is_complete(), "{:?}", reading.findings);
            continue;
        }
        let finding = finding.unwrap_or_else(|| panic!("{message}: {:?}", reading.findings));
        let place = reading.table.sources[0].place(finding.span.unwrap());
        assert_eq!(place.unwrap().line, line, "{message}");
    }
    let unresolved = read_text("module \"edge\" {\n}");
    assert_eq!(unresolved.findings[0].code, UNRESOLVED);
}

#[test]
fn an_error_beside_a_character_of_several_bytes_has_a_place() {
    let reading = read_text("jT{ϰ");
    let finding = reading.findings.first().unwrap();
    let span = finding.span.unwrap();
    let source = reading.table.source_of(span).unwrap();
    assert!(source.place(span).is_some(), "{finding:?}");
}

#[test]
fn chains_in_chains_are_refused_before_the_parser_doubles_its_work_on_each() {
    for (lead, tail) in [
        ("a+b+{c%", ""),
        ("a+b+(", "\"open\n"),
        ("a+b+[", "\"%{bad}\""),
    ] {
        let reading = read_text(&format!("x = {}{tail}", lead.repeat(60)));
        let said = failures(&reading);
        assert!(
            said.iter().any(|said| said.contains("nested too deeply")),
            "{said:?}"
        );
    }
}

use serde_json::Value;

use super::{Writing, envoy, haproxy, terraform};
use crate::finding::Finding;
use crate::model::Table;
use crate::reader;
use crate::source::Source;

fn table(text: &str) -> Table {
    let reading = reader::toml::read(&Source::new(0, "routes.toml", text));
    assert!(reading.findings.is_empty(), "{:?}", reading.findings);
    reading.table
}

fn refused(writing: &Writing) -> Vec<&str> {
    let failures = writing.findings.iter().filter(|f| f.is_failure());
    failures.map(|f: &Finding| f.message.as_str()).collect()
}

const PLAIN: &str = r#"
[[listener]]
name = "plain"
port = 8080
rule = [
  { name = "api v1", priority = 7, host = "A.example.com", path = ["/api", "/api/*"], forward = "blue" },
  { name = "mixed", priority = 9, source_ip = "10.0.0.0/8", header = { X-Env = "canary*" }, forward = [{ group = "blue", weight = 9 }, { group = "red", weight = 1 }] },
  { name = "old", priority = 11, path = "/old/*", redirect = { status = 302, host = "new.example.com", path = "/#{path}" } },
]
[target_group.blue]
port = 8000
targets = ["127.0.0.1:8001", "10.0.0.7"]
health = { path = "/health", interval_s = 7, timeout_s = 3, healthy = 4, unhealthy = 3, status = "200-299,401", port = 9000 }
[target_group.red]
targets = ["127.0.0.1:8002"]
fail_open = true
"#;

#[test]
fn a_plain_table_is_written_in_every_form() {
    let table = table(PLAIN);
    for writing in [
        haproxy::write(&table),
        envoy::write(&table),
        terraform::write(&table),
    ] {
        assert!(writing.is_complete(), "{:?}", writing.findings);
    }
    let haproxy = haproxy::write(&table).text;
    for line in [
        "    server t2 10.0.0.7:8000 check inter 7s rise 4 fall 3 port 9000\n",
        "    http-check expect status 200-299,401\n",
        "    timeout check 3s\n",
        "    use_backend group_red_unchecked if { var(txn.rule) -m int 2 } { nbsrv(group_red) eq 0 }\n",
    ] {
        assert!(haproxy.contains(line), "{line}{haproxy}");
    }
    let envoy: Value = serde_json::from_str(&envoy::write(&table).text).unwrap();
    let clusters = &envoy["static_resources"]["clusters"];
    assert_eq!(clusters[0]["health_checks"][0]["interval"], "7s");
    assert_eq!(
        clusters[0]["health_checks"][0]["http_health_check"]["expected_statuses"],
        serde_json::json!([{ "start": 200, "end": 300 }, { "start": 401, "end": 402 }])
    );
    let panic = "/common_lb_config/healthy_panic_threshold/value";
    assert_eq!(clusters[0].pointer(panic), Some(&0.into()));
    assert_eq!(clusters[1].pointer(panic), Some(&1.into()));
}

#[test]
fn terraform_holds_its_parts_together_by_references() {
    let document: Value = serde_json::from_str(&terraform::write(&table(PLAIN)).text).unwrap();
    let rules = &document["resource"]["aws_lb_listener_rule"];
    let rule = &rules["rule_plain_api_v1"];
    assert_eq!(rule["priority"], 7);
    assert_eq!(
        rule["listener_arn"],
        "${aws_lb_listener.listener_plain.arn}"
    );
    assert_eq!(
        rule["condition"][1]["path_pattern"][0]["values"][1],
        "/api/*"
    );
    assert_eq!(
        rule["action"][0]["target_group_arn"],
        "${aws_lb_target_group.group_blue.arn}"
    );
    let shares = &rules["rule_plain_mixed"]["action"][0]["forward"][0]["target_group"];
    assert_eq!(shares[0]["weight"], 9);
    let redirect = &rules["rule_plain_old"]["action"][0]["redirect"][0];
    assert_eq!(
        (&redirect["status_code"], &redirect["path"]),
        (&"HTTP_302".into(), &"/#{path}".into())
    );
    let group = &document["resource"]["aws_lb_target_group"]["group_blue"];
    assert_eq!(group["health_check"][0]["matcher"], "200-299,401");
    assert_eq!(group["health_check"][0]["port"], "9000");
}

#[test]
fn terraform_asks_for_what_a_table_does_not_know_and_gives_what_others_need() {
    let listeners = "[[listener]]\nname = 'plain'\nport = 80\n[[listener]]\nname = 'safe'\nport = 443\nprotocol = 'https'\n\
                     [target_group.blue-1]\nport = 8000\n";
    let document: Value = serde_json::from_str(&terraform::write(&table(listeners)).text).unwrap();
    let variables = document["variable"].as_object().unwrap();
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "listener_plain_load_balancer_arn",
            "listener_safe_certificate_arn",
            "listener_safe_load_balancer_arn",
            "tls_policy",
            "vpc_id"
        ]
    );
    let safe = &document["resource"]["aws_lb_listener"]["listener_safe"];
    assert_eq!(
        (&safe["load_balancer_arn"], &safe["ssl_policy"]),
        (
            &"${var.listener_safe_load_balancer_arn}".into(),
            &"${var.tls_policy}".into()
        )
    );
    let outputs = &document["output"];
    assert_eq!(
        outputs["target_group_arn_suffixes"]["value"]["blue-1"],
        "${aws_lb_target_group.group_blue_1.arn_suffix}"
    );
    assert_eq!(
        outputs["listener_arns"]["value"]["safe"],
        "${aws_lb_listener.listener_safe.arn}"
    );
}

#[test]
fn terraform_fills_nothing_into_texts() {
    let text = PLAIN
        .replace("/old/*", "/$${x}/%%{y}")
        .replace("$$", "$")
        .replace("%%", "%");
    let written = terraform::write(&table(&text)).text;
    assert!(written.contains("/$${x}/%%{y}"), "{written}");
}

#[test]
fn what_a_form_lacks_is_refused_and_not_dropped() {
    let rule = |more: &str| {
        table(&format!(
            "[[listener]]\nport = 80\nrule = [{{ name = 'r', priority = 1, path = '/a', forward = 'g', {more} }}]\n\
             [target_group.g]\ntargets = ['127.0.0.1:1']\n"
        ))
    };
    let group = |more: &str| {
        table(&format!(
            "[[listener]]\nport = 80\n[target_group.g]\n{more}\n"
        ))
    };
    let rewrite = rule("rewrite = [{ kind = 'url', regex = '^/a', replace = '/' }]");
    let jwt = rule("authenticate = { kind = 'jwt-validation', Issuer = 'i' }");
    for table in [&rewrite, &jwt] {
        assert_eq!(refused(&haproxy::write(table)).len(), 1);
        assert_eq!(refused(&envoy::write(table)).len(), 1);
        assert!(refused(&terraform::write(table)).is_empty());
    }
    let oidc = rule("authenticate = { kind = 'authenticate-oidc', Issuer = 'i' }");
    assert_eq!(refused(&terraform::write(&oidc)).len(), 1);
    let header = rule("header = { X = { regex = '^a' } }");
    assert!(refused(&haproxy::write(&header)).is_empty());
    assert_eq!(refused(&envoy::write(&header)).len(), 1);
    let counts = rule("host = { regex = '(a{40}){40}' }");
    assert_eq!(refused(&envoy::write(&counts)).len(), 1);
    let mixed = rule("host = ['a.b', { regex = '^c' }]");
    assert_eq!(refused(&terraform::write(&mixed)).len(), 1);
    let sticky = group("targets = ['a.b:1']\nstickiness_s = 5");
    assert!(refused(&haproxy::write(&sticky)).is_empty());
    assert_eq!(refused(&envoy::write(&sticky)).len(), 1);
    let cookie = group("targets = ['a.b:1']\nstickiness_s = 5\napp_cookie = 'c'");
    assert_eq!(refused(&haproxy::write(&cookie)).len(), 1);
    let service = group("targets = ['service:auth']");
    assert_eq!(refused(&haproxy::write(&service)).len(), 1);
    let secure = table(
        "[[listener]]\nport = 443\nprotocol = 'https'\ncertificates = [{ names = ['a.b'] }]\n",
    );
    assert_eq!(refused(&haproxy::write(&secure)).len(), 1);
    assert_eq!(refused(&envoy::write(&secure)).len(), 1);
    let missing = table("[[listener]]\nport = 80\ndefault = { forward = 'gone' }\n");
    assert_eq!(refused(&terraform::write(&missing)).len(), 1);
}

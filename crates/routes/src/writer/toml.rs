//! Our own form, as [`crate::reader::toml`] describes it. What equals its default is left out.

use std::fmt::Display;

use crate::model::{
    Action, Algorithm, Certificate, Condition, HealthCheck, HostIntent, HostPort, Listener,
    Pattern, Protocol, QueryPair, Redirect, Rule, Table, TargetGroup, Test, TransformKind,
};

/// Writes a table.
pub fn write(table: &Table) -> String {
    let mut out = Lines::default();
    for listener in &table.listeners {
        write_listener(&mut out, listener);
    }
    for group in &table.target_groups {
        write_group(&mut out, group);
    }
    for entry in &table.intent.hosts {
        write_intent(&mut out, entry);
    }
    out.0
}

/// Lines of `key = value`.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn section(&mut self, header: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0.extend([gap, header, "\n"]);
    }

    fn set(&mut self, key: &str, value: impl Display) {
        self.0.extend([key, " = ", &value.to_string(), "\n"]);
    }

    fn set_some(&mut self, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }
}

fn write_listener(out: &mut Lines, listener: &Listener) {
    out.section("[[listener]]");
    out.set("name", quoted(&listener.name));
    out.set("protocol", quoted(listener.protocol.scheme()));
    out.set("port", listener.port);
    out.set_some(
        "bind",
        listener.bind.map(|address| quoted(&address.to_string())),
    );
    if listener.host_port == HostPort::Compared {
        out.set("host_port", "\"compared\"");
    }
    if !listener.certificates.is_empty() {
        out.set(
            "certificates",
            list(listener.certificates.iter().map(certificate)),
        );
    }
    out.set("default", inline(action(&listener.default)));
    for rule in listener.ordered() {
        write_rule(out, rule);
    }
}

fn write_rule(out: &mut Lines, rule: &Rule) {
    out.section("[[listener.rule]]");
    out.set("name", quoted(&rule.name));
    out.set("priority", rule.priority);
    let mut used: Vec<&str> = Vec::new();
    let mut more = Vec::new();
    for condition in &rule.conditions {
        let (key, value) = condition_entry(condition);
        if used.contains(&key) {
            more.push(format!("{{ {key} = {value} }}"));
        } else {
            used.push(key);
            out.set(key, value);
        }
    }
    if !more.is_empty() {
        out.set("condition", list(more));
    }
    for (key, value) in action(&rule.action) {
        out.set(key, value);
    }
    if let Some(authentication) = &rule.authentication {
        let kind = ("kind".to_owned(), quoted(authentication.kind.field()));
        let settings = authentication
            .settings
            .iter()
            .map(|(key, value)| (quoted(key), quoted(value)));
        let entries = [kind].into_iter().chain(settings);
        out.set("authenticate", inline_owned(entries));
    }
    if !rule.transforms.is_empty() {
        let each = rule.transforms.iter().map(|transform| {
            let kind = match transform.kind {
                TransformKind::Host => "host",
                TransformKind::Url => "url",
            };
            let (regex, replace) = (quoted(&transform.regex), quoted(&transform.replace));
            inline(vec![
                ("kind", quoted(kind)),
                ("regex", regex),
                ("replace", replace),
            ])
        });
        out.set("rewrite", list(each));
    }
}

fn condition_entry(condition: &Condition) -> (&'static str, String) {
    match &condition.test {
        Test::Host(values) => ("host", patterns(values)),
        Test::Path(values) => ("path", patterns(values)),
        Test::Method(values) => ("method", list(values.iter().map(|value| quoted(value)))),
        Test::SourceIp(nets) => (
            "source_ip",
            list(nets.iter().map(|net| quoted(&net.to_string()))),
        ),
        Test::Query(pairs) => ("query", list(pairs.iter().map(pair))),
        Test::Header { name, values } => {
            ("header", inline_owned([(quoted(name), patterns(values))]))
        }
    }
}

fn patterns(values: &[Pattern]) -> String {
    list(values.iter().map(|value| match value {
        Pattern::Glob(glob) => quoted(glob.text()),
        Pattern::Regex(regex) => inline(vec![("regex", quoted(regex.text()))]),
    }))
}

fn pair(pair: &QueryPair) -> String {
    let value = ("value", quoted(pair.value.text()));
    match &pair.key {
        Some(key) => inline(vec![("key", quoted(key.text())), value]),
        None => inline(vec![value]),
    }
}

fn action(action: &Action) -> Vec<(&'static str, String)> {
    match action {
        Action::Forward(forward) => {
            let groups = match forward.groups.as_slice() {
                [only] if only.weight == 1 => quoted(&only.group),
                groups => list(groups.iter().map(|group| {
                    inline(vec![
                        ("group", quoted(&group.group)),
                        ("weight", group.weight.to_string()),
                    ])
                })),
            };
            let mut entries = vec![("forward", groups)];
            let sticky = forward.stickiness.as_ref();
            entries.extend(sticky.map(|sticky| ("stickiness_s", sticky.duration_s.to_string())));
            entries
        }
        Action::Redirect(redirect) => vec![("redirect", redirect_entries(redirect))],
        Action::FixedResponse(response) => {
            let mut entries = vec![("status", response.status.to_string())];
            let kind = response.content_type.as_deref();
            entries.extend(kind.map(|kind| ("content_type", quoted(kind))));
            entries.extend(response.body.as_deref().map(|body| ("body", quoted(body))));
            vec![("respond", inline(entries))]
        }
    }
}

fn redirect_entries(redirect: &Redirect) -> String {
    let mut entries = vec![("status", redirect.status.code().to_string())];
    let parts = [
        ("protocol", &redirect.protocol),
        ("host", &redirect.host),
        ("port", &redirect.port),
        ("path", &redirect.path),
        ("query", &redirect.query),
    ];
    let given = parts
        .into_iter()
        .filter_map(|(key, part)| Some((key, quoted(part.as_ref()?))));
    entries.extend(given);
    inline(entries)
}

fn certificate(certificate: &Certificate) -> String {
    let mut entries = vec![(
        "names",
        list(certificate.names.iter().map(|name| quoted(name))),
    )];
    let Certificate {
        chain, key, arn, ..
    } = certificate;
    let parts = [("chain", chain), ("key", key), ("arn", arn)].into_iter();
    entries.extend(parts.filter_map(|(name, part)| Some((name, quoted(part.as_ref()?)))));
    inline(entries)
}

fn write_group(out: &mut Lines, group: &TargetGroup) {
    let default = TargetGroup::new("");
    out.section(&format!("[target_group.{}]", quoted(&group.name)));
    out.set("protocol", quoted(group.protocol.scheme()));
    out.set_some("port", group.port);
    if !group.targets.is_empty() {
        out.set(
            "targets",
            list(group.targets.iter().map(|target| quoted(target))),
        );
    }
    out.set("health", health(&group.health));
    let algorithm = match group.algorithm {
        Algorithm::RoundRobin => None,
        Algorithm::LeastOutstandingRequests => Some("least_outstanding_requests"),
        Algorithm::WeightedRandom => Some("weighted_random"),
    };
    out.set_some("algorithm", algorithm.map(quoted));
    let sticky = group.stickiness.as_ref();
    out.set_some("stickiness_s", sticky.map(|sticky| sticky.duration_s));
    out.set_some(
        "app_cookie",
        sticky
            .and_then(|sticky| sticky.app_cookie.as_deref())
            .map(quoted),
    );
    let delay = group.deregistration_delay_s;
    out.set_some(
        "deregistration_delay_s",
        (delay != default.deregistration_delay_s).then_some(delay),
    );
    out.set_some(
        "slow_start_s",
        (group.slow_start_s != 0).then_some(group.slow_start_s),
    );
    out.set_some("fail_open", group.fail_open.then_some(true));
    out.set_some("max_in_flight", group.max_in_flight);
    out.set_some("response_timeout_ms", group.response_timeout_ms);
}

fn health(health: &HealthCheck) -> String {
    let protocol = match health.protocol {
        Protocol::Http => "http",
        Protocol::Https => "https",
    };
    let mut entries = vec![
        ("enabled", health.enabled.to_string()),
        ("protocol", quoted(protocol)),
        ("path", quoted(&health.path)),
        ("interval_s", health.interval_s.to_string()),
        ("timeout_s", health.timeout_s.to_string()),
        ("healthy", health.healthy_threshold.to_string()),
        ("unhealthy", health.unhealthy_threshold.to_string()),
        ("status", quoted(&health.matcher())),
    ];
    entries.extend(health.port.map(|port| ("port", port.to_string())));
    inline(entries)
}

fn write_intent(out: &mut Lines, entry: &HostIntent) {
    out.section(&format!("[intent.{}]", quoted(&entry.host)));
    out.set("may", list(entry.may.iter().map(|group| quoted(group))));
    if !entry.must.is_empty() {
        let entries = entry
            .must
            .iter()
            .map(|must| (quoted(must.path.text()), quoted(&must.group)));
        out.set("must", inline_owned(entries));
    }
    if !entry.listeners.is_empty() {
        out.set(
            "listeners",
            list(entry.listeners.iter().map(|name| quoted(name))),
        );
    }
}

/// A basic string on one line. JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(", "))
}

fn inline(entries: Vec<(&'static str, String)>) -> String {
    inline_owned(
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value)),
    )
}

fn inline_owned(entries: impl IntoIterator<Item = (String, String)>) -> String {
    let entries: Vec<String> = entries
        .into_iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader;
    use crate::source::Source;

    fn read(text: &str) -> Table {
        let reading = reader::toml::read(&Source::new(0, "routes.toml", text));
        assert!(
            reading.findings.is_empty(),
            "{:?}\n{text}",
            reading.findings
        );
        reading.table
    }

    const EVERYTHING: &str = r#"
        [[listener]]
        name = "a \"b\""
        protocol = "https"
        port = 443
        bind = "::1"
        host_port = "compared"
        certificates = [{ names = ["a.b"], chain = "c", key = "k" }]
        default = { respond = { status = 404, content_type = "text/plain", body = "a\nb 'c' \"\"\" \\ \u0001" } }
        rule = [
          { name = "x", priority = 2, host = ["a.b", { regex = '^\d$' }], path = "/\\*", method = "GET", source_ip = "::/0", header = { X = "1", y = "2" }, query = ["k=v=w", { value = "z" }], condition = [{ query = "q=" }], forward = [{ group = "t", weight = 0 }, { group = "u" }], stickiness_s = 5, authenticate = { kind = "jwt-validation", issuer = "i" }, rewrite = [{ kind = "url", regex = '^/a', replace = "$1" }] },
          { priority = 1, path = "/", redirect = { status = 302, protocol = "HTTPS", query = "" } },
        ]
        [target_group.t]
        protocol = "https"
        port = 1
        targets = ["127.0.0.1:1"]
        health = { port = 9, enabled = false, status = "200-299,401" }
        algorithm = "weighted_random"
        stickiness_s = 3
        app_cookie = "c"
        deregistration_delay_s = 1
        slow_start_s = 30
        fail_open = true
        max_in_flight = 3
        response_timeout_ms = 4
        [target_group.u]
        [intent."*"]
        may = []
        must = { "/x" = "t" }
        listeners = ["a \"b\""]
    "#;

    #[test]
    fn what_is_written_is_read_again_as_the_same_table() {
        let table = read(EVERYTHING);
        let text = write(&table);
        let again = read(&text);
        assert_eq!(write(&again), text);
        assert_eq!(again.target_groups[0].health, table.target_groups[0].health);
        let (old, new) = (&table.listeners[0], &again.listeners[0]);
        assert_eq!(
            (&old.default, &old.certificates),
            (&new.default, &new.certificates)
        );
        for (old, new) in old.ordered().into_iter().zip(new.ordered()) {
            assert_eq!(
                (&old.action, &old.transforms),
                (&new.action, &new.transforms)
            );
            assert_eq!(old.authentication, new.authentication);
            let tests = |rule: &Rule| {
                let mut tests: Vec<String> = rule
                    .conditions
                    .iter()
                    .map(|c| format!("{:?}{:?}", c.test.field(), c.test.values()))
                    .collect();
                tests.sort();
                tests
            };
            assert_eq!(tests(old), tests(new));
        }
    }
}

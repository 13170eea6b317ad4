//! Random listeners with conditions of all kinds over few letters, so that rules overlap.

use hokusai_routes::model::{
    Action, Condition, FixedResponse, Forward, Glob, HostPort, Listener, Pattern, Protocol,
    QueryPair, Redirect, RedirectStatus, Regex, Rule, Table, TargetGroup, Test, WeightedGroup,
};

use crate::dice::Dice;

/// Names of the target groups; each has an origin that answers with its name.
pub(crate) const GROUPS: [&str; 3] = ["red", "green-1", "blue.2"];

/// A table with `listeners` listeners; ports and targets are set later.
pub(crate) fn table(dice: &mut Dice, listeners: usize) -> Table {
    let groups = GROUPS.iter().enumerate().map(|(index, name)| {
        let mut group = TargetGroup::new(*name);
        // One group is checked: the first check must pass before Envoy lets a request in.
        group.health.enabled = index == 0;
        group.health.interval_s = 5;
        group.fail_open = index == 1;
        group.max_in_flight = (index == 2).then_some(64);
        group
    });
    Table {
        listeners: (0..listeners).map(|index| listener(dice, index)).collect(),
        target_groups: groups.collect(),
        ..Table::default()
    }
}

fn listener(dice: &mut Dice, index: usize) -> Listener {
    let count = 1 + dice.roll(9);
    let mut rules = Vec::new();
    for number in 0..count {
        let conditions = 1 + dice.roll(3);
        let mut tests: Vec<Test> = Vec::new();
        for _ in 0..conditions {
            let test = test(dice);
            // Two of a kind are refused by the load balancer, but for headers and queries.
            let is_more = matches!(test, Test::Header { .. } | Test::Query(_));
            if is_more || tests.iter().all(|other| other.field() != test.field()) {
                tests.push(test);
            }
        }
        rules.push(Rule {
            name: format!("r{number}"),
            priority: u32::try_from(count - number).unwrap_or(1),
            conditions: tests.into_iter().map(Condition::new).collect(),
            action: action(dice, &format!("r{number}")),
            authentication: None,
            transforms: Vec::new(),
            span: None,
        });
    }
    Listener {
        name: format!("l{index}"),
        protocol: Protocol::Http,
        port: 0,
        bind: None,
        host_port: if dice.once_in(3) {
            HostPort::Compared
        } else {
            HostPort::Ignored
        },
        certificates: Vec::new(),
        rules,
        default: action(dice, "default"),
        default_span: None,
        span: None,
    }
}

fn test(dice: &mut Dice) -> Test {
    let count = 1 + dice.roll(2);
    match dice.roll(12) {
        0..4 => Test::Path((0..count).map(|_| path(dice)).collect()),
        4..7 => Test::Host((0..count).map(|_| host(dice)).collect()),
        7..9 => Test::Header {
            name: dice.pick(&["X-A", "x-b"], "x-a").to_owned(),
            values: (0..count).map(|_| header(dice)).collect(),
        },
        9 => {
            let methods = ["GET", "POST", "DELETE", "PURGE"];
            Test::Method(
                (0..count)
                    .map(|_| dice.pick(&methods, "GET").to_owned())
                    .collect(),
            )
        }
        10 => Test::Query((0..count).map(|_| pair(dice)).collect()),
        _ => {
            let nets = [
                "127.0.0.0/8",
                "127.1.0.0/16",
                "127.1.2.0/24",
                "0.0.0.0/0",
                "::/0",
                "10.0.0.0/8",
            ];
            let net = |dice: &mut Dice| dice.pick(&nets, "::/0").parse().ok();
            Test::SourceIp((0..count).filter_map(|_| net(dice)).collect())
        }
    }
}

fn host(dice: &mut Dice) -> Pattern {
    let regexes = ["^a+\\.b", "b$", "^[^.]+$", "(?:^a|:[0-9]+$)", "a{2,3}"];
    if dice.once_in(5)
        && let Ok(regex) = Regex::host(dice.pick(&regexes, "a"))
    {
        return Pattern::Regex(regex);
    }
    Pattern::Glob(Glob::host(&dice.text("aAb.*?", 4)))
}

fn path(dice: &mut Dice) -> Pattern {
    let regexes = [
        "^/a+/",
        "b$",
        "^/[^/]*$",
        "(?i)A/b",
        "^/.{2}$",
        "\\.\\.",
        "[[:alpha:]&&[^b]]",
    ];
    if dice.once_in(5)
        && let Ok(regex) = Regex::path(dice.pick(&regexes, "a"))
    {
        return Pattern::Regex(regex);
    }
    Pattern::Glob(Glob::path(&format!("/{}", dice.text("aAb/.*?", 4))))
}

fn header(dice: &mut Dice) -> Pattern {
    if dice.once_in(16)
        && let Ok(regex) = Regex::header(dice.pick(&["^a", "b$", ",", "^$"], "a"))
    {
        return Pattern::Regex(regex);
    }
    Pattern::Glob(Glob::header(&dice.text("aB,*?", 3)))
}

fn pair(dice: &mut Dice) -> QueryPair {
    let key = (!dice.once_in(3)).then(|| Glob::query(&dice.text("aB*?", 2)));
    let value = Glob::query(&dice.text("ab=*?", 2));
    QueryPair { key, value }
}

fn action(dice: &mut Dice, name: &str) -> Action {
    match dice.roll(8) {
        0..4 => Action::FixedResponse(FixedResponse {
            status: dice.pick(&[200, 404, 503], 404),
            content_type: Some("application/json".to_owned()),
            body: Some(format!("{{\"{name}\": \"it's $one \\ #{{a}} %[b]\"}}")),
        }),
        4..6 => Action::forward(dice.pick(&GROUPS, "red")),
        6 => {
            let share = |group: &str, weight| WeightedGroup {
                group: group.to_owned(),
                weight,
            };
            let groups = vec![share("red", 1), share("green-1", 3), share("blue.2", 0)];
            Action::Forward(Forward {
                groups,
                stickiness: None,
            })
        }
        _ => Action::Redirect(redirect(dice, name)),
    }
}

fn redirect(dice: &mut Dice, name: &str) -> Redirect {
    Redirect {
        status: dice.pick(
            &[RedirectStatus::Permanent, RedirectStatus::Temporary],
            RedirectStatus::Permanent,
        ),
        protocol: dice.pick(&[None, Some("HTTPS")], None).map(str::to_owned),
        host: dice
            .pick(&[None, Some("to.example.com")], None)
            .map(str::to_owned),
        port: dice
            .pick(&[None, Some("8443"), Some("#{port}")], None)
            .map(str::to_owned),
        path: match dice.roll(3) {
            0 => None,
            1 => Some(format!("/{name}")),
            _ => Some(format!("/{name}/#{{path}}.x")),
        },
        query: dice
            .pick(&[None, Some(""), Some("#{query}")], None)
            .map(str::to_owned),
    }
}

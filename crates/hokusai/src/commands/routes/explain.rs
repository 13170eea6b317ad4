//! `hokusai routes explain`.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use hokusai_routes::explain::{Explanation, explain};
use hokusai_routes::model::{Listener, Table};
use hokusai_routes::request::Request;
use serde_json::{Value, json};

use super::tables::HowToRead;
use crate::commands::aws::LiveRules;
use crate::exit::{Exit, Failure};

/// Which request.
#[derive(Args)]
pub(crate) struct Explain {
    /// Files that make one table (none with `--aws`), and then the URL; without a scheme it is explained on every listener.
    #[arg(required = true, value_name = "FILE|URL")]
    words: Vec<PathBuf>,
    #[command(flatten)]
    live: LiveRules,
    #[command(flatten)]
    how: HowToRead,
    /// Method.
    #[arg(long, default_value = "GET")]
    method: String,
    /// A header.
    #[arg(long = "header", value_name = "NAME:VALUE")]
    headers: Vec<String>,
    /// Address of the client.
    #[arg(long, value_name = "IP")]
    from: Option<IpAddr>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Prints for each listener concerned the rules passed over and the one selected.
pub(super) fn run(arguments: &Explain) -> anyhow::Result<Exit> {
    let (url, files) = arguments.url_and_files()?;
    let reading = arguments.how.read_all_of(&arguments.live, files)?;
    let request = request(arguments, url)?;
    let listeners = listeners(&reading.table, url, &request);
    if listeners.is_empty() {
        return Err(Failure::usage(
            format!("no listener takes {url}"),
            "leave the scheme out to explain the request on every listener",
        ));
    }
    let explained = listeners
        .iter()
        .map(|&listener| (listener, explain(listener, &request)));
    if arguments.json {
        let all: Vec<Value> = explained
            .map(|(listener, why)| as_json(listener, &why))
            .collect();
        let answer = json!({ "request": request.to_string(), "listeners": all });
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(Exit::Fine);
    }
    for (listener, why) in explained {
        print(listener, &request, &why);
    }
    Ok(Exit::Fine)
}

impl Explain {
    /// The last word is the URL; what precedes it are files, unless live rules are read.
    fn url_and_files(&self) -> anyhow::Result<(&str, &[PathBuf])> {
        match self.words.split_last() {
            Some((url, files)) if files.is_empty() == self.live.are_asked_for() => {
                Ok((url.to_str().unwrap_or_default(), files))
            }
            _ => Err(Failure::usage(
                "an explanation needs the rules, from files or with --aws, and the URL after them",
                "for example `hokusai routes explain routes.toml https://auth.example.com/api`",
            )),
        }
    }
}

fn request<'a>(arguments: &'a Explain, url: &'a str) -> anyhow::Result<Request<'a>> {
    let whole = url;
    let url = whole.split('#').next().unwrap_or_default();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (target, query) = url.split_once('?').unwrap_or((url, ""));
    let host = target.split('/').next().unwrap_or_default();
    if host.is_empty() {
        return Err(Failure::usage(
            format!("`{whole}` names no host"),
            "for example https://auth.example.com/api",
        ));
    }
    let path = match target.strip_prefix(host) {
        None | Some("") => "/",
        Some(path) => path,
    };
    let mut request = Request::get(host, path);
    request.method = Cow::Borrowed(&arguments.method);
    request.query = Request::split_query(query);
    request.headers = headers(&arguments.headers)?;
    request.peer = arguments.from.unwrap_or(request.peer);
    Ok(request)
}

type Headers<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

fn headers(headers: &[String]) -> anyhow::Result<Headers<'_>> {
    let pairs = headers.iter().map(|header| {
        let (name, value) = header.split_once(':').ok_or_else(|| {
            Failure::usage(
                format!("`{header}` is not NAME:VALUE"),
                "for example --header X-Env:canary",
            )
        })?;
        Ok((Cow::Borrowed(name.trim()), Cow::Borrowed(value.trim())))
    });
    pairs.collect()
}

/// The listeners of the URL's scheme and port; all of them for a URL without a scheme.
fn listeners<'t>(table: &'t Table, url: &str, request: &Request<'_>) -> Vec<&'t Listener> {
    let all = table.listeners.iter();
    let Some((scheme, _)) = url.split_once("://") else {
        return all.collect();
    };
    let named = request.host.as_deref().unwrap_or_default();
    let name = request.host_without_port().unwrap_or_default();
    let port = named
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(':'));
    all.filter(|listener| {
        let is_port = match port {
            None => listener.has_standard_port(),
            Some(port) => port.parse() == Ok(listener.port),
        };
        is_port && listener.protocol.scheme().eq_ignore_ascii_case(scheme)
    })
    .collect()
}

fn print(listener: &Listener, request: &Request<'_>, explanation: &Explanation<'_>) {
    println!("{request} on listener `{}`", listener.name);
    for passed in &explanation.passed_over {
        let reasons = passed.reasons.join("; ");
        let rule = passed.rule;
        println!("  {:>5} `{}`: no, {reasons}", rule.priority, rule.name);
    }
    let target = explanation.selection.action.describe();
    match explanation.selection.rule {
        Some(rule) => println!("  {:>5} `{}`: yes, {target}", rule.priority, rule.name),
        None => println!("  default: {target}"),
    }
}

fn as_json(listener: &Listener, explanation: &Explanation<'_>) -> Value {
    let passed_over = explanation.passed_over.iter().map(|passed| {
        json!({ "rule": passed.rule.name, "priority": passed.rule.priority, "reasons": passed.reasons })
    });
    let selected = explanation.selection.rule;
    json!({
        "listener": listener.name,
        "rule": selected.map(|rule| &rule.name),
        "priority": selected.map(|rule| rule.priority),
        "action": explanation.selection.action.describe(),
        "reaches": explanation.selection.action.reached_groups(),
        "passed_over": passed_over.collect::<Vec<Value>>(),
    })
}

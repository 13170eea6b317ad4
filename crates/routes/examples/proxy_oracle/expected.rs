//! What the selected rule would answer.

use hokusai_routes::matcher::select;
use hokusai_routes::model::{Action, Listener, Redirect};
use hokusai_routes::request::Request;

use crate::http::Answer;
use crate::requests::Sent;

/// Whether the answer is that of the rule that the matcher selects; else what would have been.
pub(crate) fn agrees(listener: &Listener, sent: &Sent, answer: &Answer) -> Result<(), String> {
    let selection = select(listener, &sent.request);
    let rule = selection
        .rule
        .map_or("the default", |rule| rule.name.as_str());
    let agrees = match selection.action {
        Action::FixedResponse(response) => {
            (answer.status, Some(&answer.body)) == (response.status, response.body.as_ref())
                && answer.content_type == response.content_type
        }
        Action::Forward(_) => {
            answer.status == 200
                && selection
                    .action
                    .reached_groups()
                    .contains(&answer.body.as_str())
        }
        Action::Redirect(redirect) => {
            let location = location(listener, redirect, &sent.request, &sent.target);
            if answer.location.as_ref() != Some(&location) {
                return Err(format!("{rule}: a redirect to {location}"));
            }
            answer.status == redirect.status.code()
        }
    };
    agrees
        .then_some(())
        .ok_or_else(|| format!("{rule}: {:?}", selection.action))
}

/// The whole URL, with its port, as the load balancer writes it.
fn location(
    listener: &Listener,
    redirect: &Redirect,
    request: &Request<'_>,
    target: &str,
) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let port = listener.port.to_string();
    let host = request.host_without_port();
    let path = path.strip_prefix('/').unwrap_or(path);
    let fill = |given: &Option<String>, absent: &str| {
        let text = given.as_deref().unwrap_or(absent);
        text.replace("#{protocol}", listener.protocol.scheme())
            .replace("#{host}", host.unwrap_or_default())
            .replace("#{port}", &port)
            .replace("#{path}", path)
            .replace("#{query}", query)
    };
    let query = fill(&redirect.query, "#{query}");
    format!(
        "{}://{}:{}{}{}{query}",
        fill(&redirect.protocol, "#{protocol}").to_ascii_lowercase(),
        fill(&redirect.host, "#{host}"),
        fill(&redirect.port, "#{port}"),
        fill(&redirect.path, "/#{path}"),
        if query.is_empty() { "" } else { "?" },
    )
}

//! The key does not arrive: a proxy takes the header away.

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let all = Service::ALL.into_iter();
    all.filter_map(|service| cause(facts, service)).collect()
}

fn cause(facts: &Facts<'_>, service: Service) -> Option<Cause> {
    let answer = facts.api(service)?;
    let is_missing = answer.code().as_deref() == Some("missing")
        || answer.says().raw().contains("API key required");
    if !is_missing || answer.answered_by.as_deref() != Some(service.name()) {
        return None;
    }
    let others = if facts.passed(Service::Registry, "key-as-x-api-key") {
        " (`X-API-Key` does arrive)"
    } else {
        ""
    };
    let sentence = format!(
        "the header `Authorization` does not arrive at {service}{others}: something between here and there removes it, and {service} sees a request without key"
    );
    let fix = "let the proxy pass `Authorization` on (in nginx `proxy_set_header Authorization $http_authorization`; in HAProxy remove `http-request del-header`; CDNs strip it by default)";
    let seen = facts.detail(service, "key-unknown").map(str::to_owned);
    Some(Cause::new("authorization-stripped", 34, sentence, fix).with(seen))
}

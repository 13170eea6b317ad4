//! Port 80 carries keys in clear, or goes round in circles (class 10).

use super::Cause;
use crate::endpoint::Service;
use crate::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for service in Service::ALL {
        let host = &facts.deployment.endpoint(service).host;
        let answer = |id| {
            facts
                .answer(service, id)
                .filter(|_| facts.failed(service, id))
        };
        if let Some(page) = answer("port80-page").filter(|answer| answer.is_redirect()) {
            let to = page.header("location").cloned().unwrap_or_default();
            let sentence = format!(
                "port 80 of `{host}` redirects to `{to}`, which is port 80 again: browsers end in a redirect loop"
            );
            let fix = format!(
                "redirect to `https://{host}`; a balancer that ends TLS must tell what stands behind it (`X-Forwarded-Proto`)"
            );
            causes.push(Cause::new("redirect-loop", 54, sentence, fix));
            continue;
        }
        if let Some(api) = answer("port80-api") {
            let sentence = if api.is_redirect() {
                format!(
                    "port 80 of `{host}` redirects API requests ({}): the key has travelled in clear by then, and the client's POST becomes a GET",
                    api.status
                )
            } else {
                format!(
                    "port 80 of `{host}` carries API requests to the service in clear, keys included"
                )
            };
            let fix = "answer API paths on port 80 with a fixed 403 that names the https URL; redirect only pages";
            let seen = facts.detail(service, "port80-api").map(str::to_owned);
            causes.push(Cause::new("port80-api", 55, sentence, fix).with(seen));
        }
    }
    causes
}

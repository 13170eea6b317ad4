//! Security 9: usage is reported by services, in bounded numbers, once, and without making the database grow per request.

use hokusai_testkit::Backend;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{Answer, World, stranger, wanted};

fn used(endpoint: &str) -> Value {
    json!({"service_id": "ml-platform", "endpoint": endpoint, "status_code": 200, "response_time_ms": 10,
           "predictions_count": 3, "compute_ms": 7})
}

struct Reporting {
    world: World,
    service: String,
    id: String,
}

impl Reporting {
    async fn new(backend: Backend) -> Self {
        let world = World::new(backend).await;
        let (service, _) = world
            .mint(&world.admin, wanted("website", &["usage:write"]))
            .await;
        let (_, id) = world
            .mint(&world.admin, wanted("ada", &["model:read"]))
            .await;
        Self { world, service, id }
    }

    async fn report(&self, body: Value) -> Answer {
        let path = format!("/api/v1/usage/{}", self.id);
        self.world.ask("POST", &path, &self.service, body).await
    }

    async fn get(&self, what: &str) -> Value {
        let path = format!("/api/v1/usage/{}/{what}", self.id);
        let answer = self
            .world
            .ask("GET", &path, &self.world.admin, Value::Null)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }
}

#[rstest]
#[tokio::test]
async fn security_9_reports_are_summed_by_month_service_and_day(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let it = Reporting::new(backend).await;
    for _ in 0..3 {
        assert_eq!(it.report(used("/predict?key=1")).await.status, 200);
    }
    let mut failed = used("/score");
    failed["status_code"] = json!(500);
    failed["service_id"] = json!("website");
    failed["response_time_ms"] = json!(30);
    let answer = it.report(failed).await;
    assert_eq!(answer.body["durable_within_ms"], 5_000);

    let stats = it.get("stats").await;
    assert_eq!(stats["reported_requests"], 4);
    assert_eq!(stats["total_predictions"], 12);
    assert_eq!(stats["total_compute_ms"], 28);
    assert_eq!(stats["average_response_time_ms"], 15.0);
    assert_eq!(stats["error_rate"], 0.25);
    assert_eq!(
        stats["top_endpoints"],
        json!([{"endpoint": "/predict", "requests": 3}, {"endpoint": "/score", "requests": 1}])
    );
    assert_eq!(it.get("stats?period=1999-01").await["reported_requests"], 0);
    let billing = it.get("billing").await;
    assert_eq!(billing["total"]["total_predictions"], 12);
    let services: Vec<&str> = billing["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["service_id"].as_str().unwrap())
        .collect();
    assert_eq!(services, ["platform", "website"]);
    let website = it.get("aggregate?service_id=website").await;
    assert_eq!(website["total"]["reported_requests"], 1);
    assert_eq!(website["days"][0]["date"], "2027-01-15");
    it.world.clock.forward_ms(86_400_000);
    it.world.service.follow().await.unwrap();
    it.report(used("/predict")).await;
    let days = it
        .get("aggregate?start_date=2027-01-16&end_date=2027-01-16")
        .await;
    assert_eq!(days["total"]["reported_requests"], 1);
    assert_eq!(
        it.get("aggregate").await["days"].as_array().unwrap().len(),
        3
    );
}

#[rstest]
#[tokio::test]
async fn security_9_only_a_service_reports_and_only_those_who_see_a_key_read_its_usage(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let it = Reporting::new(backend).await;
    let (bob, _) = it
        .world
        .mint(&it.world.admin, wanted("bob", &["model:write"]))
        .await;
    let path = format!("/api/v1/usage/{}", it.id);
    let refused = it.world.ask("POST", &path, &bob, used("/x")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.text("code")),
        (403, "scope")
    );
    for what in ["stats", "billing", "aggregate"] {
        let hidden = it
            .world
            .ask("GET", &format!("{path}/{what}"), &bob, Value::Null)
            .await;
        assert_eq!(hidden.status, 404, "{what}");
        let service = it
            .world
            .ask("GET", &format!("{path}/{what}"), &it.service, Value::Null)
            .await;
        assert_eq!(service.status, 403, "{what}");
    }
    it.report(used("/x")).await;
    let mine = it
        .world
        .ask("GET", "/api/v1/usage/aggregate", &bob, Value::Null)
        .await;
    assert_eq!(mine.body["total"]["reported_requests"], 0);
    let all = it
        .world
        .ask(
            "GET",
            "/api/v1/usage/aggregate",
            &it.world.admin,
            Value::Null,
        )
        .await;
    assert_eq!(all.body["total"]["reported_requests"], 1);
    let nobody = it
        .world
        .ask("POST", "/api/v1/usage/zzz", &it.service, used("/x"))
        .await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn security_9_numbers_are_bounded_and_a_refusal_names_the_field() {
    let it = Reporting::new(Backend::Sqlite).await;
    for (field, value) in [
        ("status_code", json!(99)),
        ("status_code", json!(600)),
        ("status_code", Value::Null),
        ("response_time_ms", json!(-1)),
        ("response_time_ms", json!(3_600_001)),
        ("response_time_ms", json!(0.5)),
        ("response_time_ms", json!("soon")),
        ("predictions_count", json!(1_000_001)),
        ("predictions_count", json!(i64::MIN)),
        ("compute_ms", json!(1e300)),
        ("endpoint", json!("")),
        ("endpoint", json!("x".repeat(201))),
        ("endpoint", Value::Null),
        ("service_id", json!("nobody")),
        ("idempotency_key", json!("")),
        ("idempotency_key", json!("x".repeat(129))),
    ] {
        let mut body = used("/predict");
        body[field] = value;
        let refused = it.report(body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        assert!(refused.text("message").contains(field), "{}", refused.body);
    }
    assert_eq!(it.get("stats").await["reported_requests"], 0);
    for what in [
        "stats?period=2026-13",
        "aggregate?start_date=2026",
        "aggregate?start_date=2027-02-01&end_date=2027-01-01",
    ] {
        let path = format!("/api/v1/usage/{}/{what}", it.id);
        let refused = it
            .world
            .ask("GET", &path, &it.world.admin, Value::Null)
            .await;
        assert_eq!(refused.status, 422, "{what}");
    }
}

#[rstest]
#[tokio::test]
async fn security_9_a_repeated_report_counts_once_even_after_a_flush_and_per_service(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let it = Reporting::new(backend).await;
    let mut body = used("/predict");
    body["idempotency_key"] = json!("order-1");
    for _ in 0..3 {
        assert_eq!(it.report(body.clone()).await.status, 200);
    }
    assert_eq!(it.get("stats").await["reported_requests"], 1);
    it.report(body.clone()).await;
    assert_eq!(
        it.get("stats").await["reported_requests"],
        1,
        "after a flush"
    );
    let (other, _) = it
        .world
        .mint(&it.world.admin, wanted("prediction", &["usage:write"]))
        .await;
    let path = format!("/api/v1/usage/{}", it.id);
    it.world.ask("POST", &path, &other, body).await;
    assert_eq!(
        it.get("stats").await["reported_requests"],
        2,
        "another service has its own"
    );
}

#[rstest]
#[tokio::test]
async fn security_9_endpoints_with_ids_in_them_do_not_grow_the_database(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let it = Reporting::new(backend).await;
    for round in 0..3 {
        for n in 0..200 {
            it.report(used(&format!("/items/{round}-{n}"))).await;
        }
        it.world.service.flush().await.unwrap();
    }
    let stats = it.get("stats").await;
    assert_eq!(stats["reported_requests"], 600);
    assert_eq!(stats["top_endpoints"][0]["endpoint"], "(other)");
    assert_eq!(stats["top_endpoints"][0]["requests"], 500);
}

#[tokio::test]
async fn security_9_a_key_in_a_report_is_not_kept() {
    let it = Reporting::new(Backend::Sqlite).await;
    let key = stranger();
    let mut body = used(&format!("/users/{key}/x"));
    body["idempotency_key"] = json!(key);
    assert_eq!(it.report(body).await.status, 200);
    it.world.service.flush().await.unwrap();
    for kept in it.world.everything_kept().await {
        assert!(
            !kept
                .windows(key.len())
                .any(|window| window == key.as_bytes())
        );
    }
}

#[tokio::test]
async fn usage_that_could_not_be_written_waits_for_the_next_flush() {
    let it = Reporting::new(Backend::Sqlite).await;
    it.report(used("/predict")).await;
    it.world.service.store().close();
    assert!(it.world.service.flush().await.is_err());
    let second = it.report(used("/predict")).await;
    assert_eq!(second.status, 200, "{}", second.body);
}

//! Security 5: what strangers' keys cost. In a binary of its own, since it measures the memory of its process. Ten million keys take
//! an unoptimised build about a minute, because the manifest optimises SHA-256.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, and memory and time are measured for real"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use hokusai_core::access::{Action, Scope};
use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, Environment, KeyRecord};
use hokusai_core::random::Random;
use hokusai_server::auth::judging::Question;
use hokusai_server::auth::service::AuthService;
use hokusai_server::authority::stale::StaleWindow;
use hokusai_store::statement::Schema;
use hokusai_store::{Store, StoreError, StoreOptions, audit, keys};
use hokusai_testkit::{Backend, TestDatabase};

/// Minutes that pass during the flood.
const MINUTES: u64 = 20;
/// Addresses that it comes from.
const ADDRESSES: u64 = 5_000;
const DISTINCT: u64 = 10_000_000;
const PER_MINUTE: u64 = DISTINCT / MINUTES;
/// Clients at once.
const CLIENTS: u64 = 2;

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.now_ms().unsigned_abs()
    }
}

struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

fn record(key: &ApiKey) -> KeyRecord {
    KeyRecord {
        id: "good".to_owned(),
        hash: key.hash(),
        name: "good".to_owned(),
        prefix: key.shown(),
        owner: "ada".to_owned(),
        service_id: "platform".to_owned(),
        environment: Environment::Live,
        scopes: vec![Scope::ModelRead],
        allowed_ips: Vec::new(),
        rate_limit: None,
        created_at_ms: 0,
        expires_at_ms: None,
        revoked_at_ms: None,
        last_used_at_ms: None,
        rotated_to: None,
        chain_id: "good".to_owned(),
        last_refusal: None,
    }
}

/// Resident memory of this process, in kibibytes.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn judge(service: &AuthService, raw: &str, from: IpAddr) -> bool {
    let question = Question {
        raw,
        source: "Authorization: Bearer",
        client_ip: Some(from),
        action: Some(Action::ReadModels),
        spends: true,
    };
    service.judge_key(&question).await.is_ok()
}

/// Presents the keys of one client's share of a minute; every one must be refused.
async fn flood(service: AuthService, first: u64) {
    for n in first..first + PER_MINUTE / CLIENTS {
        let from = Ipv4Addr::from(u32::try_from(n % ADDRESSES).unwrap() + 0x0a00_0000);
        let key = format!("hk_live_{n:032}");
        assert!(!judge(&service, &key, from.into()).await);
    }
}

/// What a judgement of the good key costs: the best of many rounds, since others use the machine too.
async fn cost(service: &AuthService, good: &str) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..50 {
        let started = Instant::now();
        for _ in 0..100 {
            assert!(judge(service, good, Ipv4Addr::LOCALHOST.into()).await);
        }
        best = best.min(started.elapsed() / 100);
    }
    best
}

#[tokio::test(flavor = "multi_thread")]
async fn security_5_ten_million_strangers_keys_leave_memory_audit_and_the_cost_of_a_good_key_as_they_were()
 {
    let database = TestDatabase::new(Backend::Sqlite);
    let store = Store::open(&StoreOptions::new(database.location(), Schema::Auth)).unwrap();
    let good = ApiKey::generate(Environment::Live, &OsRandom);
    let stored = record(&good);
    assert_eq!(
        store.write(move |tx| keys::bootstrap(tx, &stored)).await,
        Ok(true)
    );
    let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000_000)));
    let handed: Arc<dyn Clock> = clock.clone();
    let service = AuthService::open(
        store.clone(),
        handed,
        Arc::new(OsRandom),
        StaleWindow::default(),
    )
    .await
    .unwrap();

    let cost_before = cost(&service, good.reveal()).await;
    let mut memory_before = 0;
    let started = Instant::now();
    for minute in 0..MINUTES {
        clock.0.fetch_add(60_000, Ordering::SeqCst);
        service.follow().await.unwrap();
        service.flush().await.unwrap();
        let clients = (0..CLIENTS).map(|client| {
            let first = minute * PER_MINUTE + client * (PER_MINUTE / CLIENTS);
            tokio::spawn(flood(service.clone(), first))
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        // Everything that grows with addresses and reasons has grown after the first minute.
        if minute == 0 {
            memory_before = resident_kib();
        }
    }
    let took = started.elapsed();
    let memory_after = resident_kib();
    let cost_after = cost(&service, good.reveal()).await;
    service.close().await.unwrap();
    let chain: Result<audit::Chain, StoreError> =
        store.read(|tx| audit::verify(tx, Schema::Auth, None)).await;
    let entries = chain.unwrap().entries;
    println!(
        "{DISTINCT} keys in {took:?}; memory {memory_before} KiB, then {memory_after} KiB; {entries} audit entries; \
         a good key {cost_before:?}, then {cost_after:?}"
    );
    assert!(
        memory_after < memory_before + 8 * 1024,
        "memory grew: {memory_before} KiB, {memory_after} KiB"
    );
    // At most 257 lines a minute, whatever comes.
    assert!(
        entries <= i64::try_from(MINUTES + 1).unwrap() * 257,
        "{entries}"
    );
    assert!(entries > 1, "refused attempts are recorded");
    assert!(
        cost_after < cost_before * 3,
        "{cost_before:?} {cost_after:?}"
    );
    tokio::task::spawn_blocking(move || store.close())
        .await
        .unwrap();
}

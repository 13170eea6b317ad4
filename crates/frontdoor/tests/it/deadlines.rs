//! Deadlines, limits and what is tried again.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::target::Target;
use crate::world::{RULES, World};

#[tokio::test]
async fn a_group_that_hangs_costs_nobody_else_and_says_who_it_was() {
    let world = World::new().await;
    let (hung, other) = tokio::join!(
        world.get("auth.example.com", "/hang"),
        world.get("registry.example.com", "/"),
    );
    assert!(hung.starts_with("HTTP/1.1 504 "), "{hung}");
    for part in [
        "\"rule\":\"auth\"",
        "\"target_group\":\"auth\"",
        "\"path\":\"/hang\"",
        "response_timeout_ms",
    ] {
        assert!(hung.contains(part), "{part}: {hung}");
    }
    assert!(other.contains("registry GET /"), "{other}");
}

#[tokio::test]
async fn only_requests_of_the_full_group_wait_and_the_counter_says_so() {
    let rules = RULES.replace("response_timeout_ms = 50", "response_timeout_ms = 2000");
    let world = World::with_rules(&rules).await;
    let (_, second, other) = tokio::join!(
        tokio::time::timeout(
            Duration::from_millis(600),
            world.get("auth.example.com", "/hang")
        ),
        async {
            world
                .until(|status| status.current.groups[0].in_flight == 1)
                .await;
            world.get("auth.example.com", "/second").await
        },
        async {
            world
                .until(|status| status.current.groups[0].in_flight == 1)
                .await;
            world.get("registry.example.com", "/").await
        },
    );
    assert!(second.starts_with("HTTP/1.1 503 "), "{second}");
    assert!(
        second.contains("retry-after: 1") && second.contains("max_in_flight"),
        "{second}"
    );
    assert!(other.contains("registry GET /"), "{other}");
    let status = world.admin.status().await.unwrap();
    let group = |name: &str| {
        status
            .current
            .groups
            .iter()
            .find(|group| group.name == name)
            .unwrap()
    };
    assert_eq!((group("auth").queued, group("auth").full), (1, 1));
    assert_eq!((group("registry").queued, group("registry").full), (0, 0));
}

#[tokio::test]
async fn a_burst_waits_for_a_place_and_is_served() {
    let rules = RULES.replace("response_timeout_ms = 50", "response_timeout_ms = 2000");
    let world = World::with_rules(&rules).await;
    let (first, second) = tokio::join!(
        world.get("auth.example.com", "/slow"),
        world.get("auth.example.com", "/slow"),
    );
    assert!(
        first.contains("auth GET /slow") && second.contains("auth GET /slow"),
        "{first}{second}"
    );
}

/// Longer in total than the group may take until its first byte: an upload that moves is no target that hangs.
#[tokio::test]
async fn a_slow_upload_outlasts_the_deadline_of_the_answer() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream
        .write_all(b"PUT /up HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\nContent-Length: 6\r\n\r\n")
        .await
        .unwrap();
    for byte in b"abcdef" {
        tokio::time::sleep(Duration::from_millis(30)).await;
        stream.write_all(&[*byte]).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("auth PUT /up \"abcdef\""), "{answer}");
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rules = RULES.replace("{auth}", &listener.local_addr().unwrap().to_string());
    let world = World::with_rules(&rules).await;
    let target = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            .await
            .unwrap();
        // Held open until the door gives up.
        let _ = stream.read(&mut [0; 16]).await;
    });
    let answer = world.get("auth.example.com", "/").await;
    assert!(answer.ends_with("\r\n\r\nabc"), "{answer}");
    target.await.unwrap();
}

#[tokio::test]
async fn a_target_that_is_gone_is_a_502_with_what_to_do() {
    let world = World::new().await;
    let World { auth, .. } = world;
    auth.kill().await;
    let answer = crate::world::exchange(
        world.address,
        b"GET /x HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert!(
        answer.contains("no target of group `auth` can be reached"),
        "{answer}"
    );
}

/// A body that was not begun is sent to another target, whatever the method.
#[tokio::test]
async fn what_was_never_sent_goes_to_another_target() {
    let gone = Target::start("gone").await;
    let address = gone.address.to_string();
    gone.kill().await;
    let rules = RULES.replace(
        "targets = [\"{registry}\"]",
        &format!("targets = [\"{address}\", \"{{registry}}\"]"),
    );
    let world = World::with_rules(&rules).await;
    for _ in 0..4 {
        let answer = world
            .exchange("POST /a HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
            .await;
        assert!(answer.contains("registry POST /a \"hi\""), "{answer}");
    }
}

/// A connection that dies after the request was sent is not tried again: it may have been carried out.
#[tokio::test]
async fn what_was_sent_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rules = RULES.replace("{auth}", &listener.local_addr().unwrap().to_string());
    let world = World::with_rules(&rules).await;
    let target = tokio::spawn(async move {
        let mut seen = 0;
        while let Ok(Ok((mut stream, _))) =
            tokio::time::timeout(Duration::from_millis(300), listener.accept()).await
        {
            let _ = stream.read(&mut [0; 1024]).await;
            seen += 1;
        }
        seen
    });
    let answer = world
        .exchange("POST / HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
        .await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert_eq!(target.await.unwrap(), 1);
}

/// One connection to the target serves them all, in either framing of the answers.
#[tokio::test]
async fn a_connection_to_a_target_is_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rules = RULES.replace("{auth}", &listener.local_addr().unwrap().to_string());
    let world = World::with_rules(&rules).await;
    let target = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for answer in [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast",
        ] {
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let mut last = String::new();
    for _ in 0..4 {
        last = world.get("auth.example.com", "/").await;
    }
    assert!(last.ends_with("last"), "{last}");
    target.await.unwrap();
}

/// Clients that give up while they wait leave no trace: the next burst waits as before.
#[tokio::test]
async fn who_gives_up_waiting_takes_nobodys_turn() {
    let rules = RULES.replace("response_timeout_ms = 50", "response_timeout_ms = 600");
    let world = World::with_rules(&rules).await;
    let hanging = tokio::time::timeout(
        Duration::from_millis(400),
        world.get("auth.example.com", "/hang"),
    );
    let giving_up = async {
        world
            .until(|status| status.current.groups[0].in_flight == 1)
            .await;
        let waiting = world.get("auth.example.com", "/x");
        tokio::time::timeout(Duration::from_millis(50), waiting).await
    };
    let (_, gave_up) = tokio::join!(hanging, giving_up);
    assert!(gave_up.is_err(), "it was answered before it gave up");
    world
        .until(|status| status.current.groups[0].in_flight == 0)
        .await;
    let (first, second) = tokio::join!(
        world.get("auth.example.com", "/slow"),
        world.get("auth.example.com", "/slow"),
    );
    assert!(
        first.contains("auth GET /slow") && second.contains("auth GET /slow"),
        "{first}{second}"
    );
}

//! The ambiguity table (security 16): each case over a raw socket, with a second request pipelined behind it.

use crate::cases::REFUSED;
use crate::h2_cases::{HONEST, REFUSED_H2, TRAILERS, is_served};
use crate::recorder::Recorder;
use hokusai_wire::limits::Limits;

const SECOND: &str = "GET /second HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

/// One run for each way in which the bytes can arrive; a good request stands before each case.
#[tokio::test]
async fn what_has_two_readings_is_refused_and_nothing_behind_it_is_served() {
    let recorder = Recorder::start(Limits::default()).await;
    let first = "GET /first HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let mut served = 0;
    for (name, case, status) in REFUSED {
        let alone = recorder
            .exchange(format!("{case}{SECOND}").as_bytes())
            .await;
        assert!(
            alone.starts_with(&format!("HTTP/1.1 {status} ")),
            "{name}: {alone}"
        );
        assert!(
            alone.contains("\"error_code\"") && alone.contains("\"detail\""),
            "{name}: {alone}"
        );
        assert_eq!(alone.matches("HTTP/1.1 ").count(), 1, "{name}: {alone}");

        let behind = recorder
            .exchange(format!("{first}{case}{SECOND}").as_bytes())
            .await;
        served += 1;
        assert!(behind.starts_with("HTTP/1.1 200 "), "{name}: {behind}");
        assert_eq!(
            behind.matches(&format!("HTTP/1.1 {status} ")).count(),
            1,
            "{name}: {behind}"
        );
        assert_eq!(recorder.notes(), vec!["GET /first "; served], "{name}");
    }
    assert!(REFUSED.len() >= 40);
}

#[tokio::test]
async fn the_refusals_do_not_depend_on_packets() {
    let recorder = Recorder::start(Limits::default()).await;
    for (name, case, status) in REFUSED {
        let answer = recorder
            .exchange_slowly(format!("{case}{SECOND}").as_bytes())
            .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{name}: {answer}"
        );
    }
    assert_eq!(recorder.notes(), Vec::<String>::new());
}

/// The service sees a body that breaks off, never a whole one, and nothing behind it.
#[tokio::test]
async fn a_body_that_breaks_its_framing_is_broken_for_the_service_too() {
    let recorder = Recorder::start(Limits::default()).await;
    let head = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
    ] {
        recorder
            .exchange(format!("{head}{body}{SECOND}").as_bytes())
            .await;
    }
    let notes = recorder.notes();
    assert!(
        notes.iter().all(|note| note == "POST / <broken>"),
        "{notes:?}"
    );
}

#[tokio::test]
async fn what_has_one_reading_is_served_with_what_is_pipelined_behind_it() {
    let cases = [
        (
            "GET /a%252fb?x=/../ HTTP/1.1\r\nHost: a.test\r\n\r\n",
            "GET /a%252fb?x=/../ ",
        ),
        (
            "GET http://A.test/a HTTP/1.1\r\nHost: a.test\r\n\r\n",
            "GET /a ",
        ),
        (
            "POST /a HTTP/1.1\r\nHost: a.test:80\r\nContent-Length: 5\r\n\r\nhello",
            "POST /a hello",
        ),
        (
            "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n",
            "POST /a abcde",
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
            "GET /a ",
        ),
        (
            "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            "GET /a ",
        ),
    ];
    let recorder = Recorder::start(Limits::default()).await;
    let mut expected = Vec::new();
    for (case, note) in cases {
        expected.extend([note.to_owned(), "GET /second ".to_owned()]);
        let answer = recorder
            .exchange(format!("{case}{SECOND}").as_bytes())
            .await;
        assert_eq!(
            answer.matches("HTTP/1.1 200 ").count(),
            2,
            "{case}: {answer}"
        );
        assert_eq!(recorder.notes(), expected);
        expected.extend([note.to_owned(), "GET /second ".to_owned()]);
        recorder
            .exchange_slowly(format!("{case}{SECOND}").as_bytes())
            .await;
        assert_eq!(recorder.notes(), expected);
    }
}

#[tokio::test]
async fn http2_tricks_are_refused_and_nothing_of_them_is_served() {
    let recorder = Recorder::start(Limits::default()).await;
    assert!(is_served(recorder.address, &HONEST).await);
    let mut served = Vec::new();
    for case in REFUSED_H2 {
        if is_served(recorder.address, case).await {
            served.push(case.name);
        }
    }
    assert_eq!(served, Vec::<&str>::new());
    is_served(recorder.address, &TRAILERS).await;
    let notes = recorder.notes();
    // A body whose length turns out to lie has been handed on in part; the service sees it break.
    let is_fine = |note: &String| {
        note == "GET /h2 " || note == "POST /h2 body" || note.ends_with(" <broken>")
    };
    assert!(notes.iter().all(is_fine), "{notes:?}");
}

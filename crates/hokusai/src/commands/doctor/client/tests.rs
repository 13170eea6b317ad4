//! The cases were seen with the real client against a server that shows the header.

use super::*;

fn sent(environment: &[(&str, &str)], files: &[(&str, &str)]) -> Sent {
    let read = |path: &str| {
        let mut files = files.iter();
        files
            .find(|(name, _)| *name == path)
            .map(|(_, text)| (*text).to_owned())
    };
    let mut environment: BTreeMap<String, String> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    environment.insert("HOME".to_owned(), "/home/u".to_owned());
    let machine = Machine {
        environment,
        read: &read,
    };
    machine.sent(&"http://registry.test".parse().unwrap())
}

const CREDENTIALS: (&str, &str) = (
    "/home/u/.mlflow/credentials",
    "[mlflow]\nmlflow_tracking_username = cu\nmlflow_tracking_password = cp\n",
);

#[test]
fn an_entry_of_netrc_replaces_everything() {
    for text in [
        "machine registry.test login u password p",
        "machine other\nlogin a\npassword b\ndefault login u password p",
    ] {
        let found = sent(
            &[
                ("MLFLOW_TRACKING_TOKEN", "t"),
                ("MLFLOW_TRACKING_USERNAME", "e"),
                ("MLFLOW_TRACKING_PASSWORD", "f"),
            ],
            &[("/home/u/.netrc", text)],
        );
        let (file, password) = ("/home/u/.netrc".to_owned(), "p".to_owned());
        assert_eq!(found, Sent::Netrc { file, password });
    }
    let elsewhere = sent(
        &[("MLFLOW_TRACKING_TOKEN", "t")],
        &[("/home/u/.netrc", "machine other login u password p")],
    );
    assert_eq!(elsewhere, Sent::Bearer("t".to_owned()));
}

#[test]
fn a_user_name_and_a_password_win_over_the_token_and_may_come_from_two_places() {
    let from_file = sent(&[("MLFLOW_TRACKING_TOKEN", "t")], &[CREDENTIALS]);
    assert!(
        matches!(from_file, Sent::Basic { ref password, .. } if password == "cp"),
        "{from_file:?}"
    );
    let mixed = sent(
        &[
            ("MLFLOW_TRACKING_TOKEN", "t"),
            ("MLFLOW_TRACKING_USERNAME", "u"),
        ],
        &[CREDENTIALS],
    );
    let Sent::Basic { from, password } = mixed else {
        panic!("{mixed:?}");
    };
    assert_eq!(
        (from.as_str(), password.as_str()),
        ("the environment and `/home/u/.mlflow/credentials`", "cp")
    );
}

#[test]
fn a_user_name_alone_does_not_count() {
    let found = sent(
        &[
            ("MLFLOW_TRACKING_TOKEN", "t"),
            ("MLFLOW_TRACKING_USERNAME", "u"),
        ],
        &[],
    );
    assert_eq!(found, Sent::Bearer("t".to_owned()));
}

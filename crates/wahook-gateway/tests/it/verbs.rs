//! Verbs that end by themselves: what they print, and their exit codes.

use std::{io::Read, process::Stdio};

use serde_json::{Value, json};
use wahook_providers::PROVIDERS;

use super::program::{SECRET, command, run, signed, text};

const BODY: &[u8] = br#"{"event_type":"message.new","data":{"message_id":"m1"}}"#;
const AT: i64 = 1_767_225_600;

fn verify(secret: &str, headers: &str, now: i64, body: &[u8]) -> (i32, Value) {
    let now = now.to_string();
    let mut args = vec!["verify", "wazapin", "--json", "--secret", secret, "--now", &now];
    for header in headers.split("\r\n") {
        args.extend(["--header", header]);
    }
    let output = run(&args, body);
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    (output.status.code().unwrap(), value)
}

#[test]
fn v1_verify_judges_the_bytes_as_they_are() {
    let headers = signed(SECRET, "msg_1", AT, BODY);
    let (code, said) = verify(SECRET, &headers, AT, BODY);
    assert_eq!(
        (code, &said["verified"], &said["reason"], &said["hints"]),
        (0, &json!(true), &json!(null), &json!([]))
    );
    assert_eq!(
        (&said["key"], &said["key_source"]),
        (&json!("msg_1"), &json!("header"))
    );

    let with_line_break = [BODY, b"\n"].concat();
    let (code, said) = verify(SECRET, &headers, AT, &with_line_break);
    assert_eq!((code, &said["verified"]), (1, &json!(false)));
    assert_eq!(said["kind"], "signature_mismatch");
    assert_eq!(said["hints"].as_array().unwrap().len(), 1, "{said}");
    assert!(
        said["hints"][0].as_str().unwrap().contains("white space"),
        "{said}"
    );
}

#[test]
fn v3_verify_takes_a_token_where_it_is_configured_and_nowhere_else() {
    let verify = |more: &[&str]| {
        let mut args = vec!["verify", "wawp", "--secret", "a-token-of-ours"];
        args.extend(more);
        run(&args, BODY).status.code().unwrap()
    };
    let url = "https://example.com/hooks/wawp?secret=a-token-of-ours";
    let args = ["verify", "wawp", "--secret", "a-token-of-ours", "--url", url];
    let said = text(&run(&args, BODY).stdout);
    assert!(
        said.starts_with("verified: static-token\nkey: ") && said.contains("(the SHA-256 of the body"),
        "{said}"
    );
    assert_eq!(verify(&["--url", url]), 0);
    assert_eq!(verify(&["--url", "/hooks/wawp?secret=a-token-of-others"]), 1);
    assert_eq!(verify(&[]), 1);
    assert_eq!(verify(&["--url", url, "--option", "scheme=header-token"]), 1);
    let header = "X-Wawp-Signature: a-token-of-ours";
    assert_eq!(
        verify(&["--header", header, "--option", "scheme=header-token"]),
        0
    );
    assert_eq!(verify(&["--header", header, "--option", "scheme=hmac-sha512"]), 1);
}

#[test]
fn v7_verify_says_how_far_the_clock_is_off() {
    let headers = signed(SECRET, "msg_1", AT, BODY);
    let (code, said) = verify(SECRET, &headers, AT + 412, BODY);
    assert_eq!(code, 1);
    assert_eq!(said["kind"], "timestamp_too_old");
    assert!(said["reason"].as_str().unwrap().contains("412 s"), "{said}");
}

#[test]
fn v4_verify_never_prints_the_secret() {
    let output = run(&["verify", "wazapin", "--secret", "whpk_tell-nobody"], BODY);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!said.contains("tell-nobody"), "{said}");
}

#[test]
fn normalize_prints_one_event_per_line_and_never_fails() {
    for body in [BODY, b"", b"not json", b"[1,2", &[0xff, 0xfe], b"{}", b"[{},{}]"] {
        for provider in ["wazapin", "waping", "wawp"] {
            let output = run(&["normalize", provider], body);
            assert_eq!(
                output.status.code(),
                Some(0),
                "{provider} {body:?}: {}",
                text(&output.stderr)
            );
            for line in text(&output.stdout).lines() {
                let event: Value = serde_json::from_str(line).unwrap();
                assert_eq!(event["schema"], "wahook.event/1");
                assert_eq!(event["provider"], provider);
            }
        }
    }
    let output = run(&["normalize", "wazapin", "--no-raw"], BODY);
    let event: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(event.get("raw"), None);
    assert_eq!(event["name"], "message.new");
}

#[test]
fn n3_a_declared_event_name_is_taken_where_the_provider_sends_none() {
    let output = run(
        &["normalize", "wazapin", "--event", "message.new"],
        br#"{"message_id":"m1"}"#,
    );
    let event: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&event["name"], &event["name_source"]),
        (&json!("message.new"), &json!("declared"))
    );
}

#[test]
fn wrong_use_is_exit_code_2_and_says_what_to_do() {
    let cases: &[(&[&str], &str)] = &[
        (
            &["verify", "wazapim", "--secret", "x"],
            "unknown provider `wazapim`; did you mean `wazapin`?",
        ),
        (
            &["verify", "wazapin"],
            "no secret; give --secret-file FILE or --secret SECRET",
        ),
        (
            &["verify", "wazapin", "--secret", SECRET, "--header", "nonsense"],
            "write it as 'Name: value'",
        ),
        (
            &["normalize", "wazapin", "--option", "nonsense=1"],
            "unknown option `nonsense` of wazapin",
        ),
        (
            &[
                "send",
                "wazapin",
                "nonsense",
                "--to",
                "http://127.0.0.1:1",
                "--secret",
                SECRET,
            ],
            "unknown event `nonsense` of wazapin",
        ),
        (
            &[
                "send",
                "wazapin",
                "message.new",
                "--to",
                "127.0.0.1",
                "--secret",
                SECRET,
            ],
            "--to",
        ),
        (
            &["serve", "--public-url", "shop"],
            "--public-url must be scheme and host",
        ),
        (&["dance"], "dance"),
    ];
    for (args, expected) in cases {
        let output = command(args)
            .env("WAHOOK_DATA_DIR", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn what_cannot_be_done_is_exit_code_3() {
    let cases: &[(&[&str], &str)] = &[
        (
            &["verify", "wazapin", "--secret", SECRET, "/nonexistent"],
            "cannot read the body from /nonexistent",
        ),
        (
            &["verify", "wazapin", "--secret-file", "/nonexistent"],
            "cannot read the secret in /nonexistent",
        ),
        (
            &[
                "send",
                "wazapin",
                "message.new",
                "--to",
                "http://127.0.0.1:1",
                "--secret",
                SECRET,
            ],
            "cannot reach",
        ),
        (
            &["serve", "--data-dir", "/proc/none"],
            "choose another folder with --data-dir",
        ),
    ];
    for (args, expected) in cases {
        let output = run(args, b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
    }
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let output = run(&["verify", "nobody", "--secret", "x", "--json"], b"");
    let said: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(
        said["error"]
            .as_str()
            .unwrap()
            .starts_with("unknown provider `nobody`")
    );
}

#[test]
fn wrong_use_of_the_command_line_is_one_line_too() {
    for (args, expected) in [
        (&["bogus"][..], "unrecognized subcommand 'bogus'; "),
        (&["verfy", "waping"], "a similar subcommand exists: 'verify'"),
        (
            &["send", "waping", "x", "--to", "ftp://x", "--secret", "x"],
            "http://host:port/path",
        ),
        (&["send", "waping", "x", "--fault", "nope"], "wrong-secret"),
        (
            &["verify"],
            "the following required arguments were not provided: <PROVIDER>; ",
        ),
    ] {
        let output = run(args, b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: ") && said.contains(expected), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");

        let output = run(&[args, &["--json"]].concat(), b"");
        let said: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert!(said["error"].as_str().unwrap().contains(expected), "{said}");
        assert_eq!(output.status.code(), Some(2));
    }
    let output = run(&["--version"], b"");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("wahook "));
}

#[test]
fn help_tells_every_option_of_every_provider() {
    for args in [
        &["config", "check", "--help"][..],
        &["verify", "--help"],
        &["send", "--help"],
    ] {
        let output = run(args, b"");
        let said = text(&output.stdout);
        for option in PROVIDERS.iter().flat_map(|row| row.options) {
            assert!(
                said.contains(&format!("  {}: ", option.name)),
                "{args:?}: {}",
                option.name
            );
        }
    }
}

#[test]
fn schema_prints_both_forms() {
    let output = run(&["schema"], b"");
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema.to_string().contains("message.received"));
    let output = run(&["schema", "--typescript"], b"");
    assert!(text(&output.stdout).contains("message.received"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let mut child = command(&["schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn send_lists_its_samples() {
    let output = run(&["send", "wazapin", "--list"], b"");
    let said = text(&output.stdout);
    assert!(said.lines().any(|line| line == "message.new~image"), "{said}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_event_in_the_readme_is_a_real_one() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let readme = std::fs::read_to_string(format!("{root}/README.md")).unwrap();
    let (_, rest) = readme.split_once("```json\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();

    let sample = format!("{root}/crates/wahook-testkit/samples/waping/message.received.json");
    let output = run(&["normalize", "waping", "--no-raw", &sample], b"");
    let mut event = without_null(serde_json::from_slice(&output.stdout).unwrap());
    for name in ["received_at", "delivery"] {
        event.as_object_mut().unwrap().remove(name).unwrap();
    }
    assert_eq!(shown, event);
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_null(value)))
            .collect(),
        other => other,
    }
}

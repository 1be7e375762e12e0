//! The conformance kit over real sockets: the gateway passes everything for every provider, by every scheme.

use std::{process::Stdio, thread};

use serde_json::{Value, json};
use wahook_providers::provider;

use super::program::{Gateway, Hook, program};

const SETTINGS: &str = r#"[limits]
total = "1s"
[[sink]]
name = "log"
type = "file"
path = "events.jsonl"
raw = false
"#;

/// Runs the verb; its exit code and its report.
fn conform(url: &str, hook: &Hook, more: &[&str]) -> (i32, Value) {
    let file = hook.secret_file.to_str().unwrap();
    let mut args = vec![
        "conform",
        url,
        "--json",
        "--provider",
        hook.row.id,
        "--secret-file",
        file,
    ];
    for option in &hook.options {
        args.extend(["--option", option]);
    }
    args.extend(more);
    let output = program(&args).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {said}"));
    (output.status.code().unwrap(), report)
}

#[test]
fn a_the_gateway_passes_every_scenario_that_can_be_seen_from_outside() {
    let hooks = [
        ("waping", "waping", vec!["challenge_token=a-token-of-ours"]),
        ("wawp", "wawp", vec![]),
        ("wawp", "wawp-512", vec!["scheme=hmac-sha512"]),
        ("wazapin", "wazapin", vec![]),
    ];
    let hooks = hooks.into_iter().map(|(id, name, options)| {
        let options = options.into_iter().map(str::to_owned).collect();
        (provider(id).unwrap(), name.to_owned(), options)
    });
    let gateway = Gateway::with_hooks("conform", SETTINGS, hooks.collect());
    // At the same time: most of it is waiting for what must not happen.
    thread::scope(|scope| {
        for hook in &gateway.hooks {
            let url = gateway.url(hook);
            scope.spawn(move || passes(&url, hook));
        }
    });
}

fn passes(url: &str, hook: &Hook) {
    let log = hook.secret_file.with_file_name("events.jsonl");
    let (log, name) = (log.display(), &hook.name);
    let count = format!("cat '{log}'* 2>/dev/null | grep -c '\"endpoint\":\"{name}\"' || true");
    let (code, report) = conform(url, hook, &["--observe-command", &count, "--settle", "150"]);
    for finding in report["scenarios"].as_array().unwrap() {
        let fine = match finding["scenario"].as_str() {
            // Nobody can make a file sink's work fail from outside.
            Some("failed-work") => ["not_observable"].as_slice(),
            _ => ["pass", "not_applicable"].as_slice(),
        };
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(fine.contains(&verdict), "{name}: {finding:#}");
    }
    assert_eq!((code, &report["ok"]), (0, &json!(true)), "{name}");
    assert_eq!(report["counts"]["not_observable"], 1, "{name}");
}

#[test]
fn a_what_is_not_sound_is_exit_code_1_and_nobody_there_3() {
    let gateway = Gateway::start("conform-wrong", "");
    let hook = gateway
        .hooks
        .iter()
        .find(|hook| hook.row.id == "wazapin")
        .unwrap();
    // Another cap than the receiver's: what is taken is over it.
    let (code, report) = conform(
        &gateway.url(hook),
        hook,
        &["--only", "oversize,unsigned", "--cap", "1000"],
    );
    assert_eq!(
        (code, &report["ok"], &report["counts"]["fail"]),
        (1, &json!(false), &json!(1)),
        "{report:#}"
    );
    assert_eq!(report["scenarios"][1]["scenario"], "oversize");
    assert_eq!(report["scenarios"].as_array().unwrap().len(), 2);

    let file = hook.secret_file.to_str().unwrap();
    let run = |args: &[&str]| {
        let output = program(args).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            said,
        )
    };
    let nobody = [
        "conform",
        "http://127.0.0.1:9/",
        "--provider",
        "wazapin",
        "--secret-file",
        file,
    ];
    let (code, _, said) = run(&nobody);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("is the server running?"), "{said}");
    let (code, _, said) = run(&[&nobody[..], &["--only", "no-such"]].concat());
    assert_eq!(code, 2, "{said}");
    let (code, listed, _) = run(&["conform", "--list"]);
    assert_eq!(code, 0);
    assert!(listed.lines().count() > 30, "{listed}");
}

//! The conformance kit over real sockets: the gateway passes everything for every provider, by every scheme.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
    sync::mpsc::channel,
    thread,
    time::Duration,
};

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
        ("generic", "generic", vec![]),
        ("meta", "meta", vec!["verify_token=a-token-of-ours"]),
        // While it is changed.
        (
            "meta",
            "meta-two-tokens",
            vec![r#"verify_token=["a-token-of-ours","one-of-before"]"#],
        ),
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
            // A delivery is stored before anybody can hang up, on a machine that is not busy.
            Some("hang-up") => ["pass", "not_observable"].as_slice(),
            _ => ["pass", "not_applicable"].as_slice(),
        };
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(fine.contains(&verdict), "{name}: {finding:#}");
        if finding["scenario"] == "handshake" && hook.row.challenge_token.is_some() {
            let asked = finding.to_string().contains("a challenge by GET");
            assert!(asked, "{name}: {finding:#}");
        }
    }
    assert_eq!((code, &report["ok"]), (0, &json!(true)), "{name}");
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
    let nothing = ["--only", "oversize", "--skip", "oversize"];
    let (code, _, said) = run(&[&nobody[..], &nothing].concat());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no scenario is left"), "{said}");
    let (code, listed, _) = run(&["conform", "--list"]);
    assert_eq!(code, 0);
    assert!(listed.lines().count() > 30, "{listed}");
}

/// A server in a few lines that answers 200 with this text, until there is none: then its process is gone.
fn server(mut answer: impl FnMut(&str, &[u8]) -> Option<String> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (method, body) = read(&mut stream);
            let Some(text) = answer(&method, &body) else {
                return;
            };
            let length = text.len();
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            // Whoever asked may be gone.
            let _ = stream.get_mut().write_all(format!("{head}{text}").as_bytes());
        }
    });
    url
}

/// The method and the body of a request.
fn read(stream: &mut BufReader<TcpStream>) -> (String, Vec<u8>) {
    let (mut method, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if method.is_empty() {
            line.split(' ').next().unwrap().clone_into(&mut method);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    let _ = stream.read_exact(&mut body);
    (method, body)
}

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn against(url: &str, more: &[&str]) -> std::process::Command {
    let args = ["conform", url, "--provider", "wazapin", "--secret", SECRET];
    let mut command = program(&[&args[..], more].concat());
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

#[test]
fn a_server_that_ends_of_a_scenario_has_failed_it_and_the_report_is_shown() {
    let url = server(|_, body| (!body.starts_with(b"[[[[")).then(String::new));
    let output = against(&url, &["--only", "genuine,malformed,oversize", "--json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    let verdicts: Vec<_> = report["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| &of["verdict"])
        .collect();
    assert_eq!(
        verdicts,
        ["not_observable", "fail", "not_observable"],
        "{report:#}"
    );
    let said = report["scenarios"][1]["do"].to_string();
    assert!(
        said.contains("it was gone after 20,000 lists in each other"),
        "{said}"
    );
}

#[test]
fn each_finding_is_shown_as_soon_as_it_is_there() {
    let (seen, see) = channel();
    let mut requests = 0;
    let url = server(move |_, _| {
        requests += 1;
        // The second scenario is answered when somebody has read of the first.
        if requests == 2 {
            see.recv_timeout(Duration::from_secs(20))
                .expect("the first finding is shown");
        }
        Some(String::new())
    });
    let mut child = against(&url, &["--only", "genuine,raw-bytes"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.next().unwrap().contains(" genuine "));
    seen.send(()).unwrap();
    let rest: Vec<_> = lines.collect();
    assert!(
        rest.last().unwrap().contains("1 pass, 1 not observable"),
        "{rest:?}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_metric_that_never_appears_is_an_error_and_not_a_failed_scenario() {
    let mut handled = 0;
    let url = server(move |method, _| {
        if method == "GET" {
            // As counters are: not there before the first event.
            let metrics = format!("handled_total{{endpoint=\"shop\"}} {handled}\n");
            return Some(if handled == 0 { String::new() } else { metrics });
        }
        handled += 1;
        Some(String::new())
    });
    let asked = |at: &str| {
        let more = [
            "--only",
            "genuine",
            "--timeout",
            "1",
            "--observe",
            &url,
            "--observe-at",
            at,
        ];
        let output = against(&url, &more).stderr(Stdio::piped()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = asked("handled_total");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = asked("handeld_total");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("there is no metric `handeld_total`"), "{said}");
}

//! What is logged, and how, as it is configured.

use std::{fs, path::Path};

use super::{
    program::{Gateway, command, folder, run, text},
    serve::{shop, stop},
};

fn log(lines: &str) -> String {
    shop(&format!("[log]\n{lines}"))
}

fn start(folder: &Path, toml: &str, args: &[&str]) -> Gateway {
    let file = folder.join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let args = [&["serve", "--config", file.to_str().unwrap()], args].concat();
    Gateway::start_as(&args, |line| {
        line.strip_prefix("listening on http://").map(str::to_owned)
    })
}

fn reload(gateway: &Gateway, folder: &Path, toml: &str) {
    fs::write(folder.join("wahook.toml"), toml).unwrap();
    gateway.signal("-HUP");
}

const DEBUG: &str = "no endpoint at this path";

#[test]
fn the_filter_of_the_configuration_is_exchanged_while_it_runs() {
    let folder = folder("filter");
    let mut gateway = start(&folder, &log("filter = \"error\""), &[]);
    reload(&gateway, &folder, &log("filter = \"wahook=debug\""));
    gateway.wait_for_log("is in effect");
    gateway.request("GET / HTTP/1.1", b"");
    gateway.wait_for_log(DEBUG);
    // One that makes no sense changes nothing.
    reload(&gateway, &folder, &log("filter = \"wahook=loud\""));
    let line = gateway.wait_for_log("the old one stays");
    assert!(
        line.contains("wahook.toml:2:1: `filter` makes no sense"),
        "{line}"
    );
    gateway.request("GET / HTTP/1.1", b"");
    gateway.wait_for_log(DEBUG);
    stop(&mut gateway);
}

#[test]
fn the_command_line_stands_over_the_configuration() {
    let folder = folder("filter-said");
    let debug = log("filter = \"debug\"");
    let mut gateway = start(&folder, &debug, &["--log", "info"]);
    gateway.request("GET / HTTP/1.1", b"");
    reload(&gateway, &folder, &debug);
    gateway.wait_for_log("is in effect");
    gateway.request("GET / HTTP/1.1", b"");
    stop(&mut gateway);
    assert!(!gateway.log().join("\n").contains(DEBUG));
}

#[test]
fn a_log_in_json_is_json_to_its_last_line() {
    let folder = folder("json-log");
    let file = folder.join("wahook.toml");
    // With something to warn about, and a reload that fails.
    let toml = log("format = \"json\"") + "memory = \"1h\"\n";
    fs::write(&file, &toml).unwrap();
    let as_json = |line: &str| -> serde_json::Value {
        serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))
    };
    let args = ["serve", "--config", file.to_str().unwrap()];
    let mut gateway = Gateway::start_as(&args, |line| {
        let said = as_json(line)["listening"].as_str()?.to_owned();
        Some(said.strip_prefix("http://")?.to_owned())
    });
    assert!(
        as_json(&gateway.said[0])["fields"]["message"]
            .as_str()
            .unwrap()
            .contains("forgets after 1h")
    );
    let wrong = log("format = \"json\"\n[limits]\nbody_bytes = 0\nstreams = 0");
    reload(&gateway, &folder, &wrong);
    assert!(
        gateway
            .wait_for_log("`streams` must be more than 0")
            .starts_with('{')
    );
    gateway.wait_for_log("the old one stays");
    stop(&mut gateway);
    for line in gateway.log() {
        as_json(&line);
    }

    let output = run(&["serve", "--json", "--config", file.to_str().unwrap()], b"");
    assert_eq!(
        text(&output.stderr)
            .lines()
            .map(as_json)
            .collect::<Vec<_>>()
            .len(),
        2,
        "a line for each problem"
    );
    fs::write(&file, &toml).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(
        &["serve", "--config", file.to_str().unwrap(), "--listen", &address],
        b"",
    );
    assert_eq!(output.status.code(), Some(3));
    let said = text(&output.stderr);
    assert!(
        as_json(said.lines().last().unwrap())["error"]
            .as_str()
            .unwrap()
            .contains("is taken")
    );
}

#[test]
fn what_makes_no_sense_is_said_with_its_place() {
    let folder = folder("log-check");
    let file = folder.join("wahook.toml");
    let file = file.to_str().unwrap();
    for (lines, expected) in [
        (
            "filter = \"wahook=loud\"",
            ":2:1: `filter` makes no sense; write it as `info`",
        ),
        (
            "format = \"xml\"",
            ":2:1: `format` has no such value; there are: text, json",
        ),
        ("level = \"info\"", ":2:1: unknown key `level`"),
        if cfg!(feature = "otlp") {
            (
                "otlp = \"collector:4318\"",
                ":2:1: `otlp` must be the URL of a collector",
            )
        } else {
            (
                "otlp = \"http://127.0.0.1:4318\"",
                ":2:1: `otlp` needs a build that sends traces, and this one does not: `cargo build",
            )
        },
    ] {
        fs::write(file, log(lines)).unwrap();
        let output = run(&["config", "check", file], b"");
        let said = text(&output.stdout);
        assert!(
            output.status.code() == Some(1) && said.contains(expected),
            "{lines}: {said}"
        );
    }
    fs::write(file, log("")).unwrap();
    let output = command(&["config", "print", file])
        .env("WAHOOK_LOG", "debug")
        .env("WAHOOK_LOG__FORMAT", "json")
        .env("WAHOOK_ADMIN", "http://127.0.0.1:8081")
        .env("WAHOOK_ADMIN_TOKEN", "of a verb that asks")
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert!(
        said.contains("[log]\nformat = \"json\"\nfilter = \"info\"\n"),
        "{said}"
    );
    let output = command(&["config", "check", file])
        .env("WAHOOK_LOG", "debug")
        .env("WAHOOK_ADMIN", "http://127.0.0.1:8081")
        .env("WAHOOK_ADMIN_TOKEN", "of a verb that asks")
        .env("WAHOOK_LOG__FILER", "info")
        .env("WAHOOK_ADMIN_TOKN", "x")
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert_eq!(said.matches("warning").count(), 2, "{said}");
    assert!(
        said.contains("WAHOOK_LOG__FILER is ignored: `log` has no such key; did you mean `filter`?"),
        "{said}"
    );
    assert!(
        said.contains("WAHOOK_ADMIN_TOKN is ignored: there is no such key; did you mean `admin_token`?"),
        "{said}"
    );
    let output = run(&["serve", "--config", file, "--log", "wahook=loud"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--log makes no sense"));
}

//! `wahook doctor`: what is unsafe or missing.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use serde_json::Value;

use super::program::{SECRET, folder, run, text};

struct Patient {
    folder: PathBuf,
    file: PathBuf,
}

impl Patient {
    /// A folder with the secret in a file for its owner alone.
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let patient = Self {
            file: folder.join("wahook.toml"),
            folder,
        };
        patient.secret("secret", SECRET, 0o600);
        patient
    }

    fn secret(&self, name: &str, text: &str, mode: u32) {
        let file = self.folder.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    }

    fn says(&self, toml: &str, json: bool) -> (i32, String) {
        fs::write(&self.file, toml).unwrap();
        let mut args = vec!["doctor", "--config", self.file.to_str().unwrap()];
        args.extend(json.then_some("--json"));
        let output = run(&args, b"");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(SECRET) && !said.contains("hunter2"), "{said}");
        (output.status.code().unwrap(), said)
    }

    /// Level and text of each finding.
    fn findings(&self, toml: &str) -> Vec<(String, String)> {
        let (code, said) = self.says(toml, true);
        let report: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(code, i32::from(!findings.is_empty()), "{said}");
        let one = |finding: &Value| {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            (
                text("level"),
                format!("{}|{}|{}", text("endpoint"), text("what"), text("do")),
            )
        };
        findings.iter().map(one).collect()
    }
}

fn endpoint(lines: &str) -> String {
    format!("[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret_file = \"secret\"\n{lines}\n")
}

const SAFE: &str = "inbox = \"none\"\nstore = \"sqlite:guard.db\"\n";

#[test]
fn where_all_is_well_it_says_so_and_how_long_each_may_be_down() {
    let patient = Patient::new("doctor-well");
    patient.secret("wawp", "3fc1a0b2c4d5e6f708192a3b4c5d6e7f", 0o600);
    let config = format!(
        "{SAFE}{}[[endpoint]]\nname = \"line\"\nprovider = \"wawp\"\nsecret_file = \"wawp\"\n",
        endpoint("")
    );
    let (code, said) = patient.says(&config, false);
    assert_eq!(code, 0, "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], "shop (Wazapin): /hooks/shop", "{said}");
    assert!(
        lines[1].starts_with("  guard:  remembers for 48h in sqlite, "),
        "{said}"
    );
    assert!(lines[2].starts_with("  budget: not told by Wazapin: "), "{said}");
    assert!(
        lines[5]
            .starts_with("  budget: 25 s down, then deliveries are lost: Wawp repeats 5 times, 5 s apart"),
        "{said}"
    );
    assert_eq!(lines[6], "sink stdout: standard output");
    assert!(
        lines[7].ends_with("wahook.toml: nothing to say, all is well"),
        "{said}"
    );
    assert!(
        !patient.folder.join("guard.db").exists(),
        "to look is not to make"
    );

    let (code, said) = patient.says(&config, true);
    assert_eq!(code, 0, "{said}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(
        report["endpoints"][0]["retries"]["by_default_seconds"],
        Value::Null
    );
    assert_eq!(report["endpoints"][1]["retries"]["by_default_seconds"], 25);
    assert_eq!(report["endpoints"][1]["memory_seconds"], 48 * 3600);
    assert_eq!(report["guards"][0]["address"], "sqlite:guard.db");
    assert_eq!(
        report["guards"][0]["endpoints"],
        serde_json::json!(["shop", "line"])
    );
}

#[test]
fn g9_each_thing_that_is_unsafe_is_one_finding_with_what_to_do() {
    let patient = Patient::new("doctor-unsafe");
    patient.secret("open", SECRET, 0o644);
    patient.secret("writable", SECRET, 0o666);
    patient.secret("url", "redis://u:hunter2@127.0.0.1:1", 0o644);
    fs::set_permissions(&patient.folder, Permissions::from_mode(0o755)).unwrap();
    let reached = patient
        .folder
        .ancestors()
        .all(|folder| fs::metadata(folder).unwrap().permissions().mode() & 0o001 != 0);
    let safe = |lines: &str| format!("{SAFE}{}", endpoint(lines));
    let with_secret = |lines: &str| {
        format!(
            "{SAFE}{}",
            endpoint("").replace("secret_file = \"secret\"", lines)
        )
    };
    let mut cases = vec![
        (
            safe("memory = \"1h\""),
            "warning",
            "shop|it forgets after 1h, but wazapin may repeat for 48h",
            "raise it to 48h",
        ),
        (
            safe("in_flight_wait = \"3s\""),
            "warning",
            "shop|a copy waits 3s",
            "make it shorter",
        ),
        (
            safe("rate = 50"),
            "warning",
            "shop|it takes 50 deliveries a second, counted before they are verified; the rest is asked to come again, and what \
             wazapin stops repeating, after a time that it does not tell, is lost",
            "remove `rate`",
        ),
        (
            safe("on_store_down = \"accept_without_dedupe\""),
            "warning",
            "shop|while its store is down",
            "on_store_down",
        ),
        (
            safe("[endpoint.options]\ntolerance_seconds = 200000"),
            "warning",
            "shop|a captured request verifies for 200000s, but is remembered for 48h",
            "tolerance_seconds",
        ),
        (
            safe("[endpoint.options]\nunsigned_challenge = true").replace("wazapin", "waping"),
            "warning",
            "shop|it answers challenges of anybody",
            "unsigned_challenge",
        ),
        (
            format!("listen = \"0.0.0.0:8080\"\n{}", safe("")),
            "warning",
            "|it speaks plain HTTP on 0.0.0.0:8080",
            "https://",
        ),
        (
            format!("public_url = \"http://hooks.example.com\"\n{}", safe("")),
            "warning",
            "|`public_url` is not https",
            "https://",
        ),
        (
            format!("inbox = \"none\"\n{}", endpoint("")),
            "warning",
            "shop|what was handled is remembered in memory with the guarantee `none`",
            "sqlite:guard.db",
        ),
        (
            format!(
                "{}[limits]\nremembered_keys = 20000",
                safe("").replace("sqlite:guard.db", "memory")
            ),
            "warning",
            "|`remembered_keys` is 20000",
            "34560",
        ),
        (
            format!(
                "inbox = \"none\"\nstore = \"sqlite:none/guard.db\"\n{}",
                endpoint("")
            ),
            "error",
            "shop|the directory of ",
            "make it",
        ),
        (
            format!(
                "inbox = \"none\"\nstore = \"redis://127.0.0.1:1\"\n{}",
                endpoint("")
            ),
            "error",
            "shop|the guard store redis cannot be opened: no Redis answers at 127.0.0.1:1",
            "",
        ),
        (safe("memroy = \"1h\""), "error", "|", "unknown key `memroy`"),
        (
            safe("answer_refused = 200"),
            "error",
            "shop|",
            "must be a status from 400 to 499",
        ),
        (
            with_secret(&format!("secret = \"{SECRET}\"")),
            "warning",
            "shop|its secret stands in the configuration",
            "secret_file",
        ),
        (
            format!(
                "inbox = \"none\"\nstore = \"redis://u:hunter2@127.0.0.1:1\"\n{}",
                endpoint("")
            ),
            "warning",
            "|the password of the store stands in the configuration",
            "store_file",
        ),
    ];
    if reached {
        cases.extend([
            (
                with_secret("secret_file = \"open\""),
                "warning",
                "shop|every user of this machine can read",
                "chmod 600",
            ),
            (
                with_secret("secret_file = \"writable\""),
                "error",
                "shop|every user of this machine can change",
                "chmod 600",
            ),
            (
                format!("inbox = \"none\"\nstore_file = \"url\"\n{}", endpoint("")),
                "warning",
                "|every user of this machine can read",
                "chmod 600",
            ),
        ]);
    }
    for (toml, level, what, advice) in cases {
        let findings = patient.findings(&toml);
        let found = findings
            .iter()
            .any(|(found, text)| found == level && text.starts_with(what) && text.contains(advice));
        assert!(found, "{toml}\nexpected {level} {what}\nfound {findings:#?}");
    }
}

#[test]
fn i1_the_inbox_is_looked_at_and_not_made() {
    let patient = Patient::new("doctor-inbox");
    let (code, said) = patient.says(&endpoint(""), false);
    assert_eq!(code, 0, "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[1], "  guard:  remembers for 48h in the inbox");
    assert!(
        lines[3].starts_with("inbox: sqlite /") && lines[3].contains("/inbox.db, survives power loss ("),
        "{said}"
    );
    assert_eq!(lines[4], "sink stdout: standard output");
    assert!(
        !patient.folder.join("inbox.db").exists(),
        "to look is not to make"
    );

    let gateway = super::program::Gateway::with_config(&patient.folder, &endpoint(""));
    let (code, said) = patient.says(&endpoint(""), true);
    assert_eq!(code, 0, "{said}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["inbox"]["in_use"], true);
    assert!(report["inbox"]["free_bytes"].as_u64().is_some());
    drop(gateway);
    let report: Value = serde_json::from_str(&patient.says(&endpoint(""), true).1).unwrap();
    assert_eq!(report["inbox"]["in_use"], false);
    assert_eq!(report["inbox"]["guarantee"], "survives power loss");

    let sink = |lines: &str| format!("{}[[sink]]\nname = \"out\"\n{lines}\n", endpoint(""));
    for (toml, level, what) in [
        (
            format!("inbox = \"sqlite:none/inbox.db\"\n{}", endpoint("")),
            "error",
            "|the directory of the inbox ",
        ),
        (
            format!("inbox = \"postgres://u:hunter2@127.0.0.1:1/d\"\n{}", endpoint("")),
            "error",
            "|cannot open the inbox postgres://********@127.0.0.1:1/d: ",
        ),
        (
            format!("inbox = \"postgres://u:hunter2@127.0.0.1:1/d\"\n{}", endpoint("")),
            "warning",
            "|the password of the inbox stands in the configuration",
        ),
        (
            sink("type = \"http\"\nurl = \"http://h.example/hunter2\""),
            "warning",
            "|the sink `out` sends messages over the network unencrypted",
        ),
        (
            sink("type = \"file\"\npath = \"none/events.jsonl\""),
            "error",
            "|the directory of the sink `out`, ",
        ),
        (
            sink(
                "type = \"http\"\nurl = \"https://h.example\"\nsecret = \"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"",
            ),
            "warning",
            "|the secret of the sink `out` stands in the configuration",
        ),
    ] {
        let findings = patient.findings(&toml);
        let found = findings
            .iter()
            .any(|(found, text)| found == level && text.starts_with(what));
        assert!(found, "{toml}\nexpected {level} {what}\nfound {findings:#?}");
    }
}

#[test]
fn what_is_put_over_the_file_is_looked_at_and_what_stands_in_it_too() {
    let patient = Patient::new("doctor-environment");
    let config = format!(
        "inbox = \"none\"\nstore = \"redis://u:hunter2@127.0.0.1:1\"\n{}",
        endpoint("")
    );
    fs::write(&patient.file, config).unwrap();
    fs::set_permissions(&patient.file, Permissions::from_mode(0o600)).unwrap();
    let output = super::program::command(&["doctor", "--json", "--config", patient.file.to_str().unwrap()])
        .env("WAHOOK_STORE", "sqlite:guard.db")
        .env("WAHOOK_STOER", "memory")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let what: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["what"].as_str().unwrap())
        .collect();
    assert_eq!(what.len(), 2, "{report}");
    assert!(what[0].contains("WAHOOK_STOER is ignored"), "{report}");
    assert!(
        what[1].starts_with("the password of the store stands"),
        "{report}"
    );
    assert_eq!(report["guards"][0]["store"], "sqlite");
}

#[test]
fn a_configuration_in_the_working_directory_is_as_good_as_one_with_a_path() {
    let patient = Patient::new("doctor-here");
    fs::write(&patient.file, format!("{SAFE}{}", endpoint(""))).unwrap();
    let output = super::program::command(&["doctor"])
        .current_dir(&patient.folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn the_human_form_has_what_to_do_below_each_finding() {
    let patient = Patient::new("doctor-text");
    let (code, said) = patient.says(&format!("{SAFE}{}", endpoint("memory = \"1h\"")), false);
    assert_eq!(code, 1);
    assert!(
        said.contains(
            "\n\nwarning: shop: it forgets after 1h, but wazapin may repeat for 48h: a late repetition is handled twice\n  do: remove `memory`, or raise it to 48h\n"
        ),
        "{said}"
    );
    assert!(said.ends_with("wahook.toml: 1 thing to look at\n"), "{said}");
}

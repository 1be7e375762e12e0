//! The stores of the guard, without servers: configuration, start-up, and a memory that outlives the process.

use std::{fs, path::Path};

use super::{
    program::{Gateway, SECRET, command, folder, run, text},
    serve::{BODY, RECEIVED, post, shop, stop, without_inbox},
};

/// A configuration with an endpoint of this name and these lines.
pub(crate) fn named(name: &str, lines: &str) -> String {
    format!("[[endpoint]]\nname = \"{name}\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n{lines}\n")
}

/// What `serve` says when it does not start.
pub(crate) fn refused(folder: &Path, toml: &str) -> (Option<i32>, String) {
    let file = folder.join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let output = run(
        &[
            "serve",
            "--config",
            file.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
        ],
        b"",
    );
    assert_eq!(text(&output.stdout), "");
    (output.status.code(), text(&output.stderr))
}

pub(crate) fn guards(gateway: &Gateway) -> Vec<&str> {
    let said = gateway.said.iter().map(String::as_str);
    said.filter(|line| line.starts_with("guard") || line.starts_with("  warning"))
        .collect()
}

#[test]
fn g2_a_restart_forgets_nothing_that_is_in_sqlite() {
    let folder = folder("sqlite");
    let config = without_inbox("store = \"sqlite:guard.db\"");
    let mut gateway = Gateway::with_config(&folder, &config);
    assert_eq!(
        guards(&gateway),
        ["guard: sqlite, survives power loss (journal_mode is wal, synchronous is full)"]
    );
    assert_eq!(
        post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY),
        (200, RECEIVED.to_owned())
    );
    assert_eq!(gateway.event()["delivery"]["provider_id"], "msg_1");
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
    assert!(folder.join("guard.db").is_file(), "beside the configuration");

    let mut gateway = Gateway::with_config(&folder, &config);
    assert_eq!(
        post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY),
        (200, RECEIVED.to_owned())
    );
    assert_eq!(
        stop(&mut gateway),
        Vec::<String>::new(),
        "it was handled before the restart"
    );
}

#[test]
fn g2_a_crash_forgets_nothing_that_is_in_sqlite() {
    let folder = folder("sqlite-crash");
    let config = without_inbox("store = \"sqlite:guard.db\"");
    let mut gateway = Gateway::with_config(&folder, &config);
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
    gateway.event();
    gateway.signal("-KILL");
    gateway.wait();
    let mut gateway = Gateway::with_config(&folder, &config);
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn i1_each_endpoint_has_its_store_and_each_store_is_told_once() {
    let folder = folder("several");
    fs::write(folder.join("url"), "sqlite:b.db\n").unwrap();
    let config = format!(
        "inbox = \"none\"\nstore = \"sqlite:a.db\"\n{}{}{}{}",
        named("one", ""),
        named("two", "store = \"memory\""),
        named("three", "store_file = \"url\""),
        named("four", ""),
    );
    let gateway = Gateway::with_config(&folder, &config);
    let full = "survives power loss (journal_mode is wal, synchronous is full)";
    assert_eq!(
        guards(&gateway),
        [
            format!("guard of one, four: sqlite, {full}"),
            "guard of two: memory, none (a restart forgets what was handled)".to_owned(),
            format!("guard of three: sqlite, {full}"),
        ]
    );
    for path in ["one", "two", "three", "four"] {
        assert_eq!(
            post(&gateway, &format!("/hooks/{path}"), SECRET, "msg_1", BODY).0,
            200
        );
        assert_eq!(gateway.event()["endpoint"], path);
    }
    assert!(
        folder.join("b.db").is_file(),
        "relative to the configuration, not to the file that names it"
    );
}

#[test]
fn a_store_that_cannot_be_opened_is_exit_code_3_and_one_line() {
    let folder = folder("unopened");
    fs::write(
        folder.join("text.db"),
        "this is no database, whatever its name says",
    )
    .unwrap();
    for (store, said) in [
        ("sqlite:none/guard.db", "does not exist: make it first"),
        (
            "sqlite:text.db",
            "is no SQLite database: give wahook a file of its own",
        ),
        (
            "redis://u:hunter2@127.0.0.1:1/0",
            "no Redis answers at 127.0.0.1:1",
        ),
        (
            "redis://u:hunter2@127.0.0.1:1/0?timeout=hunter2",
            "unknown parameter in the Redis URL",
        ),
        (
            "postgres://u:hunter2@127.0.0.1:1/x",
            "PostgreSQL cannot be reached",
        ),
        (
            "postgres://u:hunter2@127.0.0.1:1/x?pooler=hunter2",
            "?pooler is `transaction` or `session`",
        ),
        ("postgres://u:hun@ter2@127.0.0.1:1/x", "write `@` as %40"),
    ] {
        let (code, text) = refused(&folder, &without_inbox(&format!("store = \"{store}\"")));
        assert_eq!(code, Some(3), "{store}: {text}");
        assert!(
            text.starts_with("error: cannot open the guard store ") && text.contains(said),
            "{text}"
        );
        assert!(text.contains(" of shop: "), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        for part in ["hunter2", "ter2"] {
            assert!(!text.contains(part), "{text}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_store_is_said_with_its_place_and_a_suggestion() {
    let folder = folder("wrong-store");
    fs::write(folder.join("wrong"), "redsi://u:hunter2@h").unwrap();
    let file = folder.join("wahook.toml");
    let name = file.to_str().unwrap();
    let two = |first: &str, second: &str| {
        let group = "dedupe_group = \"all\"";
        named("one", &format!("{group}\n{first}")) + &named("two", &format!("{group}\n{second}"))
    };
    for (toml, expected) in [
        (
            shop("store = \"redsi://u:hunter2@h\""),
            "F:1:1: `store`: that is no store; did you mean `redis`?",
        ),
        (
            shop("store = \"hunter2\""),
            "F:1:1: `store`: that is no store; there are: memory, sqlite, redis",
        ),
        (
            shop("store = 7"),
            "F:1:1: `store`: a secret is a text; put it in quotes",
        ),
        (
            shop("stor = \"memory\""),
            "F:1:1: unknown key `stor`; did you mean `store`?",
        ),
        (
            shop("store = \"memory\"\nstore_file = \"url\""),
            "F:2:1: there are both `store` and `store_file`; keep one",
        ),
        (
            shop("store_file = \"none\""),
            "F:1:1: cannot read the address in ",
        ),
        (
            shop("store_file = \"wrong\""),
            "wrong: that is no store; did you mean `redis`?",
        ),
        (
            shop("remember_in_front = \"yes\""),
            "F:1:1: `remember_in_front` must be a boolean",
        ),
        (
            named("shop", "store = \"sqlite:\""),
            "F:5:1: `store`: that is no store; sqlite is written as sqlite:PATH",
        ),
        (
            named("shop", "store = \"sqlite://guard.db\""),
            "F:5:1: `store`: that is no store; sqlite is written as sqlite:PATH",
        ),
        (named("shop", "inbox = \"sqlite\""), "F:5:1: unknown key `inbox`"),
        (
            two("", "store = \"sqlite:guard.db\""),
            "F:11:1: `one` and `two` are one dedupe_group and remember in two stores; give them the same store",
        ),
    ] {
        fs::write(&file, &toml).unwrap();
        let output = run(&["config", "check", name], b"");
        let said = (text(&output.stdout) + &text(&output.stderr)).replace(name, "F");
        assert!(
            said.contains(expected),
            "{toml}\nexpected {expected}\nsaid {said}"
        );
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    fs::write(
        &file,
        "inbox = \"none\"\n".to_owned() + &two("store = \"sqlite:guard.db\"", "store = \"sqlite:guard.db\""),
    )
    .unwrap();
    assert_eq!(
        run(&["config", "check", name], b"").status.code(),
        Some(0),
        "one store for both"
    );
}

#[test]
fn v4_the_store_in_effect_is_printed_without_user_and_password() {
    let file = folder("print-store").join("wahook.toml");
    let config = format!(
        "store = \"redis://u:hunter2@db.example:6379/0\"\n{}{}",
        named(
            "one",
            "store = \"postgres://u:hunter2@h/d?password=hunter2&sslmode=require\""
        ),
        named("two", "store = \"sqlite:guard.db\"")
    );
    fs::write(&file, config).unwrap();
    let print = |variables: &[(&str, &str)]| {
        let mut command = command(&["config", "print", file.to_str().unwrap()]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains("hunter"), "{said}");
        said
    };
    let said = print(&[]);
    for line in [
        "store = \"redis://********@db.example:6379/0\"",
        "store = \"postgres://********@h/d?password=********&sslmode=require\"",
        "store = \"sqlite:guard.db\"",
        "remember_in_front = true",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let said = print(&[
        ("WAHOOK_STORE_FILE", "/run/secrets/store"),
        ("WAHOOK_REMEMBER_IN_FRONT", "false"),
        ("WAHOOK_ENDPOINT__TWO__STORE", "redis://:hunter3@other"),
    ]);
    assert!(said.contains("store_file = \"/run/secrets/store\""), "{said}");
    assert!(
        !said.contains("db.example"),
        "one source replaces the other: {said}"
    );
    assert!(said.contains("store = \"redis://********@other\""), "{said}");
    assert!(said.contains("remember_in_front = false"), "{said}");
}

#[test]
fn the_start_up_object_tells_the_guards() {
    let folder = folder("json-guards");
    let file = folder.join("wahook.toml");
    fs::write(&file, without_inbox("store = \"sqlite:guard.db\"")).unwrap();
    let mut gateway = Gateway::start_as(&["serve", "--json", "--config", file.to_str().unwrap()], |line| {
        let said: serde_json::Value = serde_json::from_str(line).ok()?;
        said["listening"]
            .as_str()?
            .strip_prefix("http://")
            .map(str::to_owned)
    });
    let said: serde_json::Value = serde_json::from_str(&gateway.said[0]).unwrap();
    assert_eq!(
        said["guards"],
        serde_json::json!([{
            "store": "sqlite",
            "endpoints": ["shop"],
            "guarantee": "survives power loss",
            "because": "journal_mode is wal, synchronous is full",
            "warnings": [],
        }])
    );
    stop(&mut gateway);
}

//! I: what is acknowledged is in the inbox, and comes to every sink, whatever happens to the program.

use std::{fs, time::Instant};

use wahook_services::Postgres;

use super::{
    program::{DEADLINE, Gateway, SECRET, folder, text},
    serve::{BODY, RECEIVED, post, shop, stop},
    stores::{named, refused},
};

pub(crate) fn send(gateway: &Gateway, number: u32) -> u16 {
    let body = text(BODY).replace("m1", &format!("m{number}"));
    post(
        gateway,
        "/hooks/shop",
        SECRET,
        &format!("msg_{number}"),
        body.as_bytes(),
    )
    .0
}

/// Sends again until it is taken, as providers do: a server on a busy machine may be slow for once.
pub(crate) fn taken(gateway: &Gateway, number: u32) {
    let until = Instant::now() + DEADLINE;
    while send(gateway, number) != 200 {
        assert!(Instant::now() < until, "it is not taken");
    }
}

pub(crate) fn message(event: &serde_json::Value) -> &str {
    event["data"]["message_id"].as_str().unwrap()
}

pub(crate) fn sink(name: &str, lines: &str) -> String {
    format!("[[sink]]\nname = \"{name}\"\n{lines}\n")
}

/// Waits until a file has so many lines.
pub(crate) fn lines_of(file: &std::path::Path, count: usize) -> Vec<serde_json::Value> {
    let until = Instant::now() + DEADLINE;
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines: Vec<_> = whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        if lines.len() >= count {
            return lines;
        }
        assert!(Instant::now() < until, "{count} lines are not there: {text}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn i1_the_start_says_what_is_promised_and_where_events_go() {
    let folder = folder("inbox-said");
    let toml = shop("")
        + &sink("audit", "type = \"file\"\npath = \"events.jsonl\"")
        + &sink("hook", "type = \"http\"\nurl = \"https://h.example/hunter2\"");
    let gateway = Gateway::with_config(&folder, &toml);
    let said = gateway.said.join("\n");
    let inbox = folder.join("inbox.db");
    assert!(
        said.contains(&format!(
            "inbox: sqlite {}, survives power loss (",
            inbox.display()
        )),
        "{said}"
    );
    assert!(
        said.contains(&format!(
            "sink audit: file {}",
            folder.join("events.jsonl").display()
        )),
        "{said}"
    );
    assert!(said.contains("sink hook: http https://h.example/…"), "{said}");
    assert!(!said.contains("guard"), "{said}");
    assert!(inbox.is_file(), "beside the configuration");
}

#[test]
fn i1_i2_a_kill_loses_nothing_and_doubles_nothing() {
    let folder = folder("inbox-kill");
    let events = folder.join("events.jsonl");
    let toml = shop("") + &sink("audit", "type = \"file\"\npath = \"events.jsonl\"");
    for round in 0..3 {
        let mut gateway = Gateway::with_config(&folder, &toml);
        for number in round * 20..round * 20 + 20 {
            assert_eq!(send(&gateway, number), 200);
        }
        gateway.signal("-KILL");
        gateway.wait();
    }
    let mut gateway = Gateway::with_config(&folder, &toml);
    // Copies of what came before the last kill.
    for number in 40..60 {
        assert_eq!(send(&gateway, number), 200);
    }
    lines_of(&events, 60);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
    let lines = lines_of(&events, 60);
    let mut keys: Vec<_> = lines.iter().map(|event| event["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 60);
    // Handed over again is only what was in the middle of it, and that says so.
    let again = lines
        .iter()
        .filter(|event| event["attempt"].as_u64() > Some(1))
        .count();
    assert!(lines.len() - 60 <= again, "{} lines", lines.len());
    // One conversation, one order.
    let mut seen = Vec::new();
    for event in &lines {
        let number: u32 = message(event)[1..].parse().unwrap();
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
    assert!(seen.is_sorted(), "{seen:?}");
}

#[test]
fn i3_each_sink_gets_what_it_asked_for() {
    let folder = folder("inbox-filter");
    let toml = format!(
        "{}{}{}{}{}",
        named("one", ""),
        named("two", ""),
        sink(
            "all",
            "type = \"file\"\npath = \"all.jsonl\"\nformat = \"cloudevents\""
        ),
        sink(
            "two",
            "type = \"file\"\npath = \"two.jsonl\"\nendpoints = [\"two\"]\nraw = false"
        ),
        sink("none", "type = \"stdout\"\nkinds = [\"call\"]"),
    );
    let mut gateway = Gateway::with_config(&folder, &toml);
    for path in ["/hooks/one", "/hooks/two"] {
        assert_eq!(
            post(&gateway, path, SECRET, "msg_1", BODY),
            (200, RECEIVED.to_owned())
        );
    }
    let all = lines_of(&folder.join("all.jsonl"), 2);
    assert_eq!(all[0]["specversion"], "1.0");
    assert!(all[0]["data"]["raw"].is_object());
    let two = lines_of(&folder.join("two.jsonl"), 1);
    assert_eq!(two[0]["endpoint"], "two");
    assert!(
        two[0].get("raw").is_none_or(serde_json::Value::is_null),
        "{}",
        two[0]
    );
    assert_eq!(stop(&mut gateway), Vec::<String>::new(), "no calls");
}

#[test]
fn i1_it_does_not_start_below_the_guarantee_that_is_required() {
    let folder = folder("inbox-required");
    let gateway = Gateway::with_config(&folder, &shop("required_guarantee = \"survives power loss\""));
    assert_eq!(send(&gateway, 1), 200);
}

#[test]
fn i5_an_inbox_that_cannot_be_opened_is_exit_code_3_and_one_line() {
    let folder = folder("inbox-unopened");
    fs::write(
        folder.join("text.db"),
        "this is no database, whatever its name says",
    )
    .unwrap();
    for inbox in [
        "sqlite:none/inbox.db",
        "sqlite:text.db",
        "postgres://u:hunter2@127.0.0.1:1/x",
        "postgres://u:hunter2@127.0.0.1:1/x?pooler=nonsense",
    ] {
        let (code, said) = refused(&folder, &shop(&format!("inbox = \"{inbox}\"")));
        assert_eq!(code, Some(3), "{inbox}: {said}");
        assert!(said.starts_with("error: cannot open the inbox "), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    // One process at a time: what it has in memory would be wrong.
    let gateway = Gateway::with_config(&folder, &shop(""));
    let (code, said) = refused(&folder, &shop(""));
    assert_eq!(code, Some(3));
    assert!(said.contains("another process has this inbox open"), "{said}");
    drop(gateway);
}

#[test]
fn i3_what_nobody_reads_stays_in_the_inbox() {
    let folder = folder("inbox-reader");
    let mut gateway = Gateway::with_config(&folder, &shop(""));
    gateway.close_stdout();
    // The thread that reads for us takes one more line before it notices; the pipe is closed after that.
    let mut stored = Vec::new();
    for number in 0..200 {
        let body = text(BODY).replace("m1", &format!("m{number}"));
        let head = format!(
            "POST /hooks/shop HTTP/1.1\r\n{}\r\nhost: h\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            super::program::signed(
                SECRET,
                &format!("msg_{number}"),
                super::program::now(),
                body.as_bytes()
            ),
            body.len()
        );
        let Ok(mut stream) = std::net::TcpStream::connect(gateway.address) else {
            break;
        };
        let mut said = String::new();
        let sent = std::io::Write::write_all(&mut stream, head.as_bytes())
            .and_then(|()| std::io::Read::read_to_string(&mut stream, &mut said));
        if sent.is_err() {
            break;
        }
        if said.starts_with("HTTP/1.1 200") {
            stored.push(format!("m{number}"));
        }
    }
    assert_eq!(gateway.wait().code(), Some(3));
    assert!(
        gateway
            .log()
            .iter()
            .any(|line| line.contains("is in the inbox and comes at the next start"))
    );
    let gateway = Gateway::with_config(&folder, &shop(""));
    // All but those that were written before anybody noticed.
    let last = stored.last().unwrap();
    while message(&gateway.event()) != last {}
}

#[test]
fn reload_new_endpoints_secrets_and_sinks_without_a_restart() {
    let folder = folder("reload");
    let file = folder.join("wahook.toml");
    let audit = sink("audit", "type = \"file\"\npath = \"events.jsonl\"");
    let mut gateway = Gateway::with_config(&folder, &(named("one", "") + &audit));
    assert_eq!(post(&gateway, "/hooks/one", SECRET, "msg_1", BODY).0, 200);
    lines_of(&folder.join("events.jsonl"), 1);

    // A broken one changes nothing.
    fs::write(&file, named("two", "secert = \"x\"")).unwrap();
    gateway.signal("-HUP");
    let line = gateway.wait_for_log("cannot be used; the old one stays");
    assert!(line.contains("unknown key `secert`"), "{line}");
    assert_eq!(post(&gateway, "/hooks/one", SECRET, "msg_2", BODY).0, 200);

    let other = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    let next = format!(
        "listen = \"127.0.0.1:1\"\n{}{}{audit}{}",
        named("one", "").replace(SECRET, other),
        named("two", ""),
        sink("more", "type = \"file\"\npath = \"more.jsonl\""),
    );
    fs::write(&file, &next).unwrap();
    gateway.signal("-HUP");
    gateway.wait_for_log("was read again and is in effect");
    gateway.wait_for_log("`listen` was changed and takes effect at the next start");
    assert_eq!(post(&gateway, "/hooks/one", SECRET, "msg_3", BODY).0, 403);
    let body = text(BODY).replace("m1", "m3");
    assert_eq!(
        post(&gateway, "/hooks/one", other, "msg_3", body.as_bytes()).0,
        200
    );
    assert_eq!(post(&gateway, "/hooks/two", SECRET, "msg_1", BODY).0, 200);
    assert_eq!(lines_of(&folder.join("more.jsonl"), 2).len(), 2);
    assert_eq!(lines_of(&folder.join("events.jsonl"), 3).len(), 3);

    // An endpoint that is gone is gone; a file that was written is noticed without a signal.
    fs::write(&file, named("two", "") + &audit).unwrap();
    gateway.wait_for_log("was read again and is in effect");
    assert_eq!(post(&gateway, "/hooks/one", other, "msg_4", BODY).0, 404);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn i1_below_the_required_guarantee_it_does_not_start() {
    let server = Postgres::start(&["synchronous_commit = off"]).unwrap();
    let folder = folder("inbox-below");
    let inbox = format!("inbox = \"{}\"\n", server.url());
    let (code, said) = refused(
        &folder,
        &shop(&format!("{inbox}required_guarantee = \"survives power loss\"")),
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.starts_with("error: the inbox gives `process crash only` (synchronous_commit is off), and required_guarantee is `survives power loss`: set "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    drop(Gateway::with_config(
        &folder,
        &shop(&format!("{inbox}required_guarantee = \"process crash only\"")),
    ));
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn i6_gateways_share_an_inbox_and_each_event_comes_once() {
    let server = Postgres::start(&[]).unwrap();
    let toml = |file: &str| {
        shop(&format!("inbox = \"{}\"", server.url()))
            + &sink("audit", &format!("type = \"file\"\npath = \"{file}\""))
    };
    let (one, two) = (folder("inbox-one"), folder("inbox-two"));
    let first = Gateway::with_config(&one, &toml("events.jsonl"));
    let mut second = Gateway::with_config(&two, &toml("events.jsonl"));
    for number in 0..30 {
        // Each copy to the other one as well.
        taken(&first, number);
        taken(&second, number);
    }
    second.signal("-KILL");
    second.wait();
    for number in 30..40 {
        taken(&first, number);
    }
    let until = Instant::now() + 3 * DEADLINE; // what the dead one held waits for its lease
    loop {
        let lines: Vec<_> = [&one, &two]
            .iter()
            .flat_map(|folder| {
                let text = fs::read_to_string(folder.join("events.jsonl")).unwrap_or_default();
                text.lines()
                    .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut keys: Vec<_> = lines.iter().map(|event| event["key"].as_str().unwrap()).collect();
        keys.sort_unstable();
        keys.dedup();
        let again = lines
            .iter()
            .filter(|event| event["attempt"].as_u64() > Some(1))
            .count();
        assert!(
            lines.len() - keys.len() <= again,
            "{} of {}",
            keys.len(),
            lines.len()
        );
        if keys.len() == 40 {
            break;
        }
        assert!(Instant::now() < until, "{} of 40", keys.len());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn i5_what_nobody_could_read_is_tried_again_by_a_reload() {
    let folder = folder("unreadable");
    let mut gateway = Gateway::with_config(&folder, &shop(""));
    taken(&gateway, 1);
    gateway.event();
    stop(&mut gateway);
    // As if a newer release had taken it, of a provider that this one does not know.
    let file = rusqlite::Connection::open(folder.join("inbox.db")).unwrap();
    file.execute_batch(
        "UPDATE inbox_delivery SET provider = 'stranger'; INSERT INTO inbox_unread SELECT 0, position, 0 FROM inbox_delivery",
    )
    .unwrap();
    file.close().unwrap();
    let mut gateway = Gateway::with_config(&folder, &shop("[log]\nfilter = \"wahook=debug\""));
    // It may be looked at before the program says that it listens.
    let kept = "a delivery cannot be read; it is kept";
    if !gateway.said.iter().any(|line| line.contains(kept)) {
        gateway.wait_for_log(kept);
    }
    gateway.signal("-HUP");
    // The reader may be faster than who tells of it.
    let mut left = vec!["tried once more count=1", kept];
    while !left.is_empty() {
        let line = gateway.wait_for_log("");
        left.retain(|part| !line.contains(part));
    }
    stop(&mut gateway);
}

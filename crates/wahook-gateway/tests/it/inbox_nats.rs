//! An inbox in a stream of NATS: shared by gateways, killed with its server, and told of for what it is.

use std::{fs, thread::sleep, time::Duration};

use wahook_services::Nats;

use super::{
    inbox::{lines_of, message, send, sink, taken},
    program::{Gateway, folder, run, text},
    serve::{shop, stop},
    stores::refused,
};

fn server() -> Nats {
    Nats::start(&[]).unwrap()
}

fn toml(server: &Nats) -> String {
    let inbox = format!("inbox = \"{}?stream=GATEWAYS\"", server.url());
    shop(&inbox) + &sink("audit", "type = \"file\"\npath = \"events.jsonl\"")
}

#[test]
#[ignore = "needs NATS: cargo xtask test"]
fn i6_gateways_share_a_stream_and_each_event_comes_once() {
    let server = server();
    let (one, two) = (folder("nats-one"), folder("nats-two"));
    let first = Gateway::with_config(&one, &toml(&server));
    let said = first.said.join("\n");
    assert!(said.contains("inbox: nats nats://127.0.0.1:"), "{said}");
    assert!(said.contains("?stream=GATEWAYS, process crash only ("), "{said}");
    let mut second = Gateway::with_config(&two, &toml(&server));
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
    let files = [one.join("events.jsonl"), two.join("events.jsonl")];
    let mut keys = Vec::new();
    // What the dead one held waits for its lease.
    for _ in 0..3_000 {
        let lines = files.iter().flat_map(|file| lines_of(file, 0));
        keys = lines.map(|event| message(&event).to_owned()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() == 40 {
            break;
        }
        sleep(Duration::from_millis(20));
    }
    assert_eq!(keys.len(), 40, "what the dead one held is taken over");
}

#[test]
#[ignore = "needs NATS: cargo xtask test"]
fn i5_while_nats_is_away_senders_are_asked_again_and_then_all_goes_on() {
    let server = server();
    let folder = folder("nats-away");
    let events = folder.join("events.jsonl");
    let mut gateway = Gateway::with_config(&folder, &toml(&server));
    for number in 0..10 {
        taken(&gateway, number);
    }
    lines_of(&events, 10);
    for round in 1..4 {
        server.kill();
        assert_eq!(send(&gateway, round * 10), 503);
        server.restart().unwrap();
        for number in round * 10..round * 10 + 10 {
            taken(&gateway, number);
        }
    }
    let lines = lines_of(&events, 40);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());

    // A new process knows what came.
    let mut again = Gateway::with_config(&folder, &toml(&server));
    for number in 0..41 {
        taken(&again, number);
    }
    let all = lines_of(&events, lines.len() + 1);
    assert_eq!(message(all.last().unwrap()), "m40");
    let mut numbers: Vec<u32> = all
        .iter()
        .map(|event| message(event)[1..].parse().unwrap())
        .collect();
    // One conversation, one order; a repeat only of what was in the middle of its hand-over.
    let mut next = 0;
    for number in &numbers {
        assert!(*number <= next, "{numbers:?}");
        next = next.max(number + 1);
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 41);
    assert_eq!(stop(&mut again), Vec::<String>::new());
}

#[test]
#[ignore = "needs NATS: cargo xtask test"]
fn i1_what_a_stream_promises_is_told_and_less_than_required_is_refused() {
    let server = server();
    let folder = folder("nats-required");
    let required = |inbox: &str| {
        shop(&format!(
            "inbox = \"{inbox}\"\nrequired_guarantee = \"survives power loss\""
        ))
    };
    let (code, said) = refused(&folder, &required(&server.url()));
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("error: the inbox gives `process crash only` (the stream has one replica"),
        "{said}"
    );
    assert!(said.contains("?sync=always"), "{said}");
    // Whoever says so on a server that does not know it is told.
    let declared = format!("{}?sync=always", server.url());
    let file = folder.join("wahook.toml");
    fs::write(&file, shop(&format!("inbox = \"{declared}\""))).unwrap();
    let doctor = text(&run(&["doctor", "--config", file.to_str().unwrap()], b"").stdout);
    assert!(doctor.contains("nats"), "{doctor}");
    let (code, said) = refused(&folder, &required(&format!("{declared}&max_bytes=nonsense")));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("?max_bytes is a number of bytes"), "{said}");
    let (code, said) = refused(&folder, &shop("inbox = \"nats://u:hunter2@127.0.0.1:1\""));
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("error: cannot open the inbox nats://********@127.0.0.1:1: "),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    let (code, said) = refused(&folder, "inbox = \"none\"\nstore = \"nats://h\"\n");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nats keeps no guard"), "{said}");
}

//! The forms of version 1, pinned by a log that was written with them, and what came of it.
//!
//! A release that changes a form, or what a record does, writes a later version and still reads this one: what is in streams
//! of others stays what it is. `WAHOOK_GOLDEN=write` writes the file anew, which is right only before a version was released.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wahook_core::{
    inbox::{DeadQuery, EventQuery, Order, Replay},
    json::Text,
};
use wahook_testkit::inbox::Deliveries;

use super::{
    Applying, Ledger,
    op::{Accept, Carried, Failed, Next, Op, Read, ReadEvent, Settle},
    records::{Print, Words, micros},
};
use crate::inbox::record::{self, Message, Record};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/inbox/ledger/golden_v1.json");
const MINUTE: Duration = Duration::from_secs(60);
/// 2026, in microseconds.
const BEGIN: u64 = 1_767_225_600_000_000;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Golden {
    log: Vec<Line>,
    state: Value,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    at: u64,
    /// Each character is a byte.
    record: String,
    answers: Vec<String>,
}

impl Line {
    fn bytes(&self) -> Bytes {
        let bytes = self
            .record
            .chars()
            .map(|byte| u8::try_from(u32::from(byte)).unwrap());
        bytes.collect::<Vec<_>>().into()
    }
}

/// Applies a record that is given as its bytes.
fn apply(ledger: &mut Ledger, at: u64, bytes: Bytes) -> Vec<String> {
    let Message::Whole(record) = record::read(bytes.clone()).unwrap() else {
        panic!("it is whole")
    };
    assert_eq!(record.to_bytes().unwrap(), bytes, "it is written as it was");
    let mut applying = Applying {
        sequence: ledger.applied + 1,
        at,
        ops: record.ops,
        blobs: &record.blobs,
        parts: &[],
        fresh: Vec::new(),
    };
    let answers = ledger.apply(&mut applying).unwrap();
    answers.iter().map(|answer| format!("{answer:?}")).collect()
}

fn state(ledger: &Ledger) -> Value {
    serde_json::from_slice(&ledger.clone().into_bytes().unwrap()).unwrap()
}

#[test]
fn what_version_1_wrote_does_what_it_did() {
    if std::env::var("WAHOOK_GOLDEN").is_ok_and(|told| told == "write") {
        std::fs::write(FILE, serde_json::to_string_pretty(&write()).unwrap() + "\n").unwrap();
    }
    let golden: Golden = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let mut ledger = Ledger::new();
    for line in &golden.log {
        assert_eq!(apply(&mut ledger, line.at, line.bytes()), line.answers);
    }
    assert_eq!(state(&ledger), golden.state);
    let back = Ledger::from_bytes(&serde_json::to_vec(&golden.state).unwrap()).unwrap();
    assert_eq!(state(&back), golden.state);
    assert_eq!(
        (back.bytes_kept, back.bytes_not_read, back.waiting),
        (ledger.bytes_kept, ledger.bytes_not_read, ledger.waiting)
    );
}

/// What a server lost, another delivery has the place of: what was read of the first is not entered for it.
#[test]
fn i3_a_reading_of_another_delivery_changes_nothing() {
    let golden = write();
    let mut ledger = Ledger::new();
    for line in golden.log.iter().take(3) {
        apply(&mut ledger, line.at, line.bytes());
    }
    let (position, wrong) = (1, ledger.kept(2).unwrap().id);
    let read = |id| {
        vec![Read {
            position,
            id,
            events: Some(vec![event("evt", &["till"])]),
            memory: 0,
        }]
    };
    let filed = ledger.file(token(1), read(wrong)).unwrap();
    assert_eq!((filed.fresh, ledger.not_read()), (0, 4));
    let right = ledger.kept(position).unwrap().id;
    let filed = ledger.file(token(1), read(right)).unwrap();
    assert_eq!((filed.fresh, ledger.not_read()), (1, 3));
}

const fn token(number: u128) -> Print {
    Print::of(number)
}

fn event(name: &str, sinks: &[&str]) -> ReadEvent {
    ReadEvent {
        claim: format!("shop/{name}"),
        summary: Words {
            key: name.to_owned(),
            kind: Text::from("session.status"),
            name: Some(Text::from("session")),
            account: Some(Text::from("dev_1")),
            chat: Some(Text::from("chat")),
            message_id: Some(Text::from("m1")),
            occurred_at: Some(Timestamp::from_second(1_767_225_600).unwrap()),
        },
        lane: "a lane".to_owned(),
        sinks: sinks.iter().map(|sink| Text::from(*sink)).collect(),
    }
}

/// Every verb, and what there is in them.
fn write() -> Golden {
    let mut golden = Golden::default();
    let mut ledger = Ledger::new();
    let mut shop = Deliveries::of("wazapin", "shop");
    let mut say = |ops: Vec<Op>, blobs: Vec<Bytes>| {
        let at = BEGIN + micros(MINUTE) * golden.log.len() as u64;
        let record = Record {
            id: token(golden.log.len() as u128),
            ops,
            blobs,
        };
        let bytes = record.to_bytes().unwrap();
        golden.log.push(Line {
            at,
            record: bytes.iter().map(|byte| char::from(*byte)).collect(),
            answers: apply(&mut ledger, at, bytes),
        });
        ledger.clone()
    };
    say(vec![Op::Open { hash_key: [5; 16] }], Vec::new());
    let (mut accepts, mut blobs) = (Vec::new(), Vec::new());
    for (key, body) in [
        ("a", "1"),
        ("b", "22"),
        ("b", "333"),
        ("a", "1"),
        ("c", "\u{ff}4444"),
    ] {
        let incoming = shop.body(key, body);
        accepts.push(Op::Accept(Accept {
            provider: Text::from(incoming.provider()),
            key: incoming.key().as_str().to_owned(),
            digest: *incoming.digest().as_bytes(),
            drops_conflicts: body == "333",
            memory: micros(60 * MINUTE),
            most: 100,
            head: u32::try_from(blobs.len()).unwrap(),
        }));
        blobs.extend([
            incoming.delivery().to_head().into(),
            incoming.delivery().body.clone(),
        ]);
        if key == "c" {
            let more = shop.body("d", "55555");
            accepts.push(Op::Accept(Accept {
                provider: Text::from(more.provider()),
                key: more.key().as_str().to_owned(),
                digest: *more.digest().as_bytes(),
                drops_conflicts: false,
                memory: 0,
                most: 100,
                head: u32::try_from(blobs.len()).unwrap(),
            }));
            blobs.extend([more.delivery().to_head().into(), more.delivery().body.clone()]);
        }
    }
    let carried = blobs[..2].to_vec();
    say(accepts, blobs);
    let lease = micros(10 * MINUTE);
    let all = Op::Unread {
        token: token(1),
        count: 10,
        bytes: 1_000,
        lease,
    };
    let ledger = say(vec![all], Vec::new());
    let id = |position| ledger.kept(position).unwrap().id;
    let read = |position, events| Read {
        position,
        id: id(position),
        events,
        memory: micros(MINUTE),
    };
    let readings = vec![
        read(1, Some(vec![event("x", &["till", "log"]), event("y", &["till"])])),
        read(2, Some(vec![event("x", &["till"]), event("z", &["till"])])),
        read(3, None),
        read(4, Some(vec![event("w", &["log"])])),
    ];
    let file = Op::File {
        token: token(1),
        readings,
    };
    say(vec![file], Vec::new());
    let take = |sink: &str, number| Op::Take {
        sink: Text::from(sink),
        token: token(number),
        lanes: 5,
        events: 5,
        bytes: 1_000,
        lease,
    };
    let ledger = say(vec![take("till", 2), take("log", 3)], Vec::new());
    let of = |sink: &str| {
        let mut lanes = ledger.lanes.iter().filter(|(_, lane)| *lane.sink == *sink);
        let (id, lane) = lanes.next().unwrap();
        (*id, lane.waiting.values().copied().collect::<Vec<_>>())
    };
    let ((till, of_till), (log, of_log)) = (of("till"), of("log"));
    let settle = |lane, number, done: &[i64], setback: Option<(i64, Next)>, untouched: &[i64]| Op::Settle {
        token: token(number),
        settlement: Settle {
            lane,
            done: done.to_vec(),
            setback: setback.map(|(entry, then)| Failed {
                entry,
                error: "it said no".to_owned(),
                failed: true,
                then,
            }),
            untouched: untouched.to_vec(),
        },
    };
    let renew = Op::Renew {
        lane: log,
        token: token(3),
        lease,
    };
    let again = Next::Retry(micros(MINUTE));
    say(
        vec![
            renew,
            settle(till, 2, &of_till[..1], Some((of_till[1], again)), &of_till[2..]),
            settle(log, 3, &[], Some((of_log[0], Next::Park)), &[]),
        ],
        Vec::new(),
    );
    say(vec![take("log", 4), take("till", 5)], Vec::new());
    let bury = Op::Bury {
        lane: till,
        token: token(5),
        entries: vec![of_till[1]],
        error: "it is gone".to_owned(),
    };
    say(
        vec![bury, settle(log, 4, &[], Some((of_log[1], Next::Block)), &[])],
        Vec::new(),
    );
    let dead = |sink: &str| DeadQuery {
        sink: Some(sink.to_owned()),
        limit: 1,
        ..DeadQuery::default()
    };
    say(
        vec![Op::Retry(dead("till")), Op::DropDead(dead("log"))],
        Vec::new(),
    );
    let replay = |reparse| {
        Op::Replay(Replay {
            query: EventQuery {
                order: Order::Oldest,
                limit: 1,
                ..EventQuery::default()
            },
            to: Some("log".to_owned()),
            reparse,
            dry_run: false,
        })
    };
    let known = say(vec![replay(false), replay(true), Op::Reread], Vec::new());
    let drop_waiting = Op::DropWaiting {
        sink: Text::from("log"),
        limit: 1,
    };
    let carry = |position, id, from, head| Carried {
        position,
        id,
        from,
        head,
    };
    let at = |position| {
        let kept = known.kept(position).unwrap();
        (kept.id, kept.home.as_ref().unwrap().at)
    };
    let ((one, from_one), (two, from_two)) = (at(1), at(2));
    let places = vec![
        carry(1, one, from_one, Some(0)),
        carry(2, two, from_two, None),
        // Carried by somebody else meanwhile, and the place of another delivery.
        carry(2, two, from_two, Some(0)),
        carry(3, two, from_two, None),
    ];
    say(vec![drop_waiting, Op::Carry(places)], carried);
    let sweep = Op::Sweep {
        rows: micros(MINUTE),
        bodies: 0,
        dead: micros(MINUTE),
        count: 10,
    };
    let ledger = say(vec![sweep], Vec::new());
    golden.state = state(&ledger);
    golden
}

//! N1 for bodies that nobody would send.

use bytes::Bytes;
use proptest::{
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};
use wahook_core::model::{Event, Kind};

use super::{
    contract::{Contract, is_malformed, said},
    keys::MAX_KEY_BYTES,
};
use crate::Outgoing;

/// **N1**: no body makes it panic, each item is a piece of the body, and every event can be written and read again.
pub fn n1_no_body_breaks_it(contract: &Contract) {
    let config = Config {
        cases: 600,
        failure_persistence: None,
        ..Config::default()
    };
    let check = |body: &[u8]| n1_this_body_breaks_nothing(contract, body).map_err(TestCaseError::fail);
    // Chance finds these seldom.
    for body in [
        "null",
        "true",
        "0",
        "\"\"",
        "[]",
        "{}",
        "[null]",
        "[0.1,1e400]",
        "[{}]",
    ] {
        check(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
    }
    TestRunner::new(config)
        .run(&bodies(contract), |body| check(&body))
        .unwrap_or_else(|error| panic!("{error}"));
}

/// What N1, N2, N4 and G6 say of any body at all, for those who make bodies of their own, such as fuzzers: it is read
/// without a panic and twice the same, each item is a piece of it, each event can be written and read again, and its
/// key is bounded.
///
/// # Errors
///
/// What does not hold.
pub fn n1_this_body_breaks_nothing(contract: &Contract, body: &[u8]) -> Result<(), String> {
    let holds = |so: bool, what: &str| so.then_some(()).ok_or_else(|| what.to_owned());
    let events = contract.read(body.to_vec());
    holds(
        said(&events) == said(&contract.read(body.to_vec())),
        "read twice, it says two things",
    )?;
    if std::str::from_utf8(body).is_err() || body.trim_ascii().is_empty() {
        holds(
            matches!(events.as_slice(), [event] if is_malformed(event)),
            "what is no text is one malformed item",
        )?;
    }
    for event in &events {
        let raw = event.raw.as_ref().map(wahook_core::json::Raw::bytes);
        let raw = raw.ok_or("an item without its bytes")?;
        holds(
            raw.is_empty() || body.windows(raw.len()).any(|piece| piece == raw),
            "an item that is no piece of the body",
        )?;
        let json = serde_json::to_string(event).map_err(|error| error.to_string())?;
        let back: Event = serde_json::from_str(&json).map_err(|error| format!("{error}: {json}"))?;
        let again = serde_json::to_string(&back).map_err(|error| error.to_string())?;
        holds(
            again == json,
            &format!("written {json}, read and written {again}"),
        )?;
        holds(
            !event.key.is_empty() && !event.key.contains(char::is_control),
            "an event whose key is empty or has control characters",
        )?;
    }
    n1_alone_each_item_says_the_same(contract, body)?;
    let prepared = contract.deliver(&Outgoing::new("msg_1", body.to_vec()));
    let length = prepared.key().as_str().len();
    holds(length <= MAX_KEY_BYTES, &format!("a key of {length} bytes"))
}

/// What N1 says of a body that is taken apart: each item is there once, and by itself it says what it says among others.
///
/// # Errors
///
/// What does not hold.
fn n1_alone_each_item_says_the_same(contract: &Contract, body: &[u8]) -> Result<(), String> {
    let Some(split) = contract.split(Bytes::copy_from_slice(body)) else {
        return Ok(());
    };
    let events = contract.read(body.to_vec());
    if split.len() != events.len() {
        return Err(format!("{} items in {} bodies", events.len(), split.len()));
    }
    for (place, event) in events.iter().enumerate() {
        let Some(alone) = split.body(place) else {
            return Err(format!("no body for item {place}, {}", event.kind()));
        };
        if events.len() == 1 && alone != body {
            return Err("an only item is not the body as it was sent".to_owned());
        }
        let found = contract.read(alone.clone());
        let same = found.iter().filter(|found| is_same(found, event)).count();
        // What stands around it may be a mistake of its own; another item it is not.
        let others = found.iter().filter(|found| !is_malformed(found)).count();
        let is_whole = event
            .raw
            .as_ref()
            .is_some_and(|raw| raw.bytes().len() == body.len());
        if same == 0 || (!is_whole && others > 1 + usize::from(is_history(event))) {
            let alone = String::from_utf8_lossy(&alone).into_owned();
            return Err(format!("{} alone is read as {found:?} of {alone}", event.kind()));
        }
    }
    Ok(())
}

/// A piece of a history is told in the delivery of its messages, too.
fn is_history(event: &Event) -> bool {
    event
        .name
        .as_ref()
        .is_some_and(|name| name.starts_with("history"))
}

/// But for the key, which may be made of the delivery, and the place of a mistake. A list that nobody knows is, alone, all
/// that its part of the body says.
fn is_same(alone: &Event, event: &Event) -> bool {
    let named = |event: &Event| event.name.clone().unwrap_or_default();
    let is_of = alone.kind() == Kind::Unknown && named(event).starts_with(named(alone).as_str());
    let same_data = alone.data == event.data || (is_malformed(alone) && is_malformed(event));
    let envelope = |event: &Event| (event.account.clone(), event.tenant.clone());
    let rest = |event: &Event| (event.occurred_at, event.account_identity.clone());
    same_data
        && (is_of || named(alone) == named(event))
        && envelope(alone) == envelope(event)
        && rest(alone) == rest(event)
}

const PIECES: &[&str] = &[
    "null",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e999",
    "99999999999999999999",
    ",",
    "\"",
    "\\ud800",
    "\u{feff}",
];

#[derive(Clone, Debug)]
enum Edit {
    Cut,
    Flip(u8),
    Insert(&'static str),
    Remove(usize),
    Double(usize),
}

fn bodies(contract: &Contract) -> impl Strategy<Value = Vec<u8>> + use<> {
    let samples: Vec<&'static [u8]> = contract.samples.iter().map(|sample| sample.body).collect();
    let edit = prop_oneof![
        1 => Just(Edit::Cut),
        3 => any::<u8>().prop_map(Edit::Flip),
        3 => select(PIECES).prop_map(Edit::Insert),
        2 => (1_usize..40).prop_map(Edit::Remove),
        1 => (1_usize..40).prop_map(Edit::Double),
    ];
    let mutated = (
        select(samples),
        prop::collection::vec((any::<Index>(), edit), 1..6),
    );
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => "\\PC{0,60}".prop_map(String::into_bytes),
        4 => mutated.prop_map(|(sample, edits)| edits.into_iter().fold(sample.to_vec(), edited)),
    ]
}

fn edited(mut body: Vec<u8>, (place, edit): (Index, Edit)) -> Vec<u8> {
    if body.is_empty() {
        return body;
    }
    let at = place.index(body.len());
    let end = |length: usize, body: &[u8]| (at + length).min(body.len());
    match edit {
        Edit::Cut => body.truncate(at),
        Edit::Flip(bits) => body.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits),
        Edit::Insert(piece) => drop(body.splice(at..at, piece.bytes())),
        Edit::Remove(length) => drop(body.drain(at..end(length, &body))),
        Edit::Double(length) => {
            let copy = body.get(at..end(length, &body)).unwrap_or_default().to_vec();
            drop(body.splice(at..at, copy));
        }
    }
    body
}

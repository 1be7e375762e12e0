//! The ledger notices each kind of lie, and no other promise is blamed for it.

mod answers;
mod counters;
mod repeats;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use wahook_core::model::Kind;

use super::{Claims, Ledger, Promise, RECEIVED, Seen, Taking, Tally};
use crate::cli::demo::{
    arrival::Arrival,
    mark::Mark,
    reading::{Reading, Said},
    traffic::Play,
};

/// What is sent, what is answered, and what comes: of an honest gateway, until a test changes it.
struct Scene {
    requests: Vec<(Reading, u16, Seen)>,
    file: Vec<Arrival>,
    /// Each a minute after the one before.
    http: Vec<(Arrival, Taking)>,
    /// The process stood still until then.
    stall: Option<Duration>,
    /// So many of them came before dead letters were put back.
    before_retry: u32,
    claims: Claims,
}

fn reading(name: &str, body: &str, refusal: Option<&'static str>) -> Reading {
    Reading {
        key: Mark::of(&["shop", name]),
        copy: Mark::of(&["shop", name, body]),
        refusal,
        events: vec![Said {
            event: event(name),
            contents: [Mark::of(&[name, body]); 2],
            lane: Mark::of(&["one conversation"]),
            kind: if name == "odd" {
                Kind::Unknown
            } else {
                Kind::MessageReceived
            },
        }],
    }
}

fn event(name: &str) -> Mark {
    Mark::of(&["shop", "event", name])
}

fn arrival(name: &str, attempt: u32) -> Arrival {
    Arrival {
        event: event(name),
        content: Mark::of(&[name, "body"]),
        attempt,
        replay: false,
    }
}

fn seen(status: u16) -> Seen {
    Seen {
        status: Some(status),
        body: if status == 200 {
            Bytes::from_static(RECEIVED)
        } else {
            Bytes::new()
        },
        when: Duration::ZERO,
    }
}

/// Three events and a copy, one of another body under a known key, and one that is refused; `poison` is a dead letter
/// before it is put back, and `first` is replayed to the file.
fn honest() -> Scene {
    let mut another = reading("first", "another body", None);
    another.events.clear(); // its event was said before
    Scene {
        requests: vec![
            (reading("first", "body", None), 200, seen(200)),
            (reading("first", "body", None), 200, seen(200)),
            (another, 200, seen(200)),
            (reading("poison", "body", None), 200, seen(200)),
            (reading("odd", "body", None), 200, seen(200)),
            (
                reading("forged", "body", Some("signature_mismatch")),
                403,
                seen(403),
            ),
        ],
        file: vec![
            arrival("first", 1),
            arrival("poison", 1),
            arrival("odd", 1),
            Arrival {
                replay: true,
                ..arrival("first", 1)
            },
        ],
        http: vec![
            (arrival("first", 1), Taking::NotTaken),
            (arrival("first", 2), Taking::Taken),
            (arrival("poison", 1), Taking::NotTaken),
            (arrival("poison", 2), Taking::NotTaken),
            (arrival("odd", 1), Taking::Taken),
            (arrival("poison", 1), Taking::Taken),
        ],
        stall: None,
        before_retry: 5,
        claims: Claims {
            stored: 4,
            copies: 1,
            conflicts: 1,
            refused: BTreeMap::from([("signature_mismatch".to_owned(), 1)]),
            dead: vec![(1, event("poison"))],
            dead_too_early: false,
            poison: vec![(1, event("poison"))],
            replayed: vec![(0, event("first"))],
            waiting: 0,
        },
    }
}

impl Scene {
    fn judge(self) -> Tally {
        let mut ledger = Ledger::new(&["file", "http"]);
        for (reading, expected, seen) in &self.requests {
            let id = ledger.began("wazapin", "message.new", Play::Sound, reading);
            ledger.answered(id, reading, &[*expected], seen);
        }
        for arrival in self.file {
            ledger.arrived(0, Some(arrival), Taking::Taken, None);
        }
        if let Some(until) = self.stall {
            ledger.stood_still(until);
        }
        for (place, (arrival, taking)) in (0..).zip(self.http) {
            if place == self.before_retry {
                ledger.retried(1);
            }
            let when = Duration::from_secs(60) * place;
            ledger.arrived(1, Some(arrival), taking, Some(when));
        }
        ledger.judge(&self.claims)
    }

    /// The promises that are broken.
    fn broken(self) -> Vec<Promise> {
        let tally = self.judge();
        let broken = |promise: &Promise| tally.count(*promise).broken > 0;
        Promise::ALL.iter().copied().filter(broken).collect()
    }
}

#[test]
fn an_honest_gateway_breaks_nothing_and_every_promise_is_looked_at() {
    let tally = honest().judge();
    assert_eq!(tally.lines(), (&[][..], 0));
    for promise in Promise::ALL {
        assert!(tally.count(*promise).held > 0, "{promise:?}");
    }
}

#[test]
fn v1_what_was_refused_and_comes_all_the_same_is_noticed() {
    let mut scene = honest();
    scene.file.push(arrival("forged", 1));
    let tally = scene.judge();
    assert_eq!(tally.count(Promise::Kept).broken, 1);
    assert!(
        tally.lines().0.iter().any(|line| line.contains("403")),
        "{tally:?}"
    );

    let mut scene = honest();
    scene.file.push(arrival("nobody's", 1));
    assert_eq!(scene.broken(), [Promise::Kept]);
}

#[test]
fn v1_another_content_is_noticed() {
    let mut scene = honest();
    scene.file[0].content = Mark::of(&["first", "printed anew"]);
    assert_eq!(scene.broken(), [Promise::Bytes]);
}

#[test]
fn v1_what_was_forged_under_a_known_key_and_comes_is_noticed() {
    let mut scene = honest();
    let mut forged = reading("first", "forged", Some("signature_mismatch"));
    forged.key = Mark::of(&["shop", "another delivery"]);
    scene.requests.push((forged, 403, seen(403)));
    scene.claims.refused.insert("signature_mismatch".to_owned(), 2);
    scene.file[0].content = Mark::of(&["first", "forged"]);
    assert_eq!(scene.broken(), [Promise::Bytes]);
}

#[test]
fn i1_a_lost_event_is_noticed() {
    let mut scene = honest();
    scene.file.remove(1);
    assert_eq!(scene.broken(), [Promise::Arrived]);

    // That it was tried is not that it came.
    let mut scene = honest();
    scene.http[1].1 = Taking::NotTaken;
    assert_eq!(scene.broken(), [Promise::Arrived]);

    // What may have been accepted need not come, but it may.
    let mut scene = honest();
    scene.requests[0].2.status = None;
    scene.requests[1].2.status = None;
    assert_eq!(scene.broken(), [Promise::Answer]);

    let mut scene = honest();
    scene.requests[4].2 = seen(503);
    assert_eq!(scene.broken(), [Promise::Answer]);
}

#[test]
fn v1_a_forged_delivery_that_is_taken_is_noticed_on_both_sides() {
    let mut scene = honest();
    scene.requests[5].2 = seen(200);
    scene.claims.refused.clear();
    scene.claims.stored += 1;
    scene.file.push(arrival("forged", 1));
    scene.http.push((arrival("forged", 1), Taking::Taken));
    assert_eq!(scene.broken(), [Promise::Answer, Promise::Bytes]);
}

#[test]
fn what_still_waits_is_neither_lost_nor_kept() {
    let mut scene = honest();
    scene.file.clear();
    scene.claims.waiting = 3;
    let tally = scene.judge();
    assert_eq!(tally.lines(), (&[][..], 0));
    for promise in [Promise::Arrived, Promise::Replay, Promise::Unknown] {
        assert!(!tally.count(promise).is_tested(), "{promise:?}");
    }

    // Dead letters that were listed too early.
    let mut scene = honest();
    scene.claims.dead.clear();
    scene.claims.dead_too_early = true;
    scene.http.truncate(5);
    scene.claims.waiting = 1;
    let tally = scene.judge();
    assert_eq!(tally.lines(), (&[][..], 0));
    assert!(!tally.count(Promise::Dead).is_tested());

    // What is too much is a lie at any time.
    let mut scene = honest();
    scene.claims.dead.push((1, event("odd")));
    scene.claims.dead_too_early = true;
    scene.claims.replayed.clear();
    scene.claims.waiting = 1;
    assert_eq!(scene.broken(), [Promise::Dead, Promise::Replay]);
}

#[test]
fn i3_a_turned_order_is_noticed_where_it_was_certain() {
    let mut scene = honest();
    scene.file.swap(0, 2);
    assert_eq!(scene.broken(), [Promise::Order]);

    // Of those that were on their way at once nobody knows.
    let mut ledger = Ledger::new(&["file"]);
    let (one, other) = (reading("first", "body", None), reading("odd", "body", None));
    let ids = [&one, &other].map(|reading| ledger.began("wawp", "message", Play::Sound, reading));
    ledger.answered(ids[0], &one, &[200], &seen(200));
    ledger.answered(ids[1], &other, &[200], &seen(200));
    ledger.arrived(0, Some(arrival("odd", 1)), Taking::Taken, None);
    ledger.arrived(0, Some(arrival("first", 1)), Taking::Taken, None);
    let claims = Claims {
        stored: 2,
        ..Claims::default()
    };
    assert_eq!(ledger.judge(&claims).lines(), (&[][..], 0));
}

#[test]
fn i3_the_events_of_one_delivery_keep_their_places() {
    let mut both = reading("first", "body", None);
    both.events.extend(reading("odd", "body", None).events);
    for (order, broken) in [(["first", "odd"], 0), (["odd", "first"], 1)] {
        let mut ledger = Ledger::new(&["file"]);
        let id = ledger.began("wawp", "message", Play::Sound, &both);
        ledger.answered(id, &both, &[200], &seen(200));
        for name in order {
            ledger.arrived(0, Some(arrival(name, 1)), Taking::Taken, None);
        }
        let claims = Claims {
            stored: 1,
            ..Claims::default()
        };
        assert_eq!(
            ledger.judge(&claims).count(Promise::Order).broken,
            broken,
            "{order:?}"
        );
    }
}

#[test]
fn i3_a_dead_letter_that_is_none_is_noticed() {
    let mut scene = honest();
    scene.claims.dead.push((1, event("odd")));
    assert_eq!(scene.broken(), [Promise::Dead]);

    let mut scene = honest();
    scene.claims.poison.push((1, event("odd")));
    assert_eq!(scene.broken(), [Promise::Dead]);
}

#[test]
fn i4_a_replay_that_does_not_say_so_is_noticed() {
    let mut scene = honest();
    scene.file[3].replay = false;
    assert_eq!(scene.broken(), [Promise::Repeated, Promise::Replay]);

    let mut scene = honest();
    scene.claims.replayed.clear();
    assert_eq!(scene.broken(), [Promise::Replay]);
}

#[test]
fn n1_the_unknown_that_is_swallowed_is_noticed() {
    let mut scene = honest();
    scene.file.remove(2);
    assert_eq!(scene.broken(), [Promise::Arrived, Promise::Unknown]);
}

#[test]
fn many_broken_promises_are_told_in_few_lines() {
    let mut ledger = Ledger::new(&["file"]);
    for _ in 0..50 {
        ledger.arrived(0, Some(arrival("nobody's", 1)), Taking::Taken, None);
    }
    let tally = ledger.judge(&Claims::default());
    let (lines, more) = tally.lines();
    assert_eq!(
        (lines.len() as u64, more),
        (super::promise::LINES as u64, tally.all_broken() - 20)
    );
    assert!(lines[0].starts_with("V: file: "), "{}", lines[0]);
}

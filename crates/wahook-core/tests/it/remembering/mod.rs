//! The memory in front of a shared store: the contract of all stores, when it asks, and a bare store that it must agree
//! with.

mod agree;
mod shared;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::FutureExt;
use wahook_core::guard::{Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token};
use wahook_testkit::guard::{Harness, rules, run};

use self::shared::Shared;

mod contract {
    async fn remembering() -> super::Harness {
        super::harness(10_000)
    }

    wahook_testkit::guard_store_contract!(remembering);
}

mod contract_of_one_that_forgets {
    async fn remembering() -> super::Harness {
        super::harness(1)
    }

    wahook_testkit::guard_store_contract!(remembering);
}

mod outage {
    async fn remembering() -> super::Harness {
        super::harness(10_000)
    }

    wahook_testkit::guard_store_outage_contract!(remembering);
}

fn harness(capacity: usize) -> Harness {
    let shared = Shared::new();
    let (begun, ended) = (shared.clone(), shared.clone());
    Harness::new(Arc::new(shared.remembered(capacity)), shared.clock.clone())
        .with_outage(move || begun.is_down(true), move || ended.is_down(false))
}

/// What other processes are told of a conflict is all that one process does not know without asking.
#[test]
fn g1_to_g10_several_processes_agree_on_all_but_the_conflicts_that_others_met() {
    for rule in rules().into_iter().filter(|rule| !rule.name.starts_with("g7_")) {
        let make = async || {
            let shared = Shared::new();
            let [here, there] = [(); 2].map(|()| Arc::new(shared.remembered(10_000)));
            Harness::new(here, shared.clock.clone()).also_through(there)
        };
        run(make, rule.check);
    }
}

const LEASE: Duration = Duration::from_secs(30);
const TTL: Duration = Duration::from_secs(3_600);
const FRESH: Claim = Claim::Fresh { conflict: false };
const DUPLICATE: Claim = Claim::Duplicate { conflict: false };

/// A store in memory never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

fn key(number: u32) -> Key {
    Key::delivery("shop", &number.to_string())
}

fn digest(number: u32) -> Digest {
    Digest::from_bytes([u8::try_from(number).unwrap(); 32])
}

fn token(number: u32) -> Token {
    Token::new([u8::try_from(number).unwrap(); 16])
}

/// Of the first body, by the first holder.
fn claim(store: &dyn GuardStore, number: u32) -> Result<Claim, StoreError> {
    now(store.claim(&key(number), digest(0), token(0), LEASE))
}

/// By another.
fn again(store: &dyn GuardStore, number: u32) -> Result<Claim, StoreError> {
    now(store.claim(&key(number), digest(0), token(1), LEASE))
}

fn complete(store: &dyn GuardStore, number: u32) -> Result<Settled, StoreError> {
    now(store.complete(&key(number), digest(0), token(0), TTL))
}

fn finish(store: &dyn GuardStore, number: u32) {
    assert_eq!(claim(store, number).unwrap(), FRESH);
    assert_eq!(complete(store, number).unwrap(), Settled::Done);
}

#[test]
fn g2_what_was_completed_here_is_known_without_asking_until_its_time_is_over() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    finish(&store, 0);
    assert_eq!(shared.asked(), 2);
    for _ in 0..5 {
        assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    }
    shared.clock.advance(TTL - Duration::from_nanos(1));
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 0);
    shared.clock.advance(Duration::from_nanos(1));
    assert_eq!(again(&store, 0).unwrap(), FRESH);
    assert_eq!(shared.asked(), 1);
}

#[test]
fn g2_its_time_is_counted_from_before_the_shared_store_heard_of_it() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    assert_eq!(claim(&store, 0).unwrap(), FRESH);
    shared.completing_takes.store(5, Ordering::SeqCst);
    assert_eq!(complete(&store, 0).unwrap(), Settled::Done);
    shared.clock.advance(TTL - Duration::from_secs(11));
    shared.asked();
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 0);
    shared.clock.advance(Duration::from_secs(1));
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(
        shared.asked(),
        1,
        "it lives five seconds more there, and only it knows"
    );
}

#[test]
fn g2_the_wall_clock_may_jump() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    finish(&store, 0);
    shared.clock.set("2035-01-01T00:00:00Z".parse().unwrap());
    shared.asked();
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 0);
}

#[test]
fn g2_what_another_process_completed_is_asked_for_each_time() {
    let shared = Shared::new();
    let (here, there) = (shared.remembered(100), shared.remembered(100));
    finish(&there, 0);
    shared.asked();
    for _ in 0..3 {
        assert_eq!(again(&here, 0).unwrap(), DUPLICATE);
    }
    assert_eq!(shared.asked(), 3, "how long it lives is not known here");
    shared.clock.advance(TTL);
    assert_eq!(again(&here, 0).unwrap(), FRESH);
}

#[test]
fn g3_what_was_released_is_fresh_and_then_anybody_may_complete_it() {
    let shared = Shared::new();
    let (here, there) = (shared.remembered(100), shared.remembered(100));
    assert_eq!(claim(&here, 0).unwrap(), FRESH);
    let release = now(here.release(&key(0), digest(0), token(0)));
    assert_eq!(release.unwrap(), Settled::Done);
    finish(&there, 0);
    assert_eq!(complete(&here, 0).unwrap(), Settled::Done, "the tokens are one");
    shared.asked();
    assert_eq!(again(&here, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 1, "it was claimed elsewhere");
}

#[test]
fn g4_a_late_complete_is_not_remembered() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    assert_eq!(claim(&store, 0).unwrap(), FRESH);
    shared.clock.advance(LEASE);
    assert_eq!(complete(&store, 0).unwrap(), Settled::Lost);
    assert_eq!(again(&store, 0).unwrap(), FRESH);
}

#[test]
fn g5_a_complete_without_an_answer_is_not_remembered_until_it_is_said_again() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    assert_eq!(claim(&store, 0).unwrap(), FRESH);
    shared.is_down(true);
    complete(&store, 0).unwrap_err();
    shared.is_down(false);
    assert!(matches!(again(&store, 0).unwrap(), Claim::InFlight { .. }));

    // It arrives, and its answer is lost: the time runs from here on.
    shared.loses_answers(true);
    complete(&store, 0).unwrap_err();
    shared.loses_answers(false);
    shared.asked();
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 1);
    let later = Duration::from_secs(10);
    shared.clock.advance(later);
    assert_eq!(complete(&store, 0).unwrap(), Settled::Done);
    shared.asked();
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 0);
    shared.clock.advance(TTL - later);
    assert_eq!(again(&store, 0).unwrap(), FRESH, "not ten seconds later");
}

#[test]
fn g5_a_complete_that_is_said_twice_makes_it_no_longer() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    finish(&store, 0);
    shared.clock.advance(TTL / 2);
    assert_eq!(complete(&store, 0).unwrap(), Settled::Done);
    shared.clock.advance(TTL / 2);
    assert_eq!(again(&store, 0).unwrap(), FRESH);
}

#[test]
fn g5_a_complete_that_arrives_late_makes_it_no_longer() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    let pause = || shared.clock.advance(Duration::from_secs(5));
    assert_eq!(claim(&store, 0).unwrap(), FRESH);
    shared.is_down(true);
    complete(&store, 0).unwrap_err();
    shared.is_down(false);
    assert_eq!(claim(&store, 0).unwrap(), FRESH, "it is still his");
    pause();
    assert_eq!(
        complete(&shared.inner, 0).unwrap(),
        Settled::Done,
        "the one on its way"
    );
    pause();
    assert_eq!(complete(&store, 0).unwrap(), Settled::Done);
    shared.clock.advance(TTL - Duration::from_secs(5));
    assert_eq!(again(&store, 0).unwrap(), FRESH);
}

#[test]
fn g5_what_was_forgotten_in_between_is_not_remembered_by_halves() {
    let shared = Shared::new();
    let store = shared.remembered(1);
    let pause = Duration::from_secs(5);
    assert_eq!(claim(&store, 0).unwrap(), FRESH);
    shared.loses_answers(true);
    complete(&store, 0).unwrap_err();
    claim(&store, 1).unwrap_err();
    claim(&store, 0).unwrap_err();
    shared.loses_answers(false);
    shared.clock.advance(pause);
    assert_eq!(complete(&store, 0).unwrap(), Settled::Done, "since five seconds");
    shared.clock.advance(TTL - pause);
    assert_eq!(again(&store, 0).unwrap(), FRESH);
}

#[test]
fn g4_a_late_holder_makes_nothing_forgotten() {
    let shared = Shared::new();
    let store = shared.remembered(100);
    let late = token(2);
    let claimed = now(store.claim(&key(0), digest(0), late, LEASE));
    assert_eq!(claimed.unwrap(), FRESH);
    shared.clock.advance(LEASE);
    finish(&store, 0);
    let completed = now(store.complete(&key(0), digest(0), late, TTL));
    assert_eq!(completed.unwrap(), Settled::Lost);
    let released = now(store.release(&key(0), digest(0), late));
    assert_eq!(released.unwrap(), Settled::Lost);
    shared.asked();
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 0);
}

#[test]
fn g7_a_key_with_two_bodies_is_asked_for_each_time() {
    for second_first in [false, true] {
        let shared = Shared::new();
        let store = shared.remembered(100);
        let second = |token| now(store.claim(&key(0), digest(1), token, LEASE)).unwrap();
        if second_first {
            assert_eq!(second(token(2)), FRESH);
            assert_eq!(claim(&store, 0).unwrap(), Claim::Fresh { conflict: true });
        } else {
            assert_eq!(claim(&store, 0).unwrap(), FRESH);
            assert_eq!(second(token(2)), Claim::Fresh { conflict: true });
        }
        assert_eq!(complete(&store, 0).unwrap(), Settled::Done);
        assert_eq!(again(&store, 0).unwrap(), Claim::Duplicate { conflict: true });
        let release = now(store.release(&key(0), digest(1), token(2)));
        assert_eq!(release.unwrap(), Settled::Done);
        assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
        assert_eq!(second(token(3)), Claim::Fresh { conflict: true });
        assert_eq!(again(&store, 0).unwrap(), Claim::Duplicate { conflict: true });
    }
}

#[test]
fn g8_while_the_store_is_down_only_what_is_known_is_answered() {
    let shared = Shared::new();
    let (here, there) = (shared.remembered(100), shared.remembered(100));
    finish(&here, 0);
    finish(&there, 1);
    assert_eq!(claim(&here, 2).unwrap(), FRESH);
    shared.is_down(true);
    assert_eq!(again(&here, 0).unwrap(), DUPLICATE);
    for number in 1..4 {
        assert_eq!(
            again(&here, number).unwrap_err().kind(),
            StoreErrorKind::Unavailable
        );
    }
    complete(&here, 2).unwrap_err();
    now(here.release(&key(2), digest(0), token(0))).unwrap_err();
    let other_body = now(here.claim(&key(0), digest(1), token(1), LEASE));
    other_body.unwrap_err();
    again(&here, 0).expect_err("the other body may have been claimed");
}

#[test]
fn g9_the_newest_are_known_and_the_others_asked_for() {
    let shared = Shared::new();
    let store = shared.remembered(10);
    for number in 0..30 {
        finish(&store, number);
        // Duplicates of others need no room.
        finish(&*shared, 1_000 + number);
        assert_eq!(again(&store, 1_000 + number).unwrap(), DUPLICATE);
    }
    shared.asked();
    for number in (21..30).rev() {
        assert_eq!(again(&store, number).unwrap(), DUPLICATE);
    }
    assert_eq!(shared.asked(), 0);
    for number in 0..20 {
        assert_eq!(again(&store, number).unwrap(), DUPLICATE);
    }
    assert_eq!(shared.asked(), 20);
}

#[test]
fn g9_the_newest_are_those_that_were_done_last() {
    let shared = Shared::new();
    let store = shared.remembered(2);
    assert_eq!(claim(&store, 0).unwrap(), FRESH);
    assert_eq!(claim(&store, 1).unwrap(), FRESH);
    assert_eq!(complete(&store, 1).unwrap(), Settled::Done);
    assert_eq!(complete(&store, 0).unwrap(), Settled::Done);
    assert_eq!(claim(&store, 2).unwrap(), FRESH);
    shared.asked();
    assert_eq!(again(&store, 0).unwrap(), DUPLICATE);
    assert_eq!(shared.asked(), 0);
}

#[test]
fn p_its_debug_text_holds_no_key() {
    let shared = Shared::new();
    let store = shared.remembered(10);
    let key = Key::delivery("shop", "31612345678");
    now(store.claim(&key, digest(0), token(0), LEASE)).unwrap();
    let text = format!("{store:?}");
    assert!(!text.contains("31612345678") && !text.contains("9, 9"), "{text}");
}

//! The store in memory: the contract of all stores, its own promises, and a model that it must agree with.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use futures_util::FutureExt;
use proptest::prelude::*;
use wahook_core::guard::{
    Claim, Digest, GuardStore, Key, MemoryStore, Settled, StoreError, StoreErrorKind, Token,
};
use wahook_testkit::{ManualClock, guard::Harness};

async fn memory() -> Harness {
    let clock = Arc::new(ManualClock::default());
    Harness::new(Arc::new(store(&clock, 10_000)), clock)
}

wahook_testkit::guard_store_contract!(memory);

const LEASE: Duration = Duration::from_secs(30);
const TTL: Duration = Duration::from_secs(3_600);

fn store(clock: &Arc<ManualClock>, capacity: usize) -> MemoryStore {
    MemoryStore::new(clock.clone(), NonZeroUsize::new(capacity).unwrap(), [7; 16])
}

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

fn claim(store: &MemoryStore, number: u32) -> Result<Claim, StoreError> {
    now(store.claim(&key(number), digest(0), token(1), LEASE))
}

fn claim_of_another(store: &MemoryStore, number: u32) -> Result<Claim, StoreError> {
    now(store.claim(&key(number), digest(0), token(2), LEASE))
}

fn complete(store: &MemoryStore, number: u32) {
    let settled = now(store.complete(&key(number), digest(0), token(1), TTL));
    assert_eq!(settled.unwrap(), Settled::Done);
}

fn is_fresh(claim: Result<Claim, StoreError>) -> bool {
    matches!(claim.unwrap(), Claim::Fresh { .. })
}

#[test]
fn g9_exactly_the_newest_keys_are_remembered_and_early_forgetting_is_counted() {
    let store = store(&Arc::default(), 100);
    for number in 0..150 {
        assert!(is_fresh(claim(&store, number)));
        complete(&store, number);
    }
    assert_eq!(store.forgotten_early(), 50);
    for number in 50..150 {
        assert_eq!(
            claim(&store, number).unwrap(),
            Claim::Duplicate { conflict: false }
        );
    }
    assert!((0..50).all(|number| is_fresh(claim(&store, number))));
}

#[test]
fn g9_a_large_store_in_parts_remembers_nine_tenths_of_its_capacity_for_certain() {
    const CAPACITY: u32 = 20_000;

    let store = store(&Arc::default(), CAPACITY as usize);
    let newest = || CAPACITY / 2..CAPACITY / 2 + CAPACITY / 10 * 9;
    for number in 0..newest().end {
        assert!(is_fresh(claim(&store, number)));
        complete(&store, number);
    }
    let all_but = u64::from(newest().end - CAPACITY);
    assert!((all_but..all_but + u64::from(CAPACITY / 20)).contains(&store.forgotten_early()));
    assert!(newest().all(|number| claim(&store, number).unwrap() == Claim::Duplicate { conflict: false }));
}

#[test]
fn g9_what_is_over_is_forgotten_without_being_counted() {
    let clock = Arc::default();
    let store = store(&clock, 100);
    for round in 0..3 {
        for number in 0..100 {
            assert!(is_fresh(claim(&store, number)), "round {round}");
            complete(&store, number);
        }
        clock.advance(TTL);
    }
    assert_eq!(store.forgotten_early(), 0);
}

#[test]
fn g9_a_claim_in_flight_is_never_pushed_out() {
    let store = store(&Arc::default(), 2);
    assert!(is_fresh(claim(&store, 0)));
    for number in 1..1_000 {
        assert!(is_fresh(claim(&store, number)));
        complete(&store, number);
    }
    assert!(matches!(
        claim_of_another(&store, 0).unwrap(),
        Claim::InFlight { left: LEASE, .. }
    ));
    complete(&store, 0);
}

#[test]
fn g9_full_of_claims_refuses_until_one_is_settled_or_stranded() {
    let clock = Arc::default();
    let store = store(&clock, 2);
    assert!(is_fresh(claim(&store, 0)));
    clock.advance(LEASE / 2);
    assert!(is_fresh(claim(&store, 1)));
    assert_eq!(claim(&store, 2).unwrap_err().kind(), StoreErrorKind::Full);
    assert!(
        matches!(claim_of_another(&store, 1).unwrap(), Claim::InFlight { .. }),
        "a copy needs no room"
    );
    // The holder of 0 is gone: its place is free when its lease is over.
    clock.advance(LEASE / 2);
    assert!(is_fresh(claim(&store, 2)));
    assert_eq!(claim(&store, 3).unwrap_err().kind(), StoreErrorKind::Full);
    complete(&store, 1);
    assert!(is_fresh(claim(&store, 3)));
}

#[test]
fn g4_leases_do_not_notice_that_the_wall_clock_jumps() {
    let clock = Arc::default();
    let store = store(&clock, 10);
    assert!(is_fresh(claim(&store, 0)));
    for jump in ["2035-01-01T00:00:00Z", "1999-01-01T00:00:00Z"] {
        clock.set(jump.parse().unwrap());
        assert!(matches!(
            claim_of_another(&store, 0).unwrap(),
            Claim::InFlight { left: LEASE, .. }
        ));
    }
    clock.advance(LEASE - Duration::from_nanos(1));
    assert!(matches!(
        claim_of_another(&store, 0).unwrap(),
        Claim::InFlight { .. }
    ));
    clock.advance(Duration::from_nanos(1));
    assert!(is_fresh(claim(&store, 0)));
    complete(&store, 0);
}

#[test]
fn g4_endless_leases_and_lives_do_not_overflow() {
    let clock = Arc::<ManualClock>::default();
    clock.advance(LEASE);
    let store = store(&clock, 10);
    let (key, digest, token) = (key(0), digest(0), token(0));
    now(store.claim(&key, digest, token, Duration::MAX)).unwrap();
    clock.advance(TTL);
    assert_eq!(
        now(store.complete(&key, digest, token, Duration::MAX)).unwrap(),
        Settled::Done
    );
    clock.advance(TTL);
    assert_eq!(claim(&store, 0).unwrap(), Claim::Duplicate { conflict: false });
}

/// What the store should be: a list, without bounds, sweeps, fingerprints or counters.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    records: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    key: u32,
    digest: u32,
    token: u32,
    until: u64,
    done: bool,
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Claim(u64),
    Complete(u64),
    Release,
    Pass(u64),
}

impl Model {
    fn place(&self, key: u32, digest: u32) -> Option<usize> {
        self.records
            .iter()
            .position(|entry| (entry.key, entry.digest) == (key, digest))
    }

    fn claim(&mut self, key: u32, digest: u32, token: u32, lease: u64) -> Claim {
        let conflict = self
            .records
            .iter()
            .any(|entry| entry.key == key && entry.digest != digest);
        if let Some(place) = self.place(key, digest) {
            let entry = self.records.get(place).unwrap();
            if entry.done {
                return Claim::Duplicate { conflict };
            }
            if entry.token != token {
                let left = Duration::from_secs(entry.until - self.now);
                return Claim::InFlight { left, conflict };
            }
            self.records.remove(place);
        }
        if lease > 0 {
            let until = self.now + lease;
            self.records.push(Entry {
                key,
                digest,
                token,
                until,
                done: false,
            });
        }
        Claim::Fresh { conflict }
    }

    fn settle(&mut self, key: u32, digest: u32, token: u32, ttl: Option<u64>) -> Settled {
        let Some(place) = self.place(key, digest) else {
            return Settled::Lost;
        };
        let entry = self.records.get_mut(place).unwrap();
        match (entry.token == token, entry.done, ttl) {
            (true, true, Some(_)) => Settled::Done,
            (false, _, _) | (true, true, None) => Settled::Lost,
            (true, false, Some(ttl)) => {
                (entry.done, entry.until) = (true, self.now + ttl);
                self.sweep();
                Settled::Done
            }
            (true, false, None) => {
                self.records.remove(place);
                Settled::Done
            }
        }
    }

    fn sweep(&mut self) {
        let now = self.now;
        self.records.retain(|entry| entry.until > now);
    }
}

fn verbs() -> impl Strategy<Value = Vec<(Verb, u32, u32, u32)>> {
    let verb = prop_oneof![
        4 => (0_u64..6).prop_map(Verb::Claim),
        3 => (0_u64..12).prop_map(Verb::Complete),
        2 => Just(Verb::Release),
        2 => (0_u64..5).prop_map(Verb::Pass),
    ];
    prop::collection::vec((verb, 0_u32..3, 0_u32..3, 0_u32..3), 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn g1_to_g7_any_order_of_verbs_does_what_a_plain_list_would_do(steps in verbs()) {
        let clock = Arc::<ManualClock>::default();
        let store = store(&clock, 1_000);
        let mut model = Model::default();
        for (verb, number, body, holder) in steps {
            let (key, digest, token) = (key(number), digest(body), token(holder));
            match verb {
                Verb::Claim(lease) => prop_assert_eq!(
                    now(store.claim(&key, digest, token, Duration::from_secs(lease))).unwrap(),
                    model.claim(number, body, holder, lease)
                ),
                Verb::Complete(ttl) => prop_assert_eq!(
                    now(store.complete(&key, digest, token, Duration::from_secs(ttl))).unwrap(),
                    model.settle(number, body, holder, Some(ttl))
                ),
                Verb::Release => prop_assert_eq!(
                    now(store.release(&key, digest, token)).unwrap(),
                    model.settle(number, body, holder, None)
                ),
                Verb::Pass(time) => {
                    clock.advance(Duration::from_secs(time));
                    model.now += time;
                    model.sweep();
                }
            }
        }
        prop_assert_eq!(store.forgotten_early(), 0);
    }

    #[test]
    fn g9_a_small_store_forgets_only_the_oldest_and_refuses_only_when_full(
        steps in verbs(), capacity in 1_usize..4
    ) {
        let clock = Arc::<ManualClock>::default();
        let store = store(&clock, capacity);
        let mut model = Model::default();
        let mut forgotten = 0;
        for (verb, number, body, holder) in steps {
            let (key, digest, token) = (key(number), digest(body), token(holder));
            let in_flight = model.records.iter().filter(|entry| !entry.done).count();
            match verb {
                Verb::Claim(_) => {
                    let claim = now(store.claim(&key, digest, token, Duration::from_secs(7)));
                    if in_flight >= capacity && model.place(number, body).is_none() {
                        prop_assert_eq!(claim.unwrap_err().kind(), StoreErrorKind::Full);
                    } else {
                        prop_assert_eq!(claim.unwrap(), model.claim(number, body, holder, 7));
                    }
                }
                // One life for all, so that the oldest is the first to end.
                Verb::Complete(_) => {
                    let before = model.records.iter().filter(|entry| entry.done).count();
                    let settled = model.settle(number, body, holder, Some(20));
                    prop_assert_eq!(
                        now(store.complete(&key, digest, token, Duration::from_secs(20))).unwrap(),
                        settled
                    );
                    let done = model.records.iter().filter(|entry| entry.done).count();
                    if done > before {
                        // The newest goes to the end of the list, the oldest of too many goes.
                        let place = model.place(number, body).unwrap();
                        let newest = model.records.remove(place);
                        model.records.push(newest);
                        if done > capacity {
                            let oldest = model.records.iter().position(|entry| entry.done).unwrap();
                            model.records.remove(oldest);
                            forgotten += 1;
                        }
                    }
                }
                Verb::Release => prop_assert_eq!(
                    now(store.release(&key, digest, token)).unwrap(),
                    model.settle(number, body, holder, None)
                ),
                Verb::Pass(time) => {
                    clock.advance(Duration::from_secs(time));
                    model.now += time;
                    model.sweep();
                }
            }
            prop_assert_eq!(store.forgotten_early(), forgotten);
        }
    }
}

//! The store of one process.

use std::{sync::Arc, time::Duration};

use loom::sync::atomic::{AtomicUsize, Ordering};
use wahook_interleavings::guard::{Claim, GuardStore, StoreErrorKind};

use crate::rig::{Holder, LEASE, Seconds, every_order, memory, memory_for, together};

fn holder(store: &Arc<impl GuardStore>, number: u8) -> Holder {
    Holder::new(Arc::clone(store) as Arc<dyn GuardStore>, number)
}

/// How a holder ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    Release,
    Crash,
}

const ENDS: [End; 3] = [End::Complete, End::Release, End::Crash];

fn ended(holder: &Holder, end: End) -> bool {
    match end {
        End::Complete => holder.complete(),
        End::Release => holder.release(),
        End::Crash => true,
    }
}

#[test]
fn g1_of_three_claims_at_once_exactly_one_is_fresh() {
    every_order(|| {
        let (store, _) = memory();
        let fresh = together(
            (0..3)
                .map(|number| {
                    let holder = holder(&store, number);
                    Box::new(move || holder.is_fresh()) as Box<dyn FnOnce() -> bool + Send>
                })
                .collect(),
        );
        assert_eq!(fresh.iter().filter(|fresh| **fresh).count(), 1);
    });
}

/// All ways in which three holders can end, in every order: never two at work, never two completes, nothing lost.
#[test]
fn g1_to_g3_whoever_holds_it_is_alone_and_what_is_done_stays_done() {
    for first in ENDS {
        for second in ENDS {
            every_order(move || {
                let (store, _) = memory();
                let at_work = Arc::new(AtomicUsize::new(0));
                let tasks = [(0, first), (1, second), (2, End::Complete)].map(|(number, end)| {
                    let (holder, at_work) = (holder(&store, number), Arc::clone(&at_work));
                    Box::new(move || {
                        let claim = holder.claim();
                        if !matches!(claim, Claim::Fresh { .. }) {
                            return (claim, None);
                        }
                        assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0, "two are at work");
                        // A holder that crashed is at work until its lease ends.
                        if end != End::Crash {
                            at_work.fetch_sub(1, Ordering::SeqCst);
                        }
                        assert!(ended(&holder, end), "a holder within its lease is heard");
                        (claim, Some(end))
                    }) as Box<dyn FnOnce() -> (Claim, Option<End>) + Send>
                });
                let outcomes = together(tasks.into());
                let count = |end| outcomes.iter().filter(|(_, found)| *found == Some(end)).count();
                assert!(count(End::Complete) <= 1, "two completes");
                assert!(
                    count(End::Complete) + count(End::Crash) <= 1,
                    "a reservation was lost"
                );
                let duplicates = outcomes
                    .iter()
                    .filter(|(claim, _)| matches!(claim, Claim::Duplicate { .. }));
                assert!(
                    duplicates.count() == 0 || count(End::Complete) == 1,
                    "a duplicate of nothing"
                );
                let last = holder(&store, 9).claim();
                match (count(End::Complete), count(End::Crash)) {
                    (1, _) => assert!(matches!(last, Claim::Duplicate { conflict: false })),
                    (_, 1) => assert!(matches!(last, Claim::InFlight { left: LEASE, .. })),
                    _ => assert_eq!(last, Claim::Fresh { conflict: false }, "all was given back"),
                }
            });
        }
    }
}

/// The lease of the first ends at any moment, and two others want it.
#[test]
fn g4_a_late_holder_changes_nothing() {
    for end in [End::Complete, End::Release] {
        every_order(move || {
            let (store, clock) = memory();
            let first = holder(&store, 0);
            assert!(first.is_fresh());
            let others = [1, 2].map(|number| {
                let (holder, clock) = (holder(&store, number), Arc::clone(&clock));
                Box::new(move || {
                    if number == 1 {
                        clock.pass(LEASE);
                    }
                    let fresh = holder.is_fresh();
                    // It crashes; its lease runs on.
                    (fresh, fresh)
                }) as Box<dyn FnOnce() -> (bool, bool) + Send>
            });
            let mut tasks = Vec::from(others);
            tasks.push(Box::new(move || (false, ended(&first, end))));
            let outcomes = together(tasks);
            let fresh = outcomes.iter().filter(|(fresh, _)| *fresh).count();
            let (_, heard) = outcomes[2];
            let last = holder(&store, 9).claim();
            match (end, heard) {
                (End::Complete, true) => {
                    assert_eq!(fresh, 0, "it was done, and was handled once more");
                    assert!(matches!(last, Claim::Duplicate { .. }), "what is done stays done");
                }
                // Whoever got it at once may have lost it when time passed.
                (_, true) => assert!(fresh >= 1, "it was given back"),
                (_, false) => {
                    assert_eq!(fresh, 1, "one took it over");
                    assert!(
                        matches!(last, Claim::InFlight { left: LEASE, .. }),
                        "and has it still"
                    );
                }
            }
        });
    }
}

/// The same holder says its claim again, since the first answer was lost, while another wants it.
#[test]
fn g4_a_claim_that_is_said_again_is_still_one() {
    every_order(|| {
        let (store, clock) = memory();
        let (one, other) = (holder(&store, 0), holder(&store, 1));
        let passing = Arc::clone(&clock);
        let outcomes = together(vec![
            Box::new(move || {
                let _lost = one.claim();
                one.is_fresh() && one.complete()
            }) as Box<dyn FnOnce() -> bool + Send>,
            Box::new(move || other.is_fresh() && other.complete()),
            Box::new(move || {
                passing.pass(LEASE / 2);
                false
            }),
        ]);
        assert_eq!(outcomes.iter().filter(|done| **done).count(), 1);
    });
}

/// What a claim of a key of its own is told where the room is for one.
type Told = Result<Claim, StoreErrorKind>;

const FRESH: Told = Ok(Claim::Fresh { conflict: false });
const FULL: Told = Err(StoreErrorKind::Full);

/// There is room for one, and two want it, each for another key: one gets it, and the other is told that it is full.
#[test]
fn g9_the_room_for_claims_is_never_given_away_twice() {
    every_order(|| {
        let (store, _) = memory_for(1);
        let tasks = ["2", "3"].map(|id| {
            let holder = holder(&store, 1).of(id);
            Box::new(move || {
                let told = holder.try_claim();
                (told, holder)
            }) as Box<dyn FnOnce() -> (Told, Holder) + Send>
        });
        let outcomes = together(tasks.into());
        for (told, holder) in &outcomes {
            assert!([FRESH, FULL].contains(told), "{told:?}");
            assert_eq!(
                holder.complete(),
                *told == FRESH,
                "who got it is heard, and nobody else"
            );
        }
        let fresh = outcomes.iter().filter(|(told, _)| *told == FRESH).count();
        assert_eq!(fresh, 1);
    });
}

/// The only room is taken: whoever is at work is never pushed out, whatever is claimed beside it and when.
#[test]
fn g9_whoever_is_at_work_keeps_its_room() {
    every_order(|| {
        let (store, clock) = memory_for(1);
        let first = holder(&store, 0);
        assert!(first.is_fresh());
        assert_eq!(two_others(&store, &clock, LEASE / 3), [FULL, FULL]);
        assert!(first.complete());
    });
}

/// The lease of the only one at work ends at any moment: its room goes to one of the two who want it.
#[test]
fn g9_the_room_of_a_stranded_claim_goes_to_one() {
    every_order(|| {
        let (store, clock) = memory_for(1);
        let first = holder(&store, 0);
        assert!(first.is_fresh());
        let mut told = two_others(&store, &clock, LEASE);
        told.sort_by_key(|told| *told == FULL);
        assert_eq!(told, [FRESH, FULL]);
        assert!(!first.complete(), "it comes too late");
    });
}

/// Two who want a key of their own, after time passed for one of them.
fn two_others(store: &Arc<impl GuardStore>, clock: &Arc<Seconds>, time: Duration) -> Vec<Told> {
    let tasks = [("2", time), ("3", Duration::ZERO)].map(|(id, time)| {
        let (holder, clock) = (holder(store, 1).of(id), Arc::clone(clock));
        Box::new(move || {
            if !time.is_zero() {
                clock.pass(time);
            }
            holder.try_claim()
        }) as Box<dyn FnOnce() -> Told + Send>
    });
    together(tasks.into())
}

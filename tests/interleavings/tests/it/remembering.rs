//! The memory of a process in front of a shared store.

use std::{num::NonZeroUsize, sync::Arc};

use wahook_interleavings::{
    Clock,
    guard::{Claim, GuardStore, MemoryStore, RememberingStore},
};

use crate::rig::{Holder, LEASE, Seconds, every_order, memory, orders, together};

/// A shared store, its clock, and so many processes in front of it.
fn processes<const N: usize>() -> (Arc<MemoryStore>, Arc<Seconds>, [Arc<dyn GuardStore>; N]) {
    let (shared, clock) = memory();
    let process = |()| {
        let capacity = NonZeroUsize::new(8).unwrap();
        let (shared, clock) = (Arc::clone(&shared), Arc::clone(&clock) as Arc<dyn Clock>);
        Arc::new(RememberingStore::new(shared, clock, capacity, [9; 16])) as Arc<dyn GuardStore>
    };
    let processes = [(); N].map(process);
    (shared, clock, processes)
}

/// Whether the shared store knows that it is done.
fn is_done(shared: &Arc<MemoryStore>) -> bool {
    let asking = Holder::new(Arc::clone(shared) as Arc<dyn GuardStore>, 99);
    let claim = asking.claim();
    if matches!(claim, Claim::Fresh { .. }) {
        asking.release();
    }
    matches!(claim, Claim::Duplicate { .. })
}

/// Three threads and four locks have thousands of millions of orders.
const SWITCHES: usize = 4;

/// Two threads of one process and one of another; the first gives it back or completes it.
#[test]
fn g2_what_is_called_a_duplicate_is_done_in_the_shared_store() {
    for gives_back in [false, true] {
        orders(SWITCHES, move || {
            let (shared, _, [here, there]) = processes();
            let first = Holder::new(Arc::clone(&here), 0);
            let second = Holder::new(here, 1);
            let third = Holder::new(there, 2);
            let at_the_end = second.clone();
            let seen = Arc::clone(&shared);
            let outcomes = together(vec![
                Box::new(move || {
                    let fresh = first.is_fresh();
                    if gives_back {
                        first.release();
                        return false;
                    }
                    fresh && first.complete()
                }) as Box<dyn FnOnce() -> bool + Send>,
                Box::new(move || match second.claim() {
                    Claim::Fresh { .. } => second.complete(),
                    Claim::Duplicate { .. } => {
                        assert!(is_done(&seen), "a duplicate of nothing");
                        false
                    }
                    _ => false,
                }),
                Box::new(move || third.is_fresh() && third.complete()),
            ]);
            let done = outcomes.iter().filter(|done| **done).count();
            assert!(done <= 1, "two completes");
            assert_eq!(is_done(&shared), done == 1);
            assert_eq!(matches!(at_the_end.claim(), Claim::Duplicate { .. }), done == 1);
        });
    }
}

/// The lease of the first ends while it works: the memory does not hold on to what the shared store has given away.
#[test]
fn g4_a_late_holder_is_not_remembered() {
    every_order(|| {
        let (shared, clock, [here, there]) = processes();
        let (first, asks) = (Holder::new(Arc::clone(&here), 0), Holder::new(here, 1));
        let other = Holder::new(there, 2);
        assert!(first.is_fresh());
        let outcomes = together(vec![
            Box::new(move || first.complete()) as Box<dyn FnOnce() -> bool + Send>,
            Box::new(move || {
                clock.pass(LEASE);
                other.is_fresh() && other.release()
            }),
        ]);
        assert!(!(outcomes[0] && outcomes[1]), "it was done, and was given away");
        assert_eq!(is_done(&shared), outcomes[0]);
        assert_eq!(
            matches!(asks.claim(), Claim::Duplicate { .. }),
            outcomes[0],
            "the memory says what the shared store says"
        );
    });
}

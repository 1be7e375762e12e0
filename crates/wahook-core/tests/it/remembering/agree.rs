//! What is said from memory, against what the store would say.

use std::time::Duration;

use proptest::prelude::*;
use wahook_core::guard::{Claim, GuardStore};

use super::{DUPLICATE, LEASE, digest, key, now, shared::Shared, token};

#[derive(Clone, Copy, Debug)]
enum Verb {
    Claim(u64),
    Complete(u64),
    Release,
    Pass(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Open,
    /// It does not arrive.
    Closed,
    /// Its answer does not.
    Lost,
    /// Another process says it.
    Elsewhere,
}

type Step = (Verb, Way, u32, u32, u32);

fn steps(elsewhere: u32) -> impl Strategy<Value = Vec<Step>> {
    let verb = prop_oneof![
        5 => (0_u64..6).prop_map(Verb::Claim),
        4 => (0_u64..12).prop_map(Verb::Complete),
        1 => Just(Verb::Release),
        2 => (0_u64..5).prop_map(Verb::Pass),
    ];
    let way = prop_oneof![
        8 => Just(Way::Open),
        1 => Just(Way::Closed),
        1 => Just(Way::Lost),
        elsewhere => Just(Way::Elsewhere),
    ];
    prop::collection::vec((verb, way, 0_u32..3, 0_u32..2, 0_u32..3), 1..150)
}

/// What the verbs do, as a bare store does it, or errors.
fn agree(steps: Vec<Step>, capacity: usize, exact: bool) -> Result<(), TestCaseError> {
    let shared = Shared::new();
    let here = shared.remembered(capacity);
    for (verb, way, number, body, holder) in steps {
        let (key, digest) = (key(number), digest(body));
        // A token is random, and never known to two processes.
        let (store, token): (&dyn GuardStore, _) = match way {
            Way::Elsewhere => (&shared.inner, token(10 + holder)),
            _ => (&here, token(holder)),
        };
        shared.is_down(way == Way::Closed);
        shared.loses_answers(way == Way::Lost);
        shared.asked();
        match verb {
            Verb::Claim(lease) => {
                let claim = now(store.claim(&key, digest, token, Duration::from_secs(lease)));
                if way == Way::Elsewhere || shared.asked() > 0 {
                    continue;
                }
                prop_assert_eq!(claim.unwrap(), DUPLICATE);
                // A claim of what is done changes nothing.
                match now(shared.inner.claim(&key, digest, token, LEASE)).unwrap() {
                    Claim::Duplicate { conflict } => prop_assert!(!(exact && conflict)),
                    other => prop_assert!(false, "it was called a duplicate: {other:?}"),
                }
            }
            Verb::Complete(ttl) => {
                _ = now(store.complete(&key, digest, token, Duration::from_secs(ttl)));
            }
            Verb::Release => _ = now(store.release(&key, digest, token)),
            Verb::Pass(time) => shared.clock.advance(Duration::from_secs(time)),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn g2_to_g8_what_is_said_from_memory_is_what_the_store_would_say(
        steps in steps(0), capacity in 1_usize..5
    ) {
        agree(steps, capacity, true)?;
    }

    #[test]
    fn g2_to_g8_a_duplicate_from_memory_is_one_for_all_processes(steps in steps(4), capacity in 1_usize..5) {
        agree(steps, capacity, false)?;
    }
}

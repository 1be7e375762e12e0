//! Was this already handled? A new key each time, against the set that a handler written by hand keeps.

use std::{collections::HashSet, num::NonZeroUsize, sync::Mutex, time::Duration};

use bytes::Bytes;
use wahook_core::guard::{Claim, Digest, GuardStore as _, Key, MemoryStore, Settled, Token};
use wahook_tower::SystemClock;

use crate::{Group, count::Against, harness::Subject, report::Report};

pub const GROUP: Group = Group {
    name: "guard",
    about: "a key is claimed and completed in memory, against Mutex<HashSet<String>>, which forgets nothing and knows no lease",
    run,
    is_counted: true,
};

fn run(report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let seen = Mutex::new(HashSet::new());
    let capacity = NonZeroUsize::new(1_000_000).expect("not zero");
    let store = MemoryStore::new(std::sync::Arc::new(SystemClock::new()), capacity, [7; 16]);
    let store = &store;
    let digest = Digest::of(&Bytes::from_static(b"{}"));
    let (lease, memory) = (Duration::from_secs(30), Duration::from_secs(48 * 3600));
    let mut numbers = 0_u64..;
    let mut id = move || format!("msg_2f8Zk1mQx7wT{:014}", numbers.next().unwrap_or_default());
    let mut numbers = 0_u128..;
    let mut claim = move || {
        let number = numbers.next().unwrap_or_default();
        let key = Key::delivery("shop", &format!("msg_2f8Zk1mQx7wT{number:014}"));
        (key, Token::new(number.to_le_bytes()))
    };
    report.table(
        "guard, in memory",
        Against::Peer,
        &mut [
            Subject::with_input("Mutex<HashSet<String>>", &mut id, |id| {
                assert!(seen.lock().expect("no panic in here").insert(id));
            }),
            Subject::with_future(
                "wahook, claim and complete",
                &runtime,
                &mut claim,
                |(key, token)| async move {
                    let claimed = store.claim(&key, digest, token, lease).await;
                    assert!(matches!(claimed, Ok(Claim::Fresh { .. })));
                    let settled = store.complete(&key, digest, token, memory).await;
                    assert_eq!(settled.expect("a store in memory"), Settled::Done);
                },
            ),
        ],
    );
}

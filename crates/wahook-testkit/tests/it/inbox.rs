//! The inbox in memory keeps the contract.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use wahook_core::{guard::StoreErrorKind, inbox::Desk};
use wahook_testkit::{
    ManualClock,
    inbox::{Harness, MemoryInbox},
};

async fn memory() -> Harness {
    let clock = Arc::new(ManualClock::default());
    let inbox = Arc::new(MemoryInbox::new(clock.clone()));
    let (begun, ended, reopened) = (inbox.clone(), inbox.clone(), inbox.clone());
    Harness::by_hand(inbox, clock)
        .with_outage(
            move || begun.begin_outage(StoreErrorKind::Unavailable),
            move || ended.end_outage(),
        )
        .reopened(move || {
            reopened.reopen();
            let inbox: Arc<dyn Desk> = reopened.clone();
            async { inbox }
        })
        .frees_at_reopening()
}

wahook_testkit::inbox_contract!(memory);
wahook_testkit::inbox_reopening_contract!(memory);
wahook_testkit::inbox_outage_contract!(memory);

/// `WAHOOK_SCHEDULES=100000` takes as many as that (`cargo xtask concurrency`).
#[test]
fn i2_to_i6_hold_in_whatever_order_things_happen() {
    let count = std::env::var("WAHOOK_SCHEDULES")
        .ok()
        .and_then(|count| count.parse().ok());
    let first = RandomState::new().hash_one("a seed");
    for seed in (0..count.unwrap_or(100)).map(|number: u64| first.wrapping_add(number)) {
        let schedule = wahook_testkit::inbox::i2_to_i6_hold_in_whatever_order_things_happen;
        println!("the schedule of seed {seed}"); // shown where it fails
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async { schedule(memory().await, seed).await });
    }
}

mod full {
    use super::*;

    async fn memory() -> Harness {
        let clock = Arc::new(ManualClock::default());
        let inbox = MemoryInbox::new(clock.clone()).room_for(10);
        Harness::by_hand(Arc::new(inbox), clock).with_room_for(10)
    }

    wahook_testkit::inbox_full_contract!(memory);
}

/// Several handles, and the real clock.
mod shared {
    use std::time::{Duration, Instant};

    use jiff::Timestamp;
    use wahook_core::Clock;

    use super::*;

    #[derive(Debug)]
    struct WallClock(Instant);

    impl Clock for WallClock {
        #[expect(clippy::disallowed_methods, reason = "it is the real clock")]
        fn now(&self) -> Timestamp {
            Timestamp::now()
        }

        fn elapsed(&self) -> Duration {
            self.0.elapsed()
        }
    }

    async fn memory() -> Harness {
        let inbox = Arc::new(MemoryInbox::new(Arc::new(WallClock(Instant::now()))));
        Harness::in_real_time(inbox.clone())
            .also_through(inbox.clone())
            .also_through(inbox)
    }

    wahook_testkit::inbox_contract!(memory);
}

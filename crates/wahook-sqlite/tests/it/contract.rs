//! The contract of guard stores.

/// Time is moved by hand.
mod by_hand {
    use std::sync::Arc;

    use wahook_testkit::guard::Harness;

    use crate::kit::{Kept, Place};

    async fn sqlite() -> Harness {
        let place = Place::new();
        let clock = place.clock.clone();
        let store = place.store().await;
        Harness::new(Arc::new(Kept { store, _place: place }), clock)
    }

    wahook_testkit::guard_store_contract!(sqlite);
}

/// Time passes.
mod real_time {
    use std::sync::Arc;

    use wahook_sqlite::SqliteOptions;
    use wahook_testkit::guard::{Harness, RealTime};

    use crate::kit::{Kept, PATIENT, Place, WallClock};

    async fn sqlite() -> Harness {
        let place = Place::new();
        let options = SqliteOptions::new(Arc::new(WallClock)).deadline(PATIENT);
        let store = place.store_with(options).await;
        Harness::new(
            Arc::new(Kept { store, _place: place }),
            Arc::new(RealTime::default()),
        )
    }

    wahook_testkit::guard_store_contract!(sqlite);
}

//! The contract of guard stores.

use std::{sync::Arc, time::Duration};

use wahook_testkit::guard::Harness;

use crate::kit::Place;

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

/// Two stores on one file, as two processes have it.
mod shared {
    use std::sync::Arc;

    use wahook_sqlite::SqliteOptions;
    use wahook_testkit::guard::{Harness, RealTime};

    use crate::kit::{Kept, PATIENT, Place, WallClock};

    async fn sqlite() -> Harness {
        let place = Place::new();
        let options = || SqliteOptions::new(Arc::new(WallClock)).deadline(PATIENT);
        let (one, two) = (
            place.store_with(options()).await,
            place.store_with(options()).await,
        );
        let kept = Kept {
            store: one,
            _place: place,
        };
        Harness::new(Arc::new(kept), Arc::new(RealTime::default()))
            .also_through(Arc::new(two))
            .answers_within(PATIENT)
    }

    wahook_testkit::guard_store_contract!(sqlite);
}

/// Another program locks the file.
mod locked {
    use std::sync::{Arc, Mutex};

    use wahook_testkit::guard::Harness;

    use super::outage;
    use crate::kit::Place;

    async fn sqlite() -> Harness {
        let lock = Arc::new(Mutex::new(None));
        let unlock = Arc::clone(&lock);
        let begin = move |place: &Place| *lock.lock().unwrap() = Some(place.lock());
        outage(begin, move |_| drop(unlock.lock().unwrap().take())).await
    }

    wahook_testkit::guard_store_outage_contract!(sqlite);
}

/// Somebody moves the file away, and back.
#[cfg(unix)]
mod taken_away {
    use wahook_testkit::guard::Harness;

    use super::outage;
    use crate::kit::Place;

    async fn sqlite() -> Harness {
        let aside = |place: &Place| place.path().with_extension("aside");
        let begin = move |place: &Place| std::fs::rename(place.path(), aside(place)).unwrap();
        outage(begin, move |place| {
            std::fs::rename(aside(place), place.path()).unwrap();
        })
        .await
    }

    wahook_testkit::guard_store_outage_contract!(sqlite);
}

async fn outage(
    begin: impl Fn(&Place) + Send + Sync + 'static,
    end: impl Fn(&Place) + Send + Sync + 'static,
) -> Harness {
    let place = Arc::new(Place::new());
    // Enough for a flush on a busy disk, too.
    let deadline = Duration::from_secs(2);
    let store = place.store_with(place.options().deadline(deadline)).await;
    let (first, last, clock) = (place.clone(), place.clone(), place.clock.clone());
    Harness::new(Arc::new(store), clock).with_outage(move || begin(&first), move || end(&last))
}

//! The inbox keeps the contract.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::Connection;
use wahook_core::inbox::{Desk, Inbox};
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};
use wahook_testkit::{ManualClock, inbox::Harness};

use crate::kit::PATIENT;

/// The inbox, with the directory that goes after it.
async fn opened(change: impl FnOnce(SqliteInboxOptions) -> SqliteInboxOptions) -> Place {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let clock = Arc::new(ManualClock::default());
    let options = change(SqliteInboxOptions::new(clock.clone()).deadline(PATIENT));
    let inbox = SqliteInbox::open(directory.path().join("inbox.db"), options.clone()).await;
    Place {
        inbox: Arc::new(inbox.unwrap()),
        directory,
        clock,
        options,
    }
}

struct Place {
    inbox: Arc<SqliteInbox>,
    directory: Arc<tempfile::TempDir>,
    clock: Arc<ManualClock>,
    options: SqliteInboxOptions,
}

impl Place {
    fn harness(self) -> Harness {
        let Self {
            inbox,
            directory,
            clock,
            options,
        } = self;
        assert!(inbox.assurance().warnings.is_empty());
        Harness::by_hand(inbox, clock)
            .answers_within(2 * PATIENT)
            .reopened(move || {
                let (path, options) = (directory.path().join("inbox.db"), options.clone());
                async move {
                    let inbox: Arc<dyn Desk> = Arc::new(SqliteInbox::open(path, options).await.unwrap());
                    inbox
                }
            })
            .frees_at_reopening()
    }
}

async fn sqlite() -> Harness {
    opened(|options| options).await.harness()
}

wahook_testkit::inbox_contract!(sqlite);
wahook_testkit::inbox_reopening_contract!(sqlite);

/// A few files are enough: the rules are the same as those of the memory, which takes many.
/// `WAHOOK_SCHEDULES=100000` takes more (`cargo xtask concurrency`).
#[tokio::test]
async fn i2_to_i6_hold_in_whatever_order_things_happen() {
    let count = std::env::var("WAHOOK_SCHEDULES")
        .ok()
        .and_then(|count| count.parse::<u64>().ok());
    let first = RandomState::new().hash_one("a seed");
    for number in 0..count.map_or(8, |count| count / 100) {
        let seed = first.wrapping_add(number);
        println!("the schedule of seed {seed}"); // shown where it fails
        wahook_testkit::inbox::i2_to_i6_hold_in_whatever_order_things_happen(sqlite().await, seed).await;
    }
}

mod full {
    use super::*;

    async fn sqlite() -> Harness {
        opened(|options| options.max_waiting(10))
            .await
            .harness()
            .with_room_for(10)
    }

    wahook_testkit::inbox_full_contract!(sqlite);
}

/// Another program keeps the file locked.
mod locked {
    use super::*;

    async fn sqlite() -> Harness {
        let place = opened(|options| options.deadline(Duration::from_secs(2))).await;
        let path = place.directory.path().join("inbox.db");
        let holder = Arc::new(Mutex::new(None));
        let held = holder.clone();
        let begin = move || {
            let connection = Connection::open(&path).unwrap();
            connection.busy_timeout(PATIENT).unwrap();
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            *holder.lock().unwrap() = Some(connection);
        };
        let end = move || drop(held.lock().unwrap().take());
        place.harness().with_outage(begin, end)
    }

    wahook_testkit::inbox_outage_contract!(sqlite);
}

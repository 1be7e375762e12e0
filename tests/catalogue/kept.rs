//! What was acknowledged and lost, handed on for ever, or kept for ever.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::time::sleep;
use wahook_core::{
    guard::{StoreErrorKind, Token},
    inbox::{DeadQuery, Desk as _, EventQuery, Inbox as _, Replay, Retention},
    sink::SinkErrorKind,
};
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions, SqliteOptions, SqliteStore};
use wahook_testkit::{
    ManualClock,
    conform::Counter,
    inbox::{MemoryInbox, RecordingSink},
};
use wahook_tower::SystemClock;
use wahook_worker::{Options, Plan, Retries, Route, Workers};

use crate::app::{Hook, TokioClock, ask};

const SECOND: Duration = Duration::from_secs(1);
/// A lease, or all attempts, and more.
const LONG: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3600);

/// An inbox, and workers who hand its events to one sink, all on a clock that jumps.
struct Kept {
    inbox: Arc<MemoryInbox>,
    hook: Hook,
    options: Options,
}

impl Kept {
    fn new() -> Self {
        let clock = TokioClock::start();
        Self {
            inbox: Arc::new(MemoryInbox::new(Arc::clone(&clock))),
            hook: Hook::of("wawp"),
            options: Options::default().clock(clock).lease(30 * SECOND),
        }
    }

    fn work(&self, sink: &Arc<RecordingSink>) -> Workers {
        let retries = Retries {
            attempts: 4,
            ..Retries::default()
        };
        let route = Route::new("till", sink.clone()).retries(retries);
        let plan = Plan::new().endpoint(self.hook.endpoint()).route(route);
        Workers::start(self.inbox.clone(), plan, self.options.clone())
    }

    async fn take(&self, n: u64) {
        let app = self.hook.stored(self.inbox.clone());
        assert_eq!(ask(&app, self.hook.signed(&self.hook.message(n))).await.0, 200);
    }
}

async fn open(file: &Path) -> SqliteInbox {
    let options = SqliteInboxOptions::new(Arc::new(SystemClock::new()));
    SqliteInbox::open(file, options).await.unwrap()
}

/// It is marked as seen, the process dies, and nobody ever comes back to it.
#[tokio::test]
async fn failure_10_marked_as_seen_and_nobody_works_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inbox.db");
    let hook = Hook::of("waping");
    let inbox = Arc::new(open(&file).await);
    assert_eq!(
        ask(&hook.stored(inbox.clone()), hook.signed(&hook.message(1)))
            .await
            .0,
        200
    );
    // A reader has taken it, for an hour, when the process ends.
    let taken = inbox
        .unread(Token::new([9; 16]), 10, 1 << 20, HOUR)
        .await
        .unwrap();
    assert_eq!(taken.len(), 1);
    drop(inbox);
    let inbox = Arc::new(open(&file).await);
    let sink = Arc::new(RecordingSink::new());
    let plan = Plan::new()
        .endpoint(hook.endpoint())
        .route(Route::new("till", sink.clone()));
    let workers = Workers::start(inbox.clone(), plan, Options::default());
    assert_eq!(sink.took(1).await.len(), 1);
    workers.stop(SECOND).await;
    // And the provider's copy is one.
    assert_eq!(
        ask(&hook.stored(inbox.clone()), hook.signed(&hook.message(1)))
            .await
            .0,
        200
    );
    assert_eq!(inbox.status().await.unwrap().deliveries, 1);
}

/// A store that is away is answered as if the provider were wrong (400), or as if all were well (200).
#[tokio::test(start_paused = true)]
async fn failure_15_a_store_that_failed_is_answered_400_or_200() {
    let kept = Kept::new();
    let app = kept.hook.stored(kept.inbox.clone());
    let request = || kept.hook.signed(&kept.hook.message(1));
    for kind in [
        StoreErrorKind::Unavailable,
        StoreErrorKind::Slow,
        StoreErrorKind::Full,
    ] {
        kept.inbox.begin_outage(kind);
        assert_eq!(ask(&app, request()).await, (503, true), "{kind:?}");
        kept.inbox.end_outage();
    }
    assert_eq!(kept.inbox.status().await.unwrap().deliveries, 0);
    assert_eq!(ask(&app, request()).await.0, 200);
    assert_eq!(kept.inbox.status().await.unwrap().deliveries, 1);
}

/// What a worker had taken when it died is nobody's from then on.
#[tokio::test(start_paused = true)]
async fn failure_25_what_a_dead_worker_had_is_never_taken_again() {
    let kept = Kept::new();
    let dead = Arc::new(RecordingSink::new());
    dead.hold();
    let workers = kept.work(&dead);
    kept.take(1).await;
    sleep(SECOND).await;
    // It has the event, and is gone without a word: nothing is given back.
    std::mem::forget(workers);
    kept.inbox.reopen();
    let sink = Arc::new(RecordingSink::new());
    let workers = kept.work(&sink);
    sleep(LONG).await;
    let done = sink.done();
    assert_eq!(done.len(), 1);
    assert!(
        done[0].attempt >= Some(2),
        "an attempt is counted before it begins"
    );
    workers.stop(SECOND).await;
}

/// A sink that fails is asked again at once, and again.
#[tokio::test(start_paused = true)]
async fn failure_26_retries_without_delay() {
    let kept = Kept::new();
    let sink = Arc::new(RecordingSink::new());
    for _ in 0..3 {
        sink.fail_next(SinkErrorKind::Failed);
    }
    let workers = kept.work(&sink);
    kept.take(1).await;
    sleep(Duration::from_millis(400)).await;
    assert_eq!(sink.tried().len(), 1, "the second attempt waits");
    sleep(2 * SECOND).await;
    assert!(sink.tried().len() <= 3, "and each waits longer");
    sleep(LONG).await;
    assert_eq!((sink.tried().len(), sink.done().len()), (4, 1));
    workers.stop(SECOND).await;
}

/// An event that no sink will take is handed on for ever, and all behind it wait.
#[tokio::test(start_paused = true)]
async fn failure_27_poison_is_handed_on_for_ever() {
    let kept = Kept::new();
    let sink = Arc::new(RecordingSink::new());
    for _ in 0..4 {
        sink.fail_next(SinkErrorKind::Failed);
    }
    let workers = kept.work(&sink);
    kept.take(1).await;
    sleep(SECOND / 10).await;
    kept.take(2).await;
    sleep(LONG).await;
    assert_eq!(sink.tried().len(), 5, "four attempts, and the one behind it");
    assert_eq!(sink.done().len(), 1);
    let dead = kept
        .inbox
        .dead(&DeadQuery {
            limit: 10,
            ..DeadQuery::default()
        })
        .await
        .unwrap();
    assert_eq!((dead.len(), dead[0].attempts), (1, 4));
    workers.stop(SECOND).await;
}

/// An inbox in a file, one sink, and a clock that a test moves.
struct Filed {
    inbox: Arc<SqliteInbox>,
    clock: Arc<ManualClock>,
    hook: Hook,
    sink: Arc<RecordingSink>,
    _folder: TempDir,
}

impl Filed {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::default());
        let options = SqliteInboxOptions::new(clock.clone());
        Self {
            inbox: Arc::new(
                SqliteInbox::open(folder.path().join("inbox.db"), options)
                    .await
                    .unwrap(),
            ),
            clock,
            hook: Hook::of("wawp"),
            sink: Arc::new(RecordingSink::new()),
            _folder: folder,
        }
    }

    async fn take_one(&self) -> Workers {
        let app = self.hook.stored_by(self.inbox.clone(), self.clock.clone());
        assert_eq!(ask(&app, self.hook.signed(&self.hook.message(1))).await.0, 200);
        let route = Route::new("till", self.sink.clone());
        let plan = Plan::new().endpoint(self.hook.endpoint()).route(route);
        Workers::start(
            self.inbox.clone(),
            plan,
            Options::default().clock(self.clock.clone()),
        )
    }

    async fn dead(&self) -> usize {
        let all = DeadQuery {
            limit: 10,
            ..DeadQuery::default()
        };
        self.inbox.dead(&all).await.unwrap().len()
    }
}

/// A replay that somebody asked for is thrown away as a copy.
#[tokio::test]
async fn failure_28_a_replay_is_refused_as_a_copy() {
    let filed = Filed::new().await;
    let workers = filed.take_one().await;
    filed.sink.took(1).await;
    let query = EventQuery {
        limit: 10,
        ..EventQuery::default()
    };
    let replay = Replay {
        query,
        ..Replay::default()
    };
    // The sink is done a moment before the inbox knows: a replay to all of its sinks needs no more than that.
    assert_eq!(filed.inbox.replay(&replay).await.unwrap().events, 1);
    let done = filed.sink.took(2).await;
    assert_eq!(
        (done[0].replay_of.is_some(), done[1].replay_of.is_some()),
        (false, true)
    );
    assert_eq!(done[0].key, done[1].key);
    workers.stop(SECOND).await;
}

/// What was given up on is kept with all that people wrote, for months.
#[tokio::test]
async fn failure_29_dead_letters_are_kept_for_months() {
    let filed = Filed::new().await;
    filed.sink.fail_next(SinkErrorKind::Refused);
    let workers = filed.take_one().await;
    while filed.dead().await == 0 {
        tokio::task::yield_now().await;
    }
    workers.stop(SECOND).await;
    let retention = Retention {
        rows: 24 * HOUR,
        bodies: HOUR,
        dead: 48 * HOUR,
        count: 100,
    };
    // Until then it can be looked at and tried again.
    filed.clock.advance(47 * HOUR);
    filed.inbox.sweep(retention).await.unwrap();
    assert_eq!(filed.dead().await, 1);
    filed.clock.advance(60 * HOUR);
    filed.inbox.sweep(retention).await.unwrap();
    assert_eq!(filed.dead().await, 0);
    assert_eq!(filed.inbox.status().await.unwrap().deliveries, 0);
}

/// The file is locked for longer than anybody waits, and the delivery is dropped.
#[tokio::test]
async fn failure_30_a_locked_store_loses_the_delivery() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guard.db");
    let options = SqliteOptions::new(Arc::new(SystemClock::new())).deadline(SECOND / 5);
    let store = SqliteStore::open(&file, options).await.unwrap();
    let (counter, hook) = (Counter::default(), Hook::of("wazapin"));
    let app = hook.guarded(&counter, Arc::new(store));
    let somebody = Connection::open(&file).unwrap();
    somebody.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(ask(&app, hook.signed(&hook.message(1))).await, (503, true));
    assert_eq!(counter.count(), 0);
    drop(somebody);
    // Without a hand: the provider comes again, and it is handled once.
    for _ in 0..2 {
        assert_eq!(ask(&app, hook.signed(&hook.message(1))).await.0, 200);
    }
    assert_eq!(counter.count(), 1);
}

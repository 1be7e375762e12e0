//! What was acknowledged and lost, handed on for ever, or kept for ever.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::{sync::Notify, time::timeout};
use wahook_core::{
    BoxFuture, Clock,
    guard::Token,
    inbox::{DeadLetter, DeadQuery, Desk as _, EventQuery, Inbox as _, Replay, Retention},
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind},
};
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions, SqliteOptions, SqliteStore};
use wahook_testkit::{ManualClock, conform::Counter, inbox::RecordingSink};
use wahook_tower::SystemClock;
use wahook_worker::{Options, Plan, Retries, Route, Workers};

use crate::app::{Hook, ask};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const INBOX: &str = "inbox.db";

/// What comes, unless it is as this test fears: then it would never come.
async fn in_time<T>(comes: impl Future<Output = T>) -> T {
    timeout(60 * SECOND, comes).await.expect("it never came")
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

/// Delivers as often as it takes: a slow disk may put it off.
async fn until_taken(deliver: impl AsyncFn() -> u16) {
    for _ in 0..100 {
        if deliver().await == 200 {
            return;
        }
    }
    panic!("it never is taken");
}

/// A store that is away is answered as if the provider were wrong (400), or as if all were well (200).
#[tokio::test]
async fn failure_15_a_store_that_failed_is_answered_400_or_200() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = SqliteInboxOptions::new(clock.clone())
        .deadline(SECOND / 5)
        .max_waiting(1);
    let filed = Filed::at(tempfile::tempdir().unwrap(), clock, options).await;
    let app = filed.hook.stored_by(filed.inbox.clone(), filed.clock.clone());
    let deliver = async |n| ask(&app, filed.hook.signed(&filed.hook.message(n))).await;
    let somebody = Connection::open(filed.file()).unwrap();
    for (begins, ends) in [
        // Locked for longer than anybody waits.
        ("BEGIN IMMEDIATE", "ROLLBACK"),
        // Not what it was: every write fails at once.
        (
            "ALTER TABLE inbox_delivery RENAME TO gone",
            "ALTER TABLE gone RENAME TO inbox_delivery",
        ),
    ] {
        somebody.execute_batch(begins).unwrap();
        assert_eq!(deliver(1).await, (503, true), "{begins}");
        somebody.execute_batch(ends).unwrap();
    }
    assert_eq!(filed.deliveries().await, 0);
    // Without a hand: the provider comes again.
    until_taken(async || deliver(1).await.0).await;
    // And now it is full, which a copy of what is there is not answered with.
    assert_eq!(deliver(2).await, (503, true));
    assert_eq!(deliver(1).await.0, 200);
    assert_eq!(filed.deliveries().await, 1);
}

/// A sink that has begun, and never ends.
#[derive(Debug, Default)]
struct Stuck(Notify);

impl Sink for Stuck {
    fn deliver<'a>(&'a self, _: &'a [Event]) -> BoxFuture<'a, Delivered> {
        self.0.notify_one();
        Box::pin(std::future::pending())
    }
}

/// What a worker had taken when it died is nobody's from then on.
#[tokio::test]
async fn failure_25_what_a_dead_worker_had_is_never_taken_again() {
    let filed = Filed::new().await;
    let stuck = Arc::new(Stuck::default());
    let workers = filed.work(Route::new("till", stuck.clone()));
    filed.take(1).await;
    in_time(stuck.0.notified()).await;
    // What is on the disk in that moment is all that a process which dies without a word leaves behind.
    let left = filed.as_on_disk().await;
    let again = left.work(Route::new("till", left.sink.clone()));
    let done = in_time(left.sink.took(1)).await;
    assert_eq!(done.len(), 1);
    assert!(
        done[0].attempt >= Some(2),
        "an attempt is counted before it begins"
    );
    again.stop(SECOND).await;
    workers.stop(Duration::ZERO).await;
}

/// A sink that fails is asked again at once, and again.
#[tokio::test]
async fn failure_26_retries_without_delay() {
    let filed = Filed::new().await;
    let first = SECOND / 5;
    let tried = Arc::new(Mutex::new(Vec::new()));
    let times = tried.clone();
    let sink = Arc::new(RecordingSink::answering(move |_| {
        let mut tried = times.lock().unwrap();
        tried.push(Instant::now());
        match tried.len() {
            ..4 => Err(SinkError::new(SinkErrorKind::Failed, "not yet")),
            _ => Ok(()),
        }
    }));
    let retries = Retries {
        first,
        ..Retries::default()
    };
    let workers = filed.work(Route::new("till", sink.clone()).retries(retries));
    filed.take(1).await;
    in_time(sink.took(1)).await;
    workers.stop(SECOND).await;
    let tried = tried.lock().unwrap();
    let waits: Vec<_> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Each waits longer than the one before; half of a delay is left to chance.
    for (wait, least) in waits.iter().zip([first / 2, first, first * 2]) {
        assert!(*wait >= least, "{waits:?}");
    }
    assert_eq!(waits.len(), 3);
}

/// An event that no sink will take is handed on for ever, and all behind it wait.
#[tokio::test]
async fn failure_27_poison_is_handed_on_for_ever() {
    let filed = Filed::new().await;
    let poison = Arc::new(Mutex::new(None));
    let sink = Arc::new(RecordingSink::answering(move |event| {
        // The first that comes is what it cannot take.
        if *poison.lock().unwrap().get_or_insert_with(|| event.key.clone()) == event.key {
            return Err(SinkError::new(SinkErrorKind::Failed, "never"));
        }
        Ok(())
    }));
    let soon = Duration::from_millis(10);
    let retries = Retries {
        first: soon,
        most: soon,
        attempts: 4,
        ..Retries::default()
    };
    // Both are there before anybody works: two messages of one conversation, one lane.
    filed.take(1).await;
    filed.take(2).await;
    let workers = filed.work(Route::new("till", sink.clone()).retries(retries));
    in_time(sink.took(1)).await;
    workers.stop(SECOND).await;
    let tried = sink.tried();
    assert_eq!(tried.len(), 5, "four attempts, and the one behind it");
    assert!(tried[..4].iter().all(|event| event.key == tried[0].key));
    assert_ne!(tried[4].key, tried[0].key);
    let dead = filed.dead().await;
    assert_eq!((dead.len(), dead[0].attempts), (1, 4));
    assert_eq!(dead[0].event.summary.key, tried[0].key);
}

/// An inbox in a file, and one sink.
struct Filed {
    inbox: Arc<SqliteInbox>,
    clock: Arc<dyn Clock>,
    hook: Hook,
    sink: Arc<RecordingSink>,
    folder: TempDir,
}

impl Filed {
    async fn new() -> Self {
        Self::by(Arc::new(SystemClock::new())).await
    }

    async fn by(clock: Arc<dyn Clock>) -> Self {
        let options = SqliteInboxOptions::new(clock.clone());
        Self::at(tempfile::tempdir().unwrap(), clock, options).await
    }

    async fn at(folder: TempDir, clock: Arc<dyn Clock>, options: SqliteInboxOptions) -> Self {
        let inbox = SqliteInbox::open(folder.path().join(INBOX), options)
            .await
            .unwrap();
        Self {
            inbox: Arc::new(inbox),
            clock,
            hook: Hook::of("wawp"),
            sink: Arc::new(RecordingSink::new()),
            folder,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(INBOX)
    }

    /// Another process finds what is on the disk now.
    async fn as_on_disk(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in [INBOX, &format!("{INBOX}-wal")] {
            std::fs::copy(self.folder.path().join(name), folder.path().join(name)).unwrap();
        }
        let options = SqliteInboxOptions::new(self.clock.clone());
        Self::at(folder, self.clock.clone(), options).await
    }

    async fn take(&self, n: u64) {
        let app = self.hook.stored_by(self.inbox.clone(), self.clock.clone());
        assert_eq!(ask(&app, self.hook.signed(&self.hook.message(n))).await.0, 200);
    }

    fn work(&self, route: Route) -> Workers {
        let plan = Plan::new().endpoint(self.hook.endpoint()).route(route);
        Workers::start(
            self.inbox.clone(),
            plan,
            // Nobody here waits for a lease to end.
            Options::default().clock(self.clock.clone()).lease(HOUR),
        )
    }

    async fn take_one(&self) -> Workers {
        self.take(1).await;
        self.work(Route::new("till", self.sink.clone()))
    }

    async fn deliveries(&self) -> u64 {
        self.inbox.status().await.unwrap().deliveries
    }

    async fn dead(&self) -> Vec<DeadLetter> {
        let all = DeadQuery {
            limit: 10,
            ..DeadQuery::default()
        };
        self.inbox.dead(&all).await.unwrap()
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
    let clock = Arc::new(ManualClock::default());
    let filed = Filed::by(clock.clone()).await;
    filed.sink.fail_next(SinkErrorKind::Refused);
    let workers = filed.take_one().await;
    while filed.dead().await.is_empty() {
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
    clock.advance(47 * HOUR);
    filed.inbox.sweep(retention).await.unwrap();
    assert_eq!(filed.dead().await.len(), 1);
    clock.advance(60 * HOUR);
    filed.inbox.sweep(retention).await.unwrap();
    assert_eq!(filed.dead().await.len(), 0);
    assert_eq!(filed.deliveries().await, 0);
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
    let deliver = async || ask(&app, hook.signed(&hook.message(1))).await.0;
    until_taken(deliver).await;
    assert_eq!(deliver().await, 200);
    assert_eq!(counter.count(), 1);
}

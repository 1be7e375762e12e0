//! Calls by many tasks at once: how many there are in a second, and how long each waits.
//!
//! A closed loop: each task calls again as soon as it was answered, so a store that stalls is asked less in that time.
//! The latencies are those of callers that wait for their answers, not those of a load that comes from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{runtime::Runtime, task::JoinSet};
use wahook_core::guard::{Claim, Digest, GuardStore, Key, Settled, Token};

/// Nothing ends while it is measured.
pub const LEASE: Duration = Duration::from_secs(600);
pub const MEMORY: Duration = Duration::from_secs(48 * 3600);

/// What is claimed. Made before the clock runs.
pub struct Id {
    pub key: Key,
    pub token: Token,
}

impl Id {
    /// Each number has an id of its own. Their order is none, as that of real ids: an index is met all over.
    pub fn of(number: u64) -> Self {
        let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        Self {
            key: Key::delivery("shop", &format!("msg_2f8Zk1mQx7wT{mixed:016x}")),
            token: Token::new(u128::from(mixed).to_le_bytes()),
        }
    }
}

/// A way to claim and to complete. Both say whether it went as it does for a key that nobody had.
pub trait Way: Send + Sync + 'static {
    fn claim(&self, id: &Id) -> impl Future<Output = bool> + Send;
    fn complete(&self, id: &Id) -> impl Future<Output = bool> + Send;
}

impl Way for Arc<dyn GuardStore> {
    async fn claim(&self, id: &Id) -> bool {
        let claim = GuardStore::claim(&**self, &id.key, DIGEST, id.token, LEASE).await;
        matches!(claim.expect("an answer of the store"), Claim::Fresh { .. })
    }

    async fn complete(&self, id: &Id) -> bool {
        let settled = GuardStore::complete(&**self, &id.key, DIGEST, id.token, MEMORY).await;
        settled.expect("an answer of the store") == Settled::Done
    }
}

pub const DIGEST: Digest = Digest::from_bytes([7; 32]);

/// What one call is.
#[derive(Clone, Copy, PartialEq)]
pub enum What {
    Claim,
    ClaimAndComplete,
    Duplicate,
}

impl What {
    pub const ALL: &'static [Self] = &[Self::Claim, Self::ClaimAndComplete, Self::Duplicate];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::ClaimAndComplete => "claim, complete",
            Self::Duplicate => "duplicate",
        }
    }

    async fn call(self, way: &impl Way, id: &Id) {
        assert_eq!(way.claim(id).await, self != Self::Duplicate, "{}", self.name());
        if self == Self::ClaimAndComplete {
            assert!(way.complete(id).await, "{}", self.name());
        }
    }
}

/// What is measured.
pub struct Subject {
    pub name: String,
    run: Box<Run>,
}

type Run = dyn Fn(&Runtime, What, usize, Vec<Id>) -> Slice;

/// What a number of calls came to.
pub struct Slice {
    pub per_second: f64,
    /// Nanoseconds of each call.
    pub latencies: Vec<u64>,
}

impl Subject {
    pub fn new(name: impl Into<String>, way: impl Way) -> Self {
        let way = Arc::new(way);
        Self {
            name: name.into(),
            run: Box::new(move |runtime, what, tasks, ids| {
                runtime.block_on(race(Arc::clone(&way), what, tasks, ids))
            }),
        }
    }

    /// Calls once for each id, by so many tasks.
    pub fn run(&self, runtime: &Runtime, what: What, tasks: usize, ids: Vec<Id>) -> Slice {
        (self.run)(runtime, what, tasks, ids)
    }
}

/// From the first call's beginning to the last one's end.
async fn race<W: Way>(way: Arc<W>, what: What, tasks: usize, ids: Vec<Id>) -> Slice {
    let calls = ids.len();
    let (ids, next) = (Arc::new(ids), Arc::new(AtomicUsize::new(0)));
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let (way, ids, next) = (Arc::clone(&way), Arc::clone(&ids), Arc::clone(&next));
        running.spawn(async move {
            let mut latencies = Vec::with_capacity(2 * calls / tasks);
            let begun = Instant::now();
            let mut last = begun;
            while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                what.call(&*way, id).await;
                let now = Instant::now();
                latencies.push((now - last).as_nanos() as u64);
                last = now;
            }
            (begun, last, latencies)
        });
    }
    let ran = running.join_all().await;
    let begun = ran.iter().map(|(begun, ..)| *begun).min().expect("a task");
    let ended = ran.iter().map(|(_, ended, _)| *ended).max().expect("a task");
    Slice {
        per_second: calls as f64 / (ended - begun).as_secs_f64(),
        latencies: ran.into_iter().flat_map(|(.., latencies)| latencies).collect(),
    }
}

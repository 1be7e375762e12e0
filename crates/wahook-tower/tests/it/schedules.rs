//! The life of a claim under many schedules: senders that repeat and hang up, handlers that fail, a store that is slow,
//! errs and loses what it is asked or answers. Time is paused, so a schedule is its seed and nothing else.
//!
//! The usual run takes some tens of schedules; `WAHOOK_SCHEDULES=1000000` as many as that (`cargo xtask concurrency`).

use std::{
    collections::HashMap,
    convert::Infallible,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, StatusCode};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tower::{Service, service_fn};
use wahook_core::{
    BoxFuture,
    guard::{Claim, Digest, Fresh, GuardStore, Key, MemoryStore, Settled, StoreError, StoreErrorKind, Token},
};
use wahook_tower::{DedupeLayer, Stack};

use crate::{
    remote::{PausedClock, said},
    support::{call, layered, parrot},
};

const USUAL: u64 = 60;
const KEYS: u64 = 2;
const COPIES: u64 = 3;

/// A verb of the store, as it begins or takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Claim,
    Complete,
    Release,
}

/// What is known of one holder of a key.
#[derive(Debug, Default)]
struct Life {
    begun: Vec<Verb>,
    at_it: bool,
    completed: bool,
}

/// What happened, and what must not.
#[derive(Debug, Default)]
struct World {
    lives: HashMap<[u8; 16], Life>,
    /// Who completed each key.
    done: HashMap<String, [u8; 16]>,
    /// Handlers at work, and those that ended well, for each delivery.
    at_work: HashMap<String, u32>,
    handled: HashMap<String, u32>,
    broken: Vec<String>,
}

impl World {
    fn holds(&mut self, so: bool, what: impl FnOnce() -> String) {
        if !so {
            self.broken.push(what());
        }
    }
}

/// A schedule: chance, and what it has done so far.
struct Schedule {
    chance: Mutex<fastrand::Rng>,
    /// While it is false nothing fails and nothing is slow.
    unkind: AtomicBool,
    /// The shared store answers with errors, and loses verbs.
    loses: bool,
    world: Mutex<World>,
}

impl Schedule {
    fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.world.lock().unwrap())
    }

    fn below(&self, end: u64) -> u64 {
        self.chance.lock().unwrap().u64(0..end)
    }

    fn one_in(&self, count: u64) -> bool {
        self.unkind.load(Ordering::SeqCst) && self.below(count) == 0
    }

    async fn way(&self) {
        if self.unkind.load(Ordering::SeqCst) {
            let longest = if self.one_in(10) { 1_500 } else { 30 };
            sleep(Duration::from_millis(self.below(longest))).await;
        }
    }
}

/// A store behind a network, that watches who says what.
struct Watched {
    inner: Arc<MemoryStore>,
    schedule: Arc<Schedule>,
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watched")
    }
}

/// A verb is under way as long as this lives; its end is also that somebody gave up on it.
struct UnderWay<'a> {
    schedule: &'a Schedule,
    token: [u8; 16],
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.schedule
            .world(|world| world.lives.entry(self.token).or_default().at_it = false);
    }
}

impl Watched {
    fn begin(&self, verb: Verb, token: Token) -> UnderWay<'_> {
        let token = *token.as_bytes();
        self.schedule.world(|world| {
            let life = world.lives.entry(token).or_default();
            let (at_it, before) = (life.at_it, life.begun.clone());
            (life.at_it, _) = (true, life.begun.push(verb));
            let completed = life.completed;
            world.holds(!at_it, || format!("{verb:?} overtakes {before:?}"));
            world.holds(!completed, || format!("{verb:?} after it was completed"));
            let good = match verb {
                // Whoever waits for an event says its claim again.
                Verb::Claim => before.iter().all(|verb| *verb == Verb::Claim),
                Verb::Complete => before.first() == Some(&Verb::Claim) && !before.contains(&Verb::Release),
                Verb::Release => before.first() == Some(&Verb::Claim) && !before.contains(&Verb::Complete),
            };
            world.holds(good, || format!("{verb:?} after {before:?}"));
        });
        UnderWay {
            schedule: &self.schedule,
            token,
        }
    }

    /// On its way there and back, with what may happen there.
    async fn asked<T>(&self, verb: BoxFuture<'_, Result<T, StoreError>>) -> Result<T, StoreError> {
        let schedule = &self.schedule;
        let unavailable = || StoreError::new(StoreErrorKind::Unavailable);
        schedule.way().await;
        if schedule.loses && schedule.one_in(12) {
            if schedule.one_in(2) {
                return Err(unavailable());
            }
            std::future::pending::<()>().await;
        }
        let answer = verb.await;
        schedule.way().await;
        if schedule.loses && schedule.one_in(12) {
            return Err(unavailable());
        }
        answer
    }
}

impl GuardStore for Watched {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(async move {
            let _under_way = self.begin(Verb::Claim, token);
            self.asked(self.inner.claim(key, digest, token, lease)).await
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let _under_way = self.begin(Verb::Complete, token);
            let verb = Box::pin(async move {
                let settled = self.inner.complete(key, digest, token, ttl).await;
                if matches!(settled, Ok(Settled::Done)) {
                    self.schedule.world(|world| {
                        let first = *world
                            .done
                            .entry(key.as_str().to_owned())
                            .or_insert(*token.as_bytes());
                        world.holds(first == *token.as_bytes(), || {
                            format!("{} is completed twice", key.as_str())
                        });
                    });
                }
                settled
            });
            let settled = self.asked(verb).await;
            if settled.is_ok() {
                let token = *token.as_bytes();
                self.schedule
                    .world(|world| world.lives.entry(token).or_default().completed = true);
            }
            settled
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let _under_way = self.begin(Verb::Release, token);
            self.asked(self.inner.release(key, digest, token)).await
        })
    }
}

/// A handler is at work as long as this lives.
struct AtWork<'a> {
    schedule: &'a Schedule,
    id: String,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.schedule
            .world(|world| *world.at_work.entry(self.id.clone()).or_default() -= 1);
    }
}

async fn handled(schedule: &Schedule, request: Request<Fresh>) -> Response<()> {
    let delivery = request.body().delivery();
    let id = delivery.provider_id.as_deref().unwrap_or_default().to_owned();
    schedule.world(|world| {
        let count = world.at_work.entry(id.clone()).or_default();
        *count += 1;
        let alone = *count == 1;
        world.holds(alone, || format!("two handle {id}"));
        let done = world.done.contains_key(&format!("d:parrot:{id}"));
        world.holds(!done, || format!("{id} is handled, and was done before"));
    });
    let at_work = AtWork { schedule, id };
    if schedule.unkind.load(Ordering::SeqCst) {
        let longest = if schedule.one_in(6) { 4_000 } else { 200 };
        sleep(Duration::from_millis(schedule.below(longest))).await;
    }
    if schedule.one_in(8) {
        // As a panic, without the words of one.
        std::panic::resume_unwind(Box::new("as asked"));
    }
    let status = if schedule.one_in(5) { 502 } else { 200 };
    if status == 200 {
        schedule.world(|world| *world.handled.entry(at_work.id.clone()).or_default() += 1);
    }
    Response::builder().status(status).body(()).unwrap()
}

/// A provider sends one delivery until it is taken, and may hang up; whoever was told 200 was told the truth.
async fn provider<S>(schedule: Arc<Schedule>, service: S, id: String, events: Vec<String>)
where
    S: Service<
            Request<http_body_util::Full<bytes::Bytes>>,
            Response = Response<wahook_tower::Answer>,
            Error = Infallible,
        > + Clone,
{
    for _ in 0..3 {
        sleep(Duration::from_millis(schedule.below(300))).await;
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let patience = if schedule.one_in(4) { 50 } else { 60_000 };
        let Ok(answer) = timeout(
            Duration::from_millis(patience),
            call(&service, said(&id, &events)),
        )
        .await
        else {
            continue;
        };
        if answer.status() == StatusCode::OK {
            schedule.world(|world| {
                let handled = world.handled.get(&id).copied().unwrap_or_default();
                world.holds(handled > 0, || {
                    format!("{id} is answered 200, and nobody handled it")
                });
            });
            return;
        }
    }
}

/// Runs one schedule to its end; what did not hold.
async fn run(seed: u64) -> Vec<String> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let (loses, dedupes_events, cancels) = (chance.bool(), chance.bool(), chance.u8(0..4) == 0);
    let schedule = Arc::new(Schedule {
        chance: Mutex::new(chance),
        unkind: AtomicBool::new(true),
        loses,
        world: Mutex::default(),
    });
    let capacity = NonZeroUsize::new(1_000).unwrap();
    let inner = Arc::new(MemoryStore::new(
        Arc::new(PausedClock(Instant::now())),
        capacity,
        [7; 16],
    ));
    let store = Arc::new(Watched {
        inner,
        schedule: Arc::clone(&schedule),
    });
    let stack = Stack::with_store(parrot(), store).dedupe(|mut dedupe: DedupeLayer| {
        if dedupes_events {
            dedupe = dedupe.dedupe_events();
        }
        if cancels {
            dedupe = dedupe.cancel_on_disconnect();
        }
        dedupe
    });
    let handling = Arc::clone(&schedule);
    let service = layered(
        &stack,
        service_fn(move |request: Request<Fresh>| {
            let schedule = Arc::clone(&handling);
            async move { Ok::<_, Infallible>(handled(&schedule, request).await) }
        }),
    );
    let mut providers = JoinSet::new();
    let send = |key: u64| {
        let events = vec![format!("e{key}"), format!("f{key}")];
        provider(Arc::clone(&schedule), service.clone(), format!("d{key}"), events)
    };
    for key in 0..KEYS {
        for _ in 0..COPIES {
            providers.spawn(send(key));
        }
    }
    while providers.join_next().await.is_some() {}
    // All leases are over, and all is well: whatever was not done is done now, and what was is not done again.
    schedule.unkind.store(false, Ordering::SeqCst);
    sleep(Duration::from_secs(60)).await;
    for key in 0..KEYS {
        let before = schedule.world(|world| world.done.contains_key(&format!("d:parrot:d{key}")));
        let runs = schedule.world(|world| world.handled.get(&format!("d{key}")).copied().unwrap_or_default());
        let answer = call(
            &service,
            said(&format!("d{key}"), &[&format!("e{key}"), &format!("f{key}")]),
        )
        .await;
        schedule.world(|world| {
            let now = world.handled.get(&format!("d{key}")).copied().unwrap_or_default();
            world.holds(answer.status() == StatusCode::OK, || {
                format!("d{key} is lost: {}", answer.status())
            });
            world.holds(now > 0, || format!("d{key} was never handled"));
            world.holds(!before || now == runs, || {
                format!("d{key} was done, and is handled again")
            });
        });
    }
    schedule.world(|world| std::mem::take(&mut world.broken))
}

/// **G1**–**G5**: whatever the order of things: one handler at a time, nothing done twice, nothing lost, no verb of a
/// claim before the one before it, and no 200 without the work.
#[test]
fn g1_to_g5_hold_in_whatever_order_things_happen() {
    let count = std::env::var("WAHOOK_SCHEDULES")
        .ok()
        .and_then(|count| count.parse().ok());
    let first = fastrand::u64(..1 << 40);
    let broken = (first..first + count.unwrap_or(USUAL)).find_map(|seed| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let broken = runtime.block_on(run(seed));
        (!broken.is_empty()).then_some((seed, broken))
    });
    assert_eq!(broken, None, "the schedule of this seed breaks a promise");
}

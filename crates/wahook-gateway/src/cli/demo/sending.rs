//! Sends the traffic at a steady pace, and writes down every answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use http::StatusCode;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use wahook_core::Clock;
use wahook_testkit::{Mode, Shot};

use super::{
    ledger::{Ledger, Seen},
    mark::Mark,
    reading::Reading,
    receiver::Trial,
    traffic::{Actor, Delivery, Play, Traffic},
};
use crate::{
    Failure,
    cli::client::{Client, Ending},
    failure::chain,
};

/// Deliveries per second; with the copies that go with some of them it is a third more of requests.
const RATE: u32 = 250;
/// Deliveries on their way at once: a machine that is slower gets fewer per second, not more at once.
const AT_ONCE: usize = 64;
/// How often a number is drawn anew whose key is taken.
const DRAWS: u64 = 8;

/// What senders and sinks share.
#[derive(Debug)]
pub(super) struct Book {
    began: Instant,
    pub(super) ledger: Mutex<Ledger>,
    /// Times of answers to what was taken, in microseconds.
    pub(super) took: Mutex<Vec<u32>>,
    /// What the receiver has in store for events, where that is not left to chance.
    pub(super) trials: Mutex<HashMap<Mark, Trial>>,
}

impl Book {
    /// An empty one for these sinks.
    pub(super) fn new(sinks: &[&'static str]) -> Self {
        Self {
            began: Instant::now(),
            ledger: Mutex::new(Ledger::new(sinks)),
            took: Mutex::default(),
            trials: Mutex::default(),
        }
    }

    /// How long ago it was begun.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trials(&self) -> MutexGuard<'_, HashMap<Mark, Trial>> {
        self.trials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn took(&self) -> MutexGuard<'_, Vec<u32>> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends until this time is over or `stop` is, and waits for the answers; `tick` is called now and then. Tells how long
/// it sent.
pub(super) async fn send(
    mut traffic: Traffic,
    book: &Arc<Book>,
    client: Client,
    clock: Arc<dyn Clock>,
    length: Duration,
    stop: impl Future<Output = ()>,
    tick: impl Fn(Duration),
) -> Result<Duration, Failure> {
    let mut number = 0_u64;
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let client = Arc::new(client);
    let began = Instant::now();
    let mut pace = interval(Duration::from_secs(1) / RATE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut senders = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    while began.elapsed() < length {
        tokio::select! {
            biased;
            () = &mut stop => break,
            _ = pace.tick() => {}
        }
        let permit = tokio::select! {
            () = &mut stop => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Some(delivery) = traffic.next() else { break };
        let Some(actor) = traffic.actor(delivery.actor) else {
            break;
        };
        let one = One {
            actor,
            delivery,
            number,
            book: Arc::clone(book),
            client: Arc::clone(&client),
            clock: Arc::clone(&clock),
        };
        number += DRAWS;
        senders.spawn(async move {
            let done = one.send().await;
            drop(permit);
            done
        });
        while let Some(done) = senders.try_join_next() {
            finished(done)?;
        }
        tick(began.elapsed());
    }
    let sent_for = began.elapsed();
    while let Some(done) = senders.join_next().await {
        finished(done)?;
    }
    Ok(sent_for)
}

fn finished(done: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    done.unwrap_or_else(|error| Err(Failure::io(format!("a sender broke: {error}; please report it"))))
}

/// One delivery on its way.
struct One {
    actor: Arc<Actor>,
    delivery: Delivery,
    number: u64,
    book: Arc<Book>,
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
}

/// The requests of a delivery, and what each says.
struct Volley {
    shots: Vec<(Shot, Reading)>,
    mode: Mode,
}

impl One {
    async fn send(self) -> Result<(), Failure> {
        let Some(Volley { shots, mode }) = self.shots()? else {
            return Ok(());
        };
        let shots = shots
            .into_iter()
            .map(|(shot, reading)| self.shoot(shot, reading, mode));
        if mode == Mode::Concurrent {
            join_all(shots).await;
        } else {
            for shot in shots {
                shot.await;
            }
        }
        Ok(())
    }

    /// The requests, signed now, and what they say; nothing if every number that was drawn gave a key that is taken.
    fn shots(&self) -> Result<Option<Volley>, Failure> {
        for number in (self.number..).take(usize::try_from(DRAWS).unwrap_or(1)) {
            let Some(outgoing) = self.actor.outgoing(&self.delivery, number) else {
                return Ok(None);
            };
            let now = self.clock.now();
            let plan = self
                .actor
                .sender
                .plan(self.delivery.play.fault(), &outgoing, now)
                .map_err(|error| {
                    Failure::io(format!("cannot sign as {}: {}", self.actor.id, chain(&error)))
                })?;
            let read = |shot: Shot| {
                let reading = Reading::of(self.actor.endpoint(), &shot.request, now, shot.expected.conflict);
                (shot, reading)
            };
            let shots: Vec<_> = plan.shots.into_iter().map(read).collect();
            let is_free = shots
                .first()
                .is_none_or(|(_, first)| self.book.ledger().is_free(first));
            if is_free {
                let event = shots.first().and_then(|(_, first)| first.events.first());
                if let (Some(trial), Some(said)) = (self.delivery.trial, event) {
                    self.book.trials().insert(said.event, trial);
                }
                let mode = plan.mode;
                return Ok(Some(Volley { shots, mode }));
            }
        }
        Ok(None)
    }

    async fn shoot(&self, shot: Shot, reading: Reading, mode: Mode) {
        let Shot {
            request, expected, ..
        } = shot;
        let expected: Vec<_> = expected.statuses.iter().map(StatusCode::as_u16).collect();
        let Delivery { event, play, .. } = self.delivery;
        let id = self.book.ledger().began(self.actor.id, event, play, &reading);
        let answer = self.client.deliver(request, mode == Mode::SlowBody).await;
        let status = match answer.ending {
            Ending::Status(status) => Some(status),
            _ => None,
        };
        if status == Some(200) && !matches!(play, Play::Fault(_)) {
            let micros = u32::try_from(answer.took.as_micros()).unwrap_or(u32::MAX);
            self.book.took().push(micros);
        }
        let seen = Seen {
            status,
            body: answer.body,
            when: self.book.now(),
        };
        self.book.ledger().answered(id, &reading, &expected, &seen);
    }
}

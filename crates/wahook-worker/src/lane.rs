//! One hand-over: the next events of one lane, from reading them to settling what became of them.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use wahook_core::{
    guard::{Settled, Token},
    inbox::{Entry, Setback, Settlement, Then},
    model::Event,
    sink::{Delivered, SinkError, SinkErrorKind},
};

use crate::{
    Reason, Route, Signal, Stopped,
    batch::{Load, Missing},
    clock::after,
    fitting,
    gate::Ticket,
    patience::Patience,
    shared::{Phase, Shared},
};

/// One hand-over.
#[derive(Debug)]
pub(crate) struct HandOver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) route: Arc<Route>,
    pub(crate) ticket: Ticket,
    pub(crate) load: Load,
    pub(crate) token: Token,
    /// When the lease ends at the earliest: counted from before it was asked for.
    pub(crate) lease_ends: Instant,
}

/// What a hand-over left behind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    /// When its lane may be due again.
    pub(crate) due: Duration,
    /// What of it was cut off by the end of the worker.
    pub(crate) stopped: Stopped,
}

/// How the sink's part of it ended.
enum Outcome {
    /// It was not begun.
    Untouched,
    /// The sink said how far it came.
    Said(Delivered),
    /// The sink did not come to an end.
    Broken(Reason),
    /// The lease ended.
    Lost,
}

/// What failed: the entry after those that are done.
struct Failed {
    reason: Reason,
    text: String,
    then: Then,
}

/// What became of the entries, from the first: done, perhaps one that failed, some of which nobody knows, untouched.
struct Verdict {
    done: usize,
    failed: Option<Failed>,
    untouched_from: usize,
}

impl HandOver {
    pub(crate) async fn run(mut self) -> Ended {
        let began = Instant::now();
        let plan = self.shared.plan();
        // What failed before is tried alone: no other is blamed for an event at which the sink hangs or panics.
        let most = match self.load.entries.first() {
            Some((entry, _)) if entry.attempt > 1 => 1,
            _ => self.load.entries.len(),
        };
        let (events, missing) = self.load.read(&plan, most).await;
        let outcome = self.hand_over(&events).await;
        let took = began.elapsed();
        let is_untouched = matches!(outcome, Outcome::Untouched);
        let Some(verdict) = self.judge(outcome, events.len(), missing) else {
            return self.lost();
        };
        drop(events);
        match self.settle(self.settlement(&verdict)).await {
            Some(Settled::Done) => self.tell(&verdict, took),
            Some(_) => return self.lost(),
            None => {
                let (sink, done) = (self.route.name(), verdict.done);
                self.shared.tell(&Signal::Unsettled { sink, done });
                return Ended::default();
            }
        }
        self.ended(&verdict, is_untouched)
    }

    async fn hand_over(&mut self, events: &[Event]) -> Outcome {
        if self.ticket.is_void() || self.shared.is_ending() {
            return Outcome::Untouched;
        }
        if events.is_empty() {
            return Outcome::Said(Delivered::default());
        }
        // What the inbox was slow to answer, or this process to read, may be another's by now.
        if self.lease_ends <= Instant::now() {
            return Outcome::Lost;
        }
        let lease_ends = Mutex::new(self.lease_ends);
        let outcome = self.deliver(events, &lease_ends).await;
        self.lease_ends = lease_ends.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome
    }

    async fn deliver(&self, events: &[Event], lease_ends: &Mutex<Instant>) -> Outcome {
        // The call itself may panic before there is a future.
        let call = AssertUnwindSafe(async { fitting::deliver(&self.route, events).await }).catch_unwind();
        let times = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let each = self.route.deadline.unwrap_or(self.shared.options.deadline);
        let deadline = after(each.saturating_mul(times));
        tokio::select! {
            biased;
            said = call => said.map_or(Outcome::Broken(Reason::Panicked), Outcome::Said),
            () = self.keep(lease_ends) => Outcome::Lost,
            () = sleep_until(deadline) => Outcome::Broken(Reason::Deadline),
            () = self.shared.reaches(Phase::Cutting) => Outcome::Broken(Reason::Stopped),
        }
    }

    /// Renews the lease until it is lost.
    async fn keep(&self, lease_ends: &Mutex<Instant>) {
        let lease = self.shared.options.lease;
        let mut patience = Patience::new(Arc::clone(&self.shared));
        let mut ends = self.lease_ends;
        let mut wait = lease / 3;
        loop {
            sleep(wait.min(ends.saturating_duration_since(Instant::now()))).await;
            let asked = Instant::now();
            let renewed = self.shared.inbox.renew(self.load.lane, self.token, lease);
            match timeout_at(ends, renewed).await {
                Ok(Ok(Settled::Done)) => {
                    patience.succeeded();
                    ends = asked + lease;
                    *lease_ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
                    wait = lease / 3;
                }
                // What the inbox says to others is not known; that the lease is over is.
                Ok(Ok(_)) | Err(_) => return,
                Ok(Err(error)) => wait = patience.failed(&error),
            }
            if Instant::now() >= ends {
                return;
            }
        }
    }

    /// What became of the entries, of which the first could be read; nothing if they are not ours any more.
    fn judge(&mut self, outcome: Outcome, readable: usize, missing: Option<Missing>) -> Option<Verdict> {
        let (done, failed, begun) = match outcome {
            Outcome::Lost => return None,
            Outcome::Untouched => (0, None, 0),
            Outcome::Broken(reason) => (0, Some(self.broken(reason)), readable),
            Outcome::Said(delivered) => {
                let done = delivered.done.min(readable);
                let said = match delivered.error {
                    Some(error) => Some(self.said(done, &error)),
                    None if readable == 0 => None,
                    None => {
                        self.answered();
                        (done == 0).then(|| self.failed(0, Reason::Failed, TOOK_NOTHING, None))
                    }
                };
                let failed = match missing {
                    Some(missing) if done == readable => Some(self.missing(done, missing)),
                    _ => said.filter(|_| done < readable),
                };
                (done, failed, done)
            }
        };
        let untouched_from = begun.max(done + usize::from(failed.is_some()));
        Some(Verdict {
            done,
            failed,
            untouched_from,
        })
    }

    fn said(&mut self, entry: usize, error: &SinkError) -> Failed {
        let (reason, pause) = match error.kind() {
            SinkErrorKind::Unavailable { after } => (Reason::Unavailable, Some(self.away(after))),
            SinkErrorKind::NotYet { after } => {
                // Whether the sink is there is not known: it was not asked.
                let pause = after.map(|after| self.route.retries.asked(after));
                return self.failed(entry, Reason::NotYet, &error.to_string(), pause);
            }
            SinkErrorKind::Refused => (Reason::Refused, None),
            _ => (Reason::Failed, None),
        };
        if pause.is_none() {
            self.answered();
        }
        self.failed(entry, reason, &error.to_string(), pause)
    }

    fn broken(&mut self, reason: Reason) -> Failed {
        let (text, pause) = match reason {
            Reason::Stopped => (STOPPED, Some(Duration::ZERO)),
            // Hardly one event alone: the sink was away, and still does not answer.
            Reason::Deadline if self.ticket.asks() => (TOO_SLOW, Some(self.away(None))),
            Reason::Deadline => (TOO_SLOW, None),
            _ => {
                self.answered();
                (PANICKED, None)
            }
        };
        self.failed(0, reason, text, pause)
    }

    fn missing(&self, entry: usize, missing: Missing) -> Failed {
        self.failed(entry, missing.reason(), missing.as_str(), None)
    }

    fn failed(&self, entry: usize, reason: Reason, text: &str, pause: Option<Duration>) -> Failed {
        let then = self.load.entries.get(entry).map_or(Then::Park, |(entry, _)| {
            let age = self.age(entry.filed_at);
            // While a sink is away every attempt counts: how long that may last is a matter of time.
            let times = if reason.is_failure() {
                entry.failures.saturating_add(1)
            } else {
                entry.attempt
            };
            self.route.retries.then(reason, times, age, pause)
        });
        Failed {
            reason,
            // It is kept and shown as one line.
            text: text.replace(char::is_control, " "),
            then,
        }
    }

    fn away(&mut self, wish: Option<Duration>) -> Duration {
        let retries = self.route.retries;
        let away = self
            .ticket
            .away(|times| wish.map_or_else(|| retries.delay(times), |wish| retries.asked(wish)));
        if away.is_news {
            self.shared.tell(&Signal::Paused {
                sink: self.route.name(),
                pause: away.pause,
            });
        }
        away.pause
    }

    fn answered(&mut self) {
        if self.ticket.answered() {
            let sink = self.route.name();
            self.shared.tell(&Signal::Resumed { sink });
        }
    }

    fn age(&self, since: Timestamp) -> Duration {
        Duration::try_from(self.shared.options.clock.now().duration_since(since)).unwrap_or_default()
    }

    fn settlement(&self, verdict: &Verdict) -> Settlement {
        let id = |(entry, _): &(Entry, _)| entry.id;
        let entries = &self.load.entries;
        let setback = verdict.failed.as_ref().zip(entries.get(verdict.done));
        Settlement {
            lane: self.load.lane,
            done: entries.iter().take(verdict.done).map(id).collect(),
            setback: setback.map(|(failed, (entry, _))| Setback {
                entry: entry.id,
                error: failed.text.clone(),
                failed: failed.reason.is_failure(),
                then: failed.then,
            }),
            untouched: entries.iter().skip(verdict.untouched_from).map(id).collect(),
        }
    }

    /// Says it until the inbox has heard it or the lease is over.
    async fn settle(&self, settlement: Settlement) -> Option<Settled> {
        let mut patience = Patience::new(Arc::clone(&self.shared));
        loop {
            let settled = self.shared.inbox.settle(self.token, settlement.clone());
            let wait = match timeout_at(self.lease_ends, settled).await {
                // An answer that got lost was that it is done.
                Ok(Ok(Settled::Lost)) if !patience.is_calm() => {
                    patience.succeeded();
                    return Some(Settled::Done);
                }
                Ok(Ok(settled)) => {
                    patience.succeeded();
                    return Some(settled);
                }
                Ok(Err(error)) => patience.failed(&error),
                Err(_) => return None,
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = sleep_until(self.lease_ends) => return None,
                () = self.shared.reaches(Phase::Cutting) => return None,
            }
        }
    }

    fn tell(&self, verdict: &Verdict, took: Duration) {
        let sink = self.route.name();
        let entries = &self.load.entries;
        if let (1.., Some((first, _))) = (verdict.done, entries.first()) {
            let since = match first.replay_of {
                None => first.stored.delivery.received_at,
                Some(_) => first.filed_at,
            };
            self.shared.tell(&Signal::Delivered {
                sink,
                count: verdict.done,
                took,
                age: self.age(since),
            });
        }
        if let (Some(failed), Some((entry, _))) = (&verdict.failed, entries.get(verdict.done)) {
            let (reason, error, attempt) = (failed.reason, failed.text.as_str(), entry.attempt);
            self.shared.tell(&match failed.then {
                Then::Retry { after: next } => Signal::Setback {
                    sink,
                    reason,
                    error,
                    attempt,
                    next,
                },
                then => Signal::Dead {
                    sink,
                    reason,
                    error,
                    attempt,
                    blocks: then == Then::Block,
                },
            });
        }
    }

    fn ended(&self, verdict: &Verdict, is_untouched: bool) -> Ended {
        let untouched = self.load.entries.len().saturating_sub(verdict.untouched_from);
        let is_cut = verdict
            .failed
            .as_ref()
            .is_some_and(|failed| failed.reason == Reason::Stopped);
        let mut ended = Ended::default();
        if is_untouched || is_cut {
            ended.stopped.untouched = untouched;
            ended.stopped.cut = verdict.untouched_from;
            let (sink, count) = (self.route.name(), self.load.entries.len());
            self.shared.tell(&Signal::HandedBack { sink, count });
        }
        if let Some(Failed {
            then: Then::Retry { after },
            ..
        }) = verdict.failed
        {
            ended.due = after;
        }
        ended
    }

    fn lost(&self) -> Ended {
        self.shared.tell(&Signal::Lost {
            sink: self.route.name(),
            count: self.load.entries.len(),
        });
        Ended::default()
    }
}

const PANICKED: &str = "the sink panicked";
const STOPPED: &str = "the worker stopped in the middle of it";
const TOOK_NOTHING: &str = "the sink took nothing and did not say why";
const TOO_SLOW: &str = "the sink did not end in time";

//! A broker in memory, and a sink to it that is as flawed as it is told to be.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, MessageForm, Sink, SinkError, SinkErrorKind},
};
use wahook_testkit::sink::{PHONE, Received};

use super::Flaw;

#[derive(Default)]
pub(crate) struct Broker {
    kept: Mutex<Vec<Received>>,
    is_away: AtomicBool,
    room: Option<usize>,
    /// What is not sent yet, though nobody waits for it.
    late: Mutex<Vec<Received>>,
    was_dropped: AtomicBool,
    attempts: AtomicUsize,
}

impl Broker {
    pub(crate) fn with_room(room: usize) -> Self {
        Self {
            room: Some(room),
            ..Self::default()
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Received>> {
        self.kept.lock().unwrap()
    }

    pub(crate) fn read(&self) -> Vec<Received> {
        self.kept().append(&mut self.late.lock().unwrap());
        self.kept().clone()
    }

    pub(crate) fn go_away(&self) {
        self.is_away.store(true, Ordering::SeqCst);
    }

    pub(crate) fn come_back(&self, flaw: Flaw) {
        if flaw == Flaw::LosesTheLast {
            self.kept().pop();
        }
        self.is_away.store(false, Ordering::SeqCst);
    }
}

pub(crate) struct Flawed {
    flaw: Flaw,
    broker: Arc<Broker>,
    form: MessageForm,
}

impl Flawed {
    pub(crate) fn new(flaw: Flaw, broker: Arc<Broker>, form: MessageForm) -> Self {
        Self { flaw, broker, form }
    }

    fn message(&self, event: &Event) -> Received {
        let mut form = self.form;
        form.raw |= self.flaw == Flaw::AlwaysRaw;
        let message = form.message(event).unwrap();
        let mut received = Received::from(message);
        match self.flaw {
            Flaw::NamesAttempts => {
                let attempt = self.broker.attempts.fetch_add(1, Ordering::SeqCst);
                received.id = format!("{}-{attempt}", received.id);
            }
            Flaw::ForgetsReplays => received.id = event.key.to_string(),
            Flaw::TellsNoType => received.content_type = "application/octet-stream".to_owned(),
            Flaw::TellsNoAttributes => received.attributes.clear(),
            Flaw::OneLane => received.lane = "lane".to_owned(),
            Flaw::LaneOfEach => received.lane = received.id.clone(),
            Flaw::LaneNames => {
                let one = event.key.contains(PHONE);
                received.lane = if one { PHONE } else { "b" }.to_owned();
            }
            _ => {}
        }
        received
    }

    /// One message, with a moment between its sending and its confirmation.
    async fn publish(&self, event: &Event) -> Result<(), SinkError> {
        let (flaw, broker) = (self.flaw, &self.broker);
        let message = self.message(event);
        tokio::task::yield_now().await;
        if broker.is_away.load(Ordering::SeqCst) {
            let away = |text: &str| SinkError::new(SinkErrorKind::Unavailable { after: None }, text);
            return match flaw {
                Flaw::ConfirmsWhileAway => Ok(()),
                Flaw::HangsWhileAway => std::future::pending().await,
                Flaw::BlamesEvents => Err(SinkError::new(SinkErrorKind::Failed, "it failed")),
                Flaw::QuotesEvents => Err(away(PHONE)),
                Flaw::SendsLate => {
                    broker.late.lock().unwrap().push(message);
                    Err(away("later"))
                }
                _ => Err(away("nobody is there")),
            };
        }
        if broker.room.is_some_and(|room| broker.kept().len() >= room) {
            let full = |kind| Err(SinkError::new(kind, "there is no room"));
            return match flaw {
                Flaw::DropsWhatDoesNotFit => Ok(()),
                Flaw::RefusesForGood => full(SinkErrorKind::Refused),
                _ => full(SinkErrorKind::Unavailable { after: None }),
            };
        }
        broker.kept().push(message);
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn publish_all(&self, events: &[Event]) -> Delivered {
        for (index, event) in events.iter().enumerate() {
            if index > 0 && self.flaw == Flaw::WritesTheFirst {
                break;
            }
            if let Err(error) = self.publish(event).await {
                return Delivered::up_to(index, error);
            }
        }
        Delivered::all(events)
    }
}

/// Notes a call that did not come to its end.
struct Dropped<'a>(&'a Flawed, Option<&'a Event>);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        let Some(event) = self.1 else { return };
        self.0.broker.was_dropped.store(true, Ordering::SeqCst);
        if self.0.flaw == Flaw::WritesDroppedLate {
            let message = self.0.message(event);
            self.0.broker.late.lock().unwrap().push(message);
        }
    }
}

impl Sink for Flawed {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            match self.flaw {
                Flaw::CountsTooMuch => {
                    return Delivered {
                        done: events.len() + 1,
                        error: None,
                    };
                }
                Flaw::BelievesDropped if self.broker.was_dropped.swap(false, Ordering::SeqCst) => {
                    return Delivered::all(events);
                }
                _ => {}
            }
            let mut dropped = Dropped(self, events.first());
            let turned: Vec<_> = events.iter().rev().cloned().collect();
            let way = if self.flaw == Flaw::TurnsAround {
                &turned
            } else {
                events
            };
            let delivered = self.publish_all(way).await;
            dropped.1 = None;
            delivered
        })
    }
}

impl fmt::Debug for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flawed")
            .field("flaw", &self.flaw)
            .finish_non_exhaustive()
    }
}

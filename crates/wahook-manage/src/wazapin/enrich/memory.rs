//! Records that were asked for: one call for all who ask, and none for what was just told.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use lru::LruCache;
use tokio::sync::{Semaphore, watch};
use wahook_core::{BoxFuture, Clock};

use crate::{Error, ErrorKind, wazapin::Message};

/// Who tells records.
pub(super) trait Records: Send + Sync + 'static {
    fn record<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Message, Error>>;
}

/// A record, and when it was read.
pub(super) struct Record {
    pub(super) message: Message,
    pub(super) read_at: Timestamp,
}

/// Why there is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Without {
    NotFound,
    Refused,
    Failed {
        kind: ErrorKind,
        after: Option<Duration>,
    },
}

pub(super) type Answer = Result<Arc<Record>, Without>;

/// An answer, or one that is on its way.
pub(super) enum Asked {
    Known(Answer),
    Coming(watch::Receiver<Option<Answer>>),
}

impl Asked {
    pub(super) async fn answer(self) -> Answer {
        match self {
            Self::Known(answer) => answer,
            Self::Coming(mut coming) => match coming.wait_for(Option::is_some).await {
                Ok(answer) => answer.clone().unwrap_or(Err(CUT)),
                Err(_) => Err(CUT),
            },
        }
    }
}

const CUT: Without = Without::Failed {
    kind: ErrorKind::Unreachable,
    after: None,
};

pub(super) struct Limits {
    pub(super) calls: usize,
    pub(super) records: NonZeroUsize,
    pub(super) life: Duration,
    pub(super) patience: Duration,
}

pub(super) struct Memory {
    from: Box<dyn Records>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    calls: Semaphore,
    kept: Mutex<Kept>,
}

struct Kept {
    /// With the time at which they are too old.
    records: LruCache<Arc<str>, (Duration, Arc<Record>)>,
    asked: HashMap<Arc<str>, watch::Receiver<Option<Answer>>>,
    /// Until then nobody is asked: the credentials were refused.
    refused_until: Option<Duration>,
    /// Until then nobody is told of it.
    told_until: Option<Duration>,
}

/// Credentials that were refused are tried again after this: asking all the time may lock an account.
const REFUSED_FOR: Duration = Duration::from_secs(60);
/// How often an operator is told.
const TOLD_EVERY: Duration = Duration::from_secs(3600);

impl Memory {
    pub(super) fn new(from: Box<dyn Records>, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self {
            from,
            clock,
            calls: Semaphore::new(limits.calls.clamp(1, Semaphore::MAX_PERMITS)),
            kept: Mutex::new(Kept {
                records: LruCache::new(limits.records),
                asked: HashMap::new(),
                refused_until: None,
                told_until: None,
            }),
            limits,
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Asks, unless the answer is known or on its way. What was begun is finished, whoever waits for it: a hand-over may
    /// be dropped half-way, and the next one finds what it asked for.
    pub(super) fn ask(self: &Arc<Self>, id: &str) -> Asked {
        let now = self.clock.elapsed();
        let mut kept = self.lock();
        if let Some((until, record)) = kept.records.get(id) {
            if now < *until {
                return Asked::Known(Ok(Arc::clone(record)));
            }
            kept.records.pop(id);
        }
        if kept.refused_until.is_some_and(|until| now < until) {
            return Asked::Known(Err(Without::Refused));
        }
        // One that is closed without an answer was cut off.
        if let Some(coming) = kept.asked.get(id).filter(|coming| coming.has_changed().is_ok()) {
            return Asked::Coming(coming.clone());
        }
        let id: Arc<str> = id.into();
        let (tell, coming) = watch::channel(None);
        kept.asked.insert(Arc::clone(&id), coming.clone());
        drop(kept);
        let memory = Arc::clone(self);
        tokio::spawn(async move {
            let answer = memory.call(&id).await;
            memory.keep(&id, &answer);
            tell.send_replace(Some(answer));
        });
        Asked::Coming(coming)
    }

    async fn call(&self, id: &str) -> Answer {
        let call = async {
            // The room is never closed.
            let _room = self.calls.acquire().await;
            self.from.record(id).await
        };
        match tokio::time::timeout(self.limits.patience, call).await {
            Ok(Ok(message)) if is_of(&message, id) => Ok(Arc::new(Record {
                message,
                read_at: self.clock.now(),
            })),
            Ok(Ok(_)) => Err(Without::Failed {
                kind: ErrorKind::Unreadable,
                after: None,
            }),
            Ok(Err(error)) => Err(match error.kind() {
                ErrorKind::NotFound => Without::NotFound,
                ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Subscription => Without::Refused,
                kind => Without::Failed {
                    kind,
                    after: error.retry_after(),
                },
            }),
            Err(_) => Err(Without::Failed {
                kind: ErrorKind::Timeout,
                after: None,
            }),
        }
    }

    fn keep(&self, id: &Arc<str>, answer: &Answer) {
        let now = self.clock.elapsed();
        let mut kept = self.lock();
        kept.asked.remove(id);
        match answer {
            // One without content may have it the next time.
            Ok(record) if record.message.content.is_some() => {
                let until = now.saturating_add(self.limits.life);
                kept.records.put(Arc::clone(id), (until, Arc::clone(record)));
            }
            Err(Without::Refused) => kept.refused_until = Some(now.saturating_add(REFUSED_FOR)),
            Ok(_) | Err(_) => {}
        }
    }

    /// Whether it is time to tell of refused credentials.
    pub(super) fn may_tell(&self) -> bool {
        let now = self.clock.elapsed();
        let mut kept = self.lock();
        let may = kept.told_until.is_none_or(|until| now >= until);
        if may {
            kept.told_until = Some(now.saturating_add(TOLD_EVERY));
        }
        may
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a record is of the message that was asked for, as far as it tells. Another's text would be a lie.
fn is_of(message: &Message, id: &str) -> bool {
    let mut ids = [&message.id, &message.provider_message_id].into_iter().flatten();
    message.id.is_none() || ids.any(|told| told.eq_ignore_ascii_case(id))
}

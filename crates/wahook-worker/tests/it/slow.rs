//! An inbox that answers late, or does not like what it is told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use wahook_core::{
    Assurance, BoxFuture,
    guard::{Settled, StoreError, StoreErrorKind, Token},
    inbox::{Accepted, Filed, Inbox, Incoming, LaneId, Reading, Settlement, Taken, Unread, Want},
};
use wahook_testkit::inbox::MemoryInbox;

/// The first lanes that it gives, and the first part of the reader, come so late.
#[derive(Debug)]
pub(crate) struct Slow {
    inner: Arc<MemoryInbox>,
    take: Mutex<Duration>,
    unread: Mutex<Duration>,
    /// It takes no event whose lane says this.
    dislikes: Option<&'static str>,
}

impl Slow {
    pub(crate) fn new(inner: Arc<MemoryInbox>, take: Duration, unread: Duration) -> Self {
        Self {
            inner,
            take: Mutex::new(take),
            unread: Mutex::new(unread),
            dislikes: None,
        }
    }

    /// Late with nothing, but it takes no event whose lane says this.
    pub(crate) fn disliking(inner: Arc<MemoryInbox>, text: &'static str) -> Self {
        Self {
            dislikes: Some(text),
            ..Self::new(inner, Duration::ZERO, Duration::ZERO)
        }
    }
}

/// Waits so long, once, and only if there is an answer.
async fn late<T>(answer: T, is_something: bool, delay: &Mutex<Duration>) -> T {
    let delay = match is_something {
        true => std::mem::take(&mut *delay.lock().unwrap()),
        false => Duration::ZERO,
    };
    tokio::time::sleep(delay).await;
    answer
}

impl Inbox for Slow {
    fn assurance(&self) -> &Assurance {
        self.inner.assurance()
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        self.inner.accept(incoming)
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        Box::pin(async move {
            let unread = self.inner.unread(token, count, bytes, lease).await?;
            let is_something = !unread.is_empty();
            Ok(late(unread, is_something, &self.unread).await)
        })
    }

    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        let events = readings
            .iter()
            .flat_map(|reading| reading.events.iter().flatten());
        let mut lanes = events.map(|event| event.lane.as_str());
        if let Some(text) = self.dislikes
            && lanes.any(|lane| lane.contains(text))
        {
            return Box::pin(async { Err(StoreError::new(StoreErrorKind::Unavailable)) });
        }
        self.inner.file(token, readings)
    }

    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(async move {
            let taken = self.inner.take(sink, token, want, lease).await?;
            let is_something = !taken.lanes.is_empty();
            Ok(late(taken, is_something, &self.take).await)
        })
    }

    fn renew<'a>(
        &'a self,
        lane: LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.inner.renew(lane, token, lease)
    }

    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.inner.settle(token, settlement)
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        self.inner.stirred(seen)
    }
}

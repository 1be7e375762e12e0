//! The inbox in its plainest form: the reference that others are measured against.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;
use wahook_core::{
    Assurance, BoxFuture, Clock, DeliveryId, Guarantee,
    guard::{Key, Settled, StoreError, StoreErrorKind, Token},
    inbox::{
        Accepted, DeadLetter, DeadQuery, Desk, EventQuery, EventRow, Filed, Inbox, Incoming, Kept, LaneId,
        Reading, Replay, Replayed, Retention, Settlement, Status, Swept, Taken, Unread, Want,
    },
};

mod desk;
mod faults;
mod lanes;
#[cfg(test)]
mod misuse;
mod reading;
mod records;
mod state;
mod sweep;

pub use self::faults::Verb;
use self::{faults::Faults, state::State};

/// An inbox in memory, for tests: simple, obviously right, and gone with the process.
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use wahook_core::{guard::Token, inbox::{Accepted, Inbox}};
/// use wahook_testkit::{ManualClock, inbox::{Deliveries, MemoryInbox}};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let inbox = MemoryInbox::new(Arc::new(ManualClock::default()));
/// let mut shop = Deliveries::of("wawp", "shop");
/// let incoming = shop.message("A1B2C3", "15550000002@c.us", "Good morning");
/// assert_eq!(inbox.accept(incoming.clone()).await?, Accepted::Stored { conflict: false });
/// assert_eq!(inbox.accept(incoming).await?, Accepted::Duplicate { conflict: false });
/// let unread = inbox.unread(Token::new([1; 16]), 100, 1 << 20, Duration::from_secs(30)).await?;
/// assert_eq!(unread.len(), 1);
/// # Ok::<_, wahook_core::guard::StoreError>(()) })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// Its store can be made to fail: [`fail_next`](Self::fail_next), [`lose_next`](Self::lose_next),
/// [`begin_outage`](Self::begin_outage).
pub struct MemoryInbox {
    inner: Mutex<Inner>,
    clock: Arc<dyn Clock>,
    assurance: Assurance,
    /// How often something came in.
    stirred: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    state: State,
    faults: Faults,
}

/// What both readings of the clock say.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// For what is told.
    pub(super) now: Timestamp,
    /// For leases, lives and waits.
    pub(super) elapsed: Duration,
}

impl MemoryInbox {
    /// An empty inbox. Leases, lives and waits run on this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Mutex::default(),
            clock,
            assurance: Assurance::new(Guarantee::None, "the inbox is kept in memory"),
            stirred: watch::Sender::new(0),
        }
    }

    /// With so many deliveries that are not finished, a further one is refused with [`StoreErrorKind::Full`].
    #[must_use]
    pub fn room_for(self, deliveries: usize) -> Self {
        self.lock().state.room = Some(deliveries);
        self
    }

    /// Says that it is as safe as this, for tests of those who ask.
    #[must_use]
    pub fn with_assurance(self, assurance: Assurance) -> Self {
        Self { assurance, ..self }
    }

    /// Makes the next call of this verb fail before it did anything. Said twice, the next two calls fail.
    pub fn fail_next(&self, verb: Verb, kind: StoreErrorKind) {
        self.lock().faults.fail_next(verb, kind);
    }

    /// Makes the next call of this verb do its work, and loses the answer.
    pub fn lose_next(&self, verb: Verb) {
        self.lock().faults.lose_next(verb);
    }

    /// From now on every verb fails.
    pub fn begin_outage(&self, kind: StoreErrorKind) {
        self.lock().faults.begin_outage(kind);
    }

    /// From now on verbs do their work again.
    pub fn end_outage(&self) {
        self.lock().faults.end_outage();
    }

    /// As if its process had died and it was opened anew: leases are free, and what nobody could read is unread again.
    pub fn reopen(&self) {
        self.lock().state.reopen(self.moment());
        self.stir();
    }

    /// Tells those who wait that something came in.
    fn stir(&self) {
        self.stirred.send_modify(|mark| *mark += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> Moment {
        Moment {
            now: self.clock.now(),
            elapsed: self.clock.elapsed(),
        }
    }

    /// Does the work of a verb in one go, or fails as a test wants it to.
    fn work<'a, T: Send + 'a>(
        &'a self,
        verb: Verb,
        work: impl FnOnce(&mut State, Moment) -> Result<T, StoreError> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            let answer = {
                let mut inner = self.lock();
                inner.faults.before(verb)?;
                let answer = work(&mut inner.state, self.moment());
                inner.faults.after(verb).and(answer)
            };
            if verb.brings_something_in() {
                self.stir();
            }
            answer
        })
    }
}

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbox").finish_non_exhaustive()
    }
}

impl Inbox for MemoryInbox {
    fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        self.work(Verb::Accept, |state, at| state.accept(incoming, at))
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        self.work(Verb::Unread, move |state, at| {
            Ok(state.unread(token, count, bytes, lease, at))
        })
    }

    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        self.work(Verb::File, move |state, at| Ok(state.file(token, readings, at)))
    }

    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        self.work(Verb::Take, move |state, at| {
            Ok(state.take(sink, token, want, lease, at))
        })
    }

    fn renew<'a>(
        &'a self,
        lane: LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.work(Verb::Renew, move |state, at| {
            Ok(state.renew(lane, token, lease, at))
        })
    }

    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.work(Verb::Settle, move |state, at| {
            Ok(state.settle(token, &settlement, at))
        })
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        let mut stirred = self.stirred.subscribe();
        Box::pin(async move {
            // The sender lives as long as the inbox, which is borrowed: there is always an answer.
            stirred
                .wait_for(|mark| *mark != seen)
                .await
                .map_or(seen, |mark| *mark)
        })
    }
}

impl Desk for MemoryInbox {
    fn events<'a>(&'a self, query: &'a EventQuery) -> BoxFuture<'a, Result<Vec<EventRow>, StoreError>> {
        self.work(Verb::Ask, |state, _| Ok(state.events(query)))
    }

    fn delivery<'a>(&'a self, id: DeliveryId) -> BoxFuture<'a, Result<Option<Kept>, StoreError>> {
        self.work(Verb::Ask, move |state, _| Ok(state.delivery(id)))
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>> {
        self.work(Verb::Ask, |state, _| Ok(state.dead(query)))
    }

    fn retry<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        self.work(Verb::Change, |state, at| Ok(state.retry(query, at)))
    }

    fn drop_dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        self.work(Verb::Change, |state, at| Ok(state.drop_dead(query, at)))
    }

    fn drop_waiting<'a>(&'a self, sink: &'a str, limit: u32) -> BoxFuture<'a, Result<u64, StoreError>> {
        self.work(Verb::Change, move |state, at| {
            Ok(state.drop_waiting(sink, limit, at))
        })
    }

    fn replay<'a>(&'a self, replay: &'a Replay) -> BoxFuture<'a, Result<Replayed, StoreError>> {
        self.work(Verb::Change, |state, at| Ok(state.replay(replay, at)))
    }

    fn reread<'a>(&'a self) -> BoxFuture<'a, Result<u64, StoreError>> {
        self.work(Verb::Change, |state, _| Ok(state.reread()))
    }

    fn known<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<bool>, StoreError>> {
        self.work(Verb::Ask, |state, at| Ok(state.known(keys, at)))
    }

    fn status<'a>(&'a self) -> BoxFuture<'a, Result<Status, StoreError>> {
        self.work(Verb::Ask, |state, _| Ok(state.status()))
    }

    fn sweep<'a>(&'a self, retention: Retention) -> BoxFuture<'a, Result<Swept, StoreError>> {
        self.work(Verb::Sweep, move |state, at| Ok(state.sweep(retention, at)))
    }
}

//! The inbox: its parts, and the trait.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};
use wahook_core::{
    Assurance, BoxFuture, DeliveryId, OnConflict,
    guard::{Settled, StoreError, StoreErrorKind, Token},
    inbox::{Accepted, Filed, Inbox, Incoming, LaneId, Reading, Settlement, Taken, Unread, Want},
    json::Text,
};

use super::{
    book::{Book, Page, duration},
    ledger::{
        op::{Accept, Answer, Op},
        records::{Print, micros},
    },
    line::{Line, in_time},
    log::Log,
    look::Looks,
};

/// An inbox in a stream of NATS JetStream, for any number of processes.
///
/// See the [crate docs](crate) for what it promises.
pub struct NatsInbox {
    pub(super) log: Arc<Log>,
    pub(super) book: Arc<Book>,
    pub(super) line: Arc<Line>,
    pub(super) looks: Looks,
    /// What was handed out to be read.
    pub(super) handed: Mutex<HashMap<i64, DeliveryId>>,
    /// They end with the inbox.
    pub(super) _tasks: JoinSet<()>,
    pub(super) assurance: Assurance,
    pub(super) deadline: Duration,
    pub(super) max_waiting: u64,
    pub(super) carry_after: Duration,
    pub(super) name: String,
}

/// What workers ask for may take so much longer than what a provider waits for.
const PATIENCE: u32 = 5;

impl NatsInbox {
    pub(super) fn patience(&self) -> Instant {
        in_time(self.deadline.saturating_mul(PATIENCE))
    }

    /// Looks whether something may come of a verb, and has it written only then: who asks in vain leaves no record.
    pub(super) async fn ask_if(
        &self,
        deadline: Instant,
        may: impl Fn(&Page) -> bool,
        op: impl FnOnce() -> Op,
    ) -> Result<Option<Answer>, StoreError> {
        let is_now = || may(&self.book.lock());
        if !is_now() {
            self.look(deadline).await?;
            if !is_now() {
                return Ok(None);
            }
        }
        self.line.ask(op(), Vec::new(), deadline).await.map(Some)
    }

    /// The answer to a verb that is always written.
    pub(super) async fn ask(&self, op: Op) -> Result<Answer, StoreError> {
        self.line.ask(op, Vec::new(), self.patience()).await
    }

    /// Whether a delivery of so many bytes is accepted, as far as it is known here.
    fn has_room_for(&self, page: &Page, bytes: u64) -> Result<(), StoreError> {
        if page.ledger.is_full(self.max_waiting) {
            return Err(StoreError::new(StoreErrorKind::Full));
        }
        if !page.has_room(bytes, self.line.waiting_bytes()) {
            return Err(StoreError::with_source(
                StoreErrorKind::Full,
                "the stream is almost at its max_bytes",
            ));
        }
        Ok(())
    }

    async fn accept_one(&self, incoming: Incoming) -> Result<Accepted, StoreError> {
        let deadline = in_time(self.deadline);
        self.log.is_connected().map_err(|fault| fault.to_store_error())?;
        let digest = *incoming.digest().as_bytes();
        let head = incoming.delivery().to_head();
        let body = incoming.delivery().body.clone();
        let bytes = (head.len() + body.len()) as u64;
        let judge = |page: &Page| {
            // What is a duplicate stays one: nothing need be written to say so.
            let later = page.now().saturating_add(micros(self.deadline));
            if page.ledger.is_duplicate(incoming.key(), &digest, later) {
                return Err(Ok(Accepted::Duplicate { conflict: false }));
            }
            self.has_room_for(page, bytes).map_err(Err)
        };
        if judge(&self.book.lock()).is_err() {
            // Others may have emptied it: who only hears of that later must not send a provider away. And a server may have
            // lost what is known here, without our having noticed yet: then its copy is none.
            self.look(deadline).await?;
            if let Err(answer) = judge(&self.book.lock()) {
                return answer;
            }
        }
        let accept = Accept {
            provider: Text::from(incoming.provider()),
            key: incoming.key().as_str().to_owned(),
            digest,
            drops_conflicts: incoming.on_conflict() == OnConflict::DropAndFlag,
            memory: micros(incoming.memory()),
            most: self.max_waiting,
            head: 0,
        };
        let answer = self
            .line
            .ask(Op::Accept(accept), vec![head.into(), body], deadline)
            .await?;
        match answer {
            Answer::Accepted(accepted) => Ok(accepted),
            Answer::Full => Err(StoreError::new(StoreErrorKind::Full)),
            _ => Err(odd()),
        }
    }
}

/// An answer to another question: no release of ours gives one.
pub(super) fn odd() -> StoreError {
    StoreError::with_source(
        StoreErrorKind::Unavailable,
        "the stream answered another question",
    )
}

impl fmt::Debug for NatsInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsInbox")
            .field("stream", &self.name)
            .field("deadline", &self.deadline)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl Inbox for NatsInbox {
    fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        Box::pin(self.accept_one(incoming))
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        Box::pin(async move {
            let (token, lease) = (Print::from(token), micros(lease));
            let op = || Op::Unread {
                token,
                count,
                bytes,
                lease,
            };
            let may = |page: &Page| page.ledger.has_unread_for(token, lease, page.now());
            // What is gone does not make the rest wait.
            loop {
                match self.ask_if(self.patience(), may, op).await? {
                    None => return Ok(Vec::new()),
                    Some(Answer::Unread(found)) => {
                        let is_nothing = found.is_empty();
                        let unread = self.unread_now(token, found).await?;
                        if is_nothing || !unread.is_empty() {
                            return Ok(unread);
                        }
                    }
                    Some(_) => return Err(odd()),
                }
            }
        })
    }

    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        Box::pin(async move {
            let readings = self.reads(readings);
            match self
                .ask(Op::File {
                    token: token.into(),
                    readings,
                })
                .await?
            {
                Answer::Filed(filed) => Ok(filed),
                _ => Err(odd()),
            }
        })
    }

    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(async move {
            let (token, name) = (Print::from(token), Text::from(sink));
            let may = |page: &Page| {
                let next = page.ledger.first_due(&name);
                next.is_some_and(|due| due <= page.now())
            };
            loop {
                let op = || Op::take(sink, token, want, micros(lease));
                match self.ask_if(self.patience(), may, op).await? {
                    Some(Answer::Taken(taken)) => {
                        let is_nothing = taken.lanes.is_empty();
                        let taken = self.taken(token, taken).await?;
                        if is_nothing || !taken.lanes.is_empty() {
                            return Ok(taken);
                        }
                    }
                    Some(_) => return Err(odd()),
                    None => {
                        let page = self.book.lock();
                        let next = page.ledger.next_due(&name, token, page.now());
                        return Ok(Taken {
                            lanes: Vec::new(),
                            next: next.map(duration),
                        });
                    }
                }
            }
        })
    }

    fn renew<'a>(
        &'a self,
        lane: LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let op = Op::Renew {
                lane: lane.0,
                token: token.into(),
                lease: micros(lease),
            };
            match self.ask(op).await? {
                Answer::Settled(settled) => Ok(settled),
                _ => Err(odd()),
            }
        })
    }

    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let op = Op::Settle {
                token: token.into(),
                settlement: settlement.into(),
            };
            match self.ask(op).await? {
                Answer::Settled(settled) => Ok(settled),
                _ => Err(odd()),
            }
        })
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        let mut marks = self.book.stir.subscribe();
        Box::pin(async move {
            match marks.wait_for(|mark| *mark != seen).await {
                Ok(mark) => *mark,
                // It cannot end before the inbox does.
                Err(_) => seen,
            }
        })
    }
}

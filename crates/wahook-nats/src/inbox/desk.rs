//! What operators ask and do.

use wahook_core::{
    BoxFuture, DeliveryId,
    guard::{Key, StoreError},
    inbox::{
        DeadLetter, DeadQuery, Desk, EventQuery, EventRow, Kept, Limit, Replay, Replayed, Retention, Room,
        Status, Swept,
    },
    json::Text,
};

use super::{
    book::Page,
    fault::Fault,
    fetch::{GONE, fetch},
    ledger::{
        Ledger,
        op::{Answer, Op},
        records::{Reads, micros},
    },
    store::{NatsInbox, odd},
};

impl NatsInbox {
    /// Asks the ledger, once it knows all that was done before.
    async fn read<T>(&self, ask: impl FnOnce(&Ledger) -> T) -> Result<T, StoreError> {
        self.look(self.patience()).await?;
        Ok(ask(&self.book.lock().ledger))
    }

    async fn count(&self, op: Op) -> Result<u64, StoreError> {
        match self.ask(op).await? {
            Answer::Count(count) => Ok(count),
            _ => Err(odd()),
        }
    }

    async fn kept(&self, id: DeliveryId) -> Result<Option<Kept>, StoreError> {
        let found = self.read(|ledger| {
            let (position, kept) = ledger.find(id)?;
            let read = kept.reads == Reads::Read || kept.again.is_some();
            Some((position, read, ledger.events_of(kept)))
        });
        let Some((position, read, events)) = found.await? else {
            return Ok(None);
        };
        let stored = fetch(&self.log, &self.book, [position])
            .await
            .map_err(|fault| fault.to_store_error())?;
        if !stored.gone.is_empty() {
            return Err(Fault::away(GONE).to_store_error());
        }
        Ok(stored.found.get(&position).map(|stored| Kept {
            stored: stored.as_ref().clone(),
            read,
            events,
        }))
    }
}

impl Desk for NatsInbox {
    fn events<'a>(&'a self, query: &'a EventQuery) -> BoxFuture<'a, Result<Vec<EventRow>, StoreError>> {
        Box::pin(self.read(|ledger| ledger.events(query)))
    }

    fn delivery<'a>(&'a self, id: DeliveryId) -> BoxFuture<'a, Result<Option<Kept>, StoreError>> {
        Box::pin(self.kept(id))
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(self.read(|ledger| ledger.dead(query)))
    }

    fn retry<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.count(Op::Retry(query.clone())))
    }

    fn drop_dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.count(Op::DropDead(query.clone())))
    }

    fn drop_waiting<'a>(&'a self, sink: &'a str, limit: u32) -> BoxFuture<'a, Result<u64, StoreError>> {
        let sink = Text::from(sink);
        Box::pin(self.count(Op::DropWaiting { sink, limit }))
    }

    fn replay<'a>(&'a self, replay: &'a Replay) -> BoxFuture<'a, Result<Replayed, StoreError>> {
        Box::pin(async move {
            if replay.dry_run {
                return self.read(|ledger| ledger.to_replay(replay).0).await;
            }
            match self.ask(Op::Replay(replay.clone())).await? {
                Answer::Replayed(replayed) => Ok(replayed),
                _ => Err(odd()),
            }
        })
    }

    fn reread<'a>(&'a self) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.count(Op::Reread))
    }

    fn known<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<bool>, StoreError>> {
        Box::pin(self.read(|ledger| ledger.known(keys)))
    }

    fn status<'a>(&'a self) -> BoxFuture<'a, Result<Status, StoreError>> {
        Box::pin(async move {
            self.look(self.patience()).await?;
            let page = self.book.lock();
            let mut status = page.ledger.status();
            status.bytes = page.bytes;
            status.room.push(Room {
                limit: Limit::Waiting,
                used: page.ledger.unfinished(),
                most: self.max_waiting,
            });
            status.room.extend(page.most.map(|most| Room {
                limit: Limit::Bytes,
                used: page.bytes,
                most,
            }));
            Ok(status)
        })
    }

    fn sweep<'a>(&'a self, retention: Retention) -> BoxFuture<'a, Result<Swept, StoreError>> {
        Box::pin(async move {
            let times = [retention.rows, retention.bodies, retention.dead].map(micros);
            let may = |page: &Page| page.ledger.has_to_sweep(times, page.now());
            let asked = self.ask_if(self.patience(), may, || Op::sweep(retention)).await;
            let swept = match asked {
                Ok(Some(Answer::Swept(swept))) => Ok(swept),
                Ok(None) => Ok(Swept::default()),
                Ok(Some(_)) => Err(odd()),
                Err(error) => Err(error),
            };
            // Once nothing is left to sweep; and where the stream takes nothing more.
            if swept.as_ref().map_or(true, |swept| *swept == Swept::default()) {
                self.clean(retention, self.patience()).await?;
            }
            swept
        })
    }
}

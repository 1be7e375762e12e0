//! What operators ask, and do. Their questions are rare and of many forms: none is prepared.

mod dead;
mod events;
mod known;
mod question;
mod replay;
mod reread;
mod rows;
mod status;
mod sweep;
mod waiting;

use std::sync::Mutex;

use wahook_core::{
    BoxFuture, DeliveryId,
    guard::{Key, StoreError},
    inbox::{
        DeadLetter, DeadQuery, Desk, EventQuery, EventRow, Kept, Replay, Replayed, Retention, Status, Swept,
    },
};

use self::{
    dead::{Change, Changing, Dead},
    events::{Events, OneDelivery},
    known::AskKnown,
    replay::Replaying,
    reread::Rereading,
    status::AskStatus,
    sweep::{Places, Sweeping},
    waiting::DropWaiting,
};
use super::store::PostgresInbox;

/// What the desk keeps.
#[derive(Debug, Default)]
pub(super) struct Drawer {
    /// How far the walks over what may be removed have come.
    places: Mutex<Places>,
}

/// So many events are dropped in one call at most.
const CALL: u32 = 10_000;

impl Desk for PostgresInbox {
    fn events<'a>(&'a self, query: &'a EventQuery) -> BoxFuture<'a, Result<Vec<EventRow>, StoreError>> {
        Box::pin(async move { self.at_desk(&Events { inbox: self, query }).await })
    }

    fn delivery<'a>(&'a self, id: DeliveryId) -> BoxFuture<'a, Result<Option<Kept>, StoreError>> {
        Box::pin(async move { self.at_desk(&OneDelivery { inbox: self, id }).await })
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(async move { self.at_desk(&Dead { inbox: self, query }).await })
    }

    fn retry<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.change_dead(query, Change::WaitAgain))
    }

    fn drop_dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.change_dead(query, Change::Drop))
    }

    fn drop_waiting<'a>(&'a self, sink: &'a str, limit: u32) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let dropping = DropWaiting {
                inbox: self,
                sink,
                limit: limit.min(CALL),
            };
            self.at_desk(&dropping).await
        })
    }

    fn replay<'a>(&'a self, replay: &'a Replay) -> BoxFuture<'a, Result<Replayed, StoreError>> {
        Box::pin(async move {
            let replayed = self.at_desk(&Replaying { inbox: self, replay }).await?;
            if !replay.dry_run {
                self.stir();
            }
            Ok(replayed)
        })
    }

    fn reread<'a>(&'a self) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let count = self.at_desk(&Rereading { inbox: self }).await?;
            self.stir();
            Ok(count)
        })
    }

    fn known<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<bool>, StoreError>> {
        Box::pin(async move { self.at_desk(&AskKnown { inbox: self, keys }).await })
    }

    fn status<'a>(&'a self) -> BoxFuture<'a, Result<Status, StoreError>> {
        Box::pin(async move { self.at_desk(&AskStatus { inbox: self }).await })
    }

    fn sweep<'a>(&'a self, retention: Retention) -> BoxFuture<'a, Result<Swept, StoreError>> {
        Box::pin(async move {
            let sweeping = Sweeping {
                inbox: self,
                retention,
                places: &self.drawer.places,
            };
            sweeping.sweep().await
        })
    }
}

impl PostgresInbox {
    async fn change_dead(&self, query: &DeadQuery, change: Change) -> Result<u64, StoreError> {
        let changing = Changing {
            inbox: self,
            query,
            change,
        };
        let count = self.at_desk(&changing).await?;
        self.stir();
        Ok(count)
    }
}

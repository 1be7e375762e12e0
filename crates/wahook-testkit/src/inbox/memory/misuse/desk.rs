//! What may be wrong with the desk of an inbox.

use std::time::Duration;

use wahook_core::{
    BoxFuture, DeliveryId,
    guard::{Key, StoreError},
    inbox::{
        DeadLetter, DeadQuery, Desk, EntryState, EventQuery, EventRow, Kept, Order, Replay, Replayed,
        Retention, Status, Swept,
    },
};

use super::{Flaw, Flawed};
use crate::inbox::memory::{State, records::Reads};

impl Flawed {
    fn asked_for(&self, query: &EventQuery) -> EventQuery {
        let mut query = query.clone();
        match self.flaw {
            Flaw::IgnoresEndpointsOfEvents => query.endpoint = None,
            Flaw::IgnoresKindsOfEvents => query.kinds.clear(),
            Flaw::IgnoresTheTimeOfEvents => query.since = None,
            Flaw::TellsOnlyTheNewestFirst => query.order = Order::Newest,
            Flaw::SkipsBetweenPages => query.after = query.after.map(|after| after + 1),
            _ => {}
        }
        query
    }

    fn letters(&self, query: &DeadQuery) -> DeadQuery {
        let mut query = query.clone();
        match self.flaw {
            Flaw::IgnoresSinksOfLetters => query.sink = None,
            Flaw::IgnoresIdsOfLetters => query.ids.clear(),
            Flaw::IgnoresLimitsOfLetters => query.limit = u32::MAX,
            _ => {}
        }
        query
    }

    async fn retrying(&self, query: &DeadQuery) -> Result<u64, StoreError> {
        let query = self.letters(query);
        let letters = self.inbox.dead(&query).await?;
        let before: Vec<_> = self.tamper(|state| {
            let was = |id| {
                let entry = &state.entries[&id];
                (id, entry.attempts, entry.filed_at, entry.turn)
            };
            letters.iter().map(|letter| was(letter.id)).collect()
        });
        let count = self.inbox.retry(&query).await?;
        self.tamper(|state| {
            for (id, attempts, filed_at, turn) in before {
                let next = state.next();
                let entry = state.entries.get_mut(&id).unwrap();
                let turn = match self.flaw {
                    Flaw::RetriesWithAttempts => {
                        entry.attempts = attempts;
                        continue;
                    }
                    Flaw::RetriesInOldAge => {
                        entry.filed_at = filed_at;
                        continue;
                    }
                    Flaw::RetriesAtTheFront => turn,
                    Flaw::RetriesBlockersAtTheEnd => next,
                    Flaw::RetriesBackwards => -next,
                    _ => continue,
                };
                let lane = state.lanes.get_mut(&entry.lane).unwrap();
                lane.waiting.remove(&entry.turn);
                entry.turn = turn;
                lane.waiting.insert(turn, id);
            }
        });
        Ok(count)
    }

    async fn dropping(&self, query: &DeadQuery) -> Result<u64, StoreError> {
        let query = self.letters(query);
        let letters = self.inbox.dead(&query).await?;
        let count = self.inbox.drop_dead(&query).await?;
        self.tamper(|state| {
            for letter in letters {
                let entry = state.entries.get_mut(&letter.id).unwrap();
                match self.flaw {
                    Flaw::DropsNothing => entry.state = EntryState::Dead,
                    Flaw::CallsDroppedDone => entry.state = EntryState::Done,
                    Flaw::StandsStillForTheDropped if letter.blocks => {
                        state.lanes.get_mut(&entry.lane).unwrap().blocked_by = Some(letter.id);
                    }
                    _ => {}
                }
            }
        });
        Ok(count)
    }

    async fn replaying(&self, replay: &Replay) -> Result<Replayed, StoreError> {
        let mut replay = replay.clone();
        replay.query = self.asked_for(&replay.query);
        match self.flaw {
            Flaw::ReplaysThroughTheGuard if !replay.dry_run => return Ok(Replayed::default()),
            Flaw::ReplaysToAll => replay.to = None,
            Flaw::RunsDryForReal => replay.dry_run = false,
            Flaw::NeverReparses => replay.reparse = false,
            Flaw::ReplaysWithoutLimit => replay.query.limit = u32::MAX,
            _ => {}
        }
        let duplicates: Vec<i64> = self.tamper(|state| {
            let all = state.events.iter_mut().filter(|(_, event)| event.duplicate);
            match self.flaw {
                Flaw::ReplaysDuplicates => all
                    .map(|(cursor, event)| {
                        event.duplicate = false;
                        *cursor
                    })
                    .collect(),
                _ => Vec::new(),
            }
        });
        let last = self.tamper(State::next);
        let mut replayed = self.inbox.replay(&replay).await?;
        self.tamper(|state| {
            for cursor in duplicates {
                state.events.get_mut(&cursor).unwrap().duplicate = true;
            }
            let new: Vec<_> = state.entries.keys().filter(|id| id.0 > last).copied().collect();
            match self.flaw {
                Flaw::ReplaysUnmarked => {
                    state
                        .entries
                        .values_mut()
                        .for_each(|entry| entry.replay_of = None);
                }
                Flaw::ReplaysBackwards | Flaw::ReplaysAtTheFront => {
                    for id in new {
                        let entry = state.entries.get_mut(&id).unwrap();
                        let lane = state.lanes.get_mut(&entry.lane).unwrap();
                        lane.waiting.remove(&entry.turn);
                        entry.turn = match self.flaw {
                            Flaw::ReplaysBackwards => i64::MAX - entry.turn,
                            _ => entry.turn - 1_000_000,
                        };
                        lane.waiting.insert(entry.turn, id);
                    }
                }
                Flaw::ReplaysForgetEvents => state.said.clear(),
                Flaw::ReplaysForgetKeys => state.seen.clear(),
                Flaw::ReplaysLiftBlocks => {
                    state.lanes.values_mut().for_each(|lane| lane.blocked_by = None);
                }
                _ => {}
            }
        });
        if self.is(Flaw::CountsTheRedacted) {
            replayed.events += std::mem::take(&mut replayed.redacted);
        }
        Ok(replayed)
    }

    async fn telling(&self) -> Result<Status, StoreError> {
        let mut status = self.inbox.status().await?;
        match self.flaw {
            Flaw::KnowsNoOldest => status.oldest = None,
            Flaw::CountsTheUnreadableAsUnread => status.unread += status.unreadable,
            Flaw::ForgetsIdleSinks => {
                status.sinks.retain(|sink| sink.waiting + sink.dead > 0);
            }
            Flaw::ForgetsEndpointsOnceRead => status.endpoints.retain(|endpoint| endpoint.waiting == 0),
            Flaw::TellsNoRoom => status.room.clear(),
            Flaw::CountsNoBlocks => status.sinks.iter_mut().for_each(|sink| sink.blocked = 0),
            _ => {}
        }
        Ok(status)
    }

    async fn sweeping(&self, mut retention: Retention) -> Result<Swept, StoreError> {
        match self.flaw {
            Flaw::SweepsNothing if !self.is_away() => return Ok(Swept::default()),
            Flaw::SweepsAtOnce => (retention.rows, retention.bodies) = (Duration::ZERO, Duration::ZERO),
            Flaw::SweepsWithoutLimit => retention.count = usize::MAX,
            Flaw::SweepsLettersAtOnce => retention.dead = Duration::ZERO,
            Flaw::NeverRedacts => retention.bodies = Duration::MAX,
            _ => {}
        }
        let (before, blocks) = self.tamper(|state| {
            self.weaken_for_sweeping(state);
            let events: Vec<_> = state
                .events
                .iter()
                .map(|(cursor, event)| (*cursor, event.clone()))
                .collect();
            let lanes = state.lanes.iter_mut();
            let blocks: Vec<_> = match self.flaw {
                Flaw::SweepsWhatBlocks => lanes
                    .filter_map(|(id, lane)| Some((*id, lane.blocked_by.take()?)))
                    .collect(),
                _ => Vec::new(),
            };
            (events, blocks)
        });
        let swept = self.inbox.sweep(retention).await?;
        self.tamper(|state| {
            for (id, blocker) in blocks {
                state.lanes.get_mut(&id).unwrap().blocked_by = Some(blocker);
            }
            match self.flaw {
                Flaw::SweepsKeys => state.seen.clear(),
                Flaw::SweepsEvents => state.said.clear(),
                Flaw::RedactsBodiesAlone => {
                    for (cursor, event) in before {
                        if let Some(redacted) = state.events.get_mut(&cursor) {
                            redacted.summary = event.summary;
                        }
                    }
                }
                _ => {}
            }
        });
        Ok(swept)
    }

    /// Makes finished what is not.
    fn weaken_for_sweeping(&self, state: &mut State) {
        match self.flaw {
            Flaw::SweepsUnfinished => {
                for entry in state.entries.values_mut() {
                    if entry.state == EntryState::Waiting {
                        entry.state = EntryState::Done;
                    }
                }
            }
            Flaw::SweepsAfterTheFirstSink => {
                let done: Vec<_> = state
                    .entries
                    .values()
                    .filter(|entry| entry.state == EntryState::Done)
                    .map(|entry| entry.position)
                    .collect();
                for entry in state.entries.values_mut() {
                    if done.contains(&entry.position) {
                        entry.state = EntryState::Done;
                    }
                }
            }
            Flaw::SweepsTheUnread | Flaw::SweepsTheUnreadable => {
                let progress = match self.flaw {
                    Flaw::SweepsTheUnread => Reads::Unread,
                    _ => Reads::Unreadable,
                };
                for kept in state.deliveries.values_mut() {
                    if kept.progress == progress {
                        kept.progress = Reads::Read;
                    }
                }
            }
            Flaw::SweepsTombstones => {
                state
                    .deliveries
                    .values_mut()
                    .for_each(|kept| kept.remembered_until = Duration::ZERO);
            }
            _ => {}
        }
    }
}

impl Desk for Flawed {
    fn events<'a>(&'a self, query: &'a EventQuery) -> BoxFuture<'a, Result<Vec<EventRow>, StoreError>> {
        Box::pin(async move {
            let mut events = self.inbox.events(&self.asked_for(query)).await?;
            if self.is(Flaw::TellsOnlySinksWhatIsLate) {
                events.iter_mut().for_each(|event| event.late = false);
            }
            Ok(events)
        })
    }

    fn delivery<'a>(&'a self, id: DeliveryId) -> BoxFuture<'a, Result<Option<Kept>, StoreError>> {
        Box::pin(async move {
            let kept = self.inbox.delivery(id).await?;
            Ok(kept.map(|mut kept| {
                match self.flaw {
                    Flaw::TellsEventsBackwards => kept.events.reverse(),
                    Flaw::TellsItIsRead => kept.read = true,
                    _ => {}
                }
                kept
            }))
        })
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(async move {
            let mut dead = self.inbox.dead(&self.letters(query)).await?;
            match self.flaw {
                Flaw::TellsTheOldestLetterFirst => dead.reverse(),
                Flaw::TellsNoBlocks => dead.iter_mut().for_each(|letter| letter.blocks = false),
                _ => {}
            }
            Ok(dead)
        })
    }

    fn retry<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.retrying(query))
    }

    fn drop_dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.dropping(query))
    }

    fn drop_waiting<'a>(&'a self, sink: &'a str, limit: u32) -> BoxFuture<'a, Result<u64, StoreError>> {
        match self.flaw {
            Flaw::DropsNothingThatWaits => Box::pin(async { Ok(0) }),
            Flaw::DropsWaitingWithoutLimit => self.inbox.drop_waiting(sink, u32::MAX),
            Flaw::DropsWhatWaitsForAnother => Box::pin(async move {
                self.inbox.drop_waiting("log", limit).await?;
                self.inbox.drop_waiting(sink, limit).await
            }),
            _ => self.inbox.drop_waiting(sink, limit),
        }
    }

    fn replay<'a>(&'a self, replay: &'a Replay) -> BoxFuture<'a, Result<Replayed, StoreError>> {
        Box::pin(self.replaying(replay))
    }

    fn reread<'a>(&'a self) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            match self.flaw {
                Flaw::RereadsNothing => Ok(0),
                Flaw::TellsNoRereads => self.inbox.reread().await.map(|_| 0),
                _ => self.inbox.reread().await,
            }
        })
    }

    fn known<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<bool>, StoreError>> {
        Box::pin(self.knowing(keys))
    }

    fn status<'a>(&'a self) -> BoxFuture<'a, Result<Status, StoreError>> {
        Box::pin(self.telling())
    }

    fn sweep<'a>(&'a self, retention: Retention) -> BoxFuture<'a, Result<Swept, StoreError>> {
        Box::pin(self.sweeping(retention))
    }
}

//! From readings to lanes: claims of events, lanes and the mark "read" in one transaction (I3).

use std::collections::{HashMap, HashSet};

use deadpool_postgres::{Object, Transaction};
use wahook_core::{
    DeliveryId,
    guard::{Fingerprints, Token},
    inbox::{Filed, FiledEvent, Reading},
};

use super::{
    enter::{Enter, Entering},
    filing::Filing,
    row::{get_id, short},
    sinks::Sinks,
    work::{BOUND, Work, begin},
};
use crate::{fault::Fault, say::Values, span::micros};

/// [`Inbox::file`](wahook_core::inbox::Inbox::file). Done twice it finds everything read.
pub(super) struct File<'a> {
    pub(super) filing: &'a Filing,
    pub(super) enter: &'a Enter,
    pub(super) sinks: &'a Sinks,
    pub(super) fingerprints: &'a Fingerprints,
    pub(super) token: Token,
    pub(super) readings: &'a [Reading],
}

/// A delivery that was unread until now.
struct Turned {
    again: bool,
    /// For whom it is read again; 0 stands for those that want it.
    sinks: Vec<i32>,
    id: DeliveryId,
    endpoint: Vec<u8>,
    received_nanos: i64,
}

/// An event with its place in everything.
struct Placed<'a> {
    event: &'a FiledEvent,
    delivery: i64,
    place: i32,
    memory: i64,
    claim: [u8; 16],
    key_hash: i64,
    turned: &'a Turned,
    duplicate: bool,
}

/// The keys of an earlier reading, and those of this one, as their hashes.
#[derive(Default)]
struct Old {
    originals: HashSet<i64>,
    duplicates: HashSet<i64>,
    now: HashSet<i64>,
}

impl Work for File<'_> {
    type Answer = Option<Filed>;

    async fn work(&self, connection: &mut Object) -> Result<Option<Filed>, Fault> {
        let wanted = self.events().flat_map(|event| &event.sinks);
        self.sinks.learn(connection, wanted.map(|name| &**name)).await?;
        let (read, unreadable): (Vec<&Reading>, Vec<&Reading>) =
            self.readings.iter().partition(|reading| reading.events.is_some());
        let positions =
            |readings: &[&Reading]| -> Vec<i64> { readings.iter().map(|reading| reading.position).collect() };
        let (read, unreadable) = (positions(&read), positions(&unreadable));

        let transaction = begin(connection).await?;
        let token = &self.token.as_bytes()[..];
        let ((), part) = tokio::try_join!(
            biased;
            transaction.batch_execute(BOUND),
            async { self.filing.fence.say_in(&transaction, &[&token]).await },
        )?;
        if part.is_empty() {
            return Ok(None);
        }
        if !unreadable.is_empty() {
            self.filing
                .unreadable
                .say_in(&transaction, &[&unreadable])
                .await?;
        }
        let turned = self.turn(&transaction, &read).await?;
        let mut events = self.place(&turned);
        let old = self.old(&transaction, &turned, &events).await?;
        self.judge(&transaction, &mut events, old).await?;
        let filed = count(&events);
        let numbers = self.store(&transaction, &events).await?;
        let entering = self.entering(&events, &numbers);
        self.enter.enter(&transaction, &entering).await?;
        transaction.commit().await?;
        Ok(Some(filed))
    }
}

fn count(events: &[Placed<'_>]) -> Filed {
    let mut filed = Filed::default();
    for event in events {
        if event.duplicate {
            filed.duplicates += 1;
        } else {
            filed.fresh += 1;
        }
    }
    filed
}

impl File<'_> {
    fn events(&self) -> impl Iterator<Item = &FiledEvent> {
        self.readings.iter().filter_map(|it| it.events.as_ref()).flatten()
    }

    /// Marks deliveries as read; those that were not yet.
    async fn turn(
        &self,
        transaction: &Transaction<'_>,
        positions: &[i64],
    ) -> Result<HashMap<i64, Turned>, Fault> {
        let mut turned = HashMap::with_capacity(positions.len());
        for row in self.filing.read.say_in(transaction, &[&positions]).await? {
            turned.insert(
                row.try_get(0)?,
                Turned {
                    again: row.try_get(1)?,
                    sinks: row.try_get(2)?,
                    id: get_id(&row, 3)?,
                    endpoint: row.try_get(4)?,
                    received_nanos: row.try_get(5)?,
                },
            );
        }
        Ok(turned)
    }

    fn place<'a>(&'a self, turned: &'a HashMap<i64, Turned>) -> Vec<Placed<'a>> {
        let mut placed = Vec::new();
        let mut seen = HashSet::new();
        for reading in self.readings {
            let Some(turned) = turned.get(&reading.position) else {
                continue;
            };
            // Said twice in one go it is read once.
            if !seen.insert(reading.position) {
                continue;
            }
            for (place, event) in reading.events.iter().flatten().enumerate() {
                placed.push(Placed {
                    event,
                    delivery: reading.position,
                    place: i32::try_from(place).unwrap_or(i32::MAX),
                    memory: micros(reading.memory),
                    claim: self.fingerprints.of(&event.claim).to_be_bytes(),
                    key_hash: self.hash(event.summary.key.as_str()),
                    turned,
                    duplicate: false,
                });
            }
        }
        placed
    }

    fn hash(&self, text: &str) -> i64 {
        short(self.fingerprints.of_bytes(text.as_bytes()))
    }

    /// Finds out which events were said before, and remembers the others.
    ///
    /// What is read again goes around the claims (I4); but what had its original in another delivery has it there still.
    async fn judge(
        &self,
        transaction: &Transaction<'_>,
        events: &mut [Placed<'_>],
        mut old: HashMap<i64, Old>,
    ) -> Result<(), Fault> {
        if events.is_empty() {
            return Ok(());
        }
        let asked: HashSet<[u8; 16]> = events.iter().map(|event| event.claim).collect();
        let asked: Vec<&[u8]> = asked.iter().map(|claim| &claim[..]).collect();
        let mut said: HashMap<[u8; 16], Option<i64>> = HashMap::new();
        for row in self.filing.said.say_in(transaction, &[&asked]).await? {
            if let Ok(claim) = row.try_get::<_, &[u8]>(0)?.try_into() {
                said.insert(claim, row.try_get(1)?);
            }
        }
        let (mut claims, mut deliveries, mut memories) = (Vec::new(), Vec::new(), Vec::new());
        for event in events.iter_mut() {
            let by = said.get(&event.claim);
            event.duplicate = if event.turned.again {
                let old = old.entry(event.delivery).or_default();
                let elsewhere = by.is_some_and(|by| *by != Some(event.delivery));
                let not_ours =
                    old.duplicates.contains(&event.key_hash) && !old.originals.contains(&event.key_hash);
                // Said twice in one delivery it is said once.
                elsewhere || not_ours || !old.now.insert(event.key_hash)
            } else {
                by.is_some()
            };
            if by.is_none() && !event.duplicate {
                said.insert(event.claim, Some(event.delivery));
                claims.push(event.claim.to_vec());
                deliveries.push(event.delivery);
                memories.push(event.memory);
            }
        }
        if !claims.is_empty() {
            let values: &Values<'_> = &[&claims, &deliveries, &memories];
            self.filing.claim.say_in(transaction, values).await?;
        }
        Ok(())
    }

    /// What deliveries that are read again said before; events that they say no more are forgotten.
    async fn old(
        &self,
        transaction: &Transaction<'_>,
        turned: &HashMap<i64, Turned>,
        events: &[Placed<'_>],
    ) -> Result<HashMap<i64, Old>, Fault> {
        let again = turned.iter().filter(|(_, turned)| turned.again);
        let mut places: HashMap<i64, i32> = again.map(|(delivery, _)| (*delivery, 0)).collect();
        for event in events.iter().filter(|event| event.turned.again) {
            let count = places.entry(event.delivery).or_default();
            *count = (*count).max(event.place.saturating_add(1));
        }
        let mut old: HashMap<i64, Old> = HashMap::new();
        if places.is_empty() {
            return Ok(old);
        }
        let (deliveries, places): (Vec<i64>, Vec<i32>) = places.into_iter().unzip();
        for row in self.filing.old.say_in(transaction, &[&deliveries]).await? {
            let old = old.entry(row.try_get(0)?).or_default();
            let keys = if row.try_get(2)? {
                &mut old.duplicates
            } else {
                &mut old.originals
            };
            keys.insert(row.try_get(1)?);
        }
        self.filing
            .forget
            .say_in(transaction, &[&deliveries, &places])
            .await?;
        Ok(old)
    }

    /// Keeps what events say; their numbers by delivery and place.
    async fn store(
        &self,
        transaction: &Transaction<'_>,
        events: &[Placed<'_>],
    ) -> Result<HashMap<(i64, i32), i64>, Fault> {
        if events.is_empty() {
            return Ok(HashMap::new());
        }
        let summaries = || events.iter().map(|it| &it.event.summary);
        let bytes =
            |text: &Option<wahook_core::json::Text>| text.as_ref().map(|text| text.as_bytes().to_vec());
        let hash = |text: &Option<wahook_core::json::Text>| text.as_ref().map(|text| self.hash(text));
        let deliveries: Vec<i64> = events.iter().map(|it| it.delivery).collect();
        let places: Vec<i32> = events.iter().map(|it| it.place).collect();
        let received: Vec<i64> = events.iter().map(|it| it.turned.received_nanos).collect();
        let occurred: Vec<Option<i64>> = summaries()
            .map(|it| it.occurred_at.map(jiff::Timestamp::as_microsecond))
            .collect();
        let key_hashes: Vec<i64> = events.iter().map(|it| it.key_hash).collect();
        let chat_hashes: Vec<Option<i64>> = summaries().map(|it| hash(&it.chat)).collect();
        let message_hashes: Vec<Option<i64>> = summaries().map(|it| hash(&it.message_id)).collect();
        let duplicates: Vec<bool> = events.iter().map(|it| it.duplicate).collect();
        let kinds: Vec<&str> = summaries().map(|it| it.kind.as_str()).collect();
        let lanes: Vec<Vec<u8>> = events.iter().map(|it| self.lane(it.event)).collect();
        let endpoints: Vec<&[u8]> = events.iter().map(|it| &it.turned.endpoint[..]).collect();
        let keys: Vec<&[u8]> = summaries().map(|it| it.key.as_bytes()).collect();
        let names: Vec<Option<Vec<u8>>> = summaries().map(|it| bytes(&it.name)).collect();
        let accounts: Vec<Option<Vec<u8>>> = summaries().map(|it| bytes(&it.account)).collect();
        let chats: Vec<Option<Vec<u8>>> = summaries().map(|it| bytes(&it.chat)).collect();
        let messages: Vec<Option<Vec<u8>>> = summaries().map(|it| bytes(&it.message_id)).collect();
        let rows = self
            .filing
            .event
            .say_in(
                transaction,
                &[
                    &deliveries,
                    &places,
                    &received,
                    &occurred,
                    &key_hashes,
                    &chat_hashes,
                    &message_hashes,
                    &duplicates,
                    &kinds,
                    &lanes,
                    &endpoints,
                    &keys,
                    &names,
                    &accounts,
                    &chats,
                    &messages,
                ],
            )
            .await?;
        let mut numbers = HashMap::with_capacity(rows.len());
        for row in rows {
            numbers.insert((row.try_get(1)?, row.try_get(2)?), row.try_get(0)?);
        }
        Ok(numbers)
    }

    fn lane(&self, event: &FiledEvent) -> Vec<u8> {
        self.fingerprints
            .of_bytes(event.lane.as_bytes())
            .to_be_bytes()
            .to_vec()
    }

    /// The fresh ones, for each sink that wants them.
    fn entering(&self, events: &[Placed<'_>], numbers: &HashMap<(i64, i32), i64>) -> Vec<Entering> {
        let mut entering = Vec::new();
        for placed in events.iter().filter(|event| !event.duplicate) {
            let Some(&event) = numbers.get(&(placed.delivery, placed.place)) else {
                continue;
            };
            let turned = placed.turned;
            let wanting = placed
                .event
                .sinks
                .iter()
                .filter_map(|name| self.sinks.known(name));
            let mut sinks: Vec<i32> = match &turned.sinks[..] {
                _ if !turned.again => wanting.collect(),
                named if named.contains(&0) => wanting.chain(named.iter().copied()).collect(),
                named => named.to_vec(),
            };
            sinks.retain(|sink| *sink != 0);
            // Exactly once for each.
            sinks.sort_unstable();
            sinks.dedup();
            entering.extend(sinks.into_iter().map(|sink| Entering {
                event,
                sink,
                lane: self.lane(placed.event),
                received_nanos: turned.received_nanos,
                replay_of: turned.again.then_some(turned.id),
            }));
        }
        entering
    }
}

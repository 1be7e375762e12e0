//! From readings to lanes: claims of events, lanes and the mark "read" in one transaction (I3).

use std::collections::{HashMap, HashSet, hash_map::Entry};

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::Type;
use wahook_core::{
    DeliveryId,
    guard::{Fingerprints, Token},
    inbox::{Filed, FiledEvent, Reading},
};

use super::{
    enter::{Enter, Entering},
    row::{get_id, short},
    sinks::Sinks,
    work::{BOUND, Work, begin},
};
use crate::{fault::Fault, say::Sql, span::micros};

#[derive(Debug)]
pub(super) struct Filing {
    fence: Sql,
    read: Sql,
    unreadable: Sql,
    repeated: Sql,
    claim: Sql,
    event: Sql,
}

/// The row stays ours to the end: nobody else can become the reader meanwhile.
const FENCE: &str = "SELECT true FROM {t} WHERE reader = $1 FOR UPDATE";

const READ: &str = "
WITH gone AS (
    DELETE FROM {t}_unread WHERE delivery = ANY ($1) RETURNING delivery, again, sink
)
SELECT g.delivery, g.again, g.sink, d.id, d.endpoint, d.received_nanos
FROM gone g JOIN {t}_delivery d ON d.seq = g.delivery";

const UNREADABLE: &str = "UPDATE {t}_unread SET unreadable = true WHERE delivery = ANY ($1)";

/// Events of deliveries that are read again, which were duplicates when they were read first.
const REPEATED: &str =
    "SELECT delivery, place, key_hash FROM {t}_event WHERE delivery = ANY ($1) AND duplicate";

const CLAIM: &str = "
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
INSERT INTO {t}_claim AS c (fingerprint, digest, body, until)
SELECT fingerprint, '', '', (SELECT now FROM clock) + memory * interval '1 microsecond'
FROM unnest($1::bytea[], $2::bigint[]) AS a (fingerprint, memory) ORDER BY fingerprint
ON CONFLICT (fingerprint, digest) DO UPDATE SET until = excluded.until
WHERE c.until <= (SELECT now FROM clock)
RETURNING c.fingerprint";

/// In the order of the deliveries. Those that are read again say what they say now.
const EVENT: &str = "
INSERT INTO {t}_event AS v (delivery, place, received_nanos, occurred_micros, key_hash, chat_hash, message_hash,
                            duplicate, kind, lane, endpoint, key, name, account, chat, message_id)
SELECT delivery, place, received, occurred, key_hash, chat_hash, message_hash, duplicate, kind, lane, endpoint, key, name,
       account, chat, message_id
FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bool[],
            $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[], $15::bytea[], $16::bytea[])
    AS a (delivery, place, received, occurred, key_hash, chat_hash, message_hash, duplicate, kind, lane, endpoint, key,
          name, account, chat, message_id)
ORDER BY delivery, place
ON CONFLICT (delivery, place) DO UPDATE SET
    occurred_micros = excluded.occurred_micros, key_hash = excluded.key_hash, chat_hash = excluded.chat_hash,
    message_hash = excluded.message_hash, duplicate = excluded.duplicate, kind = excluded.kind, lane = excluded.lane,
    key = excluded.key, name = excluded.name, account = excluded.account, chat = excluded.chat,
    message_id = excluded.message_id
RETURNING seq, delivery, place";

const EVENT_TYPES: &[Type] = &[
    Type::INT8_ARRAY,
    Type::INT4_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::BOOL_ARRAY,
    Type::TEXT_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
];

impl Filing {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        let sql = |text, types| Sql::new(schema, prepares, text, types);
        Self {
            fence: sql(FENCE, &[Type::BYTEA]),
            read: sql(READ, &[Type::INT8_ARRAY]),
            unreadable: sql(UNREADABLE, &[Type::INT8_ARRAY]),
            repeated: sql(REPEATED, &[Type::INT8_ARRAY]),
            claim: sql(CLAIM, &[Type::BYTEA_ARRAY, Type::INT8_ARRAY]),
            event: sql(EVENT, EVENT_TYPES),
        }
    }
}

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
    /// The only one that wants it.
    sink: Option<i32>,
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

impl Work for File<'_> {
    type Answer = Option<Filed>;

    async fn work(&self, connection: &mut Object) -> Result<Option<Filed>, Fault> {
        let wanted = self.events().flat_map(|event| &event.sinks);
        self.sinks.learn(connection, wanted.map(|name| &**name)).await?;
        let (read, unreadable): (Vec<&Reading>, Vec<&Reading>) = self
            .readings
            .iter()
            .partition(|reading| reading.events.is_some());
        let positions = |readings: &[&Reading]| -> Vec<i64> {
            readings.iter().map(|reading| reading.position).collect()
        };
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
        self.judge(&transaction, &mut events).await?;
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
    for event in events.iter().filter(|event| !event.turned.again) {
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
                    sink: row.try_get(2)?,
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

    /// Finds out which events were said before. What is read again goes around the claims (I4), but was it a duplicate
    /// then, so it is now; that it was said is remembered all the same.
    async fn judge(&self, transaction: &Transaction<'_>, events: &mut [Placed<'_>]) -> Result<(), Fault> {
        if events.is_empty() {
            return Ok(());
        }
        let mut asked: HashMap<[u8; 16], i64> = HashMap::new();
        for event in events.iter_mut() {
            match asked.entry(event.claim) {
                // Said before, by one in front of it.
                Entry::Occupied(_) => event.duplicate = !event.turned.again,
                Entry::Vacant(free) => drop(free.insert(event.memory)),
            }
        }
        let claims: Vec<&[u8]> = asked.keys().map(|claim| &claim[..]).collect();
        let memories: Vec<i64> = asked.values().copied().collect();
        let mut fresh = HashSet::new();
        for row in self
            .filing
            .claim
            .say_in(transaction, &[&claims, &memories])
            .await?
        {
            fresh.insert(row.try_get::<_, Vec<u8>>(0)?);
        }
        for event in events.iter_mut().filter(|event| !event.turned.again) {
            event.duplicate |= !fresh.contains(&event.claim[..]);
        }
        let mut again: Vec<i64> = events
            .iter()
            .filter(|event| event.turned.again)
            .map(|event| event.delivery)
            .collect();
        again.dedup();
        if again.is_empty() {
            return Ok(());
        }
        let mut repeated = HashSet::new();
        for row in self.filing.repeated.say_in(transaction, &[&again]).await? {
            repeated.insert((
                row.try_get::<_, i64>(0)?,
                row.try_get::<_, i32>(1)?,
                row.try_get::<_, i64>(2)?,
            ));
        }
        for event in events.iter_mut().filter(|event| event.turned.again) {
            event.duplicate = repeated.contains(&(event.delivery, event.place, event.key_hash));
        }
        Ok(())
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
        let bytes = |text: &Option<wahook_core::json::Text>| text.as_ref().map(|text| text.as_bytes().to_vec());
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
            let mut sinks: Vec<i32> = match turned.sink {
                Some(only) => vec![only],
                None => placed.event.sinks.iter().filter_map(|name| self.sinks.known(name)).collect(),
            };
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

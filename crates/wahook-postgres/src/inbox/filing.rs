//! The statements of filing.

use tokio_postgres::types::Type;

use crate::say::Sql;

#[derive(Debug)]
pub(super) struct Filing {
    pub(super) fence: Sql,
    pub(super) read: Sql,
    pub(super) unreadable: Sql,
    pub(super) old: Sql,
    pub(super) said: Sql,
    pub(super) claim: Sql,
    pub(super) forget: Sql,
    pub(super) event: Sql,
}

/// The row stays ours to the end: nobody else can become the reader meanwhile.
const FENCE: &str = "SELECT true FROM {t} WHERE reader = $1 FOR UPDATE";

const READ: &str = "
WITH gone AS (
    DELETE FROM {t}_unread WHERE delivery = ANY ($1) RETURNING delivery, again, sinks
)
SELECT g.delivery, g.again, g.sinks, d.id, d.endpoint, d.received_nanos
FROM gone g JOIN {t}_delivery d ON d.seq = g.delivery";

const UNREADABLE: &str = "UPDATE {t}_unread SET unreadable = true WHERE delivery = ANY ($1)";

/// What deliveries that are read again said when they were read before.
const OLD: &str = "SELECT delivery, key_hash, duplicate FROM {t}_event WHERE delivery = ANY ($1)";

/// Nobody else writes claims of events while we are the reader.
const SAID: &str = "
SELECT c.fingerprint, c.delivery
FROM unnest($1::bytea[]) AS a (fingerprint)
JOIN {t}_claim c ON c.fingerprint = a.fingerprint AND c.digest = ''
WHERE c.until > (SELECT clock_timestamp())";

/// What is there by now is over.
const CLAIM: &str = "
INSERT INTO {t}_claim AS c (fingerprint, digest, body, delivery, until)
SELECT fingerprint, '', '', delivery, (SELECT clock_timestamp()) + memory * interval '1 microsecond'
FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS a (fingerprint, delivery, memory) ORDER BY fingerprint
ON CONFLICT (fingerprint, digest) DO UPDATE SET until = excluded.until, delivery = excluded.delivery";

/// Events that a delivery does not say any more, unless they wait or were given up.
const FORGET: &str = "
WITH gone AS (
    DELETE FROM {t}_event v USING unnest($1::bigint[], $2::int[]) AS a (delivery, places)
    WHERE v.delivery = a.delivery AND v.place >= a.places
      AND NOT EXISTS (SELECT FROM {t}_entry e WHERE e.event = v.seq AND e.state IN (0, 2))
    RETURNING v.seq
)
DELETE FROM {t}_entry e USING gone g WHERE e.event = g.seq";

/// In the order of the deliveries. Those that are read again say what they say now.
const EVENT: &str = "
INSERT INTO {t}_event AS v (delivery, place, filed_at, received_nanos, occurred_micros, key_hash, chat_hash, message_hash,
                            duplicate, kind, lane, endpoint, key, name, account, chat, message_id)
SELECT delivery, place, (SELECT clock_timestamp()), received, occurred, key_hash, chat_hash, message_hash, duplicate, kind, lane, endpoint, key, name,
       account, chat, message_id
FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bool[],
            $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[], $15::bytea[], $16::bytea[])
    AS a (delivery, place, received, occurred, key_hash, chat_hash, message_hash, duplicate, kind, lane, endpoint, key,
          name, account, chat, message_id)
ORDER BY delivery, place
ON CONFLICT (delivery, place) DO UPDATE SET
    filed_at = excluded.filed_at, occurred_micros = excluded.occurred_micros, key_hash = excluded.key_hash, chat_hash = excluded.chat_hash,
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
            old: sql(OLD, &[Type::INT8_ARRAY]),
            said: sql(SAID, &[Type::BYTEA_ARRAY]),
            claim: sql(CLAIM, &[Type::BYTEA_ARRAY, Type::INT8_ARRAY, Type::INT8_ARRAY]),
            forget: sql(FORGET, &[Type::INT8_ARRAY, Type::INT4_ARRAY]),
            event: sql(EVENT, EVENT_TYPES),
        }
    }
}

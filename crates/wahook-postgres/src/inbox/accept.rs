//! What goes in: the claim of a key and the bytes under it, for many deliveries in one statement (I2).

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use wahook_core::{
    OnConflict,
    guard::Fingerprints,
    inbox::{Accepted, Incoming},
};

use super::{
    batch::{Statement, Verb},
    row::nanos,
};
use crate::{fault::Fault, say::Sql, span::micros};

/// A delivery on its way in.
pub(super) struct Accept {
    incoming: Incoming,
    fingerprint: [u8; 16],
    head: Vec<u8>,
}

impl Accept {
    pub(super) fn new(incoming: Incoming, fingerprints: &Fingerprints) -> Self {
        Self {
            fingerprint: fingerprints.of(incoming.key()).to_be_bytes(),
            head: incoming.delivery().to_head(),
            incoming,
        }
    }

    fn drops_conflicts(&self) -> bool {
        self.incoming.on_conflict() == OnConflict::DropAndFlag
    }
}

impl Verb for Accept {
    type Key = [u8; 16];
    type Answer = Accepted;

    fn key(&self) -> [u8; 16] {
        self.fingerprint
    }

    fn bytes(&self) -> usize {
        self.head.len() + self.incoming.delivery().body.len()
    }

    fn is_copy_of(&self, first: &Self) -> bool {
        self.incoming.digest() == first.incoming.digest()
    }

    fn to_copy(_: Accepted) -> Accepted {
        Accepted::Duplicate { conflict: false }
    }

    /// What was stored before is a duplicate now: it is there, which is what the answer says.
    fn after_doubt(answer: Accepted) -> Result<Accepted, Fault> {
        Ok(answer)
    }
}

/// Right at READ COMMITTED, whoever else is at work:
///
/// - `seen` is what the snapshot shows of a key that is remembered: `same`, this body; `other`, another one.
/// - Everything else is claimed. Where a claim is in the way, also one that came after the snapshot, `DO UPDATE` waits
///   for it and takes it if its time is over; else nobody is `claimed`, and it was a copy. Where one body stands for all
///   it may have been another: then it is asked once more, and seen.
/// - What is claimed is stored, in the order in which it was asked for.
/// - Claims are locked in the order of their keys, as in every statement here.
const ACCEPT: &str = "
WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now),
asked AS MATERIALIZED (
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bool[], $4::bigint[], $5::bytea[], $6::bigint[], $7::bytea[],
                         $8::bytea[], $9::bytea[], $10::bytea[])
        WITH ORDINALITY AS a (fingerprint, digest, drops, memory, id, received, provider, endpoint, head, body, place)
),
seen AS MATERIALIZED (
    SELECT a.place, a.fingerprint, a.digest, a.drops, a.memory, s.same, s.other
    FROM asked a CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(c.body = a.digest), false) AS same,
               coalesce(bool_or(c.body <> a.digest), false) AS other
        FROM {t}_claim c WHERE c.fingerprint = a.fingerprint AND c.until > (SELECT now FROM clock)
    ) s
),
claimed AS (
    INSERT INTO {t}_claim AS c (fingerprint, digest, body, until)
    SELECT fingerprint, CASE WHEN drops THEN $11 ELSE digest END, digest,
           (SELECT now FROM clock) + memory * interval '1 microsecond'
    FROM seen WHERE NOT same AND NOT (drops AND other) ORDER BY 1, 2
    ON CONFLICT (fingerprint, digest) DO UPDATE SET body = excluded.body, until = excluded.until
    WHERE c.until <= (SELECT now FROM clock)
    RETURNING c.fingerprint, c.until
),
stored AS (
    INSERT INTO {t}_delivery (received_nanos, remembered_until, conflict, id, provider, endpoint, head, body)
    SELECT a.received, c.until, s.other, a.id, a.provider, a.endpoint, a.head, a.body
    FROM claimed c JOIN asked a ON a.fingerprint = c.fingerprint JOIN seen s ON s.place = a.place
    ORDER BY a.place
    RETURNING seq
),
unread AS (
    INSERT INTO {t}_unread (delivery) SELECT seq FROM stored
)
SELECT s.place, c.fingerprint IS NOT NULL, s.same, s.other, s.drops
FROM seen s LEFT JOIN claimed c ON c.fingerprint = s.fingerprint";

const TYPES: &[Type] = &[
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BOOL_ARRAY,
    Type::INT8_ARRAY,
    Type::BYTEA_ARRAY,
    Type::INT8_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA,
];

/// What one body is claimed with that stands for all under its key; no body has this digest.
const ANY_BODY: &[u8] = &[0; 32];

pub(super) struct Accepting(Sql);

impl Accepting {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        Self(Sql::new(schema, prepares, ACCEPT, TYPES))
    }
}

impl Statement for Accepting {
    type Verb = Accept;

    async fn say(&self, connection: &Object, verbs: &[&Accept]) -> Result<Vec<Option<Accepted>>, Fault> {
        let incoming = || verbs.iter().map(|verb| &verb.incoming);
        let deliveries = || incoming().map(Incoming::delivery);
        let fingerprints: Vec<&[u8]> = verbs.iter().map(|verb| &verb.fingerprint[..]).collect();
        let digests: Vec<[u8; 32]> = incoming().map(|it| *it.digest().as_bytes()).collect();
        let digests: Vec<&[u8]> = digests.iter().map(|digest| &digest[..]).collect();
        let drops: Vec<bool> = verbs.iter().map(|verb| verb.drops_conflicts()).collect();
        let memories: Vec<i64> = incoming().map(|it| micros(it.memory())).collect();
        let ids: Vec<&[u8]> = deliveries().map(|it| &it.id.as_bytes()[..]).collect();
        let received: Vec<i64> = deliveries().map(|it| nanos(it.received_at)).collect();
        let providers: Vec<&[u8]> = incoming().map(|it| it.provider().as_bytes()).collect();
        let endpoints: Vec<&[u8]> = deliveries().map(|it| it.endpoint.as_bytes()).collect();
        let heads: Vec<&[u8]> = verbs.iter().map(|verb| &verb.head[..]).collect();
        let bodies: Vec<&[u8]> = deliveries().map(|it| &it.body[..]).collect();
        let rows = self
            .0
            .say(
                connection,
                &[
                    &fingerprints,
                    &digests,
                    &drops,
                    &memories,
                    &ids,
                    &received,
                    &providers,
                    &endpoints,
                    &heads,
                    &bodies,
                    &ANY_BODY,
                ],
            )
            .await?;
        let mut answers = vec![None; verbs.len()];
        for row in rows {
            let place: i64 = row.try_get(0)?;
            // The server counts from one.
            let place = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
            let Some(answer) = place.and_then(|place| answers.get_mut(place)) else {
                continue;
            };
            let (claimed, same, other, drops): (bool, bool, bool, bool) =
                (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            *answer = match () {
                () if claimed => Some(Accepted::Stored { conflict: other }),
                () if same => Some(Accepted::Duplicate { conflict: false }),
                () if drops && other => Some(Accepted::Duplicate { conflict: true }),
                // Somebody was faster: who, is seen at the next try.
                () if drops => None,
                () => Some(Accepted::Duplicate { conflict: false }),
            };
        }
        Ok(answers)
    }
}

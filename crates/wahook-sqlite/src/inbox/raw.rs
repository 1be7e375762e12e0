//! Rows as the file has them, and what they are outside.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use rusqlite::{Connection, Error, OptionalExtension, Row};
use wahook_core::{Delivery, DeliveryId, inbox::Stored, json::Text};

/// A delivery as the file has it: it is read away from the writer.
#[derive(Debug)]
pub(crate) struct Raw {
    position: i64,
    id: [u8; 16],
    provider: Text,
    endpoint: Text,
    received_at: i64,
    conflict: bool,
    redacted_at: Option<i64>,
    head: Vec<u8>,
    body: Bytes,
}

impl Raw {
    /// The delivery at this position, if it is there.
    pub(crate) fn find(connection: &Connection, position: i64) -> Result<Option<Self>, Error> {
        connection
            .prepare_cached(
                "SELECT d.position, d.id, d.provider, d.endpoint, d.received_at, d.conflict, d.redacted_at, c.head, c.body
                 FROM inbox_delivery d JOIN inbox_content c USING (position) WHERE d.position = ?1",
            )?
            .query_row([position], |row| {
                Ok(Self {
                    position: row.get(0)?,
                    id: row.get(1)?,
                    provider: text(row, 2)?,
                    endpoint: text(row, 3)?,
                    received_at: row.get(4)?,
                    conflict: row.get(5)?,
                    redacted_at: row.get(6)?,
                    head: row.get(7)?,
                    body: Bytes::from(row.get::<_, Vec<u8>>(8)?),
                })
            })
            .optional()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The delivery. A head that is damaged costs the headers, and not the delivery.
    pub(crate) fn into_stored(self) -> Stored {
        let mut delivery = Delivery::from_head(&self.head, self.body.clone()).unwrap_or_else(|_| {
            let received_at = instant(self.received_at);
            let mut delivery =
                Delivery::dangerous_unverified(&self.endpoint, HeaderMap::new(), self.body, received_at);
            delivery.id = DeliveryId::from_bytes(self.id);
            delivery
        });
        delivery.conflict = self.conflict;
        Stored {
            position: self.position,
            provider: self.provider,
            delivery,
            redacted_at: self.redacted_at.map(moment),
        }
    }
}

pub(crate) fn text(row: &Row<'_>, column: usize) -> Result<Text, Error> {
    Ok(Text::from(row.get_ref(column)?.as_str()?))
}

/// ns since 1970; the years before 1678 and after 2261 are cut off.
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    let bounded = time.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
    i64::try_from(bounded).unwrap_or_default()
}

/// Of ns since 1970.
pub(crate) fn instant(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default()
}

/// Of ms since 1970.
pub(crate) fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

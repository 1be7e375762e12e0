//! Values as the tables hold them.

use bytes::Bytes;
use jiff::Timestamp;
use tokio_postgres::Row;
use wahook_core::{Delivery, DeliveryId, inbox::Stored, json::Text};

use crate::fault::Fault;

/// A moment in nanoseconds since 1970. What is further away than three centuries is that far away.
pub(super) fn nanos(at: Timestamp) -> i64 {
    let nanos = at.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

pub(super) fn from_nanos(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or_default()
}

pub(super) fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

/// Whether an event `v` is late: see [`EventRow::late`](wahook_core::inbox::EventRow::late).
macro_rules! late {
    () => {
        "v.kind = 'session.status' AND EXISTS (
    SELECT FROM {t}_event n WHERE n.kind = 'session.status' AND n.lane = v.lane
    AND n.occurred_micros > v.occurred_micros AND n.seq < v.seq)"
    };
}
pub(super) use late;

/// The number that a value is found by, from its keyed fingerprint.
pub(super) const fn short(fingerprint: u128) -> i64 {
    let bytes = fingerprint.to_be_bytes();
    i64::from_be_bytes([
        bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
    ])
}

/// A text that was put in as one.
pub(super) fn text(bytes: &[u8]) -> Text {
    Text::from(String::from_utf8_lossy(bytes))
}

pub(super) fn get_text(row: &Row, at: usize) -> Result<Text, Fault> {
    Ok(text(row.try_get(at)?))
}

pub(super) fn get_text_if_any(row: &Row, at: usize) -> Result<Option<Text>, Fault> {
    Ok(row.try_get::<_, Option<&[u8]>>(at)?.map(text))
}

pub(super) fn get_id(row: &Row, at: usize) -> Result<DeliveryId, Fault> {
    id(row.try_get(at)?)
}

pub(super) fn get_id_if_any(row: &Row, at: usize) -> Result<Option<DeliveryId>, Fault> {
    row.try_get::<_, Option<&[u8]>>(at)?.map(id).transpose()
}

fn id(bytes: &[u8]) -> Result<DeliveryId, Fault> {
    <[u8; 16]>::try_from(bytes)
        .map(DeliveryId::from_bytes)
        .map_err(|_| Fault::strange("an id in the inbox does not have 16 bytes"))
}

pub(super) fn get_moment_if_any(row: &Row, at: usize) -> Result<Option<Timestamp>, Fault> {
    Ok(row.try_get::<_, Option<i64>>(at)?.map(from_micros))
}

pub(super) fn get_moment(row: &Row, at: usize) -> Result<Timestamp, Fault> {
    Ok(from_micros(row.try_get(at)?))
}

/// The columns that [`stored`] reads, of the table `d`.
pub(super) const STORED: &str =
    "d.seq, d.provider, d.head, d.body, d.conflict, d.id, d.endpoint, d.received_nanos,
    (extract(epoch FROM d.redacted_at) * 1000000)::bigint";

/// The delivery whose columns are a row's first.
pub(super) fn stored(row: &Row) -> Result<Stored, Fault> {
    let head: &[u8] = row.try_get(2)?;
    let body = Bytes::copy_from_slice(row.try_get(3)?);
    let position = row.try_get(0)?;
    let mut delivery = match Delivery::from_head(head, body.clone()) {
        Ok(delivery) => delivery,
        Err(bad) => {
            // What can be saved of it is handed on: it must not hold up what is behind it.
            tracing::error!(position, error = %bad, "a delivery in the inbox is damaged");
            let endpoint = get_text(row, 6)?;
            let received_at = from_nanos(row.try_get(7)?);
            let mut delivery =
                Delivery::dangerous_unverified(&endpoint, http::HeaderMap::new(), body, received_at);
            delivery.id = get_id(row, 5)?;
            delivery
        }
    };
    delivery.conflict |= row.try_get::<_, bool>(4)?;
    Ok(Stored {
        position,
        provider: get_text(row, 1)?,
        delivery,
        redacted_at: get_moment_if_any(row, 8)?,
    })
}

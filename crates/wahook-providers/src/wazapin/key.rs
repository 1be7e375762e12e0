//! What makes two deliveries the same.

use bytes::Bytes;
use wahook_core::{
    DeliveryKey, Keyed,
    json::{Scanned, scan},
    proof::Proof,
};

/// The signed id of the header, else the wrapper's `event_id`, else a digest (Wazapin docs, message lifecycle, 2026-08).
///
/// The signed id stays the same over all attempts; whether `event_id` equals it is not public.
pub(super) fn of(proof: &Proof, body: &Bytes) -> Keyed {
    if let Some(key) = proof.id().and_then(of_id) {
        return Keyed::by_id(key);
    }
    match scan(body, ["event_id"]) {
        Scanned::Object([Some(id)]) if !id.is_empty() => Keyed::by_id(DeliveryKey::body(id.as_str())),
        _ => Keyed::new(DeliveryKey::digest(body), None),
    }
}

/// The key of a delivery with this signed id.
pub(super) fn of_id(id: &str) -> Option<DeliveryKey> {
    (!id.is_empty()).then(|| DeliveryKey::header(id))
}

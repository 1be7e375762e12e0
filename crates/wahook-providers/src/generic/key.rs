//! What makes two deliveries the same (G6): the configured places of the body, or the id that the signature covers.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use wahook_core::{DeliveryKey, Keyed, guard::Digest, proof::Proof};

use super::{
    found::Findings,
    items::{self, Items},
    place::{Place, Values},
    reader::{Keying, Reader},
};

impl Reader {
    pub(super) fn keyed(&self, proof: &Proof, headers: &HeaderMap, body: &Bytes) -> Keyed {
        let keying = &self.keying;
        if keying.by_signed_id {
            return match proof.id() {
                Some(id) => Keyed::by_id(DeliveryKey::header(id)),
                None => Keyed::new(DeliveryKey::digest(body), None),
            };
        }
        let (key, id) = self.in_body(body);
        // It names the delivery and is no key: nothing vouches for it.
        let id = id.or_else(|| {
            let id = headers.get(keying.id_header.as_ref()?)?.to_str().ok()?;
            (!id.is_empty()).then(|| id.to_owned())
        });
        let key = key.map_or_else(|| DeliveryKey::digest(body), DeliveryKey::body);
        Keyed::new(key, id.map(Arc::from))
    }

    /// The key and the provider's id, where they stand in the body.
    fn in_body(&self, body: &Bytes) -> (Option<String>, Option<String>) {
        let keying = &self.keying;
        if keying.parts.is_empty() && keying.id_place.is_none() {
            return (None, None);
        }
        let nothing = Findings::none();
        if keying.plans.body.is_empty() {
            return self.in_items(body, &nothing);
        }
        let plan = &keying.plans.body;
        plan.scan(body, |whole| self.in_items(body, whole.unwrap_or(&nothing)))
    }

    fn in_items(&self, body: &Bytes, whole: &Findings<'_>) -> (Option<String>, Option<String>) {
        let keying = &self.keying;
        match items::split(body, &self.items) {
            Items::One(item) => keying.of_item(&item, whole),
            Items::Many(items) => {
                let found: Vec<_> = items.iter().map(|item| keying.of_item(item, whole)).collect();
                match <[_; 1]>::try_from(found) {
                    Ok([only]) => only,
                    Err(found) => (batch(found.into_iter().map(|(key, _)| key)), None),
                }
            }
            Items::Bad(_) => (None, None),
        }
    }
}

impl Keying {
    fn of_item(&self, item: &[u8], body: &Findings<'_>) -> (Option<String>, Option<String>) {
        self.plans.item.scan(item, |item| match item {
            Some(item) => self.of_values(item, body),
            None => self.of_values(&Findings::none(), body),
        })
    }

    fn of_values(&self, item: &Findings<'_>, body: &Findings<'_>) -> (Option<String>, Option<String>) {
        let values = Values {
            item,
            body,
            event: None,
            kind: None,
        };
        let texts: Option<Vec<&str>> = self.parts.iter().map(|part| part.text(values)).collect();
        let key = match texts.as_deref() {
            None | Some([]) => None,
            Some([one]) => Some((*one).to_owned()),
            Some(several) => Some(joined(several)),
        };
        let id = self
            .id_place
            .as_ref()
            .and_then(|place: &Place| place.text(values));
        // Where one id makes the key, that is the provider's id of the delivery as well.
        let id = id.or(match texts.as_deref() {
            Some([one]) => Some(*one),
            _ => None,
        });
        (key, id.map(str::to_owned))
    }
}

/// Neither the separator nor a control character can be part of a part, so different parts never give one key.
fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            text.push(':');
        }
        for letter in part.chars() {
            match letter {
                ':' | '%' => text.push_str(&format!("%{:02X}", u32::from(letter))),
                letter if letter.is_control() => text.push_str(&format!("%{:04X}", u32::from(letter))),
                letter => text.push(letter),
            }
        }
    }
    text
}

/// A digest over the keys of all items, in their order; the lengths keep `["a", "b"]` apart from `["ab"]`.
fn batch(keys: impl Iterator<Item = Option<String>>) -> Option<String> {
    let keys: Option<Vec<String>> = keys.collect();
    let keys = keys.filter(|keys| !keys.is_empty())?;
    let text: String = keys.iter().map(|key| format!("{}:{key}", key.len())).collect();
    Some(format!("batch:{}", Digest::of(text.as_bytes())))
}

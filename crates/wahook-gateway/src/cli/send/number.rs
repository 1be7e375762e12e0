//! Many events from one sample.

use bytes::Bytes;
use serde_json::Value;

/// The body with its ids numbered; number 0, and what is not JSON, stays as it is.
pub(super) fn numbered(body: &Bytes, number: u32) -> Bytes {
    if number == 0 {
        return body.clone();
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    walk(&mut value, number);
    serde_json::to_vec(&value).map_or_else(|_| body.clone(), Bytes::from)
}

fn walk(value: &mut Value, number: u32) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| walk(value, number)),
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(id) if is_id(name, id) => id.push_str(&format!("{number:06}")),
                    other => walk(other, number),
                }
            }
        }
        _ => {}
    }
}

/// Ids of events and messages, by the names that providers give them. A WhatsApp address stays what it is; an id that
/// contains one (`false_111@c.us_3EB0`) ends with something else.
fn is_id(name: &str, text: &str) -> bool {
    let named = matches!(
        name,
        "id" | "_serialized" | "eventId" | "event_id" | "messageId" | "message_id"
    );
    named && !text.rsplit('_').next().unwrap_or_default().contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbered_and_addresses_are_not() {
        let body = Bytes::from_static(
            br#"{"id":"evt_1","payload":{"id":"false_1@c.us_3EB0","from":"1@c.us","chat":{"id":"1@c.us"}}}"#,
        );
        assert_eq!(numbered(&body, 0), body);
        let expected = br#"{"id":"evt_1000007","payload":{"id":"false_1@c.us_3EB0000007","from":"1@c.us","chat":{"id":"1@c.us"}}}"#;
        let same = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        assert_eq!(same(&numbered(&body, 7)), same(expected));
    }
}

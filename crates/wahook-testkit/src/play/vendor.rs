//! What is known of a vendor's way of sending, beside the signature: `samples/<provider>.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Beside the signature. A vendor without a file of its own gets the defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Vendor {
    /// Headers that are not signed; `{id}`, `{seconds}` and `{millis}` stand for the delivery's id and time.
    pub(crate) headers: BTreeMap<String, String>,
    /// Members, at any depth, whose values are ids of this occurrence; `messages.id` is the `id` of what stands in `messages`
    /// only.
    pub(crate) ids: Vec<String>,
    /// The same, where a body has neither one of those nor a time: without them two deliveries would be one.
    pub(crate) last_resort: Vec<String>,
    /// Members, at any depth, whose values are times of this occurrence.
    pub(crate) times: Vec<String>,
    /// Whether a body may be a list of several things.
    pub(crate) lists: bool,
    /// Whether what is said stands in lists inside of a body: then an item is a piece of it, even where it is the only one.
    pub(crate) envelope: bool,
    /// Names of events without an id, whose key is a digest of all that they say: an unknown field changes that, and nothing
    /// else.
    pub(crate) digested: Vec<String>,
    /// What a message of a contact is made of.
    pub(crate) message: Option<MessageOf>,
}

/// What a message of a contact is made of: a sample, and what stands where in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageOf {
    /// The sample's name.
    pub(crate) sample: String,
    /// By JSON pointer. `{account}`, `{chat}` and `{text}` stand for what the message is made of, `{end}` for the last piece
    /// of what stands there, behind a `_`.
    pub(crate) values: BTreeMap<String, String>,
}

impl Default for Vendor {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            headers: BTreeMap::from([("user-agent".to_owned(), "wahook-testkit".to_owned())]),
            ids: names(&["id", "eventId", "event_id", "messageId", "message_id"]),
            last_resort: Vec::new(),
            times: names(&["timestamp", "occurred_at"]),
            lists: false,
            envelope: false,
            digested: Vec::new(),
            message: None,
        }
    }
}

impl Vendor {
    /// What the file says; the files are ours and tested, so an unreadable one is as good as none.
    pub(crate) fn of(provider: &str) -> Self {
        crate::samples::vendor_file(provider)
            .and_then(|file| serde_json::from_slice(file).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_file_that_can_be_read() {
        for row in wahook_providers::PROVIDERS {
            let file = crate::samples::vendor_file(row.id).unwrap();
            let vendor: Vendor = serde_json::from_slice(file).unwrap();
            assert!(vendor.headers.contains_key("user-agent"), "{}", row.id);
            assert!(vendor.message.is_some(), "{}", row.id);
        }
    }
}

//! What is known of a vendor's way of sending, beside the signature: `samples/<provider>.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Beside the signature. A vendor without a file of its own gets the defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Vendor {
    /// Headers that are not signed; `{id}`, `{seconds}` and `{millis}` stand for the delivery's id and time.
    pub(crate) headers: BTreeMap<String, String>,
    /// Members, at any depth, whose values are ids of this occurrence.
    pub(crate) ids: Vec<String>,
    /// Members, at any depth, whose values are times of this occurrence.
    pub(crate) times: Vec<String>,
    /// Whether a body may be a list of several things.
    pub(crate) lists: bool,
}

impl Default for Vendor {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            headers: BTreeMap::from([("user-agent".to_owned(), "wahook-testkit".to_owned())]),
            ids: names(&["id", "eventId", "event_id", "messageId", "message_id"]),
            times: names(&["timestamp", "occurred_at"]),
            lists: false,
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
        }
    }
}

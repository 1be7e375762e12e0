//! Many conversations out of samples that all have the same few: another chat and another account, of the same look.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use wahook_core::{Delivery, Endpoint};
use wahook_testkit::{Outgoing, Sample};

/// So many chats …
pub(super) const CHATS: u64 = 40;
/// … of so many accounts.
pub(super) const ACCOUNTS: u64 = 3;

/// A sample, and what in it names its conversation.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) sample: Sample,
    chat: Option<String>,
    account: Option<String>,
}

impl Script {
    /// Finds the names in what the endpoint reads out of it; a provider that is added is no exception.
    pub(super) fn of(sample: Sample, endpoint: &Endpoint) -> Self {
        let delivery = Delivery::dangerous_unverified(
            endpoint.name(),
            HeaderMap::new(),
            Bytes::from_static(sample.body),
            Timestamp::UNIX_EPOCH,
        );
        let events = endpoint.provider().read(&delivery);
        let event = events.first();
        Self {
            sample,
            chat: event.and_then(|event| event.chat()).and_then(name),
            account: event.and_then(|event| event.account.as_deref()).and_then(name),
        }
    }

    /// The delivery of this number, in a conversation of this number.
    pub(super) fn outgoing(&self, number: u64, chat: u64, account: u64) -> Outgoing {
        let mut outgoing = Outgoing::personalise(&self.sample, number);
        for (name, other) in [(&self.chat, chat % CHATS), (&self.account, account % ACCOUNTS)] {
            if let Some(name) = name {
                outgoing.body = replaced(&outgoing.body, name, &alike(name, other));
            }
        }
        outgoing
    }
}

/// What may be exchanged of an address or id: what is before the server, if it ends with two digits.
fn name(text: &str) -> Option<String> {
    let name = text.split('@').next().unwrap_or_default();
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    // What is short may be in the body for another reason.
    (name.len() >= SHORTEST && digits >= 1).then(|| name.to_owned())
}

const SHORTEST: usize = 8;

/// A name of the same look: another end, as long as the digits at its end allow.
fn alike(name: &str, other: u64) -> String {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count().min(2);
    let (stem, end) = name.split_at(name.len() - digits);
    let most = if digits == 2 { 100 } else { 10 };
    let number = (end.parse::<u64>().unwrap_or_default() + other) % most;
    format!("{stem}{number:0digits$}")
}

fn replaced(body: &Bytes, name: &str, other: &str) -> Bytes {
    match std::str::from_utf8(body) {
        Ok(text) => text.replace(name, other).into(),
        Err(_) => body.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_conversation_has_the_same_look() {
        for (text, other, expected) in [
            ("15550000002@c.us", 3, Some("15550000005")),
            ("+15550000099", 3, Some("+15550000002")),
            (
                "c0ffee00-0001-4a6b-8c11-0a1b2c3d4e01",
                12,
                Some("c0ffee00-0001-4a6b-8c11-0a1b2c3d4e13"),
            ),
            ("A1B2C3D4E5F6", 2, Some("A1B2C3D4E5F8")),
            ("dev_demo1", 2, Some("dev_demo3")),
            ("status@broadcast", 2, None),
            ("42", 2, None),
            ("", 2, None),
        ] {
            let found = name(text).map(|name| alike(&name, other));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}

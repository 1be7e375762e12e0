//! Verified deliveries, as an inbox takes them.

use bytes::Bytes;
use http::Uri;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use wahook_core::{Endpoint, Secret, Secrets, inbox::Incoming};
use wahook_providers::{Options, PROVIDERS};

use crate::{Outgoing, Sender, contract::random, sample};

/// Verified deliveries of one endpoint, one after the other: each is signed as the provider signs, and verified.
///
/// ```
/// use wahook_testkit::inbox::Deliveries;
///
/// let mut shop = Deliveries::of("waping", "shop");
/// let incoming = shop.message("dev_demo1", "+15550000001", "Good morning");
/// let events = shop.endpoint().provider().read(incoming.delivery());
/// assert_eq!(events[0].chat(), Some("+15550000001"));
/// ```
#[derive(Debug)]
pub struct Deliveries {
    sender: Sender,
    /// When the next one arrives.
    at: Timestamp,
    count: u64,
}

impl Deliveries {
    /// Deliveries of a provider's endpoint with a secret of its own.
    ///
    /// # Panics
    ///
    /// If no provider has this id, or the name is none for an endpoint.
    #[must_use]
    pub fn of(provider: &str, endpoint: &str) -> Self {
        let row = PROVIDERS.iter().find(|row| row.id == provider);
        let row = row.unwrap_or_else(|| panic!("no provider is called {provider}"));
        let secret = Secret::new((row.make_secret)([7; 32])).expect("a provider's secret is good");
        let endpoint = (row.build)(endpoint, Secrets::from(secret.clone()), &Options::default());
        let endpoint = endpoint.expect("the name is good, and the defaults are");
        Self::from_sender(Sender::new(
            endpoint,
            secret,
            Uri::from_static("https://example.com/hooks"),
        ))
    }

    /// Deliveries of an endpoint of your own.
    #[must_use]
    pub const fn from_sender(sender: Sender) -> Self {
        Self {
            sender,
            at: Timestamp::constant(1_767_225_600, 0),
            count: 0,
        }
    }

    /// The next one arrives at this time; each after it a second later.
    #[must_use]
    pub fn arriving_at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }

    /// The endpoint.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        self.sender.endpoint()
    }

    /// A message of a contact to an account, in a conversation: all three as the provider writes them. Each is another
    /// message.
    ///
    /// # Panics
    ///
    /// If it is not one of our providers.
    pub fn message(&mut self, account: &str, chat: &str, text: &str) -> Incoming {
        let provider = self.endpoint().provider().id();
        let (name, values) = match provider {
            "wawp" => (
                "message",
                vec![
                    ("/session", account),
                    ("/payload/from", chat),
                    ("/payload/body", text),
                ],
            ),
            "waping" => (
                "message.received~text",
                vec![
                    ("/deviceId", account),
                    ("/message/from", chat),
                    ("/message/text/body", text),
                ],
            ),
            "wazapin" => (
                "message.new~e",
                vec![
                    ("/data/channel_id", account),
                    ("/data/conversation_id", chat),
                    ("/data/body", text),
                ],
            ),
            "generic" => (
                "message.received",
                vec![("/account", account), ("/chat", chat), ("/text", text)],
            ),
            other => panic!("there is no message of {other}"),
        };
        let mut outgoing = self.next_of(name);
        let mut body: Value = serde_json::from_slice(&outgoing.body).expect("a sample is JSON");
        if provider == "wawp" {
            // The chat stands in the message's id, and in what the phone said of it.
            let id = body
                .pointer("/payload/id")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let id = format!("false_{chat}_{}", id.rsplit('_').next().unwrap_or_default());
            set(&mut body, "/payload/id", &id);
            set(&mut body, "/payload/_data", "");
        }
        for (path, value) in values {
            set(&mut body, path, value);
        }
        outgoing.body = Bytes::from(body.to_string());
        self.verified(&outgoing)
    }

    /// A sample of the provider, by its name. Each is another occurrence.
    ///
    /// # Panics
    ///
    /// If the provider has no such sample.
    pub fn sample(&mut self, name: &str) -> Incoming {
        let outgoing = self.next_of(name);
        self.verified(&outgoing)
    }

    /// A body as it is, under an id of the sender's.
    ///
    /// # Panics
    ///
    /// If the id cannot be sent.
    pub fn body(&mut self, id: &str, body: impl Into<Bytes>) -> Incoming {
        self.verified(&Outgoing::new(id, body))
    }

    fn next_of(&mut self, name: &str) -> Outgoing {
        self.count += 1;
        let provider = self.endpoint().provider().id();
        let sample = sample(provider, name).unwrap_or_else(|| panic!("{provider} has no sample {name}"));
        Outgoing::personalise(&sample, self.count)
    }

    fn verified(&mut self, outgoing: &Outgoing) -> Incoming {
        let request = self.sender.request(outgoing, self.at).expect("it can be signed");
        let (head, body) = request.into_parts();
        let mut check = self.endpoint().begin(&head, self.at).expect("it was signed");
        check.update(body);
        let verified = check.finish().expect("it was signed");
        self.at = self.at.checked_add(1.second()).unwrap_or(Timestamp::MAX);
        Incoming::new(verified, &head.headers, random())
    }
}

fn set(body: &mut Value, path: &str, value: &str) {
    *body.pointer_mut(path).expect("the sample has it") = Value::from(value);
}

#[cfg(test)]
mod tests {
    use wahook_core::model::Kind;

    use super::*;

    #[test]
    fn of_every_provider_a_message_says_what_it_was_made_of() {
        for row in PROVIDERS {
            let mut shop = Deliveries::of(row.id, "shop");
            let chat = "15550000007@c.us";
            let first = shop.message("account-7", chat, "Good morning");
            let second = shop.message("account-7", chat, "Good morning");
            assert_ne!(first.key(), second.key(), "{}", row.id);
            assert_ne!(first.delivery().id, second.delivery().id);
            let events = [first, second].map(|incoming| {
                let events = shop.endpoint().provider().read(incoming.delivery());
                let [event] = &events[..] else {
                    panic!("{}: {events:?}", row.id)
                };
                assert_eq!(event.kind(), Kind::MessageReceived, "{}", row.id);
                assert_eq!(event.account.as_deref(), Some("account-7"), "{}", row.id);
                assert_eq!(event.chat(), Some(chat), "{}", row.id);
                assert!(
                    serde_json::to_string(&event.data)
                        .unwrap()
                        .contains("Good morning"),
                    "{}",
                    row.id
                );
                event.clone()
            });
            assert_ne!(events[0].key, events[1].key, "{}", row.id);
            assert_eq!(events[0].lane(), events[1].lane(), "{}", row.id);
        }
    }

    #[test]
    fn samples_and_bodies_are_verified() {
        for row in PROVIDERS {
            let mut shop = Deliveries::of(row.id, "shop");
            for sample in crate::samples(row.id) {
                shop.sample(&sample.name());
            }
            assert_eq!(&shop.body("msg_1", "no JSON").delivery().body[..], b"no JSON");
        }
    }
}

//! Signed requests as a Standard Webhooks sender makes them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use jiff::Timestamp;
use sha2::Sha256;
use wahook_core::{AnyProvider as _, Delivery, model::Kind};
use wahook_providers::wazapin::Wazapin;

/// 32 bytes in the common notation.
pub const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The two names that Standard Webhooks gives its headers.
#[derive(Clone, Copy)]
pub enum Family {
    Svix,
    Webhook,
}

/// Signs requests, each with an id of its own.
pub struct Signer {
    mac: Hmac<Sha256>,
    family: Family,
    count: u64,
}

impl Signer {
    pub fn new(family: Family) -> Self {
        Self::with(SECRET, family)
    }

    pub fn with(secret: &str, family: Family) -> Self {
        Self {
            mac: mac(secret),
            family,
            count: 0,
        }
    }

    /// A request with the headers that senders usually add.
    pub fn sign(&mut self, body: &Bytes) -> Request<Bytes> {
        self.count += 1;
        self.signed(&format!("msg_2f8Zk1mQx7wT{:014}", self.count), body)
    }

    /// The same under an id of the caller's.
    pub fn signed(&self, id: &str, body: &Bytes) -> Request<Bytes> {
        let timestamp = Timestamp::now().as_second().to_string();
        let mut mac = self.mac.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let names = match self.family {
            Family::Svix => ["svix-id", "svix-timestamp", "svix-signature"],
            Family::Webhook => ["webhook-id", "webhook-timestamp", "webhook-signature"],
        };
        let mut request = Request::post("/hooks/shop")
            .body(body.clone())
            .expect("a plain request");
        let headers = request.headers_mut();
        headers.insert("host", HeaderValue::from_static("hooks.example.com"));
        headers.insert("user-agent", HeaderValue::from_static("Svix-Webhooks/1.62"));
        headers.insert("accept", HeaderValue::from_static("*/*"));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("content-length", HeaderValue::from(body.len()));
        for (name, value) in names.into_iter().zip([id, &timestamp, &signature]) {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("visible ASCII"),
            );
        }
        request
    }
}

/// The key of a secret, prepared once.
pub fn mac(secret: &str) -> Hmac<Sha256> {
    let key = STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .expect("base64");
    Hmac::new_from_slice(&key).expect("any length")
}

/// Some JSON as engines add it to what they say, about so many bytes: `"a":…` without braces around it.
pub fn nested(size: usize) -> String {
    const PART: &str = r#"{"key":"3EB0A1B2C3D4E5F60001","thumb":"/9j/4AAQSkZJRgABAQ","list":[1,2.5,null,true],"deep":{"a":{"b":"c"}}}"#;
    let parts = vec![PART; size.div_ceil(PART.len() + 1)];
    format!(r#""parts":[{}]"#, parts.join(","))
}

/// A delivery of a message with as much as that in it.
pub fn message_with(size: usize) -> Bytes {
    let small = String::from_utf8(message(700).to_vec()).expect("it is text");
    let tail = r#""}}"#;
    let head = small.strip_suffix(tail).expect("how it ends");
    as_message(Bytes::from(format!(r#"{head}","more":{{{}}}}}}}"#, nested(size))))
}

/// A delivery of a message, `size` bytes long.
pub fn message(size: usize) -> Bytes {
    as_message(numbered(1, size))
}

/// The same body, which reads as one message: what is measured must be what comes.
fn as_message(body: Bytes) -> Bytes {
    let delivery =
        Delivery::dangerous_unverified("bench", HeaderMap::new(), body.clone(), Timestamp::UNIX_EPOCH);
    let events = Wazapin::default().read(&delivery);
    assert!(matches!(&events[..], [event] if event.kind() == Kind::MessageReceived));
    body
}

/// One of many messages, each its own.
pub fn numbered(number: u64, size: usize) -> Bytes {
    let head = format!(
        concat!(
            r#"{{"event_id":"evt_demo0001","event_type":"message.new","occurred_at":"2026-03-05T10:15:30Z","data":{{"#,
            r#""message_id":"5d1c0f2e-0001-4a6b-8c11-{:012}","direction":"inbound","from_phone":"15550000001","#,
            r#""msg_type":"text","body":""#
        ),
        number
    );
    let tail = r#""}}"#;
    let text = "Good morning, is my order on its way? ".bytes().cycle();
    let text = text.take(size.saturating_sub(head.len() + tail.len()));
    let body: Vec<u8> = head.bytes().chain(text).chain(tail.bytes()).collect();
    assert_eq!(body.len(), size, "too short for a message");
    Bytes::from(body)
}

//! A provider that wahook does not know: two types and four functions, in your own crate.
//!
//! *Pigeon* signs `X-Pigeon-Signature: sha256=<hex>` over the body and sends
//! `{"id": "l-1", "line": "dev-1", "from": "15550000001", "text": "coo"}`.

use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use wahook::{
    BuildError, Context, Delivery, DeliveryKey, Endpoint, Habits, Keyed, Malformed, Parsed, Provider,
    Secrets, TypedEvent, Unknown,
    axum::{Events, endpoint},
    json::{Raw, Scanned, Text, read, scan},
    model::{Chat, Content, Data, Direction, Draft, EventKey, Identity, Message, NameSource, Origin},
    proof::{Algorithm, BodyHmac, Proof},
    tower::Stack,
};

/// The vendor.
#[derive(Clone, Copy, Debug)]
struct Pigeon;

/// The one event it sends.
#[derive(Clone, Debug, Deserialize)]
struct Letter {
    id: Option<Text>,
    line: Option<Text>,
    from: Option<Text>,
    text: Option<Text>,
}

impl TypedEvent for Letter {
    type Provider = Pigeon;
}

impl Provider for Pigeon {
    type Event = Letter;
    const ID: &'static str = "pigeon";

    fn habits(&self) -> Habits {
        // It repeats for a day and wants its answer within 3 s.
        Habits::new(
            Duration::from_secs(86_400),
            Duration::from_secs(86_400),
            Duration::from_secs(3),
        )
    }

    fn key(&self, _: &Proof, _: &HeaderMap, body: &Bytes) -> Keyed {
        match scan(body, ["id"]) {
            Scanned::Object([Some(id)]) => Keyed::by_id(DeliveryKey::body(id.as_str())),
            _ => Keyed::new(DeliveryKey::digest(body), None),
        }
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Letter>> {
        let raw = Raw::new(delivery.body.clone());
        vec![match read::<Letter>(&delivery.body) {
            Ok(event) if event.id.is_some() => Parsed::Known { event, raw },
            Ok(_) => Parsed::Unknown(Unknown::new(None, Context::default(), raw)),
            Err(error) => Parsed::Malformed(Malformed::new(None, error, Context::default(), raw)),
        }]
    }

    fn normalise(&self, item: Parsed<Letter>, _: &Delivery) -> Draft {
        let (event, raw) = match item {
            Parsed::Known { event, raw } => (event, raw),
            Parsed::Unknown(unknown) => return Draft::unknown(unknown),
            Parsed::Malformed(malformed) => return Draft::malformed(malformed),
        };
        let from = event.from.as_ref().map_or("", Text::as_str);
        Draft {
            account: event.line.and_then(Text::non_empty),
            tenant: None,
            account_identity: None,
            name: Some(("letter".into(), NameSource::Guessed)),
            occurred_at: None,
            key: EventKey::new("message").optional(event.id.as_ref().map(Text::as_str)),
            data: Data::MessageReceived(Box::new(Message {
                message_id: event.id.and_then(Text::non_empty),
                direction: Direction::Inbound,
                chat: Chat::from_address(from),
                sender: Identity::from_address(from),
                origin: Origin::Contact,
                content: Content::text(event.text.unwrap_or_default()),
                ..Message::default()
            })),
            raw,
        }
    }
}

fn pigeon(name: &str, secrets: Secrets) -> Result<Endpoint, BuildError> {
    let header = http::HeaderName::from_static("x-pigeon-signature");
    Endpoint::new(
        name,
        Pigeon,
        BodyHmac::new(header, Algorithm::Sha256, secrets)?.prefix("sha256="),
    )
}

async fn on_events(Events(events): Events) {
    for event in events {
        println!("{} {}", event.kind(), event.key);
    }
}

fn app(secrets: Secrets) -> Result<Router, BuildError> {
    Ok(Router::new().route(
        "/hooks/loft",
        endpoint(Stack::new(pigeon("loft", secrets)?), on_events, ()),
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = app(std::env::var("PIGEON_SECRET")?.try_into()?)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}

#[cfg(test)]
mod tests;

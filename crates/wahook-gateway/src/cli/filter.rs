//! Which events and which dead letters, as the verbs take it from the command line.

use jiff::Timestamp;
use wahook_core::{
    DeliveryId,
    inbox::{EntryId, Order},
};

use super::ask::When;
use crate::{
    Failure,
    admin::query::{DeadAsk, EventAsk},
};

/// Which events.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which events")]
pub(super) struct EventFilter {
    /// Of this kind, such as message.received; may be given several times.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<String>,

    /// Received by this endpoint.
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Of this account: device, channel or session.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,

    /// Of this conversation, as the provider writes it.
    #[arg(long, value_name = "CHAT")]
    chat: Option<String>,

    /// Of or about this message.
    #[arg(long, value_name = "ID")]
    message_id: Option<String>,

    /// With this key.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    /// In this delivery.
    #[arg(long, value_name = "ID")]
    delivery: Option<DeliveryId>,

    /// Received since then: 2h, 7d or 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<When>,

    /// Received before then.
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
}

impl EventFilter {
    pub(super) fn ask(&self, now: Timestamp) -> EventAsk {
        EventAsk {
            kind: self.kind.clone(),
            endpoint: self.endpoint.clone(),
            account: self.account.clone(),
            chat: self.chat.clone(),
            message_id: self.message_id.clone(),
            key: self.key.clone(),
            delivery: self.delivery.map(|id| id.to_string()),
            since: self.since.map(|when| when.before(now)),
            until: self.until.map(|when| when.before(now)),
            ..EventAsk::default()
        }
    }
}

/// Which dead letters.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which dead letters")]
pub(super) struct DeadFilter {
    /// Of this sink.
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,

    /// Received by this endpoint.
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Of this kind; may be given several times.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<String>,

    /// Given up since then: 2h, 7d or 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<When>,

    /// Given up before then.
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
}

impl DeadFilter {
    pub(super) fn ask(&self, now: Timestamp) -> DeadAsk {
        DeadAsk {
            sink: self.sink.clone(),
            endpoint: self.endpoint.clone(),
            kind: self.kind.clone(),
            since: self.since.map(|when| when.before(now)),
            until: self.until.map(|when| when.before(now)),
            ..DeadAsk::default()
        }
    }
}

/// The address of a question for events.
pub(super) fn events_path(ask: &EventAsk, reveal: bool) -> String {
    let mut path = Path::new("/api/v1/events");
    path.events(ask);
    path.end(reveal)
}

/// The address of a question for what is filed from now on.
pub(super) fn stream_path(ask: &EventAsk, reveal: bool) -> String {
    let mut path = Path::new("/api/v1/events/stream");
    path.events(ask);
    path.end(reveal)
}

/// The address of a question for dead letters.
pub(super) fn dead_path(ask: &DeadAsk, reveal: bool) -> String {
    let mut path = Path::new("/api/v1/dead");
    for EntryId(id) in &ask.id {
        path.add("id", Some(id));
    }
    path.add("sink", ask.sink.as_ref());
    path.add("endpoint", ask.endpoint.as_ref());
    path.all("kind", &ask.kind);
    path.add("since", ask.since);
    path.add("until", ask.until);
    path.add("before", ask.before.map(|EntryId(id)| id));
    path.add("limit", ask.limit);
    path.end(reveal)
}

/// The address of what is known of one event, or of a delivery.
pub(super) fn one_path(delivery: DeliveryId, place: Option<usize>, reveal: bool) -> String {
    let path = match place {
        Some(place) => format!("/api/v1/events/{delivery}/{place}"),
        None => format!("/api/v1/deliveries/{delivery}"),
    };
    Path::new(&path).end(reveal)
}

struct Path {
    path: String,
    parameters: form_urlencoded::Serializer<'static, String>,
}

impl Path {
    fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            parameters: form_urlencoded::Serializer::new(String::new()),
        }
    }

    fn add(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.parameters.append_pair(name, &value.to_string());
        }
    }

    fn all(&mut self, name: &str, values: &[String]) {
        for value in values {
            self.add(name, Some(value));
        }
    }

    fn events(&mut self, ask: &EventAsk) {
        self.all("kind", &ask.kind);
        self.add("endpoint", ask.endpoint.as_ref());
        self.add("account", ask.account.as_ref());
        self.add("chat", ask.chat.as_ref());
        self.add("message_id", ask.message_id.as_ref());
        self.add("key", ask.key.as_ref());
        self.add("delivery", ask.delivery.as_ref());
        self.add("since", ask.since);
        self.add("until", ask.until);
        self.add("after", ask.after);
        let order = ask.order.map(|order| match order {
            Order::Oldest => "oldest",
            _ => "newest",
        });
        self.add("order", order);
        self.add("limit", ask.limit);
    }

    fn end(mut self, reveal: bool) -> String {
        if reveal {
            self.add("reveal", Some("true"));
        }
        let parameters = self.parameters.finish();
        if parameters.is_empty() {
            self.path
        } else {
            format!("{}?{parameters}", self.path)
        }
    }
}

/// What names an event: `<delivery>/<place>`, a delivery, or a key.
#[derive(Clone, Debug)]
pub(super) enum Id {
    Event(DeliveryId, usize),
    Delivery(DeliveryId),
    Key(String),
}

impl std::str::FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("v1:") {
            return Ok(Self::Key(text.to_owned()));
        }
        let wrong = || {
            "write <delivery>/<place> as `wahook events list` shows it, a delivery's id, or a key that begins with v1:".to_owned()
        };
        match text.split_once('/') {
            Some((delivery, place)) => match (delivery.parse(), place.parse()) {
                (Ok(delivery), Ok(place)) => Ok(Self::Event(delivery, place)),
                _ => Err(wrong()),
            },
            None => text.parse().map(Self::Delivery).map_err(|_| wrong()),
        }
    }
}

/// The number of events that are asked for at once, for so many in all.
pub(super) fn page(left: u64) -> u32 {
    u32::try_from(left.min(u64::from(crate::admin::query::MOST))).unwrap_or(crate::admin::query::MOST)
}

/// A positive number.
pub(super) fn positive(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("give a number from 1 on".to_owned()),
        Ok(number) => Ok(number),
    }
}

/// What is answered where somebody asked for what is not there: said, and exit code 1.
pub(super) fn missing(what: &str, json: bool) -> Result<crate::Outcome, Failure> {
    if json {
        crate::output::notice(&serde_json::json!({ "error": what }).to_string());
    } else {
        crate::output::notice(what);
    }
    Ok(crate::Outcome::NotSo)
}

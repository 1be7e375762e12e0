//! Wazapin: endpoints, secrets that rotate, deliveries that are really sent.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use wahook_core::Clock;

use super::{Recorded, Reply, StandIn, sealed, send::Shot, server};
use crate::{Outgoing, Sample, signed_by};

/// What lists and objects are wrapped in; the pages do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// In `data`, with Svix' names and numbers.
    #[default]
    Data,
    /// Not at all, in snake case.
    Bare,
    /// Under their own name, in snake case.
    Named,
}

/// What becomes of the old secret when it is rotated; the pages do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rotation {
    /// Both sign until [`Wazapin::end_overlap`], the current one first: Svix' way.
    #[default]
    Overlap,
    /// The new one alone signs.
    AtOnce,
}

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hook {
    /// Its id.
    pub id: String,
    /// Where deliveries go.
    pub url: String,
    /// Which events it gets; all if there are none.
    pub filter_types: Vec<String>,
    /// A note.
    pub description: Option<String>,
    /// The secrets that sign, the current one first.
    pub secrets: Vec<String>,
}

/// One delivery to one endpoint, and what became of its last attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deliverance {
    /// Svix' id of the message: the same for all endpoints and attempts.
    pub message_id: String,
    /// The endpoint.
    pub endpoint_id: String,
    /// The event's name.
    pub event: String,
    /// What is sent.
    pub body: Bytes,
    /// What the endpoint answered last, if it did.
    pub answered: Option<u16>,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was sent last, or was to be.
    pub at: Timestamp,
}

impl Deliverance {
    /// Whether the endpoint took it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.answered.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Wazapin's management API, and its sending side (Wazapin, API: webhooks, 2026-08).
#[derive(Debug)]
pub struct Wazapin {
    pub(super) api_key: String,
    pub(super) shape: Shape,
    rotation: Rotation,
    clock: Arc<dyn Clock>,
    pub(super) hooks: Vec<Hook>,
    pub(super) sent: Vec<Deliverance>,
    pub(super) messages: Vec<Map<String, Value>>,
    count: u32,
}

impl Wazapin {
    /// With this key, and no endpoints. Signs at the machine's time.
    #[must_use]
    pub fn new(api_key: impl Into<String>) -> Self {
        Self {
            api_key: api_key.into(),
            shape: Shape::default(),
            rotation: Rotation::default(),
            clock: Arc::new(MachineClock),
            hooks: Vec::new(),
            sent: Vec::new(),
            messages: Vec::new(),
            count: 0,
        }
    }

    /// Answers in this shape.
    #[must_use]
    pub fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// Rotates in this way.
    #[must_use]
    pub fn rotation(self, rotation: Rotation) -> Self {
        Self { rotation, ..self }
    }

    /// Signs at the time of this clock.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// With the record of a message, found by its `id`.
    #[must_use]
    pub fn message(mut self, record: Value) -> Self {
        if let Value::Object(record) = record {
            self.messages.push(record);
        }
        self
    }

    /// The endpoints.
    #[must_use]
    pub fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// The deliveries, the oldest first.
    #[must_use]
    pub fn deliveries(&self) -> &[Deliverance] {
        &self.sent
    }

    /// Old secrets no longer sign.
    pub fn end_overlap(&mut self) {
        for hook in &mut self.hooks {
            hook.secrets.truncate(1);
        }
    }

    pub(super) fn make(
        &mut self,
        url: String,
        filter_types: Vec<String>,
        description: Option<String>,
    ) -> Hook {
        let hook = Hook {
            id: self.id("ep"),
            url,
            filter_types,
            description,
            secrets: vec![secret()],
        };
        self.hooks.push(hook.clone());
        hook
    }

    pub(super) fn rotate(&mut self, at: usize) -> String {
        let new = secret();
        let secrets = &mut self.hooks[at].secrets;
        if self.rotation == Rotation::AtOnce {
            secrets.clear();
        }
        secrets.insert(0, new.clone());
        new
    }

    /// Writes deliveries of an event to the endpoints that want it, or to one whether it wants it or not.
    pub(super) fn address(&mut self, event: &str, body: &Bytes, only: Option<&str>) -> (String, Vec<Shot>) {
        let message_id = self.id("msg");
        let at = self.clock.now();
        let wanted = |hook: &&Hook| match only {
            Some(id) => hook.id == id,
            None => hook.filter_types.is_empty() || hook.filter_types.iter().any(|name| name == event),
        };
        let hooks: Vec<_> = self.hooks.iter().filter(wanted).cloned().collect();
        for hook in &hooks {
            self.sent.push(Deliverance {
                message_id: message_id.clone(),
                endpoint_id: hook.id.clone(),
                event: event.to_owned(),
                body: body.clone(),
                answered: None,
                attempts: 0,
                at,
            });
        }
        let shots = self.shots(&message_id, |_| true);
        (message_id, shots)
    }

    /// The requests of a message's deliveries that are meant, signed now.
    pub(super) fn shots(&self, message_id: &str, is_meant: impl Fn(&Deliverance) -> bool) -> Vec<Shot> {
        let meant = |delivery: &&Deliverance| delivery.message_id == message_id && is_meant(delivery);
        let shot = |delivery: &Deliverance| {
            let hook = self.hooks.iter().find(|hook| hook.id == delivery.endpoint_id)?;
            Some(Shot {
                message_id: delivery.message_id.clone(),
                endpoint_id: delivery.endpoint_id.clone(),
                request: signed(hook, delivery, self.clock.now())?,
            })
        };
        self.sent.iter().filter(meant).filter_map(shot).collect()
    }

    fn id(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}_{:0>27}", self.count)
    }
}

impl StandIn<Wazapin> {
    /// Sends a sample, as it stands, to the endpoints that want its event; gives the id that its deliveries share.
    pub async fn emit(&self, sample: &Sample) -> String {
        self.emit_body(sample.event, Bytes::from_static(sample.body))
            .await
    }

    /// Sends a body to the endpoints that want this event; gives the id that its deliveries share.
    pub async fn emit_body(&self, event: &str, body: impl Into<Bytes>) -> String {
        let body = body.into();
        let (id, shots) = self.with(|wazapin| wazapin.address(event, &body, None));
        server::fire(&self.shared, shots).await;
        id
    }

    /// Sends what no endpoint took once more, as Svix does by itself; tells how many that were.
    pub async fn retry_failed(&self) -> usize {
        let shots = self.with(|wazapin| {
            let failed = wazapin.sent.iter().filter(|delivery| !delivery.is_done());
            let ids: Vec<_> = failed.map(|delivery| delivery.message_id.clone()).collect();
            let again = |id: &String| wazapin.shots(id, |delivery| !delivery.is_done());
            ids.iter().flat_map(again).collect::<Vec<_>>()
        });
        server::fire(&self.shared, shots).await.len()
    }

    /// Sends one message once more to the endpoints that did not take it.
    pub async fn retry(&self, message_id: &str) {
        let shots = self.with(|wazapin| wazapin.shots(message_id, |delivery| !delivery.is_done()));
        server::fire(&self.shared, shots).await;
    }
}

impl sealed::Play for Wazapin {
    fn answer(&mut self, request: &Recorded) -> Reply {
        let bearer = format!("Bearer {}", self.api_key);
        if request.header("x-api-key") != self.api_key && request.header("authorization") != bearer {
            return Reply::problem(StatusCode::UNAUTHORIZED, "The API key is missing or unknown.");
        }
        let segments = request.segments();
        let no_route = || Reply::problem(StatusCode::NOT_FOUND, "There is no such route.");
        match segments.as_slice() {
            ["v1", "messages", rest @ ..] if request.method == Method::GET => self.record(rest),
            ["v1", "settings", "developer", "webhooks", rest @ ..] => self.settings(request, rest),
            _ => no_route(),
        }
    }

    fn sent(&mut self, shot: &Shot, answered: Option<u16>) {
        let now = self.clock.now();
        let of_shot = |delivery: &&mut Deliverance| {
            delivery.message_id == shot.message_id && delivery.endpoint_id == shot.endpoint_id
        };
        if let Some(delivery) = self.sent.iter_mut().find(of_shot) {
            delivery.answered = answered;
            delivery.attempts += 1;
            delivery.at = now;
        }
    }
}

/// The request as Svix makes it: a signature by each secret, the current one first, with a space between them.
fn signed(hook: &Hook, delivery: &Deliverance, at: Timestamp) -> Option<Request<Bytes>> {
    let url: Uri = hook.url.parse().ok()?;
    let outgoing = Outgoing::new(&delivery.message_id, delivery.body.clone());
    let mut requests = hook.secrets.iter().filter_map(|secret| {
        let endpoint = wahook_providers::wazapin::endpoint("stand-in", secret.as_str()).ok()?;
        signed_by(&endpoint, &outgoing, at, &url).ok()
    });
    let mut request = requests.next()?;
    let signature = |request: &Request<Bytes>| {
        let value = request.headers().get(SIGNATURE)?;
        value.to_str().ok().map(str::to_owned)
    };
    let more = requests.filter_map(|request| signature(&request));
    let all: Vec<_> = signature(&request).into_iter().chain(more).collect();
    let all = HeaderValue::from_str(&all.join(" ")).ok()?;
    request.headers_mut().insert(SIGNATURE, all);
    Some(request)
}

const SIGNATURE: &str = "svix-signature";

/// `whsec_` and 32 characters of base64: 24 bytes, as Svix makes them.
fn secret() -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut random = [0_u8; 32];
    // Without randomness the secrets of a test are all the same, and no less a test's.
    let _ = getrandom::fill(&mut random);
    let text = random.map(|byte| char::from(ALPHABET[usize::from(byte % 64)]));
    format!("whsec_{}", text.iter().collect::<String>())
}

/// `{}` where a body is none; what a client forgets is absent.
pub(super) fn object(request: &Recorded) -> Map<String, Value> {
    match request.json() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// What `test` sends is not documented; Svix sends an example without real ids.
pub(super) fn example() -> Bytes {
    Bytes::from(json!({"message_id": "string", "status": "string"}).to_string())
}

/// The machine's time: what is sent is read by receivers of this machine.
#[derive(Debug)]
struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "receivers compare with the real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

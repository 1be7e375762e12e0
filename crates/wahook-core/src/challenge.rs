//! Answering a provider that wants to know whether the URL is ours.
//!
//! Three ways, each for itself: a GET with the value in its query (it has no signature; a token stands for one), a POST
//! that has verified, and, by explicit choice, a POST that has no signature yet. What is echoed is at most 1 KiB of
//! printable ASCII, so that an echo cannot become a page or a script.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header, request::Parts};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{
    proof::{Refusal, RefusalKind},
    secret::Secrets,
};

const MAX_VALUE_BYTES: usize = 1024;
const MAX_BODY_BYTES: usize = 4 * 1024;

/// How an endpoint answers challenges. Without a part of it, that sort of challenge is not answered.
///
/// ```
/// use wahook_core::Challenge;
///
/// let challenge = Challenge::get(Some("my-verify-token".try_into()?)).post_json(&["eventId"]);
///
/// let get = http::Request::get("/hook?hub.challenge=1158201444&hub.verify_token=my-verify-token").body(())?;
/// let answer = challenge.answer_get(&get.into_parts().0).unwrap()?;
/// assert_eq!((answer.content_type(), &answer.body()[..]), ("text/plain; charset=utf-8", &b"1158201444"[..]));
///
/// let answer = challenge.answer_post(br#"{"challenge":"abc"}"#).unwrap();
/// assert_eq!(&answer.body()[..], br#"{"challenge":"abc"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Challenge {
    get: Option<Get>,
    post: Option<&'static [&'static str]>,
    unsigned: bool,
}

#[derive(Clone, Debug)]
struct Get {
    names: Vec<Cow<'static, str>>,
    token_names: Vec<Cow<'static, str>>,
    token: Option<Secrets>,
    /// A parameter and the one value that it may have.
    mode: Option<[Cow<'static, str>; 2]>,
    echo: Echo,
}

/// In which form a GET challenge is echoed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Echo {
    /// `{"challenge": …}`.
    Json,
    /// The bare value, as Meta wants it.
    #[default]
    Text,
}

impl Challenge {
    /// Answers a GET with a parameter `challenge` or `hub.challenge`. With a token, `token`, `verify_token` or
    /// `hub.verify_token` must be it; without one, anybody gets an echo.
    #[must_use]
    pub fn get(token: Option<Secrets>) -> Self {
        Self {
            get: Some(Get {
                names: vec!["challenge".into(), "hub.challenge".into()],
                token_names: vec!["token".into(), "verify_token".into(), "hub.verify_token".into()],
                token,
                mode: None,
                echo: Echo::default(),
            }),
            post: None,
            unsigned: false,
        }
    }

    /// Answers a POST only: a JSON object with a text member `challenge` and none of the `absent` members, those that
    /// every real delivery has.
    #[must_use]
    pub const fn post(absent: &'static [&'static str]) -> Self {
        Self {
            get: None,
            post: Some(absent),
            unsigned: false,
        }
    }

    /// Answers a POST too, see [`Challenge::post`].
    #[must_use]
    pub fn post_json(self, absent: &'static [&'static str]) -> Self {
        Self {
            post: Some(absent),
            ..self
        }
    }

    /// Other names of the parameter that is echoed.
    #[must_use]
    pub fn names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        if let Some(get) = &mut self.get {
            get.names = names.into_iter().map(|name| Cow::Owned(name.into())).collect();
        }
        self
    }

    /// Other names of the parameter that holds the token.
    #[must_use]
    pub fn token_names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        if let Some(get) = &mut self.get {
            get.token_names = names.into_iter().map(|name| Cow::Owned(name.into())).collect();
        }
        self
    }

    /// A parameter of a GET that says what is asked for: where it is there, it must have this value.
    ///
    /// ```
    /// use wahook_core::Challenge;
    ///
    /// let challenge = Challenge::get(None).mode("hub.mode", "subscribe");
    /// let ask = |query: &str| {
    ///     let get = http::Request::get(format!("/hook?hub.challenge=1&{query}")).body(()).unwrap();
    ///     challenge.answer_get(&get.into_parts().0).unwrap().is_ok()
    /// };
    /// assert!(ask("hub.mode=subscribe") && ask(""));
    /// assert!(!ask("hub.mode=unsubscribe"));
    /// ```
    #[must_use]
    pub fn mode(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Some(get) = &mut self.get {
            get.mode = Some([name.into().into(), value.into().into()]);
        }
        self
    }

    /// Another form of the answer to a GET.
    #[must_use]
    pub fn echo(mut self, echo: Echo) -> Self {
        if let Some(get) = &mut self.get {
            get.echo = echo;
        }
        self
    }

    /// Echoes an unsigned POST too, if it holds nothing but a challenge and a token: for a provider that checks the URL
    /// before it shows the secret. A token that is configured must be right.
    #[must_use]
    pub fn unsigned(self) -> Self {
        Self {
            unsigned: true,
            ..self
        }
    }

    /// Whether [`Challenge::unsigned`] was chosen.
    #[must_use]
    pub const fn takes_unsigned(&self) -> bool {
        self.unsigned
    }

    /// Whether a GET may be answered at all.
    #[must_use]
    pub const fn takes_get(&self) -> bool {
        self.get.is_some()
    }

    /// Whether a POST may be answered at all, once it has verified.
    #[must_use]
    pub const fn takes_post(&self) -> bool {
        self.post.is_some()
    }

    /// By which parameters a GET may ask: the name of the value, and the name of the token. Nothing where no GET is
    /// answered.
    ///
    /// ```
    /// use wahook_core::Challenge;
    ///
    /// let challenge = Challenge::get(None).names(["q"]).token_names(["key", "token"]);
    /// assert!(challenge.names_of_get().eq([("q", "key"), ("q", "token")]));
    /// ```
    pub fn names_of_get(&self) -> impl Iterator<Item = (&str, &str)> {
        self.get.iter().flat_map(|get| {
            let with = |name| get.token_names.iter().map(move |token| (name, &**token));
            get.names.iter().flat_map(move |name| with(&**name))
        })
    }

    /// Answers a GET. Nothing if this is none, or has no challenge: 405 then.
    #[must_use]
    pub fn answer_get(&self, head: &Parts) -> Option<Result<ChallengeAnswer, Refusal>> {
        let get = self.get.as_ref().filter(|_| head.method == http::Method::GET)?;
        let (mut value, mut token, mut twice, mut other) = (None, None, false, false);
        for (name, text) in form_urlencoded::parse(head.uri.query()?.as_bytes()) {
            if let Some([mode, wanted]) = &get.mode
                && *mode == name
            {
                other |= *wanted != text;
            }
            let slot = if get.names.contains(&name) {
                &mut value
            } else if get.token_names.contains(&name) {
                &mut token
            } else {
                continue;
            };
            twice |= slot.replace(text).is_some();
        }
        let value = value?;
        if twice || other || !printable(&value) || !get.admits(token.as_deref()) {
            return Some(Err(Refusal::new(RefusalKind::ChallengeRefused)));
        }
        Some(Ok(match get.echo {
            Echo::Text => ChallengeAnswer::text(value.into_owned()),
            Echo::Json => ChallengeAnswer::json(value.into_owned()),
        }))
    }

    /// Answers a POST that has verified. Nothing if it is no challenge: it is a delivery then.
    #[must_use]
    pub fn answer_post(&self, body: &[u8]) -> Option<ChallengeAnswer> {
        let absent = self.post?;
        let object = object(body)?;
        if absent.iter().any(|name| object.contains_key(*name)) {
            return None;
        }
        value_of(&object).map(ChallengeAnswer::json)
    }

    /// Answers a POST that has not verified, where that was chosen. Nothing if it holds anything but a challenge and a
    /// token, or not the configured token.
    #[must_use]
    pub fn answer_unsigned(&self, body: &[u8]) -> Option<ChallengeAnswer> {
        if !self.unsigned {
            return None;
        }
        let object = object(body)?;
        let value = value_of(&object)?;
        let mut token = None;
        for (name, member) in object.iter().filter(|(name, _)| *name != "challenge") {
            let known = match &self.get {
                Some(get) => get.token_names.iter().any(|known| known == name),
                None => matches!(name.as_str(), "token" | "verify_token"),
            };
            let text = member.as_str().filter(|_| known && token.is_none())?;
            token = Some(text);
        }
        let admitted = self.get.as_ref().is_none_or(|get| get.admits(token));
        admitted.then(|| ChallengeAnswer::json(value))
    }
}

impl Get {
    /// In constant time, over digests, so that neither length nor place of a difference shows (V4).
    fn admits(&self, token: Option<&str>) -> bool {
        let Some(secrets) = &self.token else {
            return true;
        };
        let Some(token) = token else { return false };
        let presented = Sha256::digest(token);
        let mut found = Choice::from(0);
        for secret in secrets.as_slice() {
            found |= presented
                .as_slice()
                .ct_eq(Sha256::digest(secret.expose()).as_slice());
        }
        found.into()
    }
}

fn object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body.get(..).filter(|body| body.len() <= MAX_BODY_BYTES)?).ok()
}

fn value_of(object: &Map<String, Value>) -> Option<String> {
    object
        .get("challenge")?
        .as_str()
        .filter(|value| printable(value))
        .map(str::to_owned)
}

fn printable(value: &str) -> bool {
    (1..=MAX_VALUE_BYTES).contains(&value.len()) && value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// What to send back, with status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeAnswer {
    content_type: &'static str,
    body: Bytes,
}

impl ChallengeAnswer {
    fn text(body: String) -> Self {
        Self {
            content_type: "text/plain; charset=utf-8",
            body: body.into(),
        }
    }

    fn json(value: String) -> Self {
        let object = Map::from_iter([("challenge".to_owned(), Value::String(value))]);
        Self {
            content_type: "application/json",
            body: Value::Object(object).to_string().into(),
        }
    }

    /// The content type. `X-Content-Type-Options: nosniff` belongs beside it, see [`ChallengeAnswer::headers`].
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body, by value.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// Its headers: the content type, and that browsers must believe it.
    #[must_use]
    pub const fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
        ]
    }
}

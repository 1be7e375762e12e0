//! The options of a generic endpoint, and what is checked of them at construction.

use std::collections::BTreeMap;

use http::{HeaderName, header};
use serde::Deserialize;
use wahook_core::{BuildError, Challenge, Echo, Endpoint, Secrets, model::Kind};

use super::{
    Generic,
    fields::{FieldPaths, FieldPlaces},
    place::{self, Place, Plans, Rules},
    reader::{Keying, NamePlace, Reader},
    scheme::{Scheme, Signature, Token},
    words::Words,
};
use crate::OptionRow;

pub(super) const OPTIONS: &[OptionRow] = &[
    OptionRow::new(
        "signature",
        "a table of `scheme` (\"hmac\" or \"standard-webhooks\"), `header`, `algorithm` (\"sha256\", \"sha512\", \"sha1\"), `encoding` (\"hex\", \"base64\", \"base64url\"), `prefix`, `signed` (from {timestamp}, {id}, {url}, {body}, {sha256(body)}, {sha256_raw(body)}), `composite`, `timestamp_header`, `id_header`, `algorithm_header`, `url` and `tolerance_seconds`; default: HMAC-SHA256 of the body in hex in \"X-Signature\"",
    ),
    OptionRow::new(
        "token",
        "instead of a signature, where the provider has none: a table of `header`, `bearer` or `query`, where the secret itself is sent; it proves nothing about the body; default: none",
    ),
    OptionRow::new(
        "read",
        "a table of `items`, `key`, `delivery_id`, `event`, `account`, `account_address`, `tenant`, `time`, `message_ids` (\"whole\" or \"bare\") and `digits` (\"id\" or \"phone\"); places are JSON pointers; default: the plain form, see docs/generic.md",
    ),
    OptionRow::new(
        "kinds",
        "a table from the names of events to kinds such as \"message.received\", or \"message\" where a field tells the direction; others are unknown; default: a kind's own word",
    ),
    OptionRow::new(
        "fields",
        "a table of where the data stands, such as `message_id = \"/payload/id\"`; default: members of the same name",
    ),
    OptionRow::new(
        "types",
        "a table from the types of messages to ours; our own words need no row; default: none",
    ),
    OptionRow::new(
        "states",
        "a table from the words for states, actions and directions to ours; our own words need no row; default: none",
    ),
    OptionRow::new(
        "challenge_token",
        "answers a GET challenge that brings this token; default: none, GET is not answered",
    ),
    OptionRow::new(
        "challenge_anybody",
        "true answers a GET challenge that brings no token; default: false",
    ),
    OptionRow::new(
        "challenge_names",
        "the query parameters that hold a challenge; default: [\"challenge\", \"hub.challenge\"]",
    ),
    OptionRow::new(
        "challenge_token_names",
        "the query parameters that hold its token; default: [\"token\", \"verify_token\", \"hub.verify_token\"]",
    ),
    OptionRow::new("challenge_answer", "\"text\" or \"json\"; default: \"text\""),
];

/// No `Debug`: it holds the challenge token.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Settings {
    signature: Option<Signature>,
    token: Option<Token>,
    read: Option<Read>,
    kinds: Option<BTreeMap<String, String>>,
    fields: Option<FieldPaths>,
    types: BTreeMap<String, String>,
    states: BTreeMap<String, String>,
    challenge_token: Option<String>,
    challenge_anybody: bool,
    challenge_names: Option<Vec<String>>,
    challenge_token_names: Option<Vec<String>>,
    challenge_answer: Option<AnswerName>,
}

/// `[read]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Read {
    items: Option<String>,
    key: Option<OneOrMore>,
    delivery_id: Option<String>,
    event: Option<String>,
    account: Option<String>,
    account_address: Option<String>,
    tenant: Option<String>,
    time: Option<String>,
    message_ids: MessageIds,
    digits: Digits,
}

impl Read {
    /// What is read without a table.
    fn plain() -> Self {
        let place = |text: &str| Some(text.to_owned());
        Self {
            items: None,
            key: Some(OneOrMore::One("/id".to_owned())),
            delivery_id: None,
            event: place("/event"),
            account: place("/account"),
            account_address: place("/account_address"),
            tenant: place("/tenant"),
            time: place("/timestamp"),
            message_ids: MessageIds::Whole,
            digits: Digits::Id,
        }
    }
}

/// How message ids are spelled.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum MessageIds {
    /// The id is what stands there.
    #[default]
    Whole,
    /// The bare id of `true_<chat>_<id>`, as gateways of WhatsApp Web write it.
    Bare,
}

/// What a text of nothing but digits is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Digits {
    /// An id of the provider's: nothing says that it is a phone number (N5).
    #[default]
    Id,
    /// A phone number.
    Phone,
}

/// Options are read once at start: an untagged enum costs nothing here.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AnswerName {
    Text,
    Json,
}

impl Settings {
    pub(super) fn endpoint(mut self, name: &str, secrets: Secrets) -> Result<Endpoint, BuildError> {
        let challenge = self.challenge()?;
        let scheme = Scheme::new(self.signature.take(), self.token.take(), secrets)?;
        let provider = Generic::new(self.reader(&scheme)?);
        let endpoint = Endpoint::new(name, provider, scheme.verifier)?;
        Ok(match challenge {
            Some(challenge) => endpoint.challenge(challenge),
            None => endpoint,
        })
    }

    fn reader(self, scheme: &Scheme) -> Result<Reader, BuildError> {
        let Self {
            read,
            kinds,
            fields,
            types,
            states,
            ..
        } = self;
        let words = Words::new(kinds.as_ref(), &types, &states)?;
        let read = read.unwrap_or_else(Read::plain);
        if kinds.is_some() && read.event.is_none() {
            return Err(BuildError::option(
                "`kinds` maps the names of events, but `read.event` does not say where the name stands",
            ));
        }
        let keying = read.keying(scheme)?;
        let mut plans = Plans::default();
        let paths = fields.unwrap_or_else(FieldPaths::plain);
        let places = paths.compile(&Words::types(&types), &mut plans)?;
        for (name, kind) in words.kinds() {
            if let Some(missing) = required(kind)
                .iter()
                .find(|field| (field.place)(&places).is_none())
            {
                return Err(BuildError::option(format!(
                    "{name:?} is mapped to `{}`, but `fields` does not say where its `{}` stands",
                    kind.as_str(),
                    missing.name
                )));
            }
        }
        let tells_direction = places.from_me.is_some()
            || places.direction.is_some()
            || matches!(read.message_ids, MessageIds::Bare);
        if let Some(name) = words.undirected().filter(|_| !tells_direction) {
            return Err(BuildError::option(format!(
                "{name:?} is mapped to `message`, but `fields` says neither where `from_me` nor where `direction` stands, so each \
                 would be `other`; map it to `message.received` if it is only what customers send"
            )));
        }
        let event = match &read.event {
            None => None,
            Some(text) => Some(match place::header_of(text) {
                Some(header) => NamePlace::Header(unsecret(header?, "event", scheme)?),
                None => NamePlace::Body(plain("event", text, &mut plans)?),
            }),
        };
        let mut place = |name: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| plain(name, text, &mut plans))
                .transpose()
        };
        Ok(Reader {
            items: read.items()?,
            keying,
            event,
            account: place("account", &read.account)?,
            account_address: place("account_address", &read.account_address)?,
            tenant: place("tenant", &read.tenant)?,
            time: place("time", &read.time)?,
            message_ids: read.message_ids,
            digits: read.digits,
            fields: places,
            plans,
            words,
        })
    }

    /// A GET has no signature, so it needs a token, or the word that it needs none.
    fn challenge(&self) -> Result<Option<Challenge>, BuildError> {
        let token = self
            .challenge_token
            .as_deref()
            .map(Secrets::try_from)
            .transpose()?;
        if token.is_some() && self.challenge_anybody {
            return Err(BuildError::option(
                "`challenge_token` and `challenge_anybody` contradict each other",
            ));
        }
        if token.is_none() && !self.challenge_anybody {
            let set = self.challenge_names.is_some()
                || self.challenge_token_names.is_some()
                || self.challenge_answer.is_some();
            return if set {
                Err(BuildError::option(
                    "a GET challenge is answered only with a `challenge_token`, or with `challenge_anybody = true`",
                ))
            } else {
                Ok(None)
            };
        }
        let mut challenge = Challenge::get(token);
        if let Some(names) = &self.challenge_names {
            challenge = challenge.names(names);
        }
        if let Some(names) = &self.challenge_token_names {
            challenge = challenge.token_names(names);
        }
        Ok(Some(match self.challenge_answer {
            None | Some(AnswerName::Text) => challenge,
            Some(AnswerName::Json) => challenge.echo(Echo::Json),
        }))
    }
}

impl Read {
    fn items(&self) -> Result<Vec<Vec<Box<str>>>, BuildError> {
        let rules = Rules {
            name: "items",
            ..Rules::default()
        };
        let pointers = self.items.iter().flat_map(|text| text.split(" | "));
        pointers
            .map(str::trim)
            .filter(|pointer| !pointer.is_empty())
            .map(|pointer| place::pointer_names(pointer, rules))
            .collect()
    }

    fn keying(&self, scheme: &Scheme) -> Result<Keying, BuildError> {
        let mut plans = Plans::default();
        let mut signed_ids = Vec::new();
        let mut parts = Vec::new();
        let given = match &self.key {
            None => &[][..],
            Some(OneOrMore::One(one)) => std::slice::from_ref(one),
            Some(OneOrMore::More(more)) if more.is_empty() => {
                return Err(BuildError::option(
                    "`key` is an empty list; leave it out for the SHA-256 of the body",
                ));
            }
            Some(OneOrMore::More(more)) => more,
        };
        for text in given {
            match place::header_of(text) {
                Some(header) => {
                    let header = header?;
                    if !scheme.signed_ids.contains(&header) {
                        return Err(BuildError::option(format!(
                            "`key`: the signature does not cover the header `{header}`, so whoever repeats a captured delivery could choose it and be taken for a new one; use a place in the body, leave `key` out (SHA-256 of the body), or name it in `delivery_id`"
                        )));
                    }
                    if given.len() > 1 {
                        return Err(BuildError::option(
                            "`key`: a signed id is the whole key; nothing goes with it",
                        ));
                    }
                    signed_ids.clone_from(&scheme.signed_ids);
                }
                None => parts.push(plain("key", text, &mut plans)?),
            }
        }
        if given.is_empty() && scheme.id_is_key {
            signed_ids.clone_from(&scheme.signed_ids);
        }
        let mut id_header = None;
        let mut id_place = None;
        if let Some(text) = &self.delivery_id {
            match place::header_of(text) {
                Some(header) => id_header = Some(unsecret(header?, "delivery_id", scheme)?),
                None => id_place = Some(plain("delivery_id", text, &mut plans)?),
            }
        }
        Ok(Keying {
            plans,
            parts,
            by_signed_id: !signed_ids.is_empty(),
            id_header,
            id_place,
        })
    }
}

/// A place of pointers alone.
fn plain(name: &str, text: &str, plans: &mut Plans) -> Result<Place, BuildError> {
    let rules = Rules {
        name,
        ..Rules::default()
    };
    Place::parse(text, rules, plans)
}

/// A header that is read beside the body, and kept with the delivery: never one that holds a credential.
fn unsecret(name: HeaderName, option: &str, scheme: &Scheme) -> Result<HeaderName, BuildError> {
    let usual = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];
    if usual.contains(&name) || scheme.credentials.contains(&name) {
        return Err(BuildError::option(format!(
            "`{option}`: the header `{name}` holds a credential, which is not kept"
        )));
    }
    Ok(name)
}

/// A field that an event cannot be without.
pub(super) struct Required {
    name: &'static str,
    pub(super) place: fn(&FieldPlaces) -> Option<&Place>,
}

const MESSAGE_ID: Required = Required {
    name: "message_id",
    place: |places| places.message_id.as_ref(),
};
const TARGET: Required = Required {
    name: "target_message_id",
    place: |places| places.target_message_id.as_ref(),
};
const STATE: Required = Required {
    name: "state",
    place: |places| places.state.as_ref(),
};

/// The fields without which an event of this kind says nothing.
pub(super) const fn required(kind: Kind) -> &'static [Required] {
    match kind {
        Kind::MessageReceived | Kind::MessageSent => &[MESSAGE_ID],
        Kind::MessageStatus => &[MESSAGE_ID, STATE],
        Kind::MessageReaction | Kind::MessageEdited | Kind::MessageDeleted | Kind::PollVote => &[TARGET],
        Kind::SessionStatus => &[STATE],
        _ => &[],
    }
}

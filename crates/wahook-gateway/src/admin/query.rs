//! From parameters and bodies to questions of the inbox. What is not understood is said, not left out: a filter with a
//! slip of the pen would otherwise change everything.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wahook_core::{
    DeliveryId,
    inbox::{DeadQuery, EntryId, EventQuery, Order, Replay},
    model::Kind,
};

use super::answer::Refused;
use crate::suggest::hint;

/// How many are told where nothing is said, and at most.
pub(crate) const USUAL: u32 = 50;
pub(crate) const MOST: u32 = 1_000;
pub(super) const A_LIMIT: &str = "a number from 1 to 1000";
/// So many deliveries are looked up in one question.
const MOST_IDS: usize = 100;
/// No name, id or key is longer.
const LONGEST: usize = 1_024;

/// Which events: the words of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EventAsk {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) kind: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivery: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<Order>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
}

/// Which dead letters: the words of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DeadAsk {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) id: Vec<EntryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sink: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) kind: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<EntryId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
    /// Really all of them; said where something is changed and no filter stands there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
}

/// Which deliveries may have come, by the ids that their provider gave them: the words of the API.
#[derive(Clone, Debug)]
pub(super) struct KnownAsk {
    pub(super) endpoint: Option<String>,
    pub(super) id: Vec<String>,
}

/// Of which sink to drop what waits: the words of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitingAsk {
    pub(crate) sink: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
}

/// What to replay: the words of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReplayAsk {
    pub(crate) events: EventAsk,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    pub(crate) reparse: bool,
    pub(crate) dry_run: bool,
    /// Really all of them; said where no filter stands there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
}

impl EventAsk {
    pub(super) fn query(&self) -> Result<EventQuery, Refused> {
        Ok(EventQuery {
            kinds: kinds(&self.kind)?,
            endpoint: text("endpoint", self.endpoint.as_ref())?,
            account: text("account", self.account.as_ref())?,
            chat: text("chat", self.chat.as_ref())?,
            message_id: text("message_id", self.message_id.as_ref())?,
            key: text("key", self.key.as_ref())?,
            delivery: self.delivery.as_deref().map(delivery).transpose()?,
            since: self.since,
            until: self.until,
            after: self.after,
            order: self.order.unwrap_or_default(),
            limit: limit(self.limit)?,
        })
    }

    fn is_filtered(&self) -> bool {
        let places = Self {
            after: self.after,
            order: self.order,
            limit: self.limit,
            ..Self::default()
        };
        *self != places
    }
}

impl DeadAsk {
    pub(super) fn query(&self) -> Result<DeadQuery, Refused> {
        if self.id.len() > MOST as usize {
            return Err(Refused::question(format!("name {MOST} dead letters at most")));
        }
        Ok(DeadQuery {
            ids: self.id.clone(),
            sink: text("sink", self.sink.as_ref())?,
            endpoint: text("endpoint", self.endpoint.as_ref())?,
            kinds: kinds(&self.kind)?,
            since: self.since,
            until: self.until,
            before: self.before,
            limit: limit(self.limit)?,
        })
    }

    /// To change them: which ones has to be said.
    pub(super) fn to_change(&self) -> Result<DeadQuery, Refused> {
        let places = Self {
            before: self.before,
            limit: self.limit,
            all: self.all,
            ..Self::default()
        };
        match (*self == places, self.all) {
            (true, false) => Err(Refused::question(
                "say which dead letters, such as by `id` or `sink`, or `all`: true",
            )),
            (false, true) => Err(Refused::question(
                "say either which dead letters or `all`, not both",
            )),
            _ => self.query(),
        }
    }
}

impl KnownAsk {
    /// The endpoint, and the ids in their order.
    pub(super) fn checked(self) -> Result<(String, Vec<String>), Refused> {
        if !(1..=MOST_IDS).contains(&self.id.len()) {
            let why =
                format!("name 1 to {MOST_IDS} deliveries, each by `id`; ask for more in several questions");
            return Err(Refused::question(why));
        }
        for id in &self.id {
            text("id", Some(id))?;
        }
        let endpoint = text("endpoint", self.endpoint.as_ref())?;
        let endpoint = endpoint.ok_or_else(|| no("endpoint", "the name of an endpoint"))?;
        Ok((endpoint, self.id))
    }
}

impl WaitingAsk {
    /// The sink, and how many at most.
    pub(super) fn checked(&self) -> Result<(String, u32), Refused> {
        let sink = text("sink", Some(&self.sink))?.unwrap_or_default();
        Ok((sink, limit(self.limit)?))
    }
}

impl ReplayAsk {
    pub(super) fn replay(&self) -> Result<Replay, Refused> {
        match (self.events.is_filtered(), self.all) {
            (false, false) => {
                return Err(Refused::question(
                    "say which events, such as by `delivery` or `since`, or `all`: true",
                ));
            }
            (true, true) => return Err(Refused::question("say either which events or `all`, not both")),
            _ => {}
        }
        Ok(Replay {
            query: self.events.query()?,
            to: text("to", self.to.as_ref())?,
            reparse: self.reparse,
            dry_run: self.dry_run,
        })
    }
}

/// What a body says; its values are not repeated in what is wrong with it.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        let why = if text.starts_with("unknown field") || text.starts_with("missing field") {
            text
        } else {
            format!(
                "the body is not the JSON that this path takes, at line {} column {}",
                error.line(),
                error.column()
            )
        };
        Refused::question(why)
    })
}

pub(super) fn delivery(text: &str) -> Result<DeliveryId, Refused> {
    text.parse()
        .map_err(|error: wahook_core::BadDeliveryId| Refused::question(error.to_string()))
}

pub(super) fn limit(limit: Option<u32>) -> Result<u32, Refused> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(no("limit", A_LIMIT)),
    }
}

fn kinds(words: &[String]) -> Result<Vec<Kind>, Refused> {
    let all = || Kind::ALL.iter().map(|kind| kind.as_str());
    words
        .iter()
        .map(|word| {
            let known = Kind::ALL.iter().copied().find(|kind| kind.as_str() == word);
            known.ok_or_else(|| {
                let shown: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
                Refused::question(format!("no kind `{shown}`{}", hint(&shown, all())))
            })
        })
        .collect()
}

/// A text that a database can be asked for.
fn text(name: &str, value: Option<&String>) -> Result<Option<String>, Refused> {
    match value {
        Some(value) if value.len() > LONGEST => Err(no(name, "a text of 1024 bytes at most")),
        Some(value) if value.is_empty() || value.chars().any(char::is_control) => {
            Err(no(name, "a text without control characters"))
        }
        value => Ok(value.cloned()),
    }
}

pub(super) fn no(name: &str, form: &str) -> Refused {
    Refused::question(format!("`{name}` must be {form}"))
}

#[cfg(test)]
mod tests {
    use super::{
        super::params::{EVENT_PARAMS, Params},
        *,
    };

    fn events(query: &str) -> Result<EventQuery, String> {
        let mut params = Params::of(Some(query)).map_err(|refused| refused.to_string())?;
        let ask = params.events().map_err(|refused| refused.to_string())?;
        params.end(&EVENT_PARAMS).map_err(|refused| refused.to_string())?;
        ask.query().map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_question_is_read_with_all_its_parameters() {
        let query = events(
            "kind=message.received,call&kind=presence&endpoint=shop&account=a&chat=15550000001%40c.us&message_id=3EB0\
             &key=v1%3Ax&delivery=0199c0de-7c00-7000-8000-000000000000&since=2026-01-01T00:00:00%2B02:00&until=2026-02-01T00:00:00Z\
             &after=-7&order=oldest&limit=7",
        )
        .unwrap();
        assert_eq!(query.kinds, [Kind::MessageReceived, Kind::Call, Kind::Presence]);
        assert_eq!(query.chat.as_deref(), Some("15550000001@c.us"));
        assert_eq!(
            (query.after, query.order, query.limit),
            (Some(-7), Order::Oldest, 7)
        );
        assert_eq!(query.since.unwrap().to_string(), "2025-12-31T22:00:00Z");
        assert_eq!(events("").unwrap().limit, USUAL);
    }

    #[test]
    fn p_hostile_parameters_are_refused_with_a_word_on_what_to_do() {
        let long = format!("chat={}", "9".repeat(2_000));
        let many = "kind=call&".repeat(111);
        for (query, says) in [
            ("limit=0", "`limit` must be a number from 1 to 1000"),
            ("limit=1001", "`limit`"),
            ("limit=-1", "`limit`"),
            ("limit=99999999999999999999", "`limit`"),
            ("limit=1&limit=2", "twice"),
            ("after=x", "`after`"),
            ("after=9223372036854775808", "`after`"),
            ("since=yesterday", "`since` must be a time"),
            ("since=2026-01-01T00:00:00+02:00", "%2B"),
            ("since=999999-01-01T00:00:00Z", "`since`"),
            ("kind=message.recieved", "did you mean `message.received`?"),
            ("kind=", "no kind"),
            ("order=up", "`order`"),
            ("chat=a%00b", "`chat` must be a text without control characters"),
            ("chat=", "`chat`"),
            (&long, "`chat` must be a text of 1024 bytes"),
            ("delivery=../../etc/passwd", "UUID"),
            ("chta=1", "unknown parameter `chta`; did you mean `chat`?"),
            ("%ff%00%0a=1", "unknown parameter"),
            (&many, "more than 110"),
        ] {
            let error = events(query).unwrap_err();
            assert!(error.contains(says), "{query}: {error}");
            assert!(!error.contains(['\0', '\n']), "{query}: {error:?}");
        }
    }

    #[test]
    fn what_changes_something_says_of_what() {
        let dead = |json: &str| body::<DeadAsk>(json.as_bytes()).and_then(|ask| ask.to_change());
        for json in [
            "{}",
            r#"{"limit":5}"#,
            r#"{"sink":"a","all":true}"#,
            r#"{"sinks":"a"}"#,
            r#"{"kind":["message.recieved"]}"#,
            r#"{"id":["7"]}"#,
            r#"{"sink":"a\u0000"}"#,
            "[]",
            "",
            "\u{feff}{}",
        ] {
            assert!(dead(json).is_err(), "{json}");
        }
        assert_eq!(dead(r#"{"id":[7]}"#).unwrap().ids, [EntryId(7)]);
        assert!(dead(r#"{"all":true,"limit":1000}"#).is_ok());

        let replay = |json: &str| body::<ReplayAsk>(json.as_bytes()).and_then(|ask| ask.replay());
        for json in [
            "{}",
            r#"{"events":{"order":"oldest","limit":9}}"#,
            r#"{"all":true,"events":{"chat":"a"}}"#,
        ] {
            assert!(replay(json).is_err(), "{json}");
        }
        assert!(
            replay(r#"{"events":{"chat":"a"},"to":"erp","dry_run":true}"#)
                .unwrap()
                .dry_run
        );
    }

    #[test]
    fn p_what_is_wrong_with_a_body_quotes_none_of_its_values() {
        let refused = body::<DeadAsk>(br#"{"limit":"15550000001"}"#).unwrap_err();
        assert!(!refused.to_string().contains("15550000001"), "{refused}");
        let refused = body::<DeadAsk>(br#"{"lmit":1}"#).unwrap_err();
        assert!(refused.to_string().contains("unknown field `lmit`"), "{refused}");
    }
}

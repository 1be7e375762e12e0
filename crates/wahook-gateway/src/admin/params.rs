//! The parameters of an address, one by one.

use std::str::FromStr;

use jiff::Timestamp;
use wahook_core::inbox::{EntryId, Order};

use super::{
    answer::Refused,
    query::{A_LIMIT, DeadAsk, EventAsk, KnownAsk, no},
};
use crate::suggest::hint;

/// The parameters of an address; each is taken once, and what is left over is nobody's.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of(query: Option<&str>) -> Result<Self, Refused> {
        let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .into_owned()
            .take(MOST_PARAMS + 1)
            .collect();
        if pairs.len() > MOST_PARAMS {
            return Err(Refused::question(format!(
                "there are more than {MOST_PARAMS} parameters; ask in several questions"
            )));
        }
        Ok(Self(pairs))
    }

    fn repeated(&mut self, name: &str) -> Vec<String> {
        let taken = self.0.extract_if(.., |(other, _)| other == name);
        taken.map(|(_, value)| value).collect()
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        self.repeated(name)
            .iter()
            .flat_map(|value| value.split(',').map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    fn one(&mut self, name: &str) -> Result<Option<String>, Refused> {
        let mut values: Vec<_> = self.0.extract_if(.., |(other, _)| other == name).collect();
        let value = values.pop().map(|(_, value)| value);
        if values.is_empty() {
            Ok(value)
        } else {
            Err(Refused::question(format!(
                "`{name}` stands there twice; keep one"
            )))
        }
    }

    pub(super) fn parsed<T: FromStr>(&mut self, name: &str, form: &str) -> Result<Option<T>, Refused> {
        self.one(name)?
            .map(|value| value.parse().map_err(|_| no(name, form)))
            .transpose()
    }

    fn time(&mut self, name: &str) -> Result<Option<Timestamp>, Refused> {
        self.parsed(name, "a time such as 2026-01-31T12:00:00Z (a `+` is written %2B)")
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Refused> {
        match self.one(name)?.as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("" | "true" | "1") => Ok(true),
            Some(_) => Err(no(name, "true or false")),
        }
    }

    pub(super) fn known(&mut self) -> Result<KnownAsk, Refused> {
        Ok(KnownAsk {
            endpoint: self.one("endpoint")?,
            // As they are: an id may have a comma in it.
            id: self.repeated("id"),
        })
    }

    /// Nothing may be left.
    pub(super) fn end(self, known: &[&'static str]) -> Result<(), Refused> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
                let hint = hint(&shown, known.iter().copied());
                Err(Refused::question(format!("unknown parameter `{shown}`{hint}")))
            }
        }
    }

    pub(super) fn events(&mut self) -> Result<EventAsk, Refused> {
        let order = match self.one("order")?.as_deref() {
            None => None,
            Some("newest") => Some(Order::Newest),
            Some("oldest") => Some(Order::Oldest),
            Some(_) => return Err(no("order", "newest or oldest")),
        };
        Ok(EventAsk {
            kind: self.all("kind"),
            endpoint: self.one("endpoint")?,
            account: self.one("account")?,
            chat: self.one("chat")?,
            message_id: self.one("message_id")?,
            key: self.one("key")?,
            delivery: self.one("delivery")?,
            since: self.time("since")?,
            until: self.time("until")?,
            after: self.parsed("after", "a `cursor`")?,
            order,
            limit: self.parsed("limit", A_LIMIT)?,
        })
    }

    pub(super) fn dead(&mut self) -> Result<DeadAsk, Refused> {
        let id = self
            .all("id")
            .iter()
            .map(|id| id.parse().map(EntryId).map_err(|_| no("id", "a number")))
            .collect::<Result<_, _>>()?;
        Ok(DeadAsk {
            id,
            sink: self.one("sink")?,
            endpoint: self.one("endpoint")?,
            kind: self.all("kind"),
            since: self.time("since")?,
            until: self.time("until")?,
            before: self.parsed("before", "the `id` of a dead letter")?.map(EntryId),
            limit: self.parsed("limit", A_LIMIT)?,
            all: false,
        })
    }
}

/// Room for 100 ids, and what else is asked.
const MOST_PARAMS: usize = 110;

/// The parameters of a question for events.
pub(super) const EVENT_PARAMS: [&str; 13] = [
    "kind",
    "endpoint",
    "account",
    "chat",
    "message_id",
    "key",
    "delivery",
    "since",
    "until",
    "after",
    "order",
    "limit",
    "reveal",
];

/// The parameters of a question for dead letters.
pub(super) const DEAD_PARAMS: [&str; 9] = [
    "id", "sink", "endpoint", "kind", "since", "until", "before", "limit", "reveal",
];

/// The parameters of a question for what came.
pub(super) const KNOWN_PARAMS: [&str; 2] = ["endpoint", "id"];

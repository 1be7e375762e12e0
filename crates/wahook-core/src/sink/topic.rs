//! Where in a broker an event goes: a text with places for what the event says.

use std::{error, fmt};

use sha2::{Digest as _, Sha256};

use crate::model::Event;

/// A subject, routing key, topic or stream: a text with `{provider}`, `{endpoint}`, `{account}`, `{kind}` and `{lane}`.
///
/// ```
/// use wahook_core::sink::Topic;
///
/// let topic: Topic = "wahook.{endpoint}.{kind}".parse()?;
/// assert_eq!(topic.beginning(), "wahook.");
/// assert!("wahook.{chat}".parse::<Topic>().is_err());
/// # Ok::<(), wahook_core::sink::TopicError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Place(Place),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Provider,
    Endpoint,
    Account,
    Kind,
    Lane,
}

const PLACES: &[(&str, Place)] = &[
    ("provider", Place::Provider),
    ("endpoint", Place::Endpoint),
    ("account", Place::Account),
    ("kind", Place::Kind),
    ("lane", Place::Lane),
];

/// `wahook.{endpoint}.{kind}`.
impl Default for Topic {
    fn default() -> Self {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        Self {
            pieces: vec![
                literal("wahook."),
                Piece::Place(Place::Endpoint),
                literal("."),
                Piece::Place(Place::Kind),
            ],
        }
    }
}

impl Topic {
    /// The same text for every event.
    #[must_use]
    pub fn fixed(text: &str) -> Self {
        Self {
            pieces: vec![Piece::Literal(text.to_owned())],
        }
    }

    /// What stands before the first place.
    #[must_use]
    pub fn beginning(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// Whether it is the same for every event.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Literal(_)))
    }

    /// The text for an event. In what the event says, other characters than letters, digits, `-` and `_` are written as `=`
    /// and two hex digits for each byte, so that two accounts never become one; the dots of kinds and endpoints stay. An account
    /// that is not told is `-`. A lane is 32 hex digits, the same for each event of a conversation.
    #[must_use]
    pub fn of(&self, event: &Event) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Place(Place::Provider) => escape(&event.provider, "", &mut text),
                Piece::Place(Place::Endpoint) => escape(&event.endpoint, ".", &mut text),
                Piece::Place(Place::Kind) => text.push_str(event.kind().as_str()),
                Piece::Place(Place::Lane) => text.push_str(&lane(event)),
                Piece::Place(Place::Account) => match event.account.as_deref() {
                    None | Some("") => text.push('-'),
                    // Else it would be as one that is not told.
                    Some("-") => text.push_str("=2d"),
                    Some(account) => escape(account, "", &mut text),
                },
            }
        }
        text
    }
}

/// What tells a conversation from others.
pub(super) fn lane(event: &Event) -> String {
    const_hex::encode(&Sha256::digest(event.lane())[..16])
}

fn escape(part: &str, also: &str, into: &mut String) {
    for byte in part.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-_".contains(c) || also.contains(c) {
            into.push(c);
        } else {
            into.push('=');
            into.push_str(&const_hex::encode([byte]));
        }
    }
}

impl std::str::FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, behind) = rest.split_once('{').map_or((rest, None), |(l, b)| (l, Some(b)));
            if literal.contains('}') {
                return Err(TopicError);
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let Some(behind) = behind else { break };
            let (name, behind) = behind.split_once('}').ok_or(TopicError)?;
            let (_, place) = PLACES
                .iter()
                .find(|(known, _)| *known == name)
                .ok_or(TopicError)?;
            pieces.push(Piece::Place(*place));
            rest = behind;
        }
        if pieces.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(TopicError);
        }
        Ok(Self { pieces })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => f.write_str(literal)?,
                Piece::Place(place) => {
                    let name = PLACES.iter().find(|(_, known)| known == place);
                    write!(f, "{{{}}}", name.map_or("", |(name, _)| name))?;
                }
            }
        }
        Ok(())
    }
}

/// A text that is no [`Topic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicError;

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text without spaces, in which there may be ")?;
        for (index, (name, _)) in PLACES.iter().enumerate() {
            let between = match index {
                0 => "",
                _ if index + 1 == PLACES.len() => " and ",
                _ => ", ",
            };
            write!(f, "{between}{{{name}}}")?;
        }
        Ok(())
    }
}

impl error::Error for TopicError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(endpoint: &str, account: Option<&str>) -> Event {
        let account = account.map_or("null".to_owned(), |account| format!("{account:?}"));
        let form = format!(
            r#"{{"schema":"wahook.event/1","key":"v1:wawp:A1:message:m1","provider":"wawp","endpoint":"{endpoint}","account":{account},
            "kind":"unknown","time_source":"none","received_at":"2026-10-03T10:00:01Z","delivery":{{
            "id":"0199c0de-7c00-7000-8000-000000000000","key":"d1","key_source":"body","conflict":false}},"data":{{}}}}"#
        );
        serde_json::from_str(&form).unwrap()
    }

    #[test]
    fn places_are_filled_and_nothing_in_them_is_obeyed() {
        let topic: Topic = "a.{provider}.{endpoint}.{account}.{kind}".parse().unwrap();
        for (account, expected) in [
            (Some("A1"), "A1"),
            (Some("*.> x"), "=2a=2e=3e=20x"),
            (Some("é"), "=c3=a9"),
            (Some("-"), "=2d"),
            (Some(""), "-"),
            (None, "-"),
        ] {
            assert_eq!(
                topic.of(&event("shop.eu", account)),
                format!("a.wawp.shop.eu.{expected}.unknown")
            );
        }
        assert_eq!(topic.beginning(), "a.");
        assert_eq!(Topic::default().to_string(), "wahook.{endpoint}.{kind}");
        assert!(!topic.is_fixed() && "a.b".parse::<Topic>().unwrap().is_fixed());
        assert_eq!("{lane}".parse::<Topic>().unwrap().beginning(), "");
        assert_eq!(topic.to_string().parse::<Topic>().unwrap(), topic);
    }

    #[test]
    fn a_lane_tells_conversations_apart_and_nothing_else() {
        let topic: Topic = "{lane}".parse().unwrap();
        let of = |endpoint, account| topic.of(&event(endpoint, account));
        assert_eq!(of("shop", Some("A1")), of("shop", Some("A1")));
        assert_ne!(of("shop", Some("A1")), of("shop", Some("A2")));
        assert_ne!(of("shop", None), of("other", None));
        assert_eq!(of("shop", None).len(), 32);
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for text in ["", "a b", "{", "}", "{chat}", "a{lane", "a}b", "a\n", "{}"] {
            assert!(text.parse::<Topic>().is_err(), "{text:?}");
        }
        assert!(TopicError.to_string().ends_with("{account}, {kind} and {lane}"));
    }
}

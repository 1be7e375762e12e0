//! CloudEvents 1.0: the same event in the words of a common standard.
//!
//! CloudEvents 1.0.2 and its JSON format, read 2026-11.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::identity::{identity, short};
use crate::model::Event;

/// What CloudEvents calls context: who says what about what.
#[derive(Debug, Serialize)]
pub(super) struct Context<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    /// The message that it is or is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    datacontenttype: &'static str,
}

impl<'a> Context<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        Self {
            specversion: "1.0",
            id: identity(event),
            source: source(event),
            kind: format!("wahook.{}", event.kind().as_str()),
            subject: event.message_id().filter(|id| may_be_said(id)),
            time: event.occurred_at,
            datacontenttype: DATA,
        }
    }

    /// The attributes of the binary mode; `datacontenttype` is the type of the content.
    pub(super) fn attributes(self) -> Vec<(&'static str, String)> {
        let subject = self.subject.map(str::to_owned);
        let time = self.time.map(|time| time.to_string());
        [
            ("specversion", Some(self.specversion.to_owned())),
            ("id", Some(self.id)),
            ("source", Some(self.source)),
            ("type", Some(self.kind)),
            ("subject", subject),
            ("time", time),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// Attributes are never empty and have no control characters, and in a header there is no room for everything.
fn may_be_said(text: &str) -> bool {
    (1..=MOST).contains(&text.len()) && !text.contains(char::is_control)
}

const MOST: usize = 256;

/// The type of `data`, and of the content in binary mode.
pub(super) const DATA: &str = "application/json";
/// The type of the content in structured mode.
pub(super) const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";

/// An event in one object.
#[derive(Debug, Serialize)]
pub(super) struct Structured<'a> {
    #[serde(flatten)]
    context: Context<'a>,
    data: &'a Event,
}

impl<'a> Structured<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        Self {
            context: Context::of(event),
            data: event,
        }
    }
}

/// Whose event it is, as a URI reference: with the id it is unique.
fn source(event: &Event) -> String {
    let mut source = String::from("/wahook");
    let account = event.account.as_deref();
    for part in [Some(&*event.provider), Some(&*event.endpoint), account]
        .into_iter()
        .flatten()
    {
        source.push('/');
        // Clients resolve these two away.
        if matches!(part, "." | "..") {
            source.push_str(&part.replace('.', "%2E"));
        } else {
            source.extend(utf8_percent_encode(&short(part), NOT_IN_SEGMENTS));
        }
    }
    source
}

/// A segment of a path (RFC 3986).
const NOT_IN_SEGMENTS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'@')
    .remove(b':')
    .remove(b'+')
    .remove(b',')
    .remove(b'=');

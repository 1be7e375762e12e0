//! CloudEvents 1.0: the same event in the words of a common standard.
//!
//! CloudEvents 1.0.2, its JSON format and its HTTP protocol binding, read 2026-11.

use std::borrow::Cow;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use wahook_core::model::Event;

use super::identity::{identity, short};

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

    /// The headers of the binary mode, percent-encoded as the binding has it; `datacontenttype` is `content-type`.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let time = self.time.map(|time| Cow::Owned(time.to_string()));
        [
            ("ce-specversion", Some(self.specversion.into())),
            ("ce-id", Some(in_header(&self.id))),
            ("ce-source", Some(in_header(&self.source))),
            ("ce-type", Some(in_header(&self.kind))),
            ("ce-subject", self.subject.map(in_header)),
            ("ce-time", time),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// Attributes are never empty and have no control characters, and in a header there is no room for everything.
fn may_be_said(text: &str) -> bool {
    (1..=MOST).contains(&text.len()) && !text.contains(char::is_control)
}

const MOST: usize = 256;

/// The type of `data`, and the `content-type` of a request in binary mode.
pub(super) const DATA: &str = "application/json";
/// The `content-type` of a request in structured mode.
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

/// A value in a header (HTTP binding 3.1.3.2); what is not ASCII is always encoded.
fn in_header(value: &str) -> Cow<'_, str> {
    const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');
    utf8_percent_encode(value, NOT_IN_HEADERS).into()
}

//! Spans: how long a request took and a hand-over, and how each ended.
//!
//! | span | fields |
//! |---|---|
//! | `request` | `endpoint`, `http.request.method`, `http.response.status_code`, `outcome`, and `reason` where it was refused |
//! | `hand-over` | `sink`, `count`, `done`, `outcome`; without an `outcome` it was cut off |
//!
//! Fields are names from the configuration, numbers and words of ours: nothing that a sender wrote, no path, no query and
//! no key (P). A sender's `traceparent` is not followed: anybody could send one, before anything is verified.
//!
//! They have the level `debug`. Where nobody listens they cost a look at a flag.

mod hand_over;
mod outcome;
mod request;

#[cfg(feature = "otlp")]
use tracing::Metadata;

pub(crate) use self::{hand_over::in_spans, outcome::telling_spans, request::Requests};

const REQUEST: &str = "request";
const HAND_OVER: &str = "hand-over";

/// Whether a span is one of these.
#[cfg(feature = "otlp")]
pub(crate) fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == "wahook" && [REQUEST, HAND_OVER].contains(&metadata.name())
}

//! The words and rules of wahook: what a proof is, what a duplicate is, what an event is. No I/O, no threads, no clock.
//!
//! The modules stand in the order of a delivery's way:
//!
//! ```text
//! Request ─limit→ Limited ─verify→ Verified ─dedupe→ Fresh ─parse→ Parsed<Event> ─normalise→ model::Event
//! ```
//!
//! Promises carry numbers (V1, G3, …); tests carry the same numbers in their names.

// What is handed in.
mod clock;
mod secret;

/// Does this request come from the provider? One file per scheme.
pub mod proof;

/// A configured receiving URL, and what it leaves behind: a body that is verified.
mod challenge;
mod delivery;
mod endpoint;
mod verified;

mod guarantee;
/// Was this already handled?
pub mod guard;
/// What is acknowledged stays until every sink has it.
pub mod inbox;

mod jid;
/// Reading: JSON without loss, three honest outcomes, a provider's knowledge of itself.
pub mod json;
mod parsed;
mod provider;
mod split;
mod time;
mod words;

/// One shape for what every provider says.
pub mod model;
/// Where events are handed on.
pub mod sink;

pub use self::{
    challenge::{Challenge, ChallengeAnswer, Echo},
    clock::Clock,
    delivery::{BadDeliveryId, Delivery, DeliveryId, DeliveryKey, KeySource},
    endpoint::{BuildError, BuildErrorKind, Endpoint, OnConflict, OnStoreDown},
    guarantee::{Assurance, Guarantee},
    jid::{Jid, JidKind, phone},
    parsed::{Context, Malformed, Parsed, Unknown},
    provider::{AnyProvider, Habits, Keyed, Provider, TypedEvent},
    secret::{Secret, SecretError, SecretErrorKind, Secrets},
    split::Split,
    time::{instant, instant_of_text},
    verified::{Check, Verified},
};

#[doc(hidden)]
pub use serde; // for `open_enum!`

/// A boxed future, as stores return it: `async fn` in a trait is not object-safe.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

//! Plays a WhatsApp webhook provider: sample deliveries, signed exactly as the provider signs them, what goes wrong on
//! their way, and contract tests for providers, guard stores, inboxes and sinks, ours or a stranger's.
//!
//! A test of a receiver, without a network:
//!
//! ```
//! use jiff::Timestamp;
//! use wahook_core::Secret;
//! use wahook_testkit::{Fault, Outgoing, Sender, sample};
//!
//! let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
//! let endpoint = wahook_providers::wazapin::endpoint("shop", secret)?;
//! let sender = Sender::new(endpoint.clone(), Secret::new(secret)?, "https://example.com/hooks/shop".parse()?);
//! let now: Timestamp = "2026-01-01T00:00:00Z".parse()?;
//! let outgoing = Outgoing::personalise(&sample("wazapin", "message.new").unwrap(), 1);
//!
//! // As the provider sends it.
//! let (head, body) = sender.request(&outgoing, now)?.into_parts();
//! let mut check = endpoint.begin(&head, now)?;
//! check.update(body);
//! assert!(check.finish().is_ok());
//!
//! // With a fault, and the answer that a sound receiver gives.
//! let plan = sender.plan(Some(Fault::Tamper), &outgoing, now)?;
//! assert!(plan.shots[0].expected.takes(http::StatusCode::FORBIDDEN));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A whole receiver is tried out by [`conform`], in a test or with `wahook conform`.
//!
//! With the feature `stand-in`, `stand_in` plays the providers' management APIs over HTTP, for tests of what sets up
//! endpoints.
//!
//! A store, a provider or a sink proves the contract with one line: [`guard_store_contract!`], [`provider_contract!`] and
//! [`sink_contract!`].

mod clock;
pub mod conform;
mod contract;
pub mod guard;
pub mod inbox;
mod play;
pub mod provider;
mod redact;
mod samples;
pub mod sink;
#[cfg(feature = "stand-in")]
pub mod stand_in;
mod tokens;

pub use self::{
    clock::ManualClock,
    play::{Expected, Fault, Mode, Outgoing, Plan, Sender, Shot, UnknownFault, signed_by},
    redact::redacted,
    samples::{Sample, sample, samples},
};

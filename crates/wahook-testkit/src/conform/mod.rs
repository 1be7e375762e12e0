//! Is this receiver sound? Plays every scenario that a webhook receiver has to stand, against any server, and tells which
//! answers were right, which were wrong, and what to do.
//!
//! As a test of your own app, without a socket:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, extract::State, http::StatusCode};
//! use wahook_axum::{Events, endpoint};
//! use wahook_core::Secret;
//! use wahook_testkit::{Sender, conform::{Conform, Counter, InProcess}};
//! use wahook_tower::Stack;
//!
//! async fn work(State(counter): State<Counter>, Events(events): Events) -> StatusCode {
//!     if counter.must_fail() {
//!         return StatusCode::INTERNAL_SERVER_ERROR;
//!     }
//!     counter.add(events.len() as u64); // where the work is done
//!     StatusCode::OK
//! }
//!
//! let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
//! let shop = wahook_providers::wazapin::endpoint("shop", secret)?;
//! let counter = Counter::default();
//! let app = Router::new().route("/hooks/shop", endpoint(Stack::new(shop.clone()), work, counter.clone()));
//!
//! let sender = Sender::new(shop, Secret::new(secret)?, "https://example.com/hooks/shop".parse()?);
//! let report = Conform::new(sender, InProcess::new(app)).observe(counter).run().await?;
//! assert!(report.is_sound(), "{report}");
//! # Ok(()) }
//! ```
//!
//! Tokio's paused clock (`start_paused`, its feature `test-util`) lets the slow body take no time. Against a running
//! server the same scenarios are `wahook conform URL`.
//!
//! What no answer shows, such as whether a copy was handled twice, only the application can tell: hand in an [`Observe`].
//! Without one such scenarios are [`NotObservable`](Verdict::NotObservable), never passed. So is what did not come about:
//! nobody hangs up on work that takes less than 20 ms, and work that does not ask [`Counter::must_fail`] does not fail.

mod body;
mod judge;
mod observe;
mod proof;
mod report;
mod run;
mod scenario;
mod scenarios;
mod stage;
mod wire;

pub use self::{
    body::Body,
    observe::{Counter, Observe, ObserveError},
    report::{Finding, Report, Verdict},
    run::{Conform, ConformError, ConformErrorKind},
    scenario::{Scenario, UnknownScenario},
    wire::{InProcess, Reply, Wire},
};

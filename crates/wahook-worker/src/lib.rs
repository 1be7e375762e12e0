//! Takes what an inbox holds to its sinks: reading, lanes, attempts, backoff, dead letters, retention.
//!
//! ```text
//! inbox ─unread→ read by the endpoint's provider ─file→ lanes ─take→ Sink::deliver ─settle→ done or dead letter
//! ```
//!
//! ```no_run
//! use std::{sync::Arc, time::Duration};
//! use wahook_core::{Endpoint, inbox::Inbox, model::Event};
//! use wahook_worker::{Options, Plan, Retries, Route, Workers, handler};
//!
//! async fn on_event(event: Event) -> Result<(), std::io::Error> {
//!     println!("{} {}", event.kind(), event.key);
//!     Ok(())
//! }
//!
//! # async fn doc(inbox: Arc<dyn Inbox>, shop: Endpoint) {
//! let plan = Plan::new()
//!     .endpoint(shop)
//!     .route(Route::new("orders", handler(on_event)).retries(Retries { attempts: 5, ..Retries::default() }));
//! let workers = Workers::start(inbox, plan, Options::default());
//! // … until the program shall end:
//! workers.stop(Duration::from_secs(10)).await;
//! # }
//! ```
//!
//! Every event comes to every sink that wants it at least once, in the order of its conversation; what comes again has
//! the same key and a higher `attempt`. A slow sink stops no other sink, a slow conversation no other conversation.
//!
//! # What becomes of a failure
//!
//! | the sink | its lane |
//! |---|---|
//! | says `Failed`, or panics | waits, twice as long each time; after so many times as [`Retries::attempts`] says the event is poison |
//! | says `Refused` | the event is poison at once |
//! | says `Unavailable` | waits with all lanes of the sink, while one of them asks; the event is poison only if it was tried often *and* is older than [`Retries::give_up_after`] |
//! | says nothing in time | is cut off and waits; poison as for `Unavailable` |
//!
//! Poison becomes a dead letter; [`Retries::on_poison`] says whether its lane goes on. What a hand-over was cut off in
//! the middle of, by a deadline, a panic, the end of the worker or of a lease, may have been done: all of its events
//! count an attempt.
//!
//! A panic is caught, but its message goes to the program's panic hook first: providers and sinks must not put contents
//! into it.

// What is to be done.
mod options;
mod plan;
mod retries;

// Those who do it: one reader, one task for each sink, and in it one for each lane in progress.
mod batch;
mod fitting;
mod gate;
mod lane;
mod read;
mod reader;
mod serve;
mod sweep;
mod workers;

// A function as a sink.
mod handler;

// What is told.
mod observe;

// What all of them use.
mod clock;
mod patience;
mod random;
mod shared;

pub use self::{
    handler::handler,
    observe::{Observer, Reason, Signal, TracingObserver, Unreadable},
    options::Options,
    plan::{Filter, Plan, Route},
    retries::{OnPoison, Retries},
    workers::{Stopped, Workers},
};

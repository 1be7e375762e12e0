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

// What is to be done.
mod options;
mod plan;
mod retries;

// Those who do it: one reader, one task for each sink, and in it one for each lane in progress.
mod batch;
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

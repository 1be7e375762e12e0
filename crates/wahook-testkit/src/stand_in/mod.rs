//! Stands in for the providers' management APIs, over real HTTP on 127.0.0.1.
//!
//! Written from the providers' pages, with a state behind it: what is made is listed, what is rotated signs, what is sent
//! again has the id it had. What the pages leave open can be set, so that a client is tried with each of the answers that
//! it may meet; [`Forced`] answers are what goes wrong.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use wahook_testkit::stand_in::{Form, Forced, StandIn, Wazapin};
//!
//! let wazapin = StandIn::start(Wazapin::new("key")).await?;
//! wazapin.answer_next(Forced::error(503, Form::Html));
//! // … a client at `wazapin.url()` …
//! assert!(wazapin.requests().is_empty());
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod body;
mod forced;
mod send;
mod server;
mod waping;
mod wawp;
mod wazapin;
mod wazapin_routes;

pub use self::{
    forced::{Forced, Form},
    server::{Recorded, StandIn},
    waping::Waping,
    wawp::Wawp,
    wazapin::{Deliverance, Hook, Rotation, Shape, Wazapin},
};

use std::fmt::Debug;

use http::StatusCode;
use serde_json::{Value, json};

use self::send::Shot;

/// A provider that can be stood in for. Sealed: the server under it is ours to change.
pub trait Play: sealed::Play {}

impl<P: sealed::Play> Play for P {}

mod sealed {
    use super::{Debug, Recorded, Reply, Shot};

    pub trait Play: Debug + Send + 'static {
        /// Answers a request, after what it has sent is done.
        fn answer(&mut self, request: &Recorded) -> Reply;

        /// Notes what became of something that was sent.
        fn sent(&mut self, shot: &Shot, answered: Option<u16>);
    }
}

/// An answer, and what is sent before it is given.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    body: Option<Value>,
    shots: Vec<Shot>,
}

impl Reply {
    const fn new(status: StatusCode, body: Option<Value>) -> Self {
        Self {
            status,
            body,
            shots: Vec::new(),
        }
    }

    const fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, Some(body))
    }

    /// `{"title","status","detail"}` (Wazapin, API: errors, 2026-08).
    fn problem(status: StatusCode, detail: &str) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        let body = json!({"title": title, "status": status.as_u16(), "detail": detail});
        Self::new(status, Some(body))
    }

    /// `{"error":{"code","message"}}` (WAPing, docs: errors, 2026-08).
    fn envelope(status: StatusCode, code: &str, message: &str) -> Self {
        Self::new(status, Some(json!({"error": {"code": code, "message": message}})))
    }

    /// `{"code","message","data":{"status"}}`, as WordPress has it; Wawp's pages tell the code and no form.
    fn flat(status: StatusCode, code: &str, message: &str) -> Self {
        let body = json!({"code": code, "message": message, "data": {"status": status.as_u16()}});
        Self::new(status, Some(body))
    }

    fn sending(mut self, shots: Vec<Shot>) -> Self {
        self.shots = shots;
        self
    }
}

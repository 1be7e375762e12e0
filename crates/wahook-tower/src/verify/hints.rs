//! Hints are worked out off the answer path: for small bodies, one at a time, at most one a second (V4).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::request::Parts;
use jiff::Timestamp;

use super::VerifyLayer;
use crate::{RefusedRequest, Signal};

/// Decides whether there is time for another hint.
#[derive(Debug, Default)]
pub(super) struct HintDesk {
    busy: AtomicBool,
    /// Milliseconds on the clock's elapsed time, plus one; 0 for never.
    last: AtomicU64,
}

impl HintDesk {
    fn open(&self, elapsed: Duration) -> bool {
        let now = u64::try_from(elapsed.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let last = self.last.load(Ordering::Relaxed);
        if (last != 0 && now.saturating_sub(last) < 1_000) || self.busy.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.last.store(now, Ordering::Relaxed);
        true
    }
}

/// Frees the desk even if working out a hint fails.
struct Busy(Arc<HintDesk>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
    }
}

/// Works out why a request was refused, if there is time.
pub(super) fn work_out(settings: &VerifyLayer, head: Parts, body: Bytes, now: Timestamp) {
    if body.len() > MAX_BYTES || !settings.hints.open(settings.clock.elapsed()) {
        return;
    }
    let busy = Busy(Arc::clone(&settings.hints));
    let endpoint = settings.endpoint.clone();
    let observer = Arc::clone(&settings.observer);
    tokio::task::spawn_blocking(move || {
        let _busy = busy;
        for hint in endpoint.verifier().hints(&head, &body, now) {
            let request = RefusedRequest::new(&endpoint, &head, &body);
            observer.observe(endpoint.name(), &Signal::Hint { hint: &hint, request });
        }
    });
}

const MAX_BYTES: usize = 64 << 10;

//! Pauses that take no time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use wahook_core::BoxFuture;
use wahook_manage::{Options, Pauses};

/// Notes how long it should have waited.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<Vec<Duration>>);

impl Noted {
    pub(crate) fn taken(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Pauses for Noted {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }

    fn jitter(&self) -> f64 {
        0.0
    }

    fn now(&self) -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }
}

/// Options of a test: this base URL, no real pauses, a fuse that no test should burn.
pub(crate) fn options(url: String) -> (Options, Arc<Noted>) {
    let noted = Arc::new(Noted::default());
    let options = Options::new()
        .base_url(url)
        .timeout(Duration::from_secs(5))
        .pauses(Arc::clone(&noted) as Arc<dyn Pauses>);
    (options, noted)
}

//! What the tests of the inbox share.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use wahook_core::inbox::Desk;
use wahook_nats::{NatsInbox, NatsInboxOptions};
use wahook_testkit::inbox::Harness;

/// A stream of the caller's own, so that tests share a server.
pub(crate) fn options() -> NatsInboxOptions {
    let mut options = NatsInboxOptions::default();
    options.stream = format!("TEST_{:016x}", RandomState::new().hash_one(0));
    // Some rules ask a hundred things at once, and the machine may have more to do.
    options.deadline = Duration::from_secs(4);
    options
}

pub(crate) async fn open(url: &str, options: NatsInboxOptions) -> Arc<dyn Desk> {
    Arc::new(NatsInbox::connect(url, options).await.expect("it opens"))
}

/// Two handles, as two processes have them.
pub(crate) async fn harness(url: &str, options: NatsInboxOptions) -> Harness {
    let (one, two) = (open(url, options.clone()).await, open(url, options.clone()).await);
    let url = url.to_owned();
    Harness::in_real_time(one)
        .also_through(two)
        .answers_within(Duration::from_secs(30))
        .reopened(move || {
            let (url, options) = (url.clone(), options.clone());
            async move { open(&url, options).await }
        })
}

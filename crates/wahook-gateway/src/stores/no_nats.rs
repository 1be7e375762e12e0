//! A build without NATS: it knows the address, and says what is missing.

use std::future::ready;

use super::{
    StoreAddress,
    open::bad,
    open_inbox::{InboxMeans, Opening},
};

pub(super) fn inbox<'a>(_: &'a StoreAddress, _: &'a InboxMeans) -> Opening<'a> {
    Box::pin(ready(Err(bad(
        "this build has no NATS: `cargo build --release -p wahook-gateway --features nats`",
    ))))
}

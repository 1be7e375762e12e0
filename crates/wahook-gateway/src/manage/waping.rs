//! WAPing's side. Its pages document devices and no webhooks (WAPing, docs: authentication, 2026-08): what is asked for
//! here says so, and nothing is guessed.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wahook_core::Secret;
use wahook_manage::Options;

use super::{Failed, NotRotated, Place, Registered, Side, without};
use crate::{Failure, config::Manage};

const TITLE: &str = "WAPing";

struct WapingSide;

#[expect(clippy::unnecessary_wraps, reason = "as all of them are built")]
pub(super) fn build(_manage: Manage, _options: Options) -> Result<Box<dyn Side>, Failure> {
    Ok(Box::new(WapingSide))
}

impl Side for WapingSide {
    fn registered(&self) -> BoxFuture<'_, Result<Vec<Registered>, Failure>> {
        without(TITLE, "listing webhooks")
    }

    fn create<'a>(&'a self, _: &'a Place, _: &'a [String]) -> BoxFuture<'a, Result<Option<Secret>, Failure>> {
        without(TITLE, "setting up webhooks")
    }

    fn update<'a>(
        &'a self,
        _: &'a Registered,
        _: &'a Place,
        _: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        without(TITLE, "changing webhooks")
    }

    fn delete<'a>(&'a self, _: &'a Registered) -> BoxFuture<'a, Result<(), Failure>> {
        without(TITLE, "deleting webhooks")
    }

    fn test<'a>(&'a self, _: &'a Registered) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        without(TITLE, "a test delivery")
    }

    fn rotate<'a>(&'a self, _: &'a Registered) -> BoxFuture<'a, Result<Secret, NotRotated>> {
        Box::pin(async {
            without(TITLE, "rotating a secret")
                .await
                .map_err(NotRotated::Surely)
        })
    }

    fn failed<'a>(&'a self, _: &'a Registered, _: Timestamp) -> BoxFuture<'a, Result<Failed, Failure>> {
        without(TITLE, "deliveries that failed")
    }

    fn resend<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        without(TITLE, "sending a delivery again")
    }
}

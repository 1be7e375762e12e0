//! WAPing's side. Its pages document devices and no webhooks (WAPing, docs: authentication, 2026-08): what is asked for
//! here says so, and nothing is guessed.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wahook_core::Secret;
use wahook_manage::{Options, waping::Waping};

use super::{Created, Failed, NotRotated, Place, Registered, Side, unread, without};
use crate::{Failure, config::Manage};

const TITLE: &str = "WAPing";

struct WapingSide(Waping);

pub(super) fn build(manage: Manage, options: Options) -> Result<Box<dyn Side>, Failure> {
    let client = Waping::new(manage.key, options).map_err(|error| unread(&error))?;
    Ok(Box::new(WapingSide(client)))
}

impl Side for WapingSide {
    fn lists(&self) -> bool {
        false
    }

    fn tells_failed(&self) -> bool {
        false
    }

    fn registered(&self) -> BoxFuture<'_, Result<Vec<Registered>, Failure>> {
        without(TITLE, "listing webhooks")
    }

    fn create<'a>(&'a self, _: &'a Place, _: &'a [String]) -> BoxFuture<'a, Result<Created, Failure>> {
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

    fn accounts(&self) -> BoxFuture<'_, Result<Vec<String>, Failure>> {
        Box::pin(async {
            let devices = self.0.devices().await.map_err(|error| unread(&error))?;
            let told = devices.devices.iter().map(|device| {
                let status = device.status.as_deref().unwrap_or("not told");
                format!("device {}: {status}", device.id)
            });
            Ok(told.collect())
        })
    }

    fn resend<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        without(TITLE, "sending a delivery again")
    }
}

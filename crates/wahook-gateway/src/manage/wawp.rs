//! Wawp's side (Wawp, API: webhook management, 2026-08).

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wahook_core::Secret;
use wahook_manage::{
    Error, ErrorKind, Options,
    wawp::{Credentials, NewWebhook, Wawp, Webhook, WebhookChange},
};

use super::{Created, Failed, NotRotated, Place, Registered, Side, failure, unread, without};
use crate::{Failure, config::Manage};

const TITLE: &str = "Wawp";

struct WawpSide(Wawp);

pub(super) fn build(manage: Manage, options: Options) -> Result<Box<dyn Side>, Failure> {
    let Some(instance) = manage.config.instance_id else {
        return Err(Failure::wrong_use(
            "[endpoint.manage] of a Wawp endpoint names no instance; add instance_id = \"…\"",
        ));
    };
    let mut credentials = Credentials::new(instance, manage.key);
    if manage.config.dangerous_token_in_query {
        credentials = credentials.dangerous_token_in_query();
    }
    let client = Wawp::new(credentials, options).map_err(|error| failure(&error))?;
    Ok(Box::new(WawpSide(client)))
}

impl Side for WawpSide {
    fn tells_failed(&self) -> bool {
        false
    }

    fn tests(&self) -> bool {
        false
    }

    fn names_by_url(&self) -> bool {
        true
    }

    fn registered(&self) -> BoxFuture<'_, Result<Vec<Registered>, Failure>> {
        Box::pin(async move {
            let all = self
                .0
                .webhooks()
                .await
                .map_err(|error| subscribed(&error, unread(&error)))?;
            let registered = |webhook: &Webhook| Registered {
                id: webhook.url.clone(),
                url: Some(webhook.url.clone()),
                events: webhook.events.clone(),
                is_enabled: webhook.is_active,
                is_system: all.is_system(webhook),
            };
            let own = all.webhooks.iter().filter(|webhook| !all.is_system(webhook));
            Ok(own.chain(&all.system).map(registered).collect())
        })
    }

    fn create<'a>(
        &'a self,
        place: &'a Place,
        events: &'a [String],
    ) -> BoxFuture<'a, Result<Created, Failure>> {
        Box::pin(async move {
            if events.is_empty() {
                return Err(Failure::wrong_use(
                    "Wawp delivers what it is told to and nothing else; name the events: --event EVENT, or events = […] in \
                     [endpoint.manage]",
                ));
            }
            let mut new = NewWebhook::new(&place.url, events);
            if let Some(secret) = &place.secret {
                new = new.hmac(secret.clone());
            }
            self.0.set(&new).await.map_err(said)?;
            // It signs with ours, and names it by its URL.
            Ok(Created::default())
        })
    }

    fn update<'a>(
        &'a self,
        of: &'a Registered,
        place: &'a Place,
        events: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            // Also one that leads here in a way that is not ours, where that is named.
            if !place.is(of) || place.is_current(of) {
                let mut change = WebhookChange::new().active(true);
                if !events.is_empty() {
                    change = change.events(events);
                }
                if let Some(secret) = &place.secret {
                    change = change.hmac(secret.clone());
                }
                return self.0.update(&of.id, &change).await.map_err(said);
            }
            // A webhook is named by its URL: with another token it is another one, and there first.
            let before = of.events.as_deref().unwrap_or_default();
            let events = if events.is_empty() { before } else { events };
            self.create(place, events).await?;
            let all = self.registered().await?;
            if !all.iter().any(|one| place.is(one) && place.is_current(one)) {
                return Err(Failure::io(
                    "Wawp was told the new URL and does not list it; the webhook of before was left as it is",
                ));
            }
            self.delete(of).await
        })
    }

    fn delete<'a>(&'a self, of: &'a Registered) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { self.0.delete(&of.id).await.map_err(said) })
    }

    fn test<'a>(&'a self, _of: &'a Registered) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        without(TITLE, "a test delivery")
    }

    fn rotate<'a>(&'a self, _of: &'a Registered) -> BoxFuture<'a, Result<Secret, NotRotated>> {
        // It has no secret of its own: it is told another one by `update`.
        Box::pin(async {
            without(TITLE, "rotating a secret")
                .await
                .map_err(NotRotated::Surely)
        })
    }

    fn failed<'a>(
        &'a self,
        _of: &'a Registered,
        _since: Timestamp,
    ) -> BoxFuture<'a, Result<Failed, Failure>> {
        without(TITLE, "deliveries that failed")
    }

    fn resend<'a>(&'a self, _id: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        without(TITLE, "sending a delivery again")
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn said(error: Error) -> Failure {
    subscribed(&error, failure(&error))
}

/// Where the plan is the reason, what to do about it.
fn subscribed(error: &Error, failure: Failure) -> Failure {
    if error.kind() == ErrorKind::Subscription {
        return Failure::io(format!(
            "{failure}: the account's plan does not include webhooks by API; set them in its dashboard"
        ));
    }
    failure
}

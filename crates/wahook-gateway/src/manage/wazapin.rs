//! Wazapin's side (Wazapin, API: webhooks, 2026-08).

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wahook_core::Secret;
use wahook_manage::{
    Options,
    wazapin::{Credentials, DeliveryQuery, EndpointChange, NewEndpoint, Wazapin},
};

use super::{Failed, FailedDelivery, NotRotated, Place, Registered, Side, failure};
use crate::{Failure, config::Manage};

struct WazapinSide(Wazapin);

pub(super) fn build(manage: Manage, options: Options) -> Result<Box<dyn Side>, Failure> {
    let mut credentials = Credentials::api_key(manage.key);
    if let Some(organization) = manage.config.organization {
        credentials = credentials.organization(organization);
    }
    let client = Wazapin::new(credentials, options).map_err(|error| failure(&error))?;
    Ok(Box::new(WazapinSide(client)))
}

impl Side for WazapinSide {
    fn makes_secrets(&self) -> bool {
        true
    }

    fn registered(&self) -> BoxFuture<'_, Result<Vec<Registered>, Failure>> {
        Box::pin(async move {
            let settings = self.0.settings().await.map_err(|error| failure(&error))?;
            let endpoints = settings.endpoints.into_iter();
            let registered = endpoints.map(|endpoint| Registered {
                id: endpoint.id,
                url: endpoint.url,
                events: endpoint.filter_types,
                is_enabled: endpoint.is_disabled.map(|is_disabled| !is_disabled),
                is_system: false,
            });
            Ok(registered.collect())
        })
    }

    fn create<'a>(
        &'a self,
        place: &'a Place,
        events: &'a [String],
    ) -> BoxFuture<'a, Result<Option<Secret>, Failure>> {
        Box::pin(async move {
            let mut new = NewEndpoint::new(&place.url);
            if !events.is_empty() {
                new = new.filter_types(events);
            }
            let made = self.0.create(&new).await.map_err(|error| failure(&error))?;
            Ok(made.secret)
        })
    }

    fn update<'a>(
        &'a self,
        of: &'a Registered,
        place: &'a Place,
        events: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let change = EndpointChange::new().url(&place.url).filter_types(events);
            self.0
                .update(&of.id, &change)
                .await
                .map(drop)
                .map_err(|error| failure(&error))
        })
    }

    fn delete<'a>(&'a self, of: &'a Registered) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async { self.0.delete(&of.id).await.map_err(|error| failure(&error)) })
    }

    fn test<'a>(&'a self, of: &'a Registered) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let tested = self.0.test(&of.id).await.map_err(|error| failure(&error))?;
            Ok(tested.message_id)
        })
    }

    fn rotate<'a>(&'a self, of: &'a Registered) -> BoxFuture<'a, Result<Secret, NotRotated>> {
        Box::pin(async move {
            let rotated = self.0.rotate_secret(&of.id).await;
            let rotated = rotated.map_err(|error| failure(&error))?;
            rotated.secret.ok_or_else(|| {
                let text = "the secret was rotated and the answer does not tell the new one; the dashboard shows it \
                            (Settings → Developer → Webhooks)";
                NotRotated::Perhaps(Failure::io(text))
            })
        })
    }

    fn failed<'a>(&'a self, of: &'a Registered, since: Timestamp) -> BoxFuture<'a, Result<Failed, Failure>> {
        Box::pin(async move {
            let query = DeliveryQuery::new().pages(PAGES);
            let found = self.0.deliveries(&query).await.map_err(|error| failure(&error))?;
            // The same delivery may be listed once for each attempt; one that succeeded once is none that failed.
            let mut failed = Failed {
                deliveries: Vec::new(),
                is_complete: found.is_complete && found.unread.is_empty(),
            };
            let of_us = |endpoint: Option<&str>| endpoint.is_none_or(|id| id == of.id);
            let all = || {
                let all = found.deliveries.iter();
                all.filter(|one| of_us(one.endpoint_id.as_deref()))
            };
            let arrived: Vec<_> = all()
                .filter(|one| !one.is_failed())
                .filter_map(|one| one.message_id.as_deref())
                .collect();
            for one in all().filter(|one| one.is_failed() && one.at.is_none_or(|at| at >= since)) {
                let Some(id) = &one.message_id else {
                    failed.is_complete = false;
                    continue;
                };
                let is_known = failed.deliveries.iter().any(|other| other.id == *id);
                if is_known || arrived.contains(&id.as_str()) {
                    continue;
                }
                failed.deliveries.push(FailedDelivery {
                    id: id.clone(),
                    event: one.event_type.clone(),
                    at: one.at,
                    status: one.response_status,
                });
            }
            Ok(failed)
        })
    }

    fn resend<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.0
                .retry_delivery(id)
                .await
                .map(drop)
                .map_err(|error| failure(&error))
        })
    }
}

/// A day of failures of a busy endpoint has many.
const PAGES: u32 = 200;

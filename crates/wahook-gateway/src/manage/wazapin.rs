//! Wazapin's side (Wazapin, API: webhooks, 2026-08).

use std::collections::HashSet;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use wahook_core::Secret;
use wahook_manage::{
    Options,
    wazapin::{Credentials, Deliveries, Delivery, DeliveryQuery, EndpointChange, NewEndpoint, Wazapin},
};

use super::{Created, Failed, FailedDelivery, NotRotated, Place, Registered, Side, failure, unread};
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
            let settings = self.0.settings().await.map_err(|error| unread(&error))?;
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
    ) -> BoxFuture<'a, Result<Created, Failure>> {
        Box::pin(async move {
            let mut new = NewEndpoint::new(&place.url);
            if !events.is_empty() {
                new = new.filter_types(events);
            }
            let made = self.0.create(&new).await.map_err(|error| failure(&error))?;
            Ok(Created {
                id: Some(made.id),
                secret: made.secret,
            })
        })
    }

    fn update<'a>(
        &'a self,
        of: &'a Registered,
        place: &'a Place,
        events: &'a [String],
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut change = EndpointChange::new().url(&place.url);
            // An empty list would be written, and what it means is not documented.
            if !events.is_empty() {
                change = change.filter_types(events);
            }
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
            // Another id than that which receivers see would be looked for in vain.
            Ok(tested.message_id.filter(|id| id.starts_with("msg_")))
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
            let query = DeliveryQuery::new().pages(PAGES).since(since);
            let found = self.0.deliveries(&query).await.map_err(|error| unread(&error))?;
            Ok(failed(&found, of, since))
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

/// What did not arrive at an endpoint. The same delivery may be listed once for each attempt: one that arrived once is
/// none that failed. Where it went to is not always told: then it was to each endpoint that gets such events, and one that
/// it did come to says nothing of the others.
fn failed(found: &Deliveries, endpoint: &Registered, since: Timestamp) -> Failed {
    let mut failed = Failed {
        deliveries: Vec::new(),
        is_complete: found.is_complete && found.unread.is_empty(),
    };
    let gets = |event: &String| endpoint.events.as_ref().is_none_or(|all| all.contains(event));
    let of_us = |one: &&Delivery| match &one.endpoint_id {
        Some(id) => *id == endpoint.id,
        None => one.event_type.as_ref().is_none_or(gets),
    };
    let all = || found.deliveries.iter().filter(of_us);
    let has_arrived = |one: &&Delivery| one.arrived() == Some(true);
    let arrived: HashSet<&str> = all()
        .filter(|one| one.endpoint_id.is_some() && has_arrived(one))
        .filter_map(|one| one.message_id.as_deref())
        .collect();
    let mut told = HashSet::new();
    for one in all().filter(|one| !has_arrived(one) && one.at.is_none_or(|at| at >= since)) {
        let id = one.message_id.as_deref();
        if id.is_some_and(|id| arrived.contains(id)) {
            continue;
        }
        match (one.arrived(), id) {
            (Some(false), Some(id)) => {
                if told.insert(id) {
                    failed.deliveries.push(FailedDelivery {
                        id: id.to_owned(),
                        event: one.event_type.clone(),
                        at: one.at,
                        status: one.response_status,
                    });
                }
            }
            // It comes by itself.
            (None, _) if one.is_under_way() => {}
            _ => failed.is_complete = false,
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use wahook_testkit::stand_in::{Forced, StandIn, Wazapin as Play};

    use super::*;

    const KEY: &str = "wzk-0123456789abcdef-never-told";

    async fn missed(items: &str) -> Failed {
        let stand_in = StandIn::start(Play::new(KEY)).await.unwrap();
        let text = format!("{{\"data\":[{items}]}}");
        stand_in.answer_next(Forced::raw(200, "application/json", text));
        let options = Options::new().base_url(stand_in.url());
        let client = Wazapin::new(Secret::new(KEY).unwrap(), options).unwrap();
        let found = client.deliveries(&DeliveryQuery::new()).await.unwrap();
        let endpoint = Registered {
            id: "ep_1".to_owned(),
            url: None,
            events: Some(vec!["message.new".to_owned()]),
            is_enabled: None,
            is_system: false,
        };
        failed(&found, &endpoint, "2026-01-02T00:00:00Z".parse().unwrap())
    }

    #[tokio::test]
    async fn only_what_arrived_counts_as_arrived() {
        let at = r#""endpoint_id":"ep_1","created_at":"2026-01-02T10:00:00Z""#;
        for (item, expected, is_complete) in [
            (r#""status":"canceled""#, 1, true),
            (r#""status":"failed","response_status":500"#, 1, true),
            (r#""status":"novel","response_status":500"#, 1, true),
            (r#""status":"novel","response_status":204"#, 0, true),
            (r#""status":"novel""#, 0, false),
            (r#""event":"message.new""#, 0, false),
            (r#""status":"sending""#, 0, true),
            (r#""status":"pending","response_status":503"#, 1, true),
            (r#""status":"success""#, 0, true),
        ] {
            let one = format!(r#"{{"id":"msg_1",{at},{item}}}"#);
            let failed = missed(&one).await;
            assert_eq!(
                (failed.deliveries.len(), failed.is_complete),
                (expected, is_complete),
                "{item}"
            );
            // An attempt that is under way, or that nobody can name, has not brought an earlier one.
            let other = format!(r#"{{"id":"msg_2",{at},{item}}},{{"id":"msg_2",{at},"status":"failed"}}"#);
            let failed = missed(&other).await;
            let came = ["success", "204"].iter().any(|word| item.contains(word));
            assert_eq!(failed.deliveries.len(), usize::from(!came), "{item}");
        }
        let failed = missed(
            r#"{"id":"msg_1","status":"failed","endpoint_id":"ep_2"},{"id":"msg_2","status":"failed"},
               {"id":"msg_3","status":"failed","created_at":"2026-01-01T23:59:59Z"},{"status":"failed"},
               {"id":"msg_4","status":"failed","event":"message.sent"},{"id":"msg_5","status":"failed","event":"message.new"},
               {"id":"msg_2","status":"success"}"#,
        )
        .await;
        let ids: Vec<_> = failed.deliveries.iter().map(|one| &*one.id).collect();
        assert_eq!(
            ids,
            ["msg_2", "msg_5"],
            "what it does not get did not fail to come"
        );
        assert!(!failed.is_complete);
    }
}

//! `wahook endpoints list`: what providers deliver to.

use serde::Serialize;

use super::super::{
    ask::Where,
    found::{is_stale, not_registered},
    managed::Managed,
    several::Several,
    table::table,
};
use crate::{
    Failure, Outcome,
    config::Route,
    manage::{Registered, Side, side},
    output,
};

#[derive(Serialize)]
struct Row {
    /// The endpoint of the configuration, if it is one's.
    endpoint: Option<String>,
    provider: &'static str,
    /// The provider's id of it; without what may be a secret in it.
    id: String,
    url: Option<String>,
    /// Null for all, or where that is not told.
    events: Option<Vec<String>>,
    enabled: Option<bool>,
    /// The provider's own.
    system: bool,
    /// Whether its token is not the one of now, so that what comes is refused.
    stale: bool,
}

/// What is registered, each by the provider's id of it, and the endpoints that are not.
#[derive(Default)]
struct Listed<'a> {
    rows: Vec<(String, Row)>,
    missing: Vec<&'a Route>,
    /// Those that are, with a token of before.
    stale: Vec<&'a Route>,
}

impl<'a> Listed<'a> {
    async fn add(&mut self, managed: &Managed<'_>, side: &dyn Side, route: &'a Route) -> Result<(), Failure> {
        let own = managed.place(route)?;
        let wanted = route
            .manage
            .as_ref()
            .and_then(|manage| manage.config.endpoint_id.clone());
        let all = side.registered().await?;
        let is_own = |one: &Registered| wanted.as_deref().map_or_else(|| own.is(one), |id| one.id == id);
        let is_stale = |one: &Registered| is_own(one) && side.names_by_url() && !own.is_current(one);
        if !all.iter().any(is_own) {
            self.missing.push(route);
        } else if !all.iter().any(|one| is_own(one) && !is_stale(one)) {
            self.stale.push(route);
        }
        for one in all {
            let (id, url) = own.shown(&one);
            let row = Row {
                endpoint: is_own(&one).then(|| route.endpoint.name().to_owned()),
                stale: is_stale(&one),
                provider: route.endpoint.provider().id(),
                id,
                url,
                events: one.events,
                enabled: one.is_enabled,
                system: one.is_system,
            };
            // Two endpoints may be of one account. What is shown may be alike where the ids are not.
            let same = |(id, other): &&mut (String, Row)| *id == one.id && other.provider == row.provider;
            match self.rows.iter_mut().find(same) {
                Some((_, other)) if other.endpoint.is_none() => *other = row,
                Some(_) => {}
                None => self.rows.push((one.id, row)),
            }
        }
        Ok(())
    }
}

pub(super) async fn list(name: Option<&str>, place: &Where, json: bool) -> Result<Outcome, Failure> {
    let managed = Managed::of(place)?;
    let mut listed = Listed::default();
    let routes = managed.some(name)?;
    let mut several = Several::of(&routes);
    for route in routes {
        let looked = match side(route) {
            Ok(side) if several.passes(route, side.lists(), "listing webhooks") => continue,
            Ok(side) => listed.add(&managed, &*side, route).await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = looked {
            several.failed(route, failure)?;
        }
    }
    let Listed { rows, missing, stale } = listed;
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let outcome = if missing.is_empty() && stale.is_empty() {
        Outcome::Done
    } else {
        Outcome::NotSo
    };
    if json {
        let names = |routes: &[&Route]| -> Vec<String> {
            let names = routes.iter().map(|route| route.endpoint.name());
            names.map(str::to_owned).collect()
        };
        output::json(&serde_json::json!({
            "registered": rows,
            "missing": names(&missing),
            "stale": names(&stale),
        }))?;
    } else {
        let cells = |row: &Row| {
            let events = row
                .events
                .as_ref()
                .map_or_else(String::new, |events| events.join(","));
            let state = match (row.system, row.stale, row.enabled) {
                (true, ..) => "the provider's own",
                (_, true, _) => "another token",
                (.., Some(false)) => "off",
                (.., Some(true)) => "on",
                (.., None) => "",
            };
            vec![
                row.endpoint.clone().unwrap_or_default(),
                row.provider.to_owned(),
                row.id.clone(),
                row.url.clone().unwrap_or_default(),
                state.to_owned(),
                events,
            ]
        };
        let rows: Vec<_> = rows.iter().map(cells).collect();
        output::text(&table(
            &["ENDPOINT", "PROVIDER", "ID", "URL", "STATE", "EVENTS"],
            &rows,
        ))?;
        for route in missing {
            output::notice(&not_registered(route));
        }
        for route in stale {
            output::notice(&is_stale(route));
        }
    }
    several.end()?;
    Ok(outcome)
}

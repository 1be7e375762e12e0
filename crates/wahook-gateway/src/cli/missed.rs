//! `wahook missed`: what a provider could not deliver, and what of it never came.

use std::collections::{HashMap, HashSet};

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    ask::{self, When, Where},
    known::known,
    managed::Managed,
    several::Several,
    table::table,
};
use crate::{
    Failure, Outcome,
    admin::client::Client,
    config::{Period, Route},
    manage::{FailedDelivery, Side, side},
    output,
};

/// Finds deliveries that a provider could not make while this side was away, and has it send those again that never came.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists them: exit code 1 if there are any, or may be.
    List(Which),
    /// Has each of them sent again: exit code 1 if there may be more.
    Retry(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// One endpoint of the configuration; all that can be asked about if left out.
    name: Option<String>,

    /// Since when: `2h`, `7d` ago, or a time.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: When,

    #[command(flatten)]
    place: Where,
}

/// A delivery that failed, of which nothing is in the inbox.
#[derive(Serialize)]
struct Missed {
    endpoint: String,
    id: String,
    event: Option<String>,
    at: Option<Timestamp>,
    /// What the provider was answered.
    status: Option<u16>,
    /// Whether it is sent again; null where that was not asked for.
    again: Option<bool>,
    /// Why it is not.
    error: Option<String>,
}

#[derive(Default, Serialize)]
struct Report {
    missed: Vec<Missed>,
    /// So many failed once and came later.
    arrived: usize,
    /// Whether the provider told all that it has.
    complete: bool,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    super::runtime()?.block_on(async {
        let (which, retries) = match &args.verb {
            Verb::List(which) => (which, false),
            Verb::Retry(which) => (which, true),
        };
        let (report, several) = look(which, retries).await?;
        if json {
            output::json(&report)?;
        } else {
            output::text(&report.text(retries))?;
        }
        several.end()?;
        let failed = report.missed.iter().filter(|one| one.error.is_some()).count();
        if failed > 0 {
            return Err(Failure::io(format!(
                "{failed} could not be sent again; try once more"
            )));
        }
        // Of what was not told, nobody knows whether it came.
        Ok(if report.complete && (retries || report.missed.is_empty()) {
            Outcome::Done
        } else {
            Outcome::NotSo
        })
    })
}

/// What failed at an endpoint, and whether it came nevertheless.
struct Failing<'a> {
    route: &'a Route,
    side: &'a dyn Side,
    one: FailedDelivery,
    came: bool,
}

impl Failing<'_> {
    /// Endpoints of one account have the same ids.
    fn key(&self) -> (&'static str, String) {
        (self.route.endpoint.provider().id(), self.one.id.clone())
    }
}

async fn look(which: &Which, retries: bool) -> Result<(Report, Several), Failure> {
    let managed = Managed::of(&which.place)?;
    let now = ask::now();
    let since = which.since.before(now);
    let routes = managed.some(which.name.as_deref())?;
    let mut several = Several::of(&routes);
    let mut sides = Vec::new();
    for route in routes {
        match side(route) {
            Ok(side) if several.passes(route, side.tells_failed(), "deliveries that failed") => {}
            Ok(side) => {
                is_remembered(route, since, now, retries)?;
                sides.push((route, side));
            }
            Err(failure) => several.failed(route, failure)?,
        }
    }
    let client = managed.client().await?;
    let mut report = Report {
        complete: true,
        ..Report::default()
    };
    let mut all = Vec::new();
    for (route, side) in &sides {
        match failing(&managed, &client, route, &**side, since).await {
            Ok(Some((some, is_complete))) => {
                report.complete &= is_complete;
                all.extend(some);
            }
            Ok(None) => report.complete = false,
            Err(failure) => {
                several.failed(route, failure)?;
                report.complete = false;
            }
        }
    }
    report.add(all, retries).await;
    Ok((report, several))
}

/// What came before an endpoint's memory begins is forgotten, and would be handled as if it were new.
fn is_remembered(route: &Route, since: Timestamp, now: Timestamp, retries: bool) -> Result<(), Failure> {
    let memory = route.endpoint.memory();
    if since >= now.saturating_sub(memory).unwrap_or(Timestamp::MIN) {
        return Ok(());
    }
    let (name, memory) = (route.endpoint.name(), Period::from(memory));
    if retries {
        return Err(Failure::wrong_use(format!(
            "endpoint `{name}` remembers for {memory} what came: earlier deliveries would be handled twice; give --since \
             {memory} or less"
        )));
    }
    output::notice(&format!(
        "endpoint `{name}` remembers for {memory} what came: of earlier deliveries some may have come"
    ));
    Ok(())
}

/// What failed there, and whether all was told; `None` if the provider does not deliver there.
async fn failing<'a>(
    managed: &Managed<'_>,
    client: &Client,
    route: &'a Route,
    side: &'a dyn Side,
    since: Timestamp,
) -> Result<Option<(Vec<Failing<'a>>, bool)>, Failure> {
    let Some(of) = managed.registered(side, route).await? else {
        return Ok(None);
    };
    let failed = side.failed(&of, since).await?;
    let ids: Vec<&str> = failed.deliveries.iter().map(|one| &*one.id).collect();
    let known = known(client, route, &ids).await?;
    let all = failed.deliveries.into_iter().zip(known);
    let all = all.map(|(one, came)| Failing {
        route,
        side,
        one,
        came,
    });
    Ok(Some((all.collect(), failed.is_complete)))
}

impl Report {
    /// Takes up what failed, and has that sent again, once each, which never came.
    async fn add(&mut self, all: Vec<Failing<'_>>, retries: bool) {
        // Of what may have been to any of several endpoints it is enough that it came to one.
        let is_anybodys = |failing: &&Failing<'_>| !failing.one.names_endpoint;
        let came: HashSet<_> = all
            .iter()
            .filter(is_anybodys)
            .filter(|failing| failing.came)
            .map(Failing::key)
            .collect();
        let mut told = HashSet::new();
        let mut asked: HashMap<_, Option<String>> = HashMap::new();
        for failing in all {
            let key = failing.key();
            let is_anybodys = is_anybodys(&&failing);
            if is_anybodys && !told.insert(key.clone()) {
                continue;
            }
            if failing.came || is_anybodys && came.contains(&key) {
                self.arrived += 1;
                continue;
            }
            let Failing { route, side, one, .. } = failing;
            let error = match asked.get(&key) {
                Some(error) => error.clone(),
                None if retries => {
                    let failed = side.resend(&one.id).await.err();
                    let error = failed.map(|failure| failure.to_string());
                    asked.insert(key, error.clone());
                    error
                }
                None => None,
            };
            self.missed.push(Missed {
                endpoint: route.endpoint.name().to_owned(),
                id: one.id,
                event: one.event,
                at: one.at,
                status: one.status,
                again: retries.then_some(error.is_none()),
                error,
            });
        }
    }

    fn text(&self, retries: bool) -> String {
        let cells = |one: &Missed| {
            let mut cells = vec![
                one.endpoint.clone(),
                one.at.map_or_else(String::new, |at| at.to_string()),
                one.event.clone().unwrap_or_default(),
                one.status.map_or_else(String::new, |status| status.to_string()),
                one.id.clone(),
            ];
            if one.again.is_some() {
                cells.push(one.error.clone().unwrap_or_else(|| "asked for again".to_owned()));
            }
            cells
        };
        let rows: Vec<_> = self.missed.iter().map(cells).collect();
        let mut text = String::new();
        if !rows.is_empty() {
            let head = ["ENDPOINT", "SENT", "EVENT", "ANSWER", "ID", "AGAIN"];
            text = table(&head[..head.len() - usize::from(!retries)], &rows);
        }
        text.push_str(&format!(
            "{} never came, {} failed and came later",
            self.missed.len(),
            self.arrived
        ));
        if !self.complete {
            text.push_str("; the provider did not tell all, so there may be more");
        }
        text
    }
}

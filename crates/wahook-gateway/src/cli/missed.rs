//! `wahook missed`: what a provider could not deliver, and what of it never came.

use std::collections::HashMap;

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    ask::{self, When, Where},
    found::Found,
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
    Retry {
        /// Those as well of which the provider does not tell the time. One that came longer ago than its endpoint remembers is
        /// handled twice then.
        #[arg(long)]
        undated: bool,

        #[command(flatten)]
        which: Which,
    },
}

/// What is sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Nothing,
    /// What is surely not older than the endpoints remember.
    Dated,
    Everything,
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
    /// Whether the providers told all that they have.
    complete: bool,
    /// So many were to be sent again, and are not.
    #[serde(skip)]
    failed: usize,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    super::runtime()?.block_on(async {
        let (which, again) = match &args.verb {
            Verb::List(which) => (which, Again::Nothing),
            Verb::Retry {
                which,
                undated: false,
            } => (which, Again::Dated),
            Verb::Retry { which, undated: true } => (which, Again::Everything),
        };
        let retries = again != Again::Nothing;
        let (report, several) = look(which, again).await?;
        if json {
            output::json(&report)?;
        } else {
            output::text(&report.text(retries))?;
        }
        several.end()?;
        if report.failed > 0 {
            return Err(Failure::io(format!(
                "{} could not be sent again; try once more",
                report.failed
            )));
        }
        // Of what was not told, nobody knows whether it came.
        let is_left = report.missed.iter().any(|one| one.again != Some(true));
        Ok(if report.complete && !is_left {
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

async fn look(which: &Which, again: Again) -> Result<(Report, Several), Failure> {
    let managed = Managed::of(&which.place)?;
    let now = ask::now();
    let since = which.since.before(now);
    let routes = managed.some(which.name.as_deref())?;
    let mut several = Several::of(&routes);
    let mut sides = Vec::new();
    let mut report = Report {
        complete: true,
        ..Report::default()
    };
    for route in routes {
        let asked = match side(route) {
            Ok(side) if several.passes(route, side.tells_failed(), "deliveries that failed") => continue,
            Ok(side) => is_remembered(route, since, now, again).map(|()| side),
            Err(failure) => Err(failure),
        };
        match asked {
            Ok(side) => sides.push((route, side)),
            Err(failure) => {
                several.failed(route, failure)?;
                report.complete = false;
            }
        }
    }
    let client = managed.client().await?;
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
    report.add(all, again).await;
    Ok((report, several))
}

/// What came before an endpoint's memory begins is forgotten, and would be handled as if it were new.
fn is_remembered(route: &Route, since: Timestamp, now: Timestamp, again: Again) -> Result<(), Failure> {
    let memory = route.endpoint.memory();
    if since >= now.saturating_sub(memory).unwrap_or(Timestamp::MIN) {
        return Ok(());
    }
    let (name, memory) = (route.endpoint.name(), Period::from(memory));
    if again != Again::Nothing {
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
    let Some(found) = Found::told(managed, side, route, "deliveries that failed").await? else {
        return Ok(None);
    };
    let failed = side.failed(&found.registered, since).await?;
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
    async fn add(&mut self, all: Vec<Failing<'_>>, again: Again) {
        // Of several endpoints it may be the same one: where it went to is not always told.
        let mut asked: HashMap<_, Option<String>> = HashMap::new();
        for failing in all {
            if failing.came {
                self.arrived += 1;
                continue;
            }
            let key = failing.key();
            let Failing { route, side, one, .. } = failing;
            let is_asked = again == Again::Everything || again == Again::Dated && one.at.is_some();
            let error = match asked.get(&key) {
                Some(error) => error.clone(),
                None if is_asked => {
                    let failed = side.resend(&one.id).await.err();
                    let error = failed.map(|failure| failure.to_string());
                    self.failed += usize::from(error.is_some());
                    asked.insert(key, error.clone());
                    error
                }
                None if again == Again::Dated => Some(UNDATED.to_owned()),
                None => None,
            };
            self.missed.push(Missed {
                endpoint: route.endpoint.name().to_owned(),
                id: one.id,
                event: one.event,
                at: one.at,
                status: one.status,
                again: (again != Again::Nothing).then_some(error.is_none()),
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

/// Why one is not sent again of which the provider does not tell the time.
const UNDATED: &str = "when it was sent is not told, and what is older than the endpoint remembers would be handled twice; --undated has it \
     sent again all the same";

//! `wahook missed`: what a provider could not deliver, and what of it never came.

use clap::Subcommand;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ask::{self, When, Where},
    managed::Managed,
    table::table,
};
use crate::{
    Failure, Outcome,
    admin::client::Client,
    config::Route,
    manage::{FailedDelivery, side},
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
    /// Lists them: exit code 1 if there are any.
    List(Which),
    /// Has each of them sent again.
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
        let report = look(which, retries).await?;
        if json {
            output::json(&report)?;
        } else {
            output::text(&report.text(retries))?;
        }
        let failed = report.missed.iter().filter(|one| one.error.is_some()).count();
        if failed > 0 {
            return Err(Failure::io(format!(
                "{failed} could not be sent again; try once more"
            )));
        }
        Ok(if retries || report.missed.is_empty() {
            Outcome::Done
        } else {
            Outcome::NotSo
        })
    })
}

async fn look(which: &Which, retries: bool) -> Result<Report, Failure> {
    let managed = Managed::of(&which.place)?;
    let client = managed.client().await?;
    let since = which.since.before(ask::now());
    let mut report = Report {
        complete: true,
        ..Report::default()
    };
    for route in managed.some(which.name.as_deref())? {
        let side = side(route)?;
        let Some(of) = managed.registered(&*side, route).await? else {
            report.complete = false;
            continue;
        };
        let failed = side.failed(&of, since).await?;
        report.complete &= failed.is_complete;
        let known = known(&client, route, &failed.deliveries).await?;
        for (one, known) in failed.deliveries.into_iter().zip(known) {
            if known {
                report.arrived += 1;
                continue;
            }
            let error = match retries {
                true => side
                    .resend(&one.id)
                    .await
                    .err()
                    .map(|failure| failure.to_string()),
                false => None,
            };
            report.missed.push(Missed {
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
    Ok(report)
}

#[derive(Deserialize)]
struct Known {
    known: Vec<bool>,
}

/// Which of them are in the inbox.
async fn known(client: &Client, route: &Route, deliveries: &[FailedDelivery]) -> Result<Vec<bool>, Failure> {
    let mut all = Vec::with_capacity(deliveries.len());
    for some in deliveries.chunks(AT_ONCE) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("endpoint", route.endpoint.name());
        for one in some {
            query.append_pair("id", &one.id);
        }
        let path = format!("/api/v1/known?{}", query.finish());
        let answer = client.look::<Known>(&path).await?;
        let known = answer
            .map(|answer| answer.known)
            .filter(|known| known.len() == some.len());
        all.extend(known.ok_or_else(|| {
            Failure::io("the gateway that answers has another configuration, or is of an earlier release")
        })?);
    }
    Ok(all)
}

const AT_ONCE: usize = 50;

impl Report {
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

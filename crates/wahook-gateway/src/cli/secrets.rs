//! `wahook secrets`: rotates them.

use std::{cell::RefCell, time::Duration};

use clap::Subcommand;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use wahook_tower::SystemClock;

use super::{ask::Where, managed::Managed, watch};
use crate::{
    Failure, Outcome,
    admin::client::Client,
    config::Period,
    manage::{Rotation, Seen, Step, side},
    output,
};

/// Rotates the secret of an endpoint without losing a delivery.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Has the provider make another secret, writes it into the endpoint's secret_file, and has both be valid for a while.
    /// Meanwhile what does not verify is asked to come again. Whatever fails on the way, what works stays.
    Rotate {
        /// The endpoint's name in the configuration.
        name: String,

        /// How long the old secret is valid beside the new one.
        #[arg(long, value_name = "TIME", default_value = "24h")]
        overlap: Period,

        #[command(flatten)]
        place: Where,
    },
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    let Verb::Rotate { name, overlap, place } = &args.verb;
    super::runtime()?.block_on(rotate(name, *overlap, place, json))
}

async fn rotate(name: &str, overlap: Period, place: &Where, json: bool) -> Result<Outcome, Failure> {
    let managed = Managed::of(place)?;
    let route = managed.one(name)?;
    let Some(file) = managed.secret_file(route) else {
        return Err(Failure::wrong_use(format!(
            "the secret of endpoint `{name}` is not in a file of its own, so nobody but you can change it; move it into one: \
             secret_file = \"…\""
        )));
    };
    let side = side(route)?;
    let Some(of) = managed.registered(&*side, route).await? else {
        return Ok(Outcome::NotSo);
    };
    let seen = Gateway {
        client: managed.running().await?,
        name,
    };
    if seen.client.is_none() {
        output::notice("no gateway runs with this configuration: nobody has to be waited for");
    }
    let steps = RefCell::new(Vec::new());
    let tell = |step: Step| {
        let text = match step {
            Step::Marked => "what does not verify is asked to come again from now on",
            Step::Rotated => "the provider has another secret",
            Step::Kept => "both secrets are valid",
        };
        if !json {
            output::notice(&format!("{name}: {text}"));
        }
        steps.borrow_mut().push(text);
    };
    let clock = SystemClock::new();
    let rotation = Rotation {
        file: &file,
        side: &*side,
        of: &of,
        overlap: overlap.get(),
        clock: &clock,
        seen: &seen,
        tell: &tell,
    };
    let until = rotation.run().await?;
    if json {
        output::json(
            &serde_json::json!({ "endpoint": name, "previous_until": until, "steps": steps.into_inner() }),
        )?;
    } else {
        output::text(&format!("{name}: rotated; the old secret is valid until {until}"))?;
    }
    Ok(Outcome::Done)
}

/// A gateway that reads the file, if one runs.
struct Gateway<'a> {
    client: Option<Client>,
    name: &'a str,
}

/// What of the gateway's answer is looked at.
#[derive(Deserialize)]
struct Endpoints {
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    name: String,
    #[serde(default)]
    rotating_until: Option<Timestamp>,
}

/// A gateway looks every two seconds, and takes a file up that is as it was at the look before.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Seen for Gateway<'_> {
    fn until(&self, rotating: Option<Timestamp>) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let Some(client) = &self.client else {
                return Ok(());
            };
            // Without a token it looks by itself, a little later.
            let _ = client
                .change::<serde_json::Value>("/api/v1/reload", &serde_json::json!({}))
                .await;
            let end = Instant::now() + PATIENCE.max(4 * watch::EVERY);
            loop {
                let all = client.look::<Endpoints>("/api/v1/endpoints").await?;
                let all = all.map_or_else(Vec::new, |all| all.endpoints);
                let mine = all.iter().find(|one| one.name == self.name);
                if mine.is_some_and(|one| one.rotating_until == rotating) {
                    return Ok(());
                }
                if Instant::now() > end {
                    return Err(Failure::io(
                        "the gateway that answers has not read the file of the secret within 30 s; does it run with this \
                         configuration, and may it read the file?",
                    ));
                }
                sleep(LOOK_EVERY).await;
            }
        })
    }
}

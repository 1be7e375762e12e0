//! `wahook secrets`: rotates them.

use std::{
    cell::RefCell,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Subcommand;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use wahook_core::Secret;
use wahook_tower::SystemClock;

use super::{ask::Where, found::Found, managed::Managed, watch};
use crate::{
    Failure, Outcome,
    admin::client::Client,
    config::{Period, Route, SecretFile},
    manage::{Ask, Rotation, Seen, Step, side},
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

        /// A file with the new secret, or `-` for stdin, where it was rotated in the provider's dashboard: nothing is asked
        /// of the provider.
        #[arg(long, value_name = "FILE")]
        new_secret_file: Option<PathBuf>,

        #[command(flatten)]
        place: Where,
    },
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    let Verb::Rotate {
        name,
        overlap,
        new_secret_file,
        place,
    } = &args.verb;
    super::runtime()?.block_on(rotate(name, *overlap, new_secret_file.as_deref(), place, json))
}

async fn rotate(
    name: &str,
    overlap: Period,
    new_secret_file: Option<&Path>,
    place: &Where,
    json: bool,
) -> Result<Outcome, Failure> {
    let managed = Managed::of(place)?;
    let route = managed.one(name)?;
    let Some(file) = managed.own_secret_file(route)? else {
        return Err(Failure::wrong_use(format!(
            "the secret of endpoint `{name}` is not in a file of its own, so nobody but you can change it; move it into one: \
             secret_file = \"…\""
        )));
    };
    let steps = RefCell::new(Vec::new());
    let tell = |step: Step| {
        let text = match step {
            Step::Marked => "what does not verify is asked to come again from now on",
            Step::Rotated if new_secret_file.is_some() => "the new secret is read",
            Step::Rotated => "the provider has another secret",
            Step::Kept => "both secrets are valid",
        };
        if !json {
            output::notice(&format!("{name}: {text}"));
        }
        steps.borrow_mut().push(text);
    };
    let change = Change {
        managed: &managed,
        route,
        file: &file,
        overlap: overlap.get(),
        is_first: false,
        tell: &tell,
    };
    let until = if let Some(from) = new_secret_file {
        let secret = read_secret(from)?;
        managed
            .fits(route, &secret)
            .map_err(|failure| Failure::wrong_use(format!("{}: {failure}", from.display())))?;
        let now = SecretFile::read(&file).map_err(Failure::io)?;
        if now.current.is_same(&secret) {
            return Err(Failure::wrong_use(format!(
                "{}: this is the secret that is in {} already",
                from.display(),
                file.display()
            )));
        }
        let given = || -> BoxFuture<'_, _> {
            let secret = secret.clone();
            Box::pin(async { Ok(secret) })
        };
        change.run(&given).await?
    } else {
        let side = side(route)?;
        if !side.makes_secrets() {
            let then = if side.lists() {
                "tell the provider with `wahook endpoints update`"
            } else {
                "set it in the provider's dashboard"
            };
            return Err(Failure::wrong_use(format!(
                "this provider documents no call for rotating a secret: bring a new one in with --new-secret-file FILE, then {then}"
            )));
        }
        let Some(found) = Found::told(&managed, &*side, route, "rotating a secret").await? else {
            if json {
                told(name, None, &[])?;
            }
            return Ok(Outcome::NotSo);
        };
        let asked = || -> BoxFuture<'_, _> { Box::pin(async { side.rotate(&found.registered).await }) };
        change.run(&asked).await?
    };
    if json {
        told(name, Some(until), &steps.into_inner())?;
    } else {
        output::text(&format!("{name}: rotated; the old secret is valid until {until}"))?;
    }
    Ok(Outcome::Done)
}

/// The same for programs; without a time if nothing was rotated.
fn told(name: &str, until: Option<Timestamp>, steps: &[&str]) -> Result<(), Failure> {
    output::json(&serde_json::json!({ "endpoint": name, "previous_until": until, "steps": steps }))
}

/// A secret that somebody has in a file, or pipes in.
fn read_secret(from: &Path) -> Result<Secret, Failure> {
    let text = if from == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(from)
    };
    let text =
        text.map_err(|error| Failure::io(format!("cannot read the secret in {}: {error}", from.display())))?;
    let wrong = |error: &dyn std::fmt::Display| Failure::wrong_use(format!("{}: {error}", from.display()));
    // As another gateway has it, what was valid before may stand below it.
    let secret = SecretFile::parse(&text).map_err(|error| wrong(&error))?.current;
    let file = SecretFile::new(secret);
    file.reads_back().map_err(|error| wrong(&error))?;
    Ok(file.current)
}

/// A change of an endpoint's secret, before the eyes of the gateway that has it.
pub(super) struct Change<'a> {
    pub(super) managed: &'a Managed<'a>,
    pub(super) route: &'a Route,
    pub(super) file: &'a Path,
    pub(super) overlap: Duration,
    /// There was none: who does not answer was not started with one either.
    pub(super) is_first: bool,
    pub(super) tell: &'a dyn Fn(Step),
}

impl Change<'_> {
    /// Does it.
    pub(super) async fn run(&self, ask: &Ask<'_>) -> Result<Timestamp, Failure> {
        let client = self.managed.running().await?;
        let seen = Gateway {
            name: self.route.endpoint.name(),
            pause: match self.is_first {
                true => Duration::ZERO,
                false => PAUSE,
            },
            client,
        };
        if seen.client.is_none() && !seen.pause.is_zero() {
            output::notice(&format!(
                "no gateway answers for this configuration: one that has it is given {} s to read the file, twice",
                seen.pause.as_secs()
            ));
        }
        let rotation = Rotation {
            command: &self.managed.command("secrets rotate", self.route),
            file: self.file,
            ask,
            fits: &|secret| self.managed.fits(self.route, secret),
            overlap: self.overlap,
            clock: &SystemClock::new(),
            seen: &seen,
            tell: self.tell,
        };
        rotation.run().await
    }
}

/// The gateways that read the file.
struct Gateway<'a> {
    /// `None` if none answers. It may run all the same, without an admin listener or somewhere else.
    client: Option<Client>,
    /// What those are given that do not answer.
    pause: Duration,
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

/// What one that does not answer is given: it looks, looks once more, and reads.
const PAUSE: Duration = Duration::from_secs(3 * watch::EVERY.as_secs());
/// A gateway looks every two seconds, and takes a file up that is as it was at the look before.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Seen for Gateway<'_> {
    fn by_all(&self, mark: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            // Others may read the file beside the one that answers.
            sleep(self.pause).await;
            match &self.client {
                Some(_) => self.until(Some(mark)).await,
                None => Ok(()),
            }
        })
    }

    fn until(&self, rotating: Option<Timestamp>) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let Some(client) = &self.client else {
                sleep(self.pause).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn v5_gateways_that_do_not_answer_are_given_the_time_to_read_the_file() {
        let gateway = |client| Gateway {
            client,
            pause: PAUSE,
            name: "shop",
        };
        let is_long_enough = |begun: Instant| begun.elapsed() >= 3 * watch::EVERY;
        let silent = gateway(None);
        let begun = Instant::now();
        silent.until(None).await.unwrap();
        assert!(is_long_enough(begun));
        let begun = Instant::now();
        silent.by_all(Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(is_long_enough(begun));
        // Beside one that answers, or should: nobody listens there.
        let client = Client::http("http://127.0.0.1:1", None).unwrap();
        let begun = Instant::now();
        gateway(Some(client))
            .by_all(Timestamp::UNIX_EPOCH)
            .await
            .unwrap_err();
        assert!(is_long_enough(begun));
    }
}

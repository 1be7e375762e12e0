//! `wahook endpoints`: what providers deliver to.

mod list;

use std::{sync::OnceLock, time::Duration};

use clap::Subcommand;
use futures_util::future::BoxFuture;
use serde::Serialize;

use super::{
    ask::Where,
    found::{Found, is_documented},
    managed::Managed,
    secrets::Change,
    table::clean,
};
use crate::{
    Failure, Outcome,
    config::Route,
    manage::{NotRotated, Place, Side, side},
    output,
};

/// Sets up what providers deliver to, by their APIs; each endpoint needs `[endpoint.manage]` in the configuration.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// What providers deliver to: exit code 1 if an endpoint of the configuration is not among it.
    List {
        /// One endpoint of the configuration; all that can be asked about if left out.
        name: Option<String>,
        #[command(flatten)]
        place: Where,
    },
    /// Has the provider deliver to an endpoint. A secret that it makes goes into the endpoint's secret_file.
    Create {
        #[command(flatten)]
        events: Events,
        #[command(flatten)]
        one: One,
    },
    /// Has the provider deliver other events there, or to where the endpoint is now.
    Update {
        #[command(flatten)]
        events: Events,
        #[command(flatten)]
        one: One,
    },
    /// Has the provider deliver there no more.
    Delete {
        #[command(flatten)]
        one: One,
    },
    /// Has the provider send a test delivery.
    Test {
        #[command(flatten)]
        one: One,
    },
}

#[derive(Debug, clap::Args)]
struct One {
    /// The endpoint's name in the configuration.
    name: String,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Events {
    /// An event by the provider's name; may be given several times. What `events` of [endpoint.manage] says, or all, if left out.
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
}

impl Events {
    fn of(&self, route: &Route) -> Vec<String> {
        let configured = route
            .manage
            .iter()
            .flat_map(|manage| manage.config.events.clone());
        if self.events.is_empty() {
            configured.collect()
        } else {
            self.events.clone()
        }
    }
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    super::runtime()?.block_on(async {
        match &args.verb {
            Verb::List { name, place } => list::list(name.as_deref(), place, json).await,
            Verb::Create { one, events } => create(one, events, json).await,
            Verb::Update { one, events } => {
                let sided = Sided::of(one)?;
                let Some(found) = sided.found("changing webhooks").await? else {
                    return nothing(json, &one.name);
                };
                let route = sided.route()?;
                let (place, events) = (sided.managed.place(route)?, events.of(route));
                let side = &*sided.side;
                side.update(&found.registered, &place, &events).await?;
                // Not before: what is there delivers until then.
                for stale in &found.stale {
                    side.delete(stale).await?;
                }
                done(json, &one.name, "updated", None)
            }
            Verb::Delete { one } => {
                let sided = Sided::of(one)?;
                let Some(found) = sided.found("deleting webhooks").await? else {
                    return nothing(json, &one.name);
                };
                for registered in std::iter::once(&found.registered).chain(&found.stale) {
                    sided.side.delete(registered).await?;
                }
                done(json, &one.name, "deleted", None)
            }
            Verb::Test { one } => {
                let sided = Sided::of(one)?;
                let Some(found) = sided.found("a test delivery").await? else {
                    return nothing(json, &one.name);
                };
                let id = sided.side.test(&found.registered).await?;
                done(json, &one.name, "asked for a test delivery", id.as_deref())
            }
        }
    })
}

/// An endpoint, and the side of its provider.
struct Sided<'a> {
    managed: Managed<'a>,
    side: Box<dyn Side>,
    name: &'a str,
}

impl<'a> Sided<'a> {
    fn of(one: &'a One) -> Result<Self, Failure> {
        let managed = Managed::of(&one.place)?;
        let side = side(managed.one(&one.name)?)?;
        Ok(Self {
            managed,
            side,
            name: &one.name,
        })
    }

    fn route(&self) -> Result<&Route, Failure> {
        self.managed.one(self.name)
    }

    /// What the provider delivers to it by; says that it does not, if so.
    async fn found(&self, what: &str) -> Result<Option<Found>, Failure> {
        Found::told(&self.managed, &*self.side, self.route()?, what).await
    }
}

#[derive(Serialize)]
struct Done<'a> {
    endpoint: &'a str,
    /// Null where the provider does not deliver there.
    done: Option<&'a str>,
    /// The provider's id of what came of it.
    id: Option<&'a str>,
}

fn done(json: bool, endpoint: &str, done: &str, id: Option<&str>) -> Result<Outcome, Failure> {
    if json {
        let done = Some(done);
        output::json(&Done { endpoint, done, id })?;
    } else {
        let id = id.map_or_else(String::new, |id| format!(" ({})", clean(id)));
        output::text(&format!("{endpoint}: {done}{id}"))?;
    }
    Ok(Outcome::Done)
}

/// The provider does not deliver there, which was said.
fn nothing(json: bool, endpoint: &str) -> Result<Outcome, Failure> {
    if json {
        let (done, id) = (None, None);
        output::json(&Done { endpoint, done, id })?;
    }
    Ok(Outcome::NotSo)
}

async fn create(one: &One, events: &Events, json: bool) -> Result<Outcome, Failure> {
    let (managed, placeholder) = Managed::of_new(&one.place, &one.name)?;
    let created = create_of(&managed, one, events, placeholder.is_some()).await;
    // What may be in use at the provider stays.
    if let Some(placeholder) = placeholder
        && created.as_ref().err().is_none_or(Failure::is_perhaps)
    {
        placeholder.keep();
    }
    let id = created?;
    done(json, &one.name, "created", id.as_deref())
}

/// Tells the provider's id of it. `is_first` if there was no secret before.
async fn create_of(
    managed: &Managed<'_>,
    one: &One,
    events: &Events,
    is_first: bool,
) -> Result<Option<String>, Failure> {
    let route = managed.one(&one.name)?;
    let file = managed.own_secret_file(route)?;
    let side = side(route)?;
    is_documented(&*side, route, "setting up webhooks")?;
    let place = managed.place(route)?;
    is_free(&*side, &place, &one.name).await?;
    let events = events.of(route);
    if !side.makes_secrets() {
        return Ok(side.create(&place, &events).await?.id);
    }
    let Some(file) = file else {
        return Err(Failure::wrong_use(format!(
            "the provider makes the secret of endpoint `{}`, and there is no file where it could be kept; add secret_file = \"…\"",
            one.name
        )));
    };
    let change = Change {
        managed,
        route,
        file: &file,
        overlap: if is_first { Duration::ZERO } else { OVERLAP },
        is_first,
        tell: &|_| {},
    };
    let id = OnceLock::new();
    let asked = || -> BoxFuture<'_, _> {
        Box::pin(async {
            // Another `wahook` may have made it meanwhile; from now on it waits.
            is_free(&*side, &place, &one.name).await?;
            let created = side.create(&place, &events).await?;
            let _ = created.id.map(|made| id.set(made));
            created.secret.ok_or_else(|| {
                let text = "it was made, and the answer does not tell its secret";
                NotRotated::Perhaps(Failure::io(text))
            })
        })
    };
    change.run(&asked).await?;
    output::notice(&format!("its secret is in {}", file.display()));
    Ok(id.into_inner())
}

/// Twice would be two.
async fn is_free(side: &dyn Side, place: &Place, name: &str) -> Result<(), Failure> {
    let all = side.registered().await?;
    match all.iter().find(|there| place.is(there)) {
        None => Ok(()),
        Some(there) => Err(Failure::wrong_use(format!(
            "the provider delivers there already, as {}; `wahook endpoints update {name}` changes it",
            there.name()
        ))),
    }
}

/// How long what the file held before is valid beside the secret of what was made.
const OVERLAP: Duration = Duration::from_hours(24);

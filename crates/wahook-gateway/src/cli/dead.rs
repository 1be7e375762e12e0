//! `wahook dead`: what sinks gave up on, and what becomes of it.

use serde::Serialize;
use wahook_core::inbox::EntryId;

use super::{
    ask::{self, Where},
    events::moment,
    filter::{self, DeadFilter},
    table::{clean, table},
};
use crate::{
    Failure, Outcome,
    admin::{
        client::Client,
        forms::{Count, DeadForm, DeadPage},
        query::{DeadAsk, WaitingAsk},
    },
    output,
};

/// Shows dead letters, retries or drops them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List dead letters, the newest first: exit code 1 if there are any.
    List(List),
    /// Show one dead letter: exit code 1 if it is none.
    Show(Show),
    /// Put dead letters back into their lanes, with new attempts: exit code 1 if there were none.
    Retry(Change),
    /// Drop dead letters for good; lanes that stood still go on: exit code 1 if there were none.
    Drop(Drop),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    filter: DeadFilter,

    /// So many at most.
    #[arg(long, value_name = "N", default_value = "50", value_parser = filter::positive)]
    limit: u64,

    /// Show persons and ids as they are; needs the token of the gateway.
    #[arg(long)]
    reveal: bool,

    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// Its number, as `list` shows it.
    id: i64,

    /// Show persons and ids as they are; needs the token of the gateway.
    #[arg(long)]
    reveal: bool,

    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Change {
    /// Their numbers, as `list` shows them.
    id: Vec<i64>,

    #[command(flatten)]
    filter: DeadFilter,

    /// All of them.
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Drop {
    #[command(flatten)]
    change: Change,

    /// Not dead letters, but what waits for a sink that is not configured any more: give --sink and nothing else.
    #[arg(long)]
    waiting: bool,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    super::runtime()?.block_on(async {
        match &args.verb {
            Verb::List(args) => list(args, json).await,
            Verb::Show(args) => show(args, json).await,
            Verb::Retry(args) => change(args, "retry", "retried", json).await,
            Verb::Drop(args) if args.waiting => drop_waiting(&args.change, json).await,
            Verb::Drop(args) => change(&args.change, "drop", "dropped", json).await,
        }
    })
}

async fn list(args: &List, json: bool) -> Result<Outcome, Failure> {
    let client = args.place.client().await?;
    let mut ask = args.filter.ask(ask::now());
    let mut left = args.limit;
    let mut all = Vec::new();
    while left > 0 {
        ask.limit = Some(filter::page(left));
        let page = page(&client, &ask, args.reveal).await?;
        if page.dead.is_empty() {
            break;
        }
        left = left.saturating_sub(u64::try_from(page.dead.len()).unwrap_or(u64::MAX));
        ask.before = page.next;
        all.extend(page.dead);
    }
    if json {
        for dead in &all {
            output::json(dead)?;
        }
    } else if all.is_empty() {
        output::notice("no dead letters");
    } else {
        let rows: Vec<_> = all.iter().map(row).collect();
        output::text(&table(&HEAD, &rows))?;
    }
    Ok(if all.is_empty() {
        Outcome::Done
    } else {
        Outcome::NotSo
    })
}

async fn page(client: &Client, ask: &DeadAsk, reveal: bool) -> Result<DeadPage, Failure> {
    let page = client.look(&filter::dead_path(ask, reveal)).await?;
    page.ok_or_else(|| Failure::io("the gateway has no list of dead letters; it is of another release"))
}

const HEAD: [&str; 7] = ["NUMBER", "DIED", "SINK", "KIND", "ATTEMPTS", "EVENT", "ERROR"];

fn row(dead: &DeadForm) -> Vec<String> {
    let mut error = dead.error.clone();
    if dead.blocks {
        error.push_str(" (its lane stands still)");
    }
    vec![
        dead.id.0.to_string(),
        moment(dead.died_at),
        dead.sink.clone(),
        dead.event.kind.to_string(),
        dead.attempts.to_string(),
        dead.event.id.clone(),
        error,
    ]
}

async fn show(args: &Show, json: bool) -> Result<Outcome, Failure> {
    let client = args.place.client().await?;
    let ask = DeadAsk {
        id: vec![EntryId(args.id)],
        ..DeadAsk::default()
    };
    let page = page(&client, &ask, args.reveal).await?;
    let Some(dead) = page.dead.first() else {
        let text =
            "no dead letter has this number; it may have been retried or dropped: see `wahook dead list`";
        return filter::missing(text, json);
    };
    if json {
        output::json(dead)?;
        return Ok(Outcome::Done);
    }
    let mut lines = vec![
        format!("number    {}", dead.id.0),
        format!(
            "sink      {}, gave up {} after {} attempts",
            clean(&dead.sink),
            moment(dead.died_at),
            dead.attempts
        ),
        format!("error     {}", clean(&dead.error)),
        format!("event     {}  {}", dead.event.id, dead.event.kind),
    ];
    if dead.blocks {
        lines.push("          its lane stands still until it is retried or dropped".to_owned());
    }
    lines.push(format!(
        "`wahook events show {}` shows the event, `wahook dead retry {}` tries again",
        dead.event.id, dead.id.0
    ));
    output::text(&lines.join("\n"))?;
    Ok(Outcome::Done)
}

#[derive(Serialize)]
struct Changed {
    count: u64,
}

async fn change(args: &Change, verb: &str, done: &str, json: bool) -> Result<Outcome, Failure> {
    let now = ask::now();
    let mut ask = args.filter.ask(now);
    ask.id = args.id.iter().copied().map(EntryId).collect();
    if ask == DeadAsk::default() && !args.all {
        return Err(Failure::wrong_use(format!(
            "say which dead letters: their numbers, a filter, or --all; `wahook dead {verb} --help` tells more"
        )));
    }
    if ask != DeadAsk::default() && args.all {
        return Err(Failure::wrong_use(
            "give either --all or which dead letters, not both",
        ));
    }
    ask.all = args.all;
    let client = args.place.client().await?;
    if ask.until.is_none() && ask.id.is_empty() {
        // What is retried may die again while this goes on; it is not retried for ever.
        ask.until = Some(now);
        ask.all = false;
    }
    let limit = filter::page(u64::MAX);
    ask.limit = Some(limit);
    let mut total = 0;
    loop {
        let Count { count } = client.change(&format!("/api/v1/dead/{verb}"), &ask).await?;
        total += count;
        if count < u64::from(limit) || !ask.id.is_empty() {
            break;
        }
    }
    if json {
        output::json(&Changed { count: total })?;
    } else {
        output::text(&format!("{total} dead letters {done}"))?;
        if !client.is_running() && verb == "retry" && total > 0 {
            output::notice("no gateway runs; they are tried when it does: `wahook serve`");
        }
    }
    Ok(if total == 0 { Outcome::NotSo } else { Outcome::Done })
}

/// Drops what waits for a sink that is gone.
async fn drop_waiting(args: &Change, json: bool) -> Result<Outcome, Failure> {
    let asked = args.filter.ask(ask::now());
    let only_sink = DeadAsk {
        sink: asked.sink.clone(),
        ..DeadAsk::default()
    };
    let sink = match asked.sink {
        Some(ref sink) if asked == only_sink && args.id.is_empty() && !args.all => sink.clone(),
        _ => {
            return Err(Failure::wrong_use(
                "--waiting takes --sink NAME and nothing else; `wahook status` names sinks that are not configured any more",
            ));
        }
    };
    let client = args.place.client().await?;
    let limit = filter::page(u64::MAX);
    let ask = WaitingAsk {
        sink,
        limit: Some(limit),
    };
    let mut total = 0;
    loop {
        let Count { count } = client.change("/api/v1/dead/drop-waiting", &ask).await?;
        total += count;
        if count < u64::from(limit) {
            break;
        }
    }
    if json {
        output::json(&Changed { count: total })?;
    } else {
        output::text(&format!("{total} waiting events dropped"))?;
    }
    Ok(if total == 0 { Outcome::NotSo } else { Outcome::Done })
}

//! `wahook replay`: events once more (I4).

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use wahook_core::inbox::{Order, Replayed};

use super::{
    ask::{self, Where},
    filter::{self, EventFilter, Id},
};
use crate::{
    Failure, Outcome,
    admin::{
        forms::EventSheet,
        query::{EventAsk, ReplayAsk},
    },
    output,
};

/// Hands events to their sinks once more, in the order in which they came, marked as replays: exit code 1 if none match.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One event, or all events of a delivery: what `wahook events list` shows.
    #[arg(conflicts_with_all = ["kind", "endpoint", "account", "chat", "message_id", "key", "delivery", "since", "until", "all"])]
    id: Option<Id>,

    #[command(flatten)]
    filter: EventFilter,

    /// Everything that the inbox still has.
    #[arg(long)]
    all: bool,

    /// To this sink alone, also what it never had, if it is what the sink takes; else to those that had it.
    #[arg(long, value_name = "SINK")]
    to: Option<String>,

    /// Read the deliveries again, with this release and this configuration.
    #[arg(long)]
    reparse: bool,

    /// Only say how many.
    #[arg(long)]
    dry_run: bool,

    /// So many at most.
    #[arg(long, value_name = "N", value_parser = filter::positive)]
    limit: Option<u64>,

    /// So many in a second at most, such as 20/s or 600/m.
    #[arg(long, value_name = "N/s")]
    rate: Option<Rate>,

    #[command(flatten)]
    place: Where,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    super::runtime()?.block_on(replay(args, json))
}

async fn replay(args: &Args, json: bool) -> Result<Outcome, Failure> {
    let now = ask::now();
    let mut events = args.filter.ask(now);
    match &args.id {
        None => {}
        Some(Id::Delivery(delivery) | Id::Event(delivery, _)) => events.delivery = Some(delivery.to_string()),
        Some(Id::Key(key)) => events.key = Some(key.clone()),
    }
    let unfiltered = events == EventAsk::default();
    if unfiltered != args.all {
        return Err(Failure::wrong_use(if args.all {
            "give either --all or which events, not both"
        } else {
            "say which events: one of them, a filter, or --all; `wahook replay --help` tells more"
        }));
    }
    // What comes while this goes on is not replayed for having come.
    events.until = events.until.or(Some(now));
    events.order = Some(Order::Oldest);
    let client = args.place.client().await?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    if let Some(Id::Event(delivery, place)) = &args.id {
        let path = filter::one_path(*delivery, Some(*place), false);
        let Some(sheet) = client.look::<EventSheet>(&path).await? else {
            return filter::missing("no such event; see `wahook events list`", json);
        };
        if sheet.event.duplicate {
            let text = "this event was said before, in another delivery: replay that one, by its key";
            return filter::missing(text, json);
        }
        // The one that stands right behind the place before it.
        events.after = Some(sheet.event.cursor.saturating_sub(1));
        left = 1;
    }
    let mut ask = ReplayAsk {
        events,
        to: args.to.clone(),
        reparse: args.reparse,
        dry_run: args.dry_run,
        all: false,
    };
    let mut total = Replayed::default();
    let mut due = Instant::now();
    loop {
        let rate = args.rate.filter(|_| !args.dry_run);
        let page = rate.map_or(left, |rate| left.min(rate.at_once()));
        ask.events.limit = Some(filter::page(page));
        sleep_until(due).await;
        let Replayed {
            events,
            deliveries,
            redacted,
            next,
        } = client.change("/api/v1/replay", &ask).await?;
        total.events += events;
        total.deliveries += deliveries;
        total.redacted += redacted;
        left = left.saturating_sub(events + redacted);
        if next.is_none() || left == 0 {
            break;
        }
        ask.events.after = next;
        if let Some(rate) = rate {
            due = due.max(Instant::now()) + rate.time_of(events);
        }
    }
    if json {
        output::json(&total)?;
    } else {
        output::text(&said(&total, args.dry_run))?;
        if !client.is_running() && !args.dry_run && total.events > 0 {
            output::notice("no gateway runs; they are handed over when it does: `wahook serve`");
        }
    }
    Ok(if total.events == 0 {
        Outcome::NotSo
    } else {
        Outcome::Done
    })
}

fn said(total: &Replayed, dry_run: bool) -> String {
    let Replayed {
        events,
        deliveries,
        redacted,
        ..
    } = total;
    let done = if dry_run { "would be replayed" } else { "replayed" };
    let mut text = format!("{events} events of {deliveries} deliveries {done}");
    if *redacted > 0 {
        text.push_str(&format!(
            "; {redacted} cannot be replayed, their bodies were removed as the retention says"
        ));
    }
    text
}

/// How many in how long.
#[derive(Clone, Copy, Debug)]
struct Rate {
    count: u64,
    span: Duration,
}

impl Rate {
    /// A tenth of a second's worth at least one: small steps, so that sinks get an even flow.
    fn at_once(self) -> u64 {
        let tenth = u128::from(self.count) * 100 / self.span.as_millis().max(1);
        u64::try_from(tenth).unwrap_or(u64::MAX).max(1)
    }

    /// How long so many take at this rate.
    fn time_of(self, count: u64) -> Duration {
        let nanos = self.span.as_nanos() * u128::from(count) / u128::from(self.count);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl std::str::FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write it as 20/s, 600/m or 1000/h".to_owned();
        let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
        let span = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return Err(wrong()),
        };
        match count.trim().parse() {
            Ok(0) | Err(_) => Err(wrong()),
            Ok(count) => Ok(Self {
                count,
                span: Duration::from_secs(span),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_in_a_span_of_time() {
        let rate: Rate = "20/s".parse().unwrap();
        assert_eq!((rate.at_once(), rate.time_of(40)), (2, Duration::from_secs(2)));
        let rate: Rate = "600/m".parse().unwrap();
        assert_eq!((rate.at_once(), rate.time_of(600)), (1, Duration::from_secs(60)));
        let rate: Rate = "18446744073709551615/s".parse().unwrap();
        assert_eq!(rate.time_of(u64::MAX), Duration::from_secs(1));
        for wrong in ["", "0", "0/s", "/s", "1/", "1/d", "-1/s", "x/s", "1.5/s"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}

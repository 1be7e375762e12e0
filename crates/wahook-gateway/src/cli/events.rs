//! `wahook events`: what came, one by one.

use futures_util::{StreamExt, pin_mut};
use serde_json::value::RawValue;
use wahook_core::inbox::{EntryState, Order};

use super::{
    ask::{self, Where},
    filter::{self, EventFilter, Id},
    table::{clean, table},
};
use crate::{
    Failure, Outcome,
    admin::{
        client::Client,
        forms::{DeliveryForm, DeliverySheet, EventForm, EventPage, EventSheet},
        query::EventAsk,
    },
    output,
};

/// Shows the events of the inbox. Persons and texts are masked unless --reveal is given.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List events, the newest first.
    List(List),
    /// Show all that is known of one event, or of a delivery and all its events: exit code 1 if there is none.
    Show(Show),
    /// Print events as they come, until it is interrupted.
    Tail(Tail),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    filter: EventFilter,

    /// The oldest first.
    #[arg(long)]
    oldest: bool,

    /// So many at most.
    #[arg(long, value_name = "N", default_value = "50", value_parser = filter::positive)]
    limit: u64,

    /// Show persons, ids and keys as they are; needs the token of the gateway.
    #[arg(long)]
    reveal: bool,

    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Show {
    /// `<delivery>/<place>` as `list` shows it, the id of a delivery, or the key of an event.
    id: Id,

    /// Show persons, texts and the body as they are; needs the token of the gateway.
    #[arg(long)]
    reveal: bool,

    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Tail {
    #[command(flatten)]
    filter: EventFilter,

    /// Show persons, ids and keys as they are; needs the token of the gateway.
    #[arg(long)]
    reveal: bool,

    #[command(flatten)]
    place: Where,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    super::runtime()?.block_on(async {
        match &args.verb {
            Verb::List(args) => list(args, json).await,
            Verb::Show(args) => show(args, json).await,
            Verb::Tail(args) => tail(args, json).await,
        }
    })
}

async fn list(args: &List, json: bool) -> Result<Outcome, Failure> {
    let mut ask = args.filter.ask(ask::now());
    ask.order = Some(if args.oldest { Order::Oldest } else { Order::Newest });
    let client = args.place.client().await?;
    let mut left = args.limit;
    let mut all = Vec::new();
    while left > 0 {
        ask.limit = Some(filter::page(left));
        let page = page(&client, &ask, args.reveal).await?;
        // An empty answer is the end; a short one may not be.
        if page.events.is_empty() {
            break;
        }
        left = left.saturating_sub(u64::try_from(page.events.len()).unwrap_or(u64::MAX));
        ask.after = page.next;
        if json {
            for event in &page.events {
                output::json(event)?;
            }
        } else {
            all.extend(page.events);
        }
    }
    if json {
        return Ok(Outcome::Done);
    }
    if all.is_empty() {
        output::notice("no events");
        return Ok(Outcome::Done);
    }
    output::text(&rows(&all))?;
    Ok(Outcome::Done)
}

async fn page(client: &Client, ask: &EventAsk, reveal: bool) -> Result<EventPage, Failure> {
    let page = client.look(&filter::events_path(ask, reveal)).await?;
    page.ok_or_else(|| Failure::io("the gateway has no list of events; it is of another release"))
}

const HEAD: [&str; 7] = ["RECEIVED", "KIND", "ENDPOINT", "ACCOUNT", "CHAT", "SINKS", "ID"];

fn rows(events: &[EventForm]) -> String {
    let rows: Vec<_> = events.iter().map(row).collect();
    table(&HEAD, &rows)
}

fn row(event: &EventForm) -> Vec<String> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        moment(event.received_at),
        event.kind.to_string(),
        event.endpoint.clone(),
        or_dash(&event.account),
        or_dash(&event.chat),
        sinks(event),
        event.id.clone(),
    ]
}

/// How far the sinks are, in a few words.
fn sinks(event: &EventForm) -> String {
    if event.duplicate {
        return "said before".to_owned();
    }
    let words: Vec<_> = event
        .progress
        .iter()
        .map(|one| {
            let again = if one.replay_of.is_some() { " again" } else { "" };
            format!("{}{again} {}", one.sink, one.state.as_str())
        })
        .collect();
    words.join(", ")
}

/// A time to the second: what is finer is in the JSON.
pub(super) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

async fn show(args: &Show, json: bool) -> Result<Outcome, Failure> {
    let client = args.place.client().await?;
    let (delivery, place) = match &args.id {
        Id::Event(delivery, place) => (*delivery, Some(*place)),
        Id::Delivery(delivery) => (*delivery, None),
        Id::Key(key) => {
            let ask = EventAsk {
                key: Some(key.clone()),
                limit: Some(1),
                order: Some(Order::Oldest),
                ..EventAsk::default()
            };
            match page(&client, &ask, false).await?.events.first() {
                Some(event) => (event.delivery, Some(event.place)),
                None => return filter::missing("no event has this key; see `wahook events list`", json),
            }
        }
    };
    let path = filter::one_path(delivery, place, args.reveal);
    let missing = || filter::missing("no such event; see `wahook events list`", json);
    if place.is_some() {
        let Some(sheet) = client.look::<EventSheet>(&path).await? else {
            return missing();
        };
        if json {
            output::json(&sheet)?;
        } else {
            output::text(&event_sheet(&sheet))?;
        }
    } else {
        let Some(sheet) = client.look::<DeliverySheet>(&path).await? else {
            return missing();
        };
        if json {
            output::json(&sheet)?;
        } else {
            output::text(&delivery_sheet(&sheet))?;
        }
    }
    Ok(Outcome::Done)
}

fn event_sheet(sheet: &EventSheet) -> String {
    let event = &sheet.event;
    let mut lines = vec![
        format!("event     {}", event.id),
        format!("key       {}", clean(&event.key)),
        format!("kind      {}", event.kind),
    ];
    if event.duplicate {
        lines.push("          said before, in another delivery: no sink gets it".to_owned());
    }
    if event.late {
        lines.push("          late: a state of this session that happened later came before it".to_owned());
    }
    lines.extend(delivery_lines(&sheet.delivery));
    for one in &event.progress {
        let mut line = format!(
            "sink      {}: {}, {} attempts, {}",
            clean(&one.sink),
            one.state.as_str(),
            one.attempts,
            moment(one.at)
        );
        if let Some(replay_of) = one.replay_of {
            line.push_str(&format!(", replays {replay_of}"));
        }
        if one.state == EntryState::Dead {
            line.push_str(&format!(", dead letter {}", one.id.0));
        }
        lines.push(line);
        if let Some(error) = &one.error {
            lines.push(format!("          {}", clean(error)));
        }
    }
    if let Some(note) = &sheet.note {
        lines.push(format!("note      {note}"));
    }
    if let Some(normalised) = &sheet.normalised {
        lines.push(pretty(normalised));
    }
    with_masked_hint(lines, sheet.masked)
}

fn delivery_sheet(sheet: &DeliverySheet) -> String {
    let mut lines = delivery_lines(&sheet.delivery);
    for (name, values) in &sheet.delivery.headers {
        for value in values {
            lines.push(format!("header    {}: {}", clean(name), clean(value)));
        }
    }
    if !sheet.delivery.read {
        lines.push("          nobody has read it yet".to_owned());
    }
    for event in &sheet.events {
        lines.push(format!(
            "event     {}  {}  {}",
            event.id,
            event.kind,
            sinks(event)
        ));
    }
    if let Some(body) = &sheet.body {
        lines.push(pretty(body));
    }
    if let Some(body) = &sheet.body_base64 {
        lines.push(format!("no JSON; in base64: {body}"));
    }
    with_masked_hint(lines, sheet.masked)
}

fn delivery_lines(delivery: &DeliveryForm) -> Vec<String> {
    let mut lines = vec![
        format!(
            "delivery  {}, {} bytes, received {} by {} ({})",
            delivery.id,
            delivery.body_bytes,
            moment(delivery.received_at),
            clean(&delivery.endpoint),
            clean(&delivery.provider)
        ),
        format!(
            "          key {} from {}",
            clean(&delivery.key),
            delivery.key_source.as_str()
        ),
    ];
    if delivery.conflict {
        lines.push("          another body came under the same key".to_owned());
    }
    if let Some(at) = delivery.redacted_at {
        lines.push(format!("          its body was removed {}", moment(at)));
    }
    lines
}

fn with_masked_hint(mut lines: Vec<String>, masked: bool) -> String {
    if masked {
        lines.push("masked; --reveal shows what is behind ~… and ••••".to_owned());
    }
    lines.join("\n")
}

/// Several lines; control characters stay escaped, as JSON writes them.
fn pretty(json: &RawValue) -> String {
    serde_json::from_str::<serde_json::Value>(json.get())
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.get().to_owned())
}

async fn tail(args: &Tail, json: bool) -> Result<Outcome, Failure> {
    let ask = args.filter.ask(ask::now());
    let client = args.place.client().await?;
    let parts = client.follow(&filter::stream_path(&ask, args.reveal)).await?;
    pin_mut!(parts);
    if !json {
        output::notice("waiting for events; end it with Ctrl-C");
    }
    let mut lines = Lines::default();
    loop {
        let part = tokio::select! {
            part = parts.next() => part,
            _ = tokio::signal::ctrl_c() => return Ok(Outcome::Done),
        };
        let Some(part) = part else {
            return Err(Failure::io("the gateway stopped; start it again, and then this"));
        };
        for message in lines.add(&part?)? {
            match message {
                Message::Event(event) if json => output::json(&event)?,
                Message::Event(event) => output::text(&line(&event))?,
                Message::Trouble(why) => output::notice(&clean(&why)),
            }
        }
    }
}

fn line(event: &EventForm) -> String {
    let cells: Vec<_> = row(event).iter().map(|cell| clean(cell)).collect();
    cells.join("  ")
}

/// What a stream of server-sent events says.
enum Message {
    Event(Box<EventForm>),
    Trouble(String),
}

/// Puts the parts of a stream together again.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
    name: String,
}

/// No event in short is longer.
const LONGEST_LINE: usize = 4 << 20;

impl Lines {
    fn add(&mut self, part: &[u8]) -> Result<Vec<Message>, Failure> {
        let wrong = || Failure::io("what comes is not a stream of this release; check the address");
        self.rest.extend_from_slice(part);
        let mut messages = Vec::new();
        while let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = line.trim_ascii_end();
            if line.is_empty() {
                self.name.clear();
            } else if let Some(name) = line.strip_prefix(b"event: ") {
                self.name = String::from_utf8_lossy(name).into_owned();
            } else if let Some(data) = line.strip_prefix(b"data: ") {
                messages.push(if self.name == "trouble" {
                    Message::Trouble(String::from_utf8_lossy(data).into_owned())
                } else {
                    Message::Event(serde_json::from_slice(data).map_err(|_| wrong())?)
                });
            }
        }
        if self.rest.len() > LONGEST_LINE {
            return Err(wrong());
        }
        Ok(messages)
    }
}

//! `wahook send`: plays the provider, signed exactly as it signs, with the faults of real networks if asked to.

mod ledger;
mod report;

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use bytes::Bytes;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use futures_util::{StreamExt, future::join_all, stream};
use http::{StatusCode, Uri};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use wahook_core::{Clock, Delivery};
use wahook_testkit::{Fault, Mode, Outgoing, Plan, Sample, Sender, samples};
use wahook_tower::SystemClock;

use self::{ledger::Ledger, report::Report};
use super::{
    client::{Answer, Client, Ending},
    input,
    observe::{ObserveArgs, Probe},
};
use crate::{Failure, Outcome, config::find_provider, failure::chain, output, random::random, suggest::hint};

/// Sends deliveries as a provider does, and tells what was answered. Exit code 1 if an answer is not the expected one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = input::options_help())]
pub(super) struct Args {
    /// The provider's id.
    provider: String,

    /// The name of a sample, or `all`; --list shows them. A mere label with --file.
    #[arg(required_unless_present_any = ["list", "file"])]
    event: Option<String>,

    /// Where to send it.
    #[arg(long, value_name = "URL", required_unless_present = "list", value_parser = url)]
    to: Option<Uri>,

    #[command(flatten)]
    secrets: input::SecretArgs,

    /// How many of each; each is another event.
    #[arg(long, value_name = "N", default_value = "1")]
    count: NonZeroU32,

    /// The number of the first: equal numbers make equal ids. Without it every call makes new ones.
    #[arg(long, value_name = "N")]
    number: Option<u64>,

    /// So many per second, evenly. The time of an answer then counts from when its delivery was due: a receiver that
    /// stalls cannot hide it by being sent less.
    #[arg(long, value_name = "R")]
    rate: Option<NonZeroU32>,

    /// At most so many at once.
    #[arg(long, value_name = "C", default_value = "1")]
    concurrency: NonZeroU32,

    // What was acknowledged has to be handled in the end, once.
    #[command(flatten)]
    observe: ObserveArgs,

    /// What goes wrong.
    #[arg(long, value_name = "NAME", value_parser = faults(), hide_possible_values = false)]
    fault: Option<Fault>,

    /// A body of your own, every byte as it is; `-` for stdin.
    #[arg(long, value_name = "BODY")]
    file: Option<PathBuf>,

    /// An option of the provider, name=value, as the endpoint has it; may be given several times.
    #[arg(long, value_name = "K=V", value_parser = input::option)]
    option: Vec<(String, Value)>,

    /// The largest body that the endpoint takes, for the fault `oversize`.
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20, value_parser = input::cap)]
    cap: usize,

    /// The status that counts as expected, where the endpoint is configured to answer another.
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(100..600))]
    expect: Option<u16>,

    /// How long to wait for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// List the samples of the provider and end.
    #[arg(long)]
    list: bool,
}

pub(super) fn url(text: &str) -> Result<Uri, String> {
    text.parse::<Uri>()
        .ok()
        .filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
        .ok_or_else(|| "write it as http://host:port/path".to_owned())
}

fn faults() -> impl TypedValueParser<Value = Fault> {
    let names = Fault::ALL
        .iter()
        .map(|fault| PossibleValue::new(fault.as_str()).help(fault.text()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Fault>())
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    let row = find_provider(&args.provider).map_err(Failure::wrong_use)?;
    if args.list {
        return list(row.id, json);
    }
    let Some(to) = &args.to else {
        return Err(Failure::wrong_use("no --to; give the URL of an endpoint"));
    };
    let subjects = subjects(row.id, args)?;
    let options = input::options(row, &args.option)?;
    let secrets = args.secrets.read()?;
    let Some(secret) = secrets.first().cloned() else {
        return Err(Failure::wrong_use(
            "no secret; give --secret-file FILE or --secret SECRET",
        ));
    };
    let endpoint = input::endpoint(row, secrets, options)?;
    let sender = Sender::new(endpoint, secret, to.clone()).cap_bytes(args.cap);
    let client = Client::new(to, Duration::from_secs(args.timeout))?;
    let probe = Probe::of(&args.observe, None)?;
    if probe.is_some() && !matches!(args.fault, None | Some(Fault::Duplicate | Fault::Concurrent)) {
        return Err(Failure::wrong_use(
            "--observe and --observe-command compare what is genuine: leave --fault out, but for `duplicate` and `concurrent`",
        ));
    }
    let report = super::runtime()?.block_on(async {
        let ledger = Ledger::open(probe).await?;
        let mut report = send_all(args, &sender, &client, &subjects).await?;
        ledger.close(&mut report).await?;
        Ok::<_, Failure>(report)
    })?;
    if let Some(unreachable) = report.unreachable() {
        let host = to
            .authority()
            .map(http::uri::Authority::as_str)
            .unwrap_or_default();
        return Err(Failure::io(format!(
            "cannot reach {host}: {unreachable}; is the server running?"
        )));
    }
    if json {
        output::json(&report.json())?;
    } else {
        output::text(&report.table())?;
    }
    Ok(if report.is_as_expected() {
        Outcome::Done
    } else {
        Outcome::NotSo
    })
}

fn list(provider: &str, json: bool) -> Result<Outcome, Failure> {
    let names: Vec<_> = samples(provider).iter().map(Sample::name).collect();
    if json {
        let faults: Vec<_> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
        output::json(&serde_json::json!({ "events": names, "faults": faults }))?;
    } else {
        output::text(&names.join("\n"))?;
    }
    Ok(Outcome::Done)
}

/// What is sent.
enum Subject {
    Sample(Sample),
    Own(Bytes),
}

impl Subject {
    fn outgoing(&self, number: u64) -> Outgoing {
        match self {
            Self::Sample(sample) => Outgoing::personalise(sample, number),
            Self::Own(body) => Outgoing::new(format!("msg_own{number:08x}"), body.clone()),
        }
    }
}

fn subjects(provider: &str, args: &Args) -> Result<Vec<Subject>, Failure> {
    if let Some(file) = &args.file {
        return Ok(vec![Subject::Own(input::body(Some(file))?)]);
    }
    let all = samples(provider);
    let event = args.event.as_deref().unwrap_or_default();
    if event == "all" {
        return Ok(all.into_iter().map(Subject::Sample).collect());
    }
    let names: Vec<_> = all.iter().map(Sample::name).collect();
    match all.into_iter().find(|sample| sample.name() == event) {
        Some(sample) => Ok(vec![Subject::Sample(sample)]),
        None => {
            let hint = hint(event, names.iter().map(String::as_str));
            Err(Failure::wrong_use(format!(
                "unknown event `{event}` of {provider}{hint}"
            )))
        }
    }
}

/// Sends everything, as fast as allowed. Each is signed when its turn comes: a signed time grows old.
async fn send_all(
    args: &Args,
    sender: &Sender,
    client: &Client,
    subjects: &[Subject],
) -> Result<Report, Failure> {
    let clock = SystemClock::new();
    let count = args.count.get();
    let first = match args.number {
        Some(number) => number,
        None => fresh_number()?,
    };
    let bar = progress(subjects.len() as u64 * u64::from(count));
    let start = Instant::now();
    let numbers = (0..count).flat_map(|number| subjects.iter().map(move |subject| (number, subject)));
    let mut answers = stream::iter(numbers.zip(0_u32..))
        .map(|((number, subject), place)| async move {
            let due = args
                .rate
                .map(|rate| start + Duration::from_secs(1) * place / rate.get());
            if let Some(due) = due {
                sleep_until(due).await;
            }
            let outgoing = subject.outgoing(first.wrapping_add(u64::from(number)));
            let plan = sender
                .plan(args.fault, &outgoing, clock.now())
                .map_err(|error| Failure::wrong_use(chain(&error)))?;
            // However late it begins, who waits has waited since then.
            let late = due.map_or(Duration::ZERO, |due| due.elapsed());
            let keys = if args.observe.is_given() {
                keys(sender, &plan, clock.now())
            } else {
                Vec::new()
            };
            Ok::<_, Failure>((deliver(client, plan).await, late, keys))
        })
        .buffer_unordered(usize::try_from(args.concurrency.get()).unwrap_or(usize::MAX));
    let mut report = Report::default();
    while let Some(answers) = answers.next().await {
        let (answers, late, keys) = answers?;
        let is_taken = |answer: &Answer| matches!(answer.ending, Ending::Status(200..300));
        if answers.iter().any(|(answer, _)| is_taken(answer)) {
            report.acknowledged.extend(keys);
        }
        for (mut answer, expected) in answers {
            answer.took += late;
            let expected = args.expect.map_or(expected, |status| vec![status]);
            report.add(answer, &expected);
        }
        bar.inc(1);
        if report.unreachable().is_some() {
            break; // nobody is there; the rest would only say so again
        }
    }
    bar.finish_and_clear();
    report.lasted = start.elapsed();
    Ok(report)
}

/// Where a call begins to count. A clock would not do: two calls within one of its steps, or one that begins before the
/// numbers of the call before it have passed, would send the same events. 48 bits are the last piece of a UUID, so that
/// ids keep their look.
fn fresh_number() -> Result<u64, Failure> {
    let [a, b, c, d, e, f] = random()?;
    Ok(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
}

/// The keys of the events in a delivery.
fn keys(sender: &Sender, plan: &Plan, now: Timestamp) -> Vec<String> {
    let Some(shot) = plan.shots.first() else {
        return Vec::new();
    };
    let (headers, body) = (shot.request.headers().clone(), shot.request.body().clone());
    let delivery = Delivery::dangerous_unverified("send", headers, body, now);
    let events = sender.endpoint().provider().read(&delivery);
    events.iter().map(|event| event.key.clone()).collect()
}

async fn deliver(client: &Client, plan: Plan) -> Vec<(Answer, Vec<u16>)> {
    let stop = plan.mode == Mode::SlowBody;
    let shots = plan.shots.into_iter().map(|shot| async move {
        let expected = shot.expected.statuses.iter().map(StatusCode::as_u16).collect();
        (client.deliver(shot.request, stop).await, expected)
    });
    if plan.mode == Mode::Concurrent {
        return join_all(shots).await;
    }
    stream::iter(shots).then(|shot| shot).collect().await
}

/// A bar on a terminal; nothing elsewhere, and nothing for one delivery.
fn progress(total: u64) -> ProgressBar {
    let target = match total {
        1 => ProgressDrawTarget::hidden(),
        _ => ProgressDrawTarget::stderr(), // hidden where it is no terminal
    };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    match ProgressStyle::with_template("{bar:40} {pos}/{len}  {per_sec}  {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

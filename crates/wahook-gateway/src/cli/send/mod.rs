//! `wahook send`: plays the provider, signed exactly as it signs, with the faults of real networks if asked to.

mod client;
mod fault;
mod number;
mod report;

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use bytes::Bytes;
use clap::ValueEnum;
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Url;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};
use wahook_core::{Clock, Secret};
use wahook_testkit::{Sample, samples};
use wahook_tower::SystemClock;

use self::{
    client::{Answer, Client},
    fault::{Fault, Kit, Step},
    report::Report,
};
use super::input;
use crate::{Failure, Outcome, config::find_provider, output, suggest::hint};

/// Sends deliveries as a provider does, and tells what was answered. Exit code 1 if an answer is not the expected one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The provider's id.
    provider: String,

    /// The name of a sample, or `all`; --list shows them. A mere label with --file.
    #[arg(required_unless_present_any = ["list", "file"])]
    event: Option<String>,

    /// Where to send it.
    #[arg(long, value_name = "URL", required_unless_present = "list", value_parser = url)]
    to: Option<Url>,

    #[command(flatten)]
    secrets: input::SecretArgs,

    /// How many of each; from the second on, ids in the body are numbered so that each is another event.
    #[arg(long, value_name = "N", default_value = "1")]
    count: NonZeroU32,

    /// At most so many per second.
    #[arg(long, value_name = "R")]
    rate: Option<NonZeroU32>,

    /// At most so many at once.
    #[arg(long, value_name = "C", default_value = "1")]
    concurrency: NonZeroU32,

    /// What goes wrong.
    #[arg(long, value_name = "NAME", value_enum)]
    fault: Option<Fault>,

    /// A body of your own, every byte as it is; `-` for stdin.
    #[arg(long, value_name = "BODY")]
    file: Option<PathBuf>,

    /// An option of the provider, name=value, as the endpoint has it; may be given several times.
    #[arg(long, value_name = "K=V", value_parser = input::option)]
    option: Vec<(String, Value)>,

    /// The status that counts as expected, if the endpoint is configured to answer another.
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(100..600))]
    expect: Option<u16>,

    /// How long to wait for an answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// List the samples of the provider and end.
    #[arg(long)]
    list: bool,
}

fn url(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "write it as http://host:port/path".to_owned())
}

pub(super) fn run(args: Args, json: bool) -> Result<Outcome, Failure> {
    let row = find_provider(&args.provider).map_err(Failure::wrong_use)?;
    if args.list {
        return list(row.id, json);
    }
    let Some(to) = args.to.clone() else {
        return Err(Failure::wrong_use("no --to; give the URL of an endpoint"));
    };
    let bodies = bodies(row.id, &args)?;
    let options = input::options(row, &args.option)?;
    let secrets = args.secrets.read()?;
    let Some(secret) = secrets.first().cloned() else {
        return Err(Failure::wrong_use(
            "no secret; give --secret-file FILE or --secret SECRET",
        ));
    };
    let wrong_secret =
        Secret::new((row.make_secret)(random()?)).map_err(|error| Failure::wrong_use(error.to_string()))?;
    let endpoint = input::endpoint(row, secrets, options)?;
    let kit = Kit {
        recipe: endpoint.verifier().recipe(),
        refused: endpoint.provider().habits().refused.as_u16(),
        secret,
        wrong_secret,
        to,
        now: SystemClock::new().now(),
        expect: args.expect,
    };
    let mut plan = Vec::new();
    for body in &bodies {
        for number in 0..args.count.get() {
            let body = number::numbered(body, number);
            plan.push(kit.steps(args.fault, &body, &format!("msg_{}", hex(random()?)))?);
        }
    }
    let client = Client::new(&kit.to, Duration::from_secs(args.timeout))?;
    let report = super::runtime()?.block_on(send_all(&args, &client, plan));
    if let Some(unreachable) = report.unreachable() {
        let to = without_query(&kit.to);
        return Err(Failure::io(format!(
            "cannot reach {to}: {unreachable}; is the server running?"
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

/// A query may hold a token.
fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url
}

fn list(provider: &str, json: bool) -> Result<Outcome, Failure> {
    let names: Vec<_> = samples(provider).iter().map(Sample::name).collect();
    if json {
        let faults: Vec<_> = Fault::value_variants()
            .iter()
            .filter_map(|fault| Some(fault.to_possible_value()?.get_name().to_owned()))
            .collect();
        output::json(&serde_json::json!({ "events": names, "faults": faults }))?;
    } else {
        output::text(&names.join("\n"))?;
    }
    Ok(Outcome::Done)
}

fn bodies(provider: &str, args: &Args) -> Result<Vec<Bytes>, Failure> {
    if let Some(file) = &args.file {
        return Ok(vec![input::body(Some(file))?]);
    }
    let all = samples(provider);
    let event = args.event.as_deref().unwrap_or_default();
    if event == "all" {
        return Ok(all.iter().map(|sample| Bytes::from_static(sample.body)).collect());
    }
    let names: Vec<_> = all.iter().map(Sample::name).collect();
    match all.iter().find(|sample| sample.name() == event) {
        Some(sample) => Ok(vec![Bytes::from_static(sample.body)]),
        None => {
            let hint = hint(event, names.iter().map(String::as_str));
            Err(Failure::wrong_use(format!(
                "unknown event `{event}` of {provider}{hint}"
            )))
        }
    }
}

/// Sends everything, as fast as allowed.
async fn send_all(args: &Args, client: &Client, plan: Vec<Vec<Step>>) -> Report {
    let total = plan.iter().map(Vec::len).sum::<usize>();
    let bar = ProgressBar::with_draw_target(
        Some(total as u64),
        match total {
            1 => ProgressDrawTarget::hidden(),
            _ => ProgressDrawTarget::stderr(), // hidden where it is no terminal
        },
    );
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}  {per_sec}  {eta}") {
        bar.set_style(style);
    }
    let start = Instant::now();
    let mut report = Report::default();
    let mut answers = stream::iter(plan.into_iter().enumerate())
        .map(|(number, steps)| {
            let bar = bar.clone();
            async move {
                if let Some(rate) = args.rate {
                    let number = u32::try_from(number).unwrap_or(u32::MAX);
                    sleep_until(start + Duration::from_secs(1) * number / rate.get()).await;
                }
                let mut answers = Vec::new();
                for step in steps {
                    for answer in deliver(client, &step).await {
                        bar.inc(1);
                        answers.push((answer, step.expected.clone()));
                    }
                }
                answers
            }
        })
        .buffer_unordered(usize::try_from(args.concurrency.get()).unwrap_or(usize::MAX));
    while let Some(answers) = answers.next().await {
        for (answer, expected) in answers {
            report.add(answer, expected);
        }
        if report.unreachable().is_some() {
            break; // nobody is there; the rest would only say so again
        }
    }
    bar.finish_and_clear();
    report
}

/// One step: one request, or several copies of it at once.
async fn deliver(client: &Client, step: &Step) -> Vec<Answer> {
    let copies = (0..step.copies).map(|_| client.deliver(step));
    futures_util::future::join_all(copies).await
}

fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Failure::io(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

fn hex(bytes: [u8; 12]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

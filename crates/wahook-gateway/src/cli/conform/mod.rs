//! `wahook conform`: plays every scenario that a receiver has to stand, against any server, and says what to do.

mod wire;

use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use http::Uri;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use wahook_core::Secret;
use wahook_testkit::{
    Sender,
    conform::{Conform, ConformError, ConformErrorKind, Report, Scenario, Verdict},
};

use self::wire::Http;
use super::{
    client::Client,
    input,
    observe::{ObserveArgs, Probe},
};
use crate::{Failure, Outcome, config::find_provider, failure::chain, output};

/// Tries out a receiver, ours or any other: is what is genuine taken, once, and everything else refused? Exit code 1 if
/// a scenario fails. It sends forged, large, slow and broken requests: point it at a server of yours, not in production.
#[derive(Debug, clap::Args)]
#[command(after_long_help = input::options_help())]
pub(super) struct Args {
    /// The URL of the receiver, as the provider would have it.
    #[arg(required_unless_present = "list", value_parser = super::send::url)]
    url: Option<Uri>,

    /// The provider that the receiver expects.
    #[arg(long, value_name = "ID", required_unless_present = "list")]
    provider: Option<String>,

    #[command(flatten)]
    secrets: input::SecretArgs,

    /// An option of the provider, name=value, as the receiver has it; may be given several times.
    #[arg(long, value_name = "K=V", value_parser = input::option)]
    option: Vec<(String, Value)>,

    #[command(flatten)]
    observe: ObserveArgs,

    /// A URL that makes the receiver's next piece of work fail when it is POSTed to.
    #[arg(long, value_name = "URL", value_parser = super::send::url)]
    fail_next: Option<Uri>,

    /// Only these scenarios; separated by commas, or several times.
    #[arg(long, value_name = "ID", value_parser = scenarios(), value_delimiter = ',', hide_possible_values = true)]
    only: Vec<Scenario>,

    /// All but these scenarios.
    #[arg(long, value_name = "ID", value_parser = scenarios(), value_delimiter = ',', hide_possible_values = true)]
    skip: Vec<Scenario>,

    /// The largest body that the receiver takes; one byte more has to be refused.
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20, value_parser = input::cap)]
    cap: usize,

    /// How long to wait for an answer, or for work to be done, in seconds. A body that trickles has to be ended within it.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,

    /// How long to wait for what must not happen, such as a copy being handled, in milliseconds; or three times as long
    /// as work was seen to take, but at most 10 s.
    #[arg(long, value_name = "MS", default_value = "300", value_parser = clap::value_parser!(u64).range(..=60_000))]
    settle: u64,

    /// List the scenarios and end.
    #[arg(long)]
    list: bool,
}

fn scenarios() -> impl TypedValueParser<Value = Scenario> {
    let ids = Scenario::ALL
        .iter()
        .map(|scenario| PossibleValue::new(scenario.id()).help(scenario.why()));
    PossibleValuesParser::new(ids).try_map(|id| id.parse::<Scenario>())
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    if args.list {
        return list(json);
    }
    let (Some(url), Some(provider)) = (&args.url, &args.provider) else {
        return Err(Failure::wrong_use(
            "give the URL of a receiver, and --provider ID",
        ));
    };
    let row = find_provider(provider).map_err(Failure::wrong_use)?;
    let options = input::options(row, &args.option)?;
    // Of several the first will do.
    let challenge_token = row.challenge_token.and_then(|name| {
        let tokens = options.get(name)?;
        tokens.as_str().or_else(|| tokens.get(0)?.as_str())
    });
    let challenge_token = challenge_token.map(|token| Secret::dangerous_published(token.to_owned()));
    let secrets = args.secrets.read()?;
    let Some(secret) = secrets.first().cloned() else {
        return Err(Failure::wrong_use(
            "no secret; give --secret-file FILE or --secret SECRET",
        ));
    };
    let endpoint = input::endpoint(row, secrets, options)?;
    let sender = Sender::new(endpoint, secret, url.clone()).cap_bytes(args.cap);
    let patience = Duration::from_secs(args.timeout);
    // Who waits is the kit; the client only must not be faster.
    let client = Client::new(url, patience.saturating_mul(2))?;
    let mut kit = Conform::new(sender, Http(client))
        .patience(patience)
        .settle(Duration::from_millis(args.settle))
        .skip(args.skip.iter().copied());
    if !args.only.is_empty() {
        kit = kit.only(args.only.iter().copied());
    }
    if let Some(Ok(token)) = challenge_token {
        kit = kit.challenge_token(token);
    }
    if let Some(probe) = Probe::of(&args.observe, args.fail_next.as_ref())? {
        kit = kit.observe(probe);
    }
    let runtime = super::runtime()?;
    let report = if json {
        runtime.block_on(kit.run())
    } else {
        runtime.block_on(shown(kit))?
    };
    let report = report.map_err(|error| match error.kind() {
        ConformErrorKind::Sign | ConformErrorKind::NoSample | ConformErrorKind::NoScenario => {
            Failure::wrong_use(chain(&error))
        }
        ConformErrorKind::Unreachable => Failure::io(format!("{}; is the server running?", chain(&error))),
        _ => Failure::io(chain(&error)),
    })?;
    if json {
        output::json(&of(&report))?;
    } else {
        output::text(&report.summary())?;
        if !args.observe.is_given() {
            output::notice(
                "nobody was asked what was handled: with --observe URL or --observe-command COMMAND more can be observed",
            );
        }
    }
    Ok(if report.is_sound() {
        Outcome::Done
    } else {
        Outcome::NotSo
    })
}

/// Plays, and shows each finding as soon as it is there; ends when nobody reads any more.
async fn shown(kit: Conform) -> Result<Result<Report, ConformError>, Failure> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let kit = kit.on_finding(move |finding| {
        // Nobody listens where printing has failed, which ends all of it.
        let _ = tell.send(finding.to_string());
    });
    let shown = async {
        while let Some(finding) = told.recv().await {
            output::text(&finding)?;
        }
        Ok::<_, Failure>(())
    };
    // An error of the kit must not leave findings unsaid.
    let (report, ()) = tokio::try_join!(async { Ok(kit.run().await) }, shown)?;
    Ok(report)
}

fn of(report: &Report) -> Value {
    let counts = Verdict::ALL
        .iter()
        .map(|verdict| (json!(verdict), json!(report.count(*verdict))));
    let counts: serde_json::Map<_, _> = counts
        .filter_map(|(name, count)| Some((name.as_str()?.to_owned(), count)))
        .collect();
    json!({
        "provider": report.provider,
        "ok": report.is_sound(),
        "counts": counts,
        "scenarios": report.scenarios,
    })
}

fn list(json: bool) -> Result<Outcome, Failure> {
    if json {
        let all = Scenario::ALL
            .iter()
            .map(|scenario| json!({ "id": scenario.id(), "why": scenario.why() }));
        output::json(&json!({ "scenarios": all.collect::<Vec<_>>() }))?;
    } else {
        let all = Scenario::ALL
            .iter()
            .map(|scenario| format!("{:<19} {}", scenario.id(), scenario.why()));
        output::text(&all.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Outcome::Done)
}

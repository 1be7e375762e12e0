//! `wahook normalize`: the events of one body.

use std::path::PathBuf;

use http::{HeaderName, HeaderValue};
use serde_json::Value;
use wahook_core::{Clock, Delivery, Secret};
use wahook_tower::SystemClock;

use super::input;
use crate::{Failure, Outcome, config::find_provider, output};

/// Prints the events of one body, one JSON object per line. What cannot be read is an event too: exit code 0.
///
/// Nothing was verified, so the delivery's key is the digest of the body; keys of events that are told apart by their
/// delivery differ from those of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The provider's id.
    provider: String,

    /// The event's name, where the provider does not send it and the endpoint declares it.
    #[arg(long, value_name = "NAME")]
    event: Option<String>,

    /// A header of the request, 'Name: value'; may be given several times.
    #[arg(long, value_name = "K: V", value_parser = input::header)]
    header: Vec<(HeaderName, HeaderValue)>,

    /// An option of the provider, name=value; may be given several times.
    #[arg(long, value_name = "K=V", value_parser = input::option)]
    option: Vec<(String, Value)>,

    /// Leave the provider's own JSON out.
    #[arg(long)]
    no_raw: bool,

    /// The body: a file, or `-` or nothing for stdin.
    body: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let row = find_provider(&args.provider).map_err(Failure::wrong_use)?;
    let mut list = args.option.clone();
    if let Some(event) = &args.event {
        if !row.options.iter().any(|option| option.name == "event") {
            let text = format!("{} names its events itself; leave --event out", row.title);
            return Err(Failure::wrong_use(text));
        }
        list.push(("event".to_owned(), Value::String(event.clone())));
    }
    let options = input::options(row, &list)?;
    // Nothing is verified here; an endpoint cannot be built without a secret, so it gets one that nobody else has.
    let unused =
        Secret::new((row.make_secret)([7; 32])).map_err(|error| Failure::wrong_use(error.to_string()))?;
    let endpoint = input::endpoint(row, vec![unused], options)?;
    let body = input::body(args.body.as_deref())?;
    let headers = input::headers(&args.header);
    let delivery = Delivery::dangerous_unverified(endpoint.name(), headers, body, SystemClock::new().now());
    for event in endpoint.provider().read(&delivery) {
        output::json(&if args.no_raw { event.without_raw() } else { event })?;
    }
    Ok(Outcome::Done)
}

//! `wahook verify`: why does a request verify, or why not?

use std::path::PathBuf;

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};
use wahook_core::{Clock, DeliveryKey, KeySource, inbox::Incoming};
use wahook_tower::SystemClock;

use super::input;
use crate::{Failure, Outcome, config::find_provider, output};

/// Tells whether a request verifies, and if not, why: exit code 0 or 1.
#[derive(Debug, clap::Args)]
#[command(after_long_help = input::options_help())]
pub(super) struct Args {
    /// The provider's id.
    provider: String,

    #[command(flatten)]
    secrets: input::SecretArgs,

    /// A header of the request, 'Name: value'; may be given several times.
    #[arg(long, value_name = "K: V", value_parser = input::header)]
    header: Vec<(HeaderName, HeaderValue)>,

    /// The URL that was called, for providers that put a token into it.
    #[arg(long, value_name = "URL", default_value = "/")]
    url: Uri,

    /// The time to judge timestamps by, in seconds since 1970, instead of now.
    #[arg(long, value_name = "UNIX", allow_negative_numbers = true)]
    now: Option<i64>,

    /// An option of the provider, name=value; may be given several times.
    #[arg(long, value_name = "K=V", value_parser = input::option)]
    option: Vec<(String, Value)>,

    /// The body: a file, or `-` or nothing for stdin.
    body: Option<PathBuf>,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    let row = find_provider(&args.provider).map_err(Failure::wrong_use)?;
    let options = input::options(row, &args.option)?;
    let endpoint = input::endpoint(row, args.secrets.read()?, options)?;
    let now = match args.now {
        None => SystemClock::new().now(),
        Some(seconds) => Timestamp::from_second(seconds)
            .map_err(|_| Failure::wrong_use("--now is out of range; give seconds since 1970"))?,
    };
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = args.url.clone();
    *request.headers_mut() = input::headers(&args.header);
    let (head, ()) = request.into_parts();
    let body = input::body(args.body.as_deref())?;

    let verified = endpoint.begin(&head, now).and_then(|mut check| {
        check.update(body.clone());
        check.finish().map_err(|(refusal, _)| refusal)
    });
    match verified {
        Ok(verified) => {
            let scheme = verified.proof().scheme().to_owned();
            let incoming = Incoming::new(verified, &head.headers, [0; 10]);
            let DeliveryKey {
                text: key, source, ..
            } = &incoming.delivery().key;
            if json {
                output::json(&json!({
                    "verified": true, "reason": null, "hints": [], "scheme": scheme, "key": **key, "key_source": source,
                }))?;
            } else {
                let from = match source {
                    KeySource::Header => "of a signed header",
                    KeySource::Body => "of the body",
                    _ => "the SHA-256 of the body: nothing else tells deliveries apart",
                };
                output::text(&format!("verified: {scheme}\nkey: {key} ({from})"))?;
            }
            Ok(Outcome::Done)
        }
        Err(refusal) => {
            let hints: Vec<_> = endpoint
                .verifier()
                .hints(&head, &body, now)
                .iter()
                .map(ToString::to_string)
                .collect();
            if json {
                let kind = refusal.kind().as_str();
                let reason = refusal.to_string();
                output::json(&json!({ "verified": false, "reason": reason, "hints": hints, "kind": kind }))?;
            } else {
                let mut text = format!("not verified: {refusal}");
                for hint in hints {
                    text.push_str("\nhint: ");
                    text.push_str(&hint);
                }
                output::text(&text)?;
            }
            Ok(Outcome::NotSo)
        }
    }
}

//! What several verbs read from the command line.

use std::{
    fs,
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use wahook_core::{Clock, Endpoint, Secret, Secrets};
use wahook_providers::{Options, PROVIDERS, ProviderRow};

use wahook_tower::SystemClock;

use crate::{
    Failure,
    config::{SecretFile, check_options},
    failure::chain,
};

/// The secrets of an endpoint.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SecretArgs {
    /// The secret; may be given several times. Other users of this machine can see arguments: prefer --secret-file.
    #[arg(long, value_name = "SECRET", value_parser = hidden)]
    pub(super) secret: Vec<crate::config::Hidden>,

    /// A file that holds the secret; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(super) secret_file: Vec<PathBuf>,
}

#[expect(clippy::unnecessary_wraps, reason = "the shape that clap asks for")]
fn hidden(text: &str) -> Result<crate::config::Hidden, std::convert::Infallible> {
    Ok(crate::config::Hidden::new(text.to_owned()))
}

impl SecretArgs {
    /// The secrets in the order given. Published ones are allowed: test vectors use them, and nothing is received here.
    pub(super) fn read(&self) -> Result<Vec<Secret>, Failure> {
        let mut secrets = Vec::new();
        for text in &self.secret {
            secrets.push(secret(text.expose().to_owned(), "--secret")?);
        }
        for file in &self.secret_file {
            let name = file.display().to_string();
            let text = fs::read_to_string(file)
                .map_err(|error| Failure::io(format!("cannot read the secret in {name}: {error}")))?;
            if SecretFile::is_rotated(&text) {
                let file = SecretFile::parse(&text)
                    .map_err(|error| Failure::wrong_use(format!("{name}: {error}")))?;
                secrets.extend(file.valid(SystemClock::new().now()));
            } else {
                secrets.push(secret(text, &name)?);
            }
        }
        if secrets.is_empty() {
            return Err(Failure::wrong_use(
                "no secret; give --secret-file FILE or --secret SECRET",
            ));
        }
        Ok(secrets)
    }
}

fn secret(text: String, place: &str) -> Result<Secret, Failure> {
    Secret::dangerous_published(text).map_err(|error| Failure::wrong_use(format!("{place}: {error}")))
}

/// `k=v`: JSON where the value is JSON, text otherwise.
pub(super) fn option(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it as name=value")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.trim().to_owned(), value))
}

/// Bytes of a body that is sent: it is held in memory, more than once.
pub(super) fn cap(text: &str) -> Result<usize, String> {
    const MOST: usize = 256 << 20;
    match text.parse() {
        Ok(bytes @ 1..=MOST) => Ok(bytes),
        _ => Err(format!("give a number of bytes from 1 to {MOST}")),
    }
}

/// `K: V`.
pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("write it as 'Name: value'")?;
    let name = name
        .trim()
        .parse()
        .map_err(|_| "that is no header name".to_owned())?;
    let mut value: HeaderValue = value
        .trim()
        .parse()
        .map_err(|_| "that is no header value".to_owned())?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The headers of a request.
pub(super) fn headers(list: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        headers.append(name, value.clone());
    }
    headers
}

/// The options of a provider.
pub(super) fn options(row: &ProviderRow, list: &[(String, Value)]) -> Result<Map<String, Value>, Failure> {
    let options: Map<_, _> = list.iter().cloned().collect();
    check_options(row, &options).map_err(Failure::wrong_use)?;
    Ok(options)
}

/// What the options of each provider are, for `--help`.
pub(super) fn options_help() -> String {
    let mut text =
        "Options of the providers: in a configuration under [endpoint.options], else --option K=V.\n"
            .to_owned();
    for row in PROVIDERS {
        text.push_str(&format!("\n{} ({}):\n", row.title, row.id));
        for option in row.options {
            text.push_str(&format!("  {}: {}\n", option.name, option.text));
        }
    }
    text
}

/// An endpoint of this provider.
pub(super) fn endpoint(
    row: &ProviderRow,
    secrets: Vec<Secret>,
    options: Map<String, Value>,
) -> Result<Endpoint, Failure> {
    let secrets = Secrets::new(secrets).map_err(|error| Failure::wrong_use(chain(&error)))?;
    (row.build)(row.id, secrets, &Options::new(options)).map_err(|error| Failure::wrong_use(chain(&error)))
}

/// A body, every byte as it is; from stdin where no file is named.
pub(super) fn body(file: Option<&Path>) -> Result<Bytes, Failure> {
    let cannot =
        |place: String, error: &io::Error| Failure::io(format!("cannot read the body from {place}: {error}"));
    match file {
        Some(file) if file != Path::new("-") => fs::read(file)
            .map(Bytes::from)
            .map_err(|error| cannot(file.display().to_string(), &error)),
        _ => {
            let mut stdin = io::stdin().lock();
            if stdin.is_terminal() {
                crate::output::notice("reading the body from the terminal; end it with Ctrl-D");
            }
            let mut bytes = Vec::new();
            stdin
                .read_to_end(&mut bytes)
                .map_err(|error| cannot("stdin".to_owned(), &error))?;
            Ok(Bytes::from(bytes))
        }
    }
}

//! Asking the receiver, from outside, how many events it handled.

use std::{
    fmt,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http::Uri;
use serde_json::Value;
use tokio::{process::Command, time::timeout};
use wahook_core::BoxFuture;
use wahook_testkit::conform::{Observe, ObserveError};

use super::client::{Client, root_cause};
use crate::Failure;

/// For how long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whom to ask.
#[derive(Debug, clap::Args)]
pub(super) struct ObserveArgs {
    /// A URL that tells how many events the receiver has handled: a number, JSON or metrics; see --observe-at.
    #[arg(long, value_name = "URL", value_parser = super::send::url, conflicts_with = "observe_command")]
    observe: Option<Uri>,

    /// Where the number stands: `/handled` for a member of a JSON object, or the name of a metric, whose labels are
    /// added up.
    #[arg(long, value_name = "PLACE", requires = "observe")]
    observe_at: Option<String>,

    /// A command of the shell that prints how many events the receiver has handled, such as `wc -l < events.jsonl`.
    #[arg(long, value_name = "COMMAND")]
    observe_command: Option<String>,
}

impl ObserveArgs {
    pub(super) const fn is_given(&self) -> bool {
        self.observe.is_some() || self.observe_command.is_some()
    }
}

pub(super) struct Probe {
    count: Count,
    fail: Option<(Client, Uri)>,
}

enum Count {
    Url {
        client: Client,
        url: Uri,
        at: Option<String>,
        /// Whether the metric of this name was there once: nobody counts before the first event.
        there: AtomicBool,
    },
    Command(String),
}

/// Without URL and command: either may hold a secret.
impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").finish_non_exhaustive()
    }
}

impl Probe {
    /// Nothing where nothing can be asked.
    pub(super) fn of(args: &ObserveArgs, fail_next: Option<&Uri>) -> Result<Option<Self>, Failure> {
        let count = match (&args.observe, &args.observe_command) {
            (Some(url), _) => Count::Url {
                client: Client::new(url, PATIENCE)?,
                url: url.clone(),
                at: args.observe_at.clone(),
                there: AtomicBool::new(false),
            },
            (None, Some(command)) => Count::Command(command.clone()),
            (None, None) if fail_next.is_some() => {
                return Err(Failure::wrong_use(
                    "--fail-next tells nothing without --observe or --observe-command",
                ));
            }
            (None, None) => return Ok(None),
        };
        let fail = match fail_next {
            Some(url) => Some((Client::new(url, PATIENCE)?, url.clone())),
            None => None,
        };
        Ok(Some(Self { count, fail }))
    }

    async fn count(&self) -> Result<u64, ObserveError> {
        match &self.count {
            Count::Url {
                client,
                url,
                at,
                there,
            } => {
                let found = number(&asked(client, url).await?, at.as_deref())?;
                if found.is_some() {
                    there.store(true, Ordering::Relaxed);
                }
                Ok(found.unwrap_or(0))
            }
            Count::Command(command) => Ok(number(&printed(command).await?, None)?.unwrap_or(0)),
        }
    }
}

impl Observe for Probe {
    fn handled(&self) -> BoxFuture<'_, Result<u64, ObserveError>> {
        Box::pin(self.count())
    }

    fn can_tell(&self) -> Result<(), ObserveError> {
        match &self.count {
            Count::Url {
                at: Some(at), there, ..
            } if !there.load(Ordering::Relaxed) => Err(ObserveError::new(format!(
                "--observe-at: there is no metric `{at}`, although a delivery was answered with success; is it spelt as \
                 it is shown there, with its `_total`? A member of JSON begins with `/`"
            ))),
            _ => Ok(()),
        }
    }

    fn fail_next(&self) -> BoxFuture<'_, Result<bool, ObserveError>> {
        Box::pin(async {
            let Some((client, url)) = &self.fail else {
                return Ok(false);
            };
            let sent = client.inner().post(url.to_string()).send().await;
            let answer =
                sent.map_err(|error| ObserveError::new(format!("--fail-next: {}", root_cause(&error))))?;
            if answer.status().is_success() {
                return Ok(true);
            }
            let status = answer.status();
            Err(ObserveError::new(format!("--fail-next was answered {status}")))
        })
    }
}

async fn asked(client: &Client, url: &Uri) -> Result<String, ObserveError> {
    let wrong = |error: reqwest::Error| ObserveError::new(format!("--observe: {}", root_cause(&error)));
    let answer = client.inner().get(url.to_string()).send().await.map_err(wrong)?;
    if !answer.status().is_success() {
        let status = answer.status();
        return Err(ObserveError::new(format!("--observe was answered {status}")));
    }
    answer.text().await.map_err(wrong)
}

async fn printed(command: &str) -> Result<String, ObserveError> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let too_slow = |_| {
        ObserveError::new(format!(
            "--observe-command printed nothing for {} s",
            PATIENCE.as_secs()
        ))
    };
    let output = timeout(PATIENCE, output)
        .await
        .map_err(too_slow)?
        .map_err(|error| ObserveError::new(format!("--observe-command: {error}")))?;
    if !output.status.success() {
        return Err(ObserveError::new(format!(
            "--observe-command ended with {}",
            output.status
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A number; in JSON, one at this place; in metrics, the sum of all that have this name, if there are any.
fn number(text: &str, at: Option<&str>) -> Result<Option<u64>, ObserveError> {
    let no_number = || {
        ObserveError::new(match at {
            Some(at) => format!(
                "there is no number at `{at}`; --observe-at takes /member of JSON, or a metric's name"
            ),
            None => "what came is no number; --observe-at says where it stands".to_owned(),
        })
    };
    let Some(at) = at else {
        return text.trim().parse().map(Some).map_err(|_| no_number());
    };
    if at.starts_with('/') {
        let value: Value = serde_json::from_str(text).map_err(|_| no_number())?;
        let found = value.pointer(at).and_then(Value::as_u64);
        return found.map(Some).ok_or_else(no_number);
    }
    let samples = text
        .lines()
        .filter(|line| line.split(['{', ' ']).next() == Some(at));
    let values = samples.filter_map(value);
    let values: Vec<_> = values.collect();
    if values.is_empty() {
        return Ok(None);
    }
    let sum: f64 = values.iter().sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count, checked to be one"
    )]
    if sum.is_finite() && sum >= 0.0 {
        Ok(Some(sum as u64))
    } else {
        Err(no_number())
    }
}

/// The value of a line of metrics; a time and an example may stand behind it.
fn value(line: &str) -> Option<f64> {
    let line = line.split(" # ").next().unwrap_or_default();
    let from = line.rfind('}').or_else(|| line.find(' '))?;
    line.get(from + 1..)?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_text_json_and_metrics() {
        let is = |text: &str, at: Option<&str>| number(text, at).ok().flatten();
        assert_eq!(is(" 12\n", None), Some(12));
        assert_eq!(is("many", None), None);
        assert_eq!(is(r#"{"a":{"handled":7}}"#, Some("/a/handled")), Some(7));
        assert_eq!(is(r#"{"a":1}"#, Some("/b")), None);
        let metrics = "# TYPE x_total counter\nx_total{a=\"1\"} 3\nx_total{a=\"2\"} 4\nx_total_more 9\n";
        assert_eq!(is(metrics, Some("x_total")), Some(7));
        assert_eq!(number(metrics, Some("y_total")), Ok(None));
        let more = "x_total 5 1767225600000\nx_total{a=\"} b\"} 2 # {trace_id=\"1\"} 9\n";
        assert_eq!(is(more, Some("x_total")), Some(7));
    }
}

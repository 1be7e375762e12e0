//! What is logged, and how.

use serde::{Deserialize, Serialize};

use super::{Problem, UrlText};
use crate::{log, otlp};

/// What is logged on standard error, and how. The command line and WAHOOK_LOG stand over it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LogConfig {
    /// For people or for machines; `--json` is for machines in any case.
    pub format: LogFormat,
    /// What is logged, such as `info`, `debug` or `wahook=debug`.
    pub filter: String,
    /// The collector that traces are sent to over OTLP/HTTP; none if left out. Only in a build with the feature `otlp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp: Option<UrlText>,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LogFormat {
    /// A line to read.
    #[default]
    Text,
    /// A JSON object on a line.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
            otlp: None,
        }
    }
}

impl LogConfig {
    /// Judges the filter, and where traces are sent.
    pub(super) fn check(&self) -> impl Iterator<Item = Problem> + use<> {
        let text = "`filter` makes no sense; write it as `info`, `debug` or `wahook=debug`";
        let filter = log::filter(&self.filter)
            .is_none()
            .then(|| Problem::new(&["log", "filter"], text));
        let otlp = self.otlp.as_ref();
        let otlp = otlp.and_then(|url| otlp::check(url.expose()).err());
        let otlp = otlp.map(|text| Problem::new(&["log", "otlp"], text));
        filter.into_iter().chain(otlp)
    }
}

//! What is logged, and how.

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::log;

/// What is logged on standard error, and how. The command line and WAHOOK_LOG stand over it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LogConfig {
    /// For people or for machines; `--json` is for machines in any case.
    pub format: LogFormat,
    /// What is logged, such as `info`, `debug` or `wahook=debug`.
    pub filter: String,
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
        }
    }
}

impl LogConfig {
    /// Judges the filter.
    pub(super) fn check(&self) -> Option<Problem> {
        let text = "`filter` makes no sense; write it as `info`, `debug` or `wahook=debug`";
        log::filter(&self.filter)
            .is_none()
            .then(|| Problem::new(&["log", "filter"], text))
    }
}

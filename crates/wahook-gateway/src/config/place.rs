//! Where in the file a problem is.

use std::{fmt, ops::Range};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource};
use toml::de::{DeTable, DeValue};

/// Something wrong with a configuration, or worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What is wrong and what to do; no secret.
    pub message: String,
    /// The keys that lead to it, such as `endpoint`, `0`, `secret`.
    pub path: Vec<String>,
    /// Line and column in the file, from 1.
    pub place: Option<(usize, usize)>,
}

impl Problem {
    pub(crate) fn new(path: &[&str], message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            place: None,
        }
    }

    /// Finds its place in the file; the nearest table that exists, if the key itself does not.
    #[must_use]
    pub(crate) fn located(mut self, source: &Source) -> Self {
        if self.place.is_none() {
            self.place = source
                .find(&self.path)
                .map(|span| source.line_and_column(span.start));
        }
        self
    }

    /// One line: `file:line:column: what is wrong`.
    #[must_use]
    pub fn line(&self, file: &str) -> String {
        match self.place {
            Some((line, column)) => format!("{file}:{line}:{column}: {}", self.message),
            None => format!("{file}: {}", self.message),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The text of a configuration file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Source {
    /// The span of the deepest key of this path that the file has.
    fn find(&self, path: &[String]) -> Option<Range<usize>> {
        let table = DeTable::parse(&self.text).ok()?;
        let mut found = None;
        let mut value = DeValue::Table(table.into_inner());
        for part in path {
            value = match value {
                DeValue::Table(table) => {
                    let Some((key, value)) = table.into_iter().find(|(key, _)| key.get_ref() == part) else {
                        break;
                    };
                    found = Some(key.span());
                    value.into_inner()
                }
                DeValue::Array(array) => {
                    let item = part
                        .parse::<usize>()
                        .ok()
                        .and_then(|index| array.into_iter().nth(index));
                    let Some(item) = item else { break };
                    found = Some(item.span());
                    item.into_inner()
                }
                _ => break,
            };
        }
        found
    }

    pub(crate) fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// A picture of the place, with every text that may be a secret shown as stars.
    pub(crate) fn picture(&self, problem: &Problem) -> Option<String> {
        let span = self.find(&problem.path)?;
        let diagnostic =
            MietteDiagnostic::new(problem.message.clone()).with_label(LabeledSpan::underline(span));
        let report =
            miette::Report::new(diagnostic).with_source_code(NamedSource::new(&self.file, self.masked()));
        let mut picture = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .with_context_lines(1)
            .render_report(&mut picture, report.as_ref())
            .ok()?;
        Some(picture)
    }

    fn masked(&self) -> String {
        let mut bytes = self.text.clone().into_bytes();
        if let Ok(table) = DeTable::parse(&self.text) {
            for span in texts(&DeValue::Table(table.into_inner()), 0..0, true) {
                for byte in bytes.get_mut(span).into_iter().flatten() {
                    if *byte != b'\n' {
                        *byte = b'*';
                    }
                }
            }
        }
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// The spans of all values except those that are known to be harmless.
fn texts(value: &DeValue<'_>, span: Range<usize>, hide: bool) -> Vec<Range<usize>> {
    match value {
        DeValue::Table(table) => table
            .iter()
            .flat_map(|(key, value)| {
                texts(
                    value.get_ref(),
                    value.span(),
                    !HARMLESS.contains(&key.get_ref().as_ref()),
                )
            })
            .collect(),
        DeValue::Array(array) => array
            .iter()
            .flat_map(|value| texts(value.get_ref(), value.span(), hide))
            .collect(),
        _ if hide => vec![span],
        _ => Vec::new(),
    }
}

const HARMLESS: &[&str] = &[
    "listen",
    "public_url",
    "body_bytes",
    "idle",
    "total",
    "connections",
    "header_timeout",
    "streams",
    "shutdown",
    "remembered_keys",
    "store_file",
    "remember_in_front",
    "name",
    "provider",
    "path",
    "secret_file",
    "secrets_files",
    "api_key_file",
    "base_url",
    "endpoint_id",
    "instance_id",
    "organization",
    "events",
    "enrich",
    "on_conflict",
    "on_store_down",
    "memory",
    "answer_refused",
    "answer_malformed",
    "dedupe_group",
    "accounts",
    "in_flight_wait",
    "rate",
    "burst",
    "inbox_file",
    "required_guarantee",
    "bytes_in_flight",
    "waiting",
    "inbox_bytes",
    "rows",
    "bodies",
    "dead",
    "token_file",
    "cert_file",
    "filter",
    "key_file",
    "hosts",
    "type",
    "kinds",
    "endpoints",
    "format",
    "raw",
    "lanes",
    "attempts",
    "first_retry",
    "longest_retry",
    "give_up_after",
    "on_poison",
    "rotate_bytes",
    "rotate_after",
    "keep",
    "timeout",
    "connect_timeout",
    "allow_private",
    "environment_proxy",
    "address_file",
    "table",
    "create",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v4_a_picture_shows_the_place_and_no_secret() {
        let text = "listen = \"127.0.0.1:1\"\n[[endpoint]]\nname = \"shop\" # comment\nsecert = \"tell-nobody\"\nsecrets = [\"tell-nobody\"]\n";
        let source = Source {
            file: "wahook.toml".to_owned(),
            text: text.to_owned(),
        };
        let problem = Problem::new(&["endpoint", "0", "secert"], "unknown key").located(&source);
        assert_eq!(problem.line("f"), "f:4:1: unknown key");
        let picture = source.picture(&problem).unwrap();
        assert!(picture.contains("secert = *****"), "{picture}");
        assert!(picture.contains("wahook.toml:4:1"), "{picture}");
        assert!(picture.contains("name = \"shop\""), "{picture}");
        assert!(!picture.contains("tell"), "{picture}");
    }
}

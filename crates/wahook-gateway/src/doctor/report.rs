//! What was found, as JSON and as text.

use serde::Serialize;
use wahook_core::Assurance;
use wahook_providers::provider;

use crate::{
    config::{Period, Problem, Route, SinkPlan},
    stores::StoreAddress,
};

/// All that was found. Field names are those of the JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(super) file: String,
    pub(crate) findings: Vec<Finding>,
    pub(super) endpoints: Vec<EndpointState>,
    pub(super) inbox: Option<InboxState>,
    pub(super) guards: Vec<GuardState>,
    pub(super) sinks: Vec<SinkState>,
    /// What is well at the providers, where they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    live: Vec<String>,
}

/// Something unsafe or missing.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    level: Level,
    endpoint: Option<String>,
    what: String,
    #[serde(rename = "do")]
    advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Error,
    Warning,
}

/// An endpoint, and how long it may be down.
#[derive(Debug, Serialize)]
pub(super) struct EndpointState {
    name: String,
    provider: &'static str,
    #[serde(skip)]
    title: &'static str,
    path: String,
    memory_seconds: u64,
    retries: RetriesState,
}

#[derive(Debug, Serialize)]
struct RetriesState {
    by_default_seconds: Option<u64>,
    text: &'static str,
}

/// A store, and what survives of what it is told; unknown where it could not be opened.
#[derive(Debug, Serialize)]
pub(super) struct GuardState {
    store: &'static str,
    address: String,
    endpoints: Vec<String>,
    guarantee: Option<&'static str>,
    because: Option<String>,
}

/// The inbox, and what survives of what it acknowledged; unknown where it could not be opened.
#[derive(Debug, Serialize)]
pub(super) struct InboxState {
    pub(super) store: &'static str,
    pub(super) place: String,
    pub(super) guarantee: Option<&'static str>,
    pub(super) because: Option<String>,
    /// A gateway has it open.
    pub(super) in_use: bool,
    /// What is left on its disk, in bytes.
    pub(super) free_bytes: Option<u64>,
}

/// A sink.
#[derive(Debug, Serialize)]
pub(super) struct SinkState {
    name: String,
    to: String,
}

impl Report {
    pub(super) fn of(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            findings: Vec::new(),
            endpoints: Vec::new(),
            inbox: None,
            guards: Vec::new(),
            sinks: Vec::new(),
            live: Vec::new(),
        }
    }

    /// What providers were asked, and said.
    pub(crate) fn found(&mut self, findings: Vec<Finding>, well: Vec<String>) {
        self.findings.extend(findings);
        self.worst_first();
        self.live = well;
    }

    pub(super) fn worst_first(&mut self) {
        self.findings.sort_by_key(|finding| finding.level);
    }

    /// Of a file that makes no sense.
    pub(crate) fn senseless(file: &str, problem: &Problem) -> Self {
        let mut report = Self::of(file);
        report.findings.push(Finding::error(None, problem.line(file)));
        report
    }

    /// What people read: the endpoints, then what to look at.
    pub(crate) fn text(&self) -> String {
        let mut lines = Vec::new();
        for endpoint in &self.endpoints {
            let EndpointState {
                name, title, path, ..
            } = endpoint;
            lines.push(format!("{name} ({title}): {path}"));
            lines.push(format!("  guard:  {}", self.guard_of(endpoint)));
            let RetriesState {
                by_default_seconds,
                text,
            } = &endpoint.retries;
            lines.push(match by_default_seconds {
                Some(seconds) => {
                    format!("  budget: {seconds} s down, then deliveries are lost: {title} repeats {text}")
                }
                None => format!("  budget: not told by {title}: {text}"),
            });
        }
        if let Some(inbox) = &self.inbox {
            lines.push(inbox.line());
        }
        for SinkState { name, to } in &self.sinks {
            lines.push(format!("sink {name}: {to}"));
        }
        lines.extend(self.live.iter().map(|said| format!("live: {said}")));
        let of_endpoints = lines.len();
        for finding in &self.findings {
            // The first finding stands apart from the endpoints.
            if of_endpoints > 0 && lines.len() == of_endpoints {
                lines.push(String::new());
            }
            lines.extend(finding.lines());
        }
        lines.push(match self.findings.len() {
            0 => format!("{}: nothing to say, all is well", self.file),
            1 => format!("{}: 1 thing to look at", self.file),
            count => format!("{}: {count} things to look at", self.file),
        });
        lines.join("\n")
    }

    fn guard_of(&self, endpoint: &EndpointState) -> String {
        let memory = Period::of_seconds(endpoint.memory_seconds);
        let guard = self
            .guards
            .iter()
            .find(|guard| guard.endpoints.contains(&endpoint.name));
        let Some(guard) = guard else {
            let inbox = if self.inbox.is_some() { " in the inbox" } else { "" };
            return format!("remembers for {memory}{inbox}");
        };
        let store = guard.store;
        match (guard.guarantee, &guard.because) {
            (Some(guarantee), Some(because)) => {
                format!("remembers for {memory} in {store}, {guarantee} ({because})")
            }
            _ => format!("remembers for {memory} in {store}, see below"),
        }
    }
}

impl Finding {
    pub(crate) fn warning(endpoint: Option<String>, what: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            endpoint,
            what: what.into(),
            advice: None,
        }
    }

    pub(crate) fn error(endpoint: Option<String>, what: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            ..Self::warning(endpoint, what)
        }
    }

    /// With what to do about it, where the first text does not say that.
    pub(crate) fn advise(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }

    fn lines(&self) -> Vec<String> {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        let endpoint = self
            .endpoint
            .as_ref()
            .map(|name| format!("{name}: "))
            .unwrap_or_default();
        let mut lines = vec![format!("{level}: {endpoint}{}", self.what)];
        lines.extend(self.advice.as_ref().map(|advice| format!("  do: {advice}")));
        lines
    }
}

impl EndpointState {
    pub(super) fn of(route: &Route) -> Option<Self> {
        let row = provider(route.endpoint.provider().id())?;
        Some(Self {
            name: route.endpoint.name().to_owned(),
            provider: row.id,
            title: row.title,
            path: route.path.clone(),
            memory_seconds: route.endpoint.memory().as_secs(),
            retries: RetriesState {
                by_default_seconds: row.retries.by_default.map(|time| time.as_secs()),
                text: row.retries.text,
            },
        })
    }
}

impl InboxState {
    fn line(&self) -> String {
        let Self { store, place, .. } = self;
        match (&self.guarantee, &self.because) {
            (Some(guarantee), Some(because)) => format!("inbox: {store} {place}, {guarantee} ({because})"),
            _ if self.in_use => format!("inbox: {store} {place}, in use by a gateway that runs"),
            _ => format!("inbox: {store} {place}, see below"),
        }
    }
}

impl SinkState {
    pub(super) fn of(sink: &SinkPlan) -> Self {
        Self {
            name: sink.name.clone(),
            to: sink.to.shown(),
        }
    }
}

impl GuardState {
    pub(super) fn new(address: &StoreAddress, endpoints: &[String], assurance: Option<&Assurance>) -> Self {
        Self {
            store: address.row().name,
            address: address.to_string(),
            endpoints: endpoints.to_vec(),
            guarantee: assurance.map(|assurance| assurance.guarantee.as_str()),
            because: assurance.map(|assurance| assurance.because.clone().into_owned()),
        }
    }
}

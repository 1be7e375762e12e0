//! Where deliveries are kept from their acknowledgement until every sink has their events.

use std::path::Path;

use serde::{Deserialize, Serialize};
use wahook_core::{Guarantee, inbox};

use super::{Config, Period, Problem, store};
use crate::stores::StoreAddress;

/// The inbox where none is named: a file beside the configuration.
const USUAL: &str = "sqlite:inbox.db";

/// What must survive of what was acknowledged.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequiredGuarantee {
    /// Nothing need survive.
    #[serde(rename = "none")]
    None,
    /// A crash of the process.
    #[serde(rename = "process crash only")]
    ProcessCrashOnly,
    /// A crash of the machine.
    #[serde(rename = "survives power loss")]
    SurvivesPowerLoss,
}

impl RequiredGuarantee {
    /// The guarantee.
    #[must_use]
    pub const fn get(self) -> Guarantee {
        match self {
            Self::None => Guarantee::None,
            Self::ProcessCrashOnly => Guarantee::ProcessCrashOnly,
            Self::SurvivesPowerLoss => Guarantee::SurvivesPowerLoss,
        }
    }
}

/// How long finished work is kept in the inbox.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetentionConfig {
    /// How long finished deliveries can be found; never shorter than their keys are remembered.
    pub rows: Period,
    /// How long their bodies can be looked at and replayed.
    pub bodies: Period,
    /// How long dead letters wait for somebody.
    pub dead: Period,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            rows: Period::of_seconds(30 * DAY),
            bodies: Period::of_seconds(7 * DAY),
            dead: Period::of_seconds(90 * DAY),
        }
    }
}

const DAY: u64 = 86_400;

/// So many rows at most in one go: a sweep holds up what comes in for a moment only.
const SWEPT_AT_ONCE: usize = 500;

impl RetentionConfig {
    /// In the words of the inbox.
    #[must_use]
    pub const fn get(self) -> inbox::Retention {
        inbox::Retention {
            rows: self.rows.get(),
            bodies: self.bodies.get(),
            dead: self.dead.get(),
            count: SWEPT_AT_ONCE,
        }
    }
}

/// The inbox that the configuration names; `None` where it wants none.
pub(super) fn of(config: &Config, folder: &Path) -> Result<Option<StoreAddress>, Problem> {
    let none = || {
        config
            .inbox
            .as_ref()
            .is_some_and(|text| text.expose().trim() == "none")
    };
    let found = match (&config.inbox, &config.inbox_file) {
        (None, None) => StoreAddress::parse(USUAL, folder).map_err(|text| ("inbox", text)),
        (Some(_), None) if none() => return Ok(None),
        (text, file) => {
            match store::from_keys(["inbox", "inbox_file"], text.as_ref(), file.as_deref(), folder) {
                Ok(Some(address)) => Ok(address),
                Ok(None) => return Ok(None),
                Err(wrong) => Err(wrong),
            }
        }
    };
    found
        .and_then(|address| match address.row().inbox {
            Some(_) => Ok(Some(address)),
            None => Err((
                "inbox",
                format!(
                    "{} cannot keep deliveries; name sqlite:PATH, postgres://… or nats://…, or write \"none\"",
                    address.row().name
                ),
            )),
        })
        .map_err(|(key, text)| Problem::new(&[key], text))
}

/// What makes no sense with an inbox, or without one.
pub(super) fn check(config: &Config, inbox: Option<&StoreAddress>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let endpoints = || config.endpoint.iter().enumerate();
    let at =
        |index: usize, key: &str, text: String| Problem::new(&["endpoint", &index.to_string(), key], text);
    let bytes = |text: &str| Problem::new(&["limits", "inbox_bytes"], format!("`inbox_bytes` {text}"));
    let has_file = inbox.map(|address| address.file().is_some());
    if config.limits.inbox_bytes.is_some() && has_file == Some(false) {
        problems.push(bytes(
            "is about the file of an inbox in SQLite; how much a server may hold is its own business: remove it, and bound what waits with `waiting`",
        ));
    }
    if inbox.is_some() {
        let advice =
            "the inbox remembers what came: remove it, or write inbox = \"none\" to work without an inbox";
        for (key, there) in [
            ("store", config.store.is_some()),
            ("store_file", config.store_file.is_some()),
        ] {
            if there {
                problems.push(Problem::new(&[key], format!("`{key}` is not used, {advice}")));
            }
        }
        for (index, endpoint) in endpoints() {
            for (key, there) in [
                ("store", endpoint.store.is_some()),
                ("store_file", endpoint.store_file.is_some()),
                ("in_flight_wait", endpoint.in_flight_wait.is_some()),
            ] {
                if there {
                    problems.push(at(index, key, format!("`{key}` is not used, {advice}")));
                }
            }
            if endpoint.on_store_down == super::StoreDown::AcceptWithoutDedupe {
                let text = "without the inbox nothing can be acknowledged: remove `on_store_down`, or write inbox = \"none\"";
                problems.push(at(index, "on_store_down", text.to_owned()));
            }
        }
    } else {
        let only = "works with an inbox only: remove it, or name an `inbox`";
        if config.limits.inbox_bytes.is_some() {
            problems.push(bytes(only));
        }
        if config
            .required_guarantee
            .is_some_and(|required| required.get() > Guarantee::None)
        {
            problems.push(Problem::new(
                &["required_guarantee"],
                format!("`required_guarantee` {only}"),
            ));
        }
        if config.admin.listen.is_some() {
            problems.push(Problem::new(&["admin", "listen"], format!("`[admin]` {only}")));
        }
        for (index, sink) in config.sink.iter().enumerate() {
            if sink.kind != super::SinkType::Stdout {
                let text = format!("a sink of type `{}` {only}", sink.kind.as_str());
                problems.push(Problem::new(&["sink", &index.to_string(), "type"], text));
            }
        }
    }
    problems
}

//! One endpoint: its memory, and what it was told to let pass.

use std::time::Duration;

use serde_json::Value;
use wahook_providers::provider;

use super::report::Finding;
use crate::config::{EndpointConfig, Period, Route, StoreDown};

pub(super) fn look(config: &EndpointConfig, route: &Route) -> Vec<Finding> {
    let mut findings = Vec::new();
    let warning = |what: String| Finding::warning(Some(config.name.clone()), what);
    let endpoint = &route.endpoint;
    let habits = endpoint.provider().habits();
    let memory = endpoint.memory();
    if memory < habits.memory {
        let (short, long) = (Period::from(memory), Period::from(habits.memory));
        findings.push(
            warning(format!(
                "it forgets after {short}, but {} may repeat for {long}: a late repetition is handled twice",
                config.provider
            ))
            .advise(format!("remove `memory`, or raise it to {long}")),
        );
    }
    let tolerance = config.options.get("tolerance_seconds").and_then(Value::as_u64);
    if let Some(tolerance) = tolerance.map(Duration::from_secs).filter(|time| *time > memory) {
        findings.push(
            warning(format!(
                "a captured request verifies for {}, but is remembered for {} only: then it can be replayed",
                Period::from(tolerance),
                Period::from(memory)
            ))
            .advise("make `tolerance_seconds` shorter than the memory"),
        );
    }
    if let Some(wait) = route.in_flight_wait.filter(|wait| *wait >= habits.answer_within) {
        findings.push(
            warning(format!(
                "a copy waits {} for the first to be done, but {} wants its answer within {}",
                Period::from(wait),
                config.provider,
                Period::from(habits.answer_within)
            ))
            .advise("remove `in_flight_wait`, or make it shorter"),
        );
    }
    if let Some([rate, _]) = route.rate {
        let retries = provider(endpoint.provider().id()).map(|row| &row.retries);
        let budget = match retries.and_then(|retries| retries.by_default) {
            Some(time) => format!("after {}", Period::from(time)),
            None => "after a time that it does not tell".to_owned(),
        };
        findings.push(
            warning(format!(
                "it takes {rate} deliveries a second, counted before they are verified; the rest is asked to come again, and what {} \
                 stops repeating, {budget}, is lost",
                config.provider
            ))
            .advise("remove `rate`, unless something behind cannot do without"),
        );
    }
    if config.on_store_down == StoreDown::AcceptWithoutDedupe {
        findings.push(
            warning(
                "while its store is down, what was handled is handled again, whoever sends it: a repetition, and where no time is \
                 signed, a captured request"
                    .to_owned(),
            )
            .advise("remove `on_store_down`: providers repeat what is refused for that long"),
        );
    }
    if config.options.get("unsigned_challenge") == Some(&Value::Bool(true)) {
        findings.push(
            warning("it answers challenges of anybody, which is meant for a first handshake".to_owned())
                .advise("remove `unsigned_challenge` once the provider shows the secret"),
        );
    }
    findings
}

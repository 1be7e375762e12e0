//! What is unsafe or missing in a configuration, and how long each endpoint may be down.

mod endpoint;
mod guard;
mod inbox;
mod network;
mod report;
mod secrets;
mod sink;

use std::sync::Arc;

use wahook_core::Clock;
use wahook_tower::SystemClock;

use self::report::{EndpointState, SinkState};
pub(crate) use self::report::{Finding, Report};
use crate::{
    Failure,
    config::{self, Loaded, Problem},
    stores::{InboxMeans, Means},
};

/// Looks at everything: the file, the files that it names, the stores.
pub(crate) async fn examine(loaded: &Loaded) -> Result<Report, Failure> {
    let mut report = Report::of(loaded.file());
    let config = &loaded.config;
    let said = |problem: &Problem| loaded.locate(problem.clone()).line(loaded.file());
    for warning in &loaded.warnings {
        report.findings.push(Finding::warning(None, said(warning)));
    }
    report.findings.extend(secrets::look(loaded));
    report.findings.extend(network::look(config));
    let built = match config::build(config, &loaded.folder) {
        // Its warnings are said below, with what to do about them.
        Ok(built) => built,
        Err(problems) => {
            for problem in &problems {
                let endpoint = endpoint_of(loaded, problem);
                report.findings.push(Finding::error(endpoint, said(problem)));
            }
            report.worst_first();
            return Ok(report);
        }
    };
    let routes = &built.routes;
    for (config, route) in config.endpoint.iter().zip(routes) {
        report.findings.extend(endpoint::look(config, route));
        report
            .findings
            .extend(sink::none_takes(&built.sinks, &config.name));
        report.endpoints.extend(EndpointState::of(route));
    }
    let clock = Arc::new(SystemClock::new());
    if let Some(shown) = &built.tls {
        let of_certificate = network::look_at_certificate(config, shown, clock.now());
        report.findings.extend(of_certificate);
    }
    let findings = if let Some(address) = &built.inbox {
        let means = InboxMeans::new(&config.limits, clock);
        let (inbox, findings) = inbox::look(config, address, &means).await;
        report.inbox = Some(inbox);
        findings
    } else {
        report.findings.extend(guard::of_memory(config, routes));
        let (guards, findings) = guard::look(routes, &Means::new(config, clock)?).await;
        report.guards = guards;
        findings
    };
    report.findings.extend(findings);
    for sink in &built.sinks {
        report.findings.extend(sink::look(sink));
        report.sinks.push(SinkState::of(sink));
    }
    report.worst_first();
    Ok(report)
}

/// The name of the endpoint that a problem is about.
fn endpoint_of(loaded: &Loaded, problem: &Problem) -> Option<String> {
    let [table, index, ..] = problem.path.as_slice() else {
        return None;
    };
    let index: usize = index.parse().ok().filter(|_| table == "endpoint")?;
    Some(loaded.config.endpoint.get(index)?.name.clone())
}

//! The stores: whether they answer, what survives of what they are told, and whether that is enough.

use wahook_core::Guarantee;

use super::report::{Finding, GuardState};
use crate::{
    config::{Config, Route},
    stores::{Group, Means, Reach, group},
};

/// Opens each store, and says what is unsafe about it.
pub(super) async fn look(routes: &[Route], means: &Means) -> (Vec<GuardState>, Vec<Finding>) {
    let mut states = Vec::new();
    let mut findings = Vec::new();
    let groups = group(routes);
    for group in &groups {
        let Group {
            address, endpoints, ..
        } = group;
        let row = address.row();
        // A finding about a store of one endpoint is one about that endpoint.
        let endpoint = match endpoints.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        if address.sends_password_in_the_clear() {
            findings.push(
                Finding::warning(
                    endpoint.clone(),
                    "the password of its Redis goes over the network unencrypted",
                )
                .advise("switch TLS on there, and begin the address with rediss://"),
            );
        }
        if let Some(file) = address.file().filter(|file| !file.exists()) {
            // Opening would make it, and make it ours: whoever runs the gateway could not write it.
            let state = if file.parent().is_some_and(std::path::Path::is_dir) {
                let made = wahook_core::Assurance::new(
                    Guarantee::SurvivesPowerLoss,
                    "its file is made at the first start",
                );
                GuardState::new(address, endpoints, Some(&made))
            } else {
                let text = format!("the directory of {} does not exist", file.display());
                findings
                    .push(Finding::error(endpoint, text).advise("make it, for the user that runs wahook"));
                GuardState::new(address, endpoints, None)
            };
            states.push(state);
            continue;
        }
        let opened = match group.open(means).await {
            Ok(opened) => opened,
            Err(why) => {
                let text = format!("the guard store {} cannot be opened: {why}", row.name);
                findings.push(Finding::error(endpoint, text));
                states.push(GuardState::new(address, endpoints, None));
                continue;
            }
        };
        let assurance = &opened.assurance;
        if assurance.guarantee < Guarantee::SurvivesPowerLoss {
            let text = format!(
                "what was handled is remembered in {} with the guarantee `{}`: {}",
                row.name, assurance.guarantee, assurance.because
            );
            findings.push(Finding::warning(endpoint.clone(), text).advise(row.stronger));
        }
        for warning in &assurance.warnings {
            let text = format!("{}: {warning}", row.name);
            findings.push(Finding::warning(endpoint.clone(), text));
        }
        states.push(GuardState::new(address, endpoints, Some(assurance)));
    }
    (states, findings)
}

/// The slowest traffic that has to fit: one delivery in ten seconds, with a record for itself and one for its event.
const RECORDS_IN_TEN_SECONDS: u64 = 2;

/// Whether the memory of this process is large enough to remember anything for as long as it should.
pub(super) fn of_memory(config: &Config, routes: &[Route]) -> Option<Finding> {
    let in_memory = routes
        .iter()
        .filter(|route| route.store.row().reach == Reach::Process);
    let longest = in_memory.map(|route| route.endpoint.memory()).max()?;
    let needed = longest.as_secs() / 10 * RECORDS_IN_TEN_SECONDS;
    let keys = config.limits.remembered_keys;
    (u64::try_from(keys).unwrap_or(u64::MAX) < needed).then(|| {
        Finding::warning(
            None,
            format!(
                "`remembered_keys` is {keys}: with one delivery in ten seconds, what was handled is forgotten before {} are over",
                crate::config::Period::from(longest)
            ),
        )
        .advise(format!("remove it, or raise it to {needed} at least"))
    })
}

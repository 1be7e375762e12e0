//! Who reads deliveries, and where their events go.

use std::sync::Arc;

use serde_json::Map;
use wahook_core::{AnyProvider, Secret, Secrets};
use wahook_providers::{Options, provider};
use wahook_worker::Plan;

use crate::config::Route;

/// Every endpoint reads its own; what is left of endpoints that are gone is read as their provider does by default.
pub(crate) fn plan(routes: &[Route], sinks: Vec<wahook_worker::Route>) -> Plan {
    let mut plan = Plan::new().fallback(by_default);
    for route in routes {
        plan = plan.endpoint(route.endpoint.clone());
    }
    for sink in sinks {
        plan = plan.route(sink);
    }
    plan
}

fn by_default(id: &str) -> Option<Arc<dyn AnyProvider>> {
    let row = provider(id)?;
    // Nothing is verified here; an endpoint cannot be built without a secret.
    let unused = Secret::new((row.make_secret)([7; 32])).ok()?;
    let endpoint = (row.build)(row.id, Secrets::from(unused), &Options::new(Map::new())).ok()?;
    Some(endpoint.shared_provider())
}

#[cfg(test)]
mod tests {
    use wahook_providers::PROVIDERS;

    use super::*;

    #[test]
    fn i2_what_is_left_of_an_endpoint_that_is_gone_can_be_read() {
        for row in PROVIDERS {
            assert_eq!(by_default(row.id).unwrap().id(), row.id);
        }
        assert!(by_default("nobody").is_none());
    }
}

//! Who reads deliveries, and where their events go.

use wahook_providers::{ProviderRow, provider};
use wahook_worker::Plan;

use crate::config::Route;

/// Every endpoint reads its own; what is left of endpoints that are gone is read as their provider does by default.
pub(crate) fn plan(routes: &[Route], sinks: Vec<wahook_worker::Route>) -> Plan {
    let mut plan = Plan::new().fallback(|id| provider(id).and_then(ProviderRow::reader));
    for route in routes {
        plan = plan.endpoint(route.endpoint.clone());
    }
    for sink in sinks {
        plan = plan.route(sink);
    }
    plan
}

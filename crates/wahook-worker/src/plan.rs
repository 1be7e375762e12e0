//! Who reads deliveries, and where their events go.

use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use wahook_core::{
    AnyProvider, Endpoint,
    json::Text,
    model::{Event, Kind},
    sink::Sink,
};

use crate::Retries;

/// Who reads deliveries, and where their events go.
///
/// An event goes to each route whose filter wants it when its delivery is read. What is in a lane by then stays there,
/// whatever becomes of the filter; entries of a sink that is not in the plan wait until it is again.
#[derive(Clone, Default)]
pub struct Plan {
    endpoints: HashMap<Text, Endpoint>,
    fallback: Option<Fallback>,
    routes: Vec<Route>,
}

type Fallback = Arc<dyn Fn(&str) -> Option<Arc<dyn AnyProvider>> + Send + Sync>;

impl Plan {
    /// A plan without endpoints and routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the deliveries of this endpoint; one of the same name gives way.
    #[must_use]
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.insert(Text::from(endpoint.name()), endpoint);
        self
    }

    /// Reads the deliveries of endpoints that are gone, or have another provider now, by the provider's id.
    #[must_use]
    pub fn fallback(
        mut self,
        find: impl Fn(&str) -> Option<Arc<dyn AnyProvider>> + Send + Sync + 'static,
    ) -> Self {
        self.fallback = Some(Arc::new(find));
        self
    }

    /// Serves a sink; a route of the same name gives way.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.retain(|other| other.name != route.name);
        self.routes.push(route);
        self
    }

    /// Its routes.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub(crate) fn named(&self, endpoint: &str) -> Option<&Endpoint> {
        self.endpoints.get(endpoint)
    }

    /// Foreign code: whoever panics over a provider does not know it.
    pub(crate) fn provider(&self, id: &str) -> Option<Arc<dyn AnyProvider>> {
        let find = self.fallback.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| find(id))).ok().flatten()
    }

    /// Whether any sink wants an event.
    pub(crate) fn is_wanted(&self, event: &Event) -> bool {
        self.routes.iter().any(|route| route.filter.wants(event))
    }

    /// The sinks that want an event.
    pub(crate) fn sinks(&self, event: &Event) -> Vec<Text> {
        self.routes
            .iter()
            .filter(|route| route.filter.wants(event))
            .map(|route| route.name.clone())
            .collect()
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("endpoints", &self.endpoints.keys())
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}

/// A sink, what it wants, and what happens when it fails.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) name: Text,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) filter: Filter,
    pub(crate) retries: Retries,
    pub(crate) lanes: Option<usize>,
    pub(crate) events: Option<usize>,
    pub(crate) deadline: Option<Duration>,
}

impl Route {
    /// All events to this sink. The name is what the inbox keeps its lanes under: another name is another sink.
    #[must_use]
    pub fn new(name: &str, sink: Arc<dyn Sink>) -> Self {
        Self {
            name: Text::from(name),
            sink,
            filter: Filter::default(),
            retries: Retries::default(),
            lanes: None,
            events: None,
            deadline: None,
        }
    }

    /// Only these events.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// What happens when the sink fails.
    #[must_use]
    pub fn retries(self, retries: Retries) -> Self {
        Self { retries, ..self }
    }

    /// How long a hand-over may take for each of its events, where this sink shall have other than
    /// [`Options::deadline`](crate::Options::deadline): a little longer than the sink itself waits.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self {
            deadline: Some(deadline),
            ..self
        }
    }

    /// So many lanes at once, where this sink shall have other than [`Options::lanes`](crate::Options::lanes).
    #[must_use]
    pub fn lanes(self, lanes: usize) -> Self {
        Self {
            lanes: Some(lanes.max(1)),
            ..self
        }
    }

    /// So many events in one hand-over, where this sink shall have other than
    /// [`Options::events`](crate::Options::events).
    #[must_use]
    pub fn events(self, events: usize) -> Self {
        Self {
            events: Some(events.max(1)),
            ..self
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Which events; an empty list wants all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written by those who route")]
pub struct Filter {
    /// One of these kinds.
    pub kinds: Vec<Kind>,
    /// Received by one of these endpoints.
    pub endpoints: Vec<Text>,
    /// Of one of these accounts.
    pub accounts: Vec<Text>,
    /// Of one of these tenants.
    pub tenants: Vec<Text>,
    /// Called so by the provider. A name with `.*` at its end is also that of all whose names go on behind it with a dot.
    pub names: Vec<Text>,
}

impl Filter {
    /// Whether it wants this event.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&event.kind());
        let endpoint = self.endpoints.is_empty() || self.endpoints.contains(&event.endpoint);
        kind && endpoint
            && is_one_of(&self.accounts, event.account.as_ref(), Text::eq)
            && is_one_of(&self.tenants, event.tenant.as_ref(), Text::eq)
            && is_one_of(&self.names, event.name.as_ref(), is_named)
    }
}

/// An event that does not say what is asked for is none of those.
fn is_one_of(wanted: &[Text], found: Option<&Text>, is: impl Fn(&Text, &Text) -> bool) -> bool {
    wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|wanted| is(wanted, found)))
}

fn is_named(wanted: &Text, name: &Text) -> bool {
    match wanted.strip_suffix(".*") {
        None => wanted == name,
        Some(family) => name
            .strip_prefix(family)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
    }
}

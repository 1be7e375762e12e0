//! Who is asked for what webhooks leave out. One that stays as it is configured remembers on when the configuration is read
//! again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use wahook_core::{Clock, guard::Digest, json::Text, model::Event, sink::Sink};
use wahook_manage::{
    Options,
    wazapin::{
        Credentials, Wazapin,
        enrich::{Enriched, Enricher, Settings},
    },
};

use crate::{
    Failure,
    config::{Manage, Route},
    failure::chain,
};

/// How long an answer may take. There is no repeat: the lane comes again.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long an event waits for its record: others are asked for before it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Who is asked, by the names of endpoints.
#[derive(Clone, Debug, Default)]
pub(super) struct Enrichers(Arc<HashMap<Text, (Digest, Enricher)>>);

impl Enrichers {
    /// Those of these endpoints from now on.
    pub(super) fn and_now(&self, routes: &[Route], clock: &Arc<dyn Clock>) -> Result<Self, Failure> {
        let mut next = HashMap::new();
        for route in routes {
            let Some(manage) = route.manage.as_ref().filter(|manage| manage.config.enrich) else {
                continue;
            };
            let name = Text::from(route.endpoint.name());
            let mark = mark(manage);
            let one = match self.0.get(&name).filter(|(before, _)| *before == mark) {
                Some((_, same)) => same.clone(),
                None => enricher(manage, clock).map_err(|why| {
                    Failure::wrong_use(format!("cannot enrich what endpoint `{name}` receives: {why}"))
                })?,
            };
            next.insert(name, (mark, one));
        }
        Ok(Self(Arc::new(next)))
    }

    /// The step before a sink, if any endpoint wants it.
    pub(super) fn before(&self, sink: &Arc<dyn Sink>) -> Arc<dyn Sink> {
        let sink = Arc::clone(sink);
        if self.0.is_empty() {
            return sink;
        }
        let enrichers = Arc::clone(&self.0);
        let pick = move |event: &Event| Some(enrichers.get(&event.endpoint)?.1.clone());
        Arc::new(Enriched::picking(pick, sink))
    }

    /// How much longer a hand-over may take for it.
    pub(super) fn patience(&self) -> Duration {
        if self.0.is_empty() {
            Duration::ZERO
        } else {
            PATIENCE
        }
    }
}

/// Whoever is asked elsewhere, or as somebody else, is another.
fn mark(manage: &Manage) -> Digest {
    let parts = [
        Some(manage.key.expose()),
        manage.config.base_url.as_deref(),
        manage.config.organization.as_deref(),
    ];
    let mut mark = Vec::new();
    for part in parts {
        mark.push(u8::from(part.is_some()));
        mark.extend_from_slice(part.unwrap_or_default().as_bytes());
        mark.push(0);
    }
    Digest::of(&mark)
}

fn enricher(manage: &Manage, clock: &Arc<dyn Clock>) -> Result<Enricher, String> {
    let mut credentials = Credentials::api_key(manage.key.clone());
    if let Some(organization) = &manage.config.organization {
        credentials = credentials.organization(organization);
    }
    let mut options = Options::new().timeout(TIMEOUT).retries(0);
    if let Some(url) = &manage.config.base_url {
        options = options.base_url(url);
    }
    let wazapin = Wazapin::new(credentials, options).map_err(|error| chain(&error))?;
    let settings = Settings::new().patience(PATIENCE).clock(Arc::clone(clock));
    Ok(Enricher::with(wazapin, settings))
}

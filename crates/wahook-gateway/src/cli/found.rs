//! What a provider delivers to an endpoint by.

use wahook_providers::provider;

use super::managed::Managed;
use crate::{
    Failure,
    config::Route,
    manage::{Registered, Side, undocumented},
    output,
};

/// What a provider delivers to an endpoint by.
pub(super) struct Found {
    pub(super) registered: Registered,
    /// Whether what comes by it can be verified, as far as its URL tells.
    pub(super) is_current: bool,
    /// The same place with other tokens, where it is named by its URL.
    pub(super) stale: Vec<Registered>,
}

impl Found {
    /// Looks for it; `None`, and a word on it, if the provider does not deliver there. `what` it is looked for to do.
    pub(super) async fn told(
        managed: &Managed<'_>,
        side: &dyn Side,
        route: &Route,
        what: &str,
    ) -> Result<Option<Self>, Failure> {
        is_documented(side, route, what)?;
        let found = Self::of(managed, side, route).await?;
        if found.is_none() {
            output::notice(&not_registered(route));
        }
        Ok(found)
    }

    /// The same without the word.
    pub(super) async fn of(
        managed: &Managed<'_>,
        side: &dyn Side,
        route: &Route,
    ) -> Result<Option<Self>, Failure> {
        let manage = route.manage.as_ref();
        let wanted = manage.and_then(|manage| manage.config.endpoint_id.as_deref());
        let place = match wanted {
            // Where it is named it may lead here in whatever way.
            Some(_) => managed.place(route).ok(),
            None => Some(managed.place(route)?),
        };
        let mut all = side.registered().await?;
        all.retain(|one| match (wanted, &place) {
            (Some(id), _) => one.id == id,
            (None, place) => !one.is_system && place.as_ref().is_some_and(|place| place.is(one)),
        });
        let is_current = |one: &Registered| {
            let place = place.as_ref().filter(|_| side.names_by_url());
            place.is_none_or(|place| place.is_current(one))
        };
        // The one with the token of now is the one that is meant.
        all.sort_by_key(|one| !is_current(one));
        if all.len() > 1 && !side.names_by_url() {
            return Err(Failure::wrong_use(format!(
                "the provider delivers to endpoint `{}` in several ways; name one in [endpoint.manage]: endpoint_id = \"…\" \
                 (`wahook endpoints list` tells them)",
                route.endpoint.name()
            )));
        }
        let mut all = all.into_iter();
        Ok(all.next().map(|registered| Self {
            is_current: is_current(&registered),
            registered,
            stale: all.collect(),
        }))
    }
}

/// Where a provider documents no call for what it delivers to, it has none to change that either.
pub(super) fn is_documented(side: &dyn Side, route: &Route, what: &str) -> Result<(), Failure> {
    if side.lists() {
        return Ok(());
    }
    let id = route.endpoint.provider().id();
    let title = provider(id).map_or(id, |row| row.title);
    Err(undocumented(title, what))
}

/// The provider delivers nothing there.
pub(super) fn not_registered(route: &Route) -> String {
    let name = route.endpoint.name();
    format!(
        "the provider does not deliver to endpoint `{name}`; `wahook endpoints create {name}` has it do so"
    )
}

/// It delivers there, and nothing of it can be verified.
pub(super) fn is_stale(route: &Route) -> String {
    let name = route.endpoint.name();
    format!(
        "the provider delivers to endpoint `{name}` with another token, which is refused; `wahook endpoints update {name}` \
         tells it the one of now"
    )
}

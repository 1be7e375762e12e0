//! What the verbs have in common that ask a provider: which endpoints, and who answers for their inbox.

use std::path::PathBuf;

use super::ask::{self, Where};
use crate::{
    Failure,
    admin::client::Client,
    config::{self, Built, Loaded, Route, SecretFile},
    manage::{Place, Registered, Side},
    output,
    suggest::hint,
};

/// A configuration that was read, and the gateway that has it.
pub(super) struct Managed<'a> {
    place: &'a Where,
    pub(super) loaded: Loaded,
    built: Built,
}

impl<'a> Managed<'a> {
    /// Reads the configuration: there it stands which key is whose.
    pub(super) fn of(place: &'a Where) -> Result<Self, Failure> {
        let Some(file) = place.config() else {
            return Err(Failure::wrong_use(
                "which configuration? Give --config FILE; its endpoints need [endpoint.manage]",
            ));
        };
        let loaded = config::load(file, config::variables())?;
        let built = ask::built(&loaded)?;
        Ok(Self { place, loaded, built })
    }

    /// Whoever answers for the inbox.
    pub(super) async fn client(&self) -> Result<Client, Failure> {
        self.place.client().await
    }

    /// The gateway, if one runs.
    pub(super) async fn running(&self) -> Result<Option<Client>, Failure> {
        self.place.running(&self.built).await
    }

    /// The endpoint of this name.
    pub(super) fn one(&self, name: &str) -> Result<&Route, Failure> {
        let names = self.built.routes.iter().map(|route| route.endpoint.name());
        let mut routes = self.built.routes.iter();
        routes.find(|route| route.endpoint.name() == name).ok_or_else(|| {
            Failure::wrong_use(format!("no endpoint `{name}` is configured{}", hint(name, names)))
        })
    }

    /// This one, or all whose provider's side is configured.
    pub(super) fn some(&self, name: Option<&str>) -> Result<Vec<&Route>, Failure> {
        if let Some(name) = name {
            return Ok(vec![self.one(name)?]);
        }
        let managed: Vec<_> = self
            .built
            .routes
            .iter()
            .filter(|route| route.manage.is_some())
            .collect();
        if managed.is_empty() {
            return Err(Failure::wrong_use(
                "no endpoint has [endpoint.manage]; add it with the key of the provider's API: api_key_file = \"…\"",
            ));
        }
        Ok(managed)
    }

    /// Where the provider has to deliver to.
    pub(super) fn place(&self, route: &Route) -> Result<Place, Failure> {
        let secret = match self.secret_file(route) {
            Some(file) => Some(SecretFile::read(&file).map_err(Failure::io)?.current),
            None => None,
        };
        Place::of(route, self.loaded.config.public_url.as_deref(), secret)
    }

    /// The file of an endpoint's secret, where that is how it is given.
    pub(super) fn secret_file(&self, route: &Route) -> Option<PathBuf> {
        let mut endpoints = self.loaded.config.endpoint.iter();
        let config = endpoints.find(|endpoint| endpoint.name == route.endpoint.name())?;
        Some(self.loaded.folder.join(config.secret_file.as_ref()?))
    }

    /// What the provider delivers to this endpoint by; `None`, and a word on it, if it does not.
    pub(super) async fn registered(
        &self,
        side: &dyn Side,
        route: &Route,
    ) -> Result<Option<Registered>, Failure> {
        let found = self.find(side, route).await?;
        if found.is_none() {
            output::notice(&not_registered(route));
        }
        Ok(found)
    }

    /// The same without the word.
    pub(super) async fn find(&self, side: &dyn Side, route: &Route) -> Result<Option<Registered>, Failure> {
        let name = route.endpoint.name();
        let manage = route.manage.as_ref();
        let wanted = manage.and_then(|manage| manage.config.endpoint_id.as_deref());
        let place = match wanted {
            Some(_) => None,
            None => Some(self.place(route)?),
        };
        let mut all = side.registered().await?;
        all.retain(|one| match (&place, wanted) {
            (Some(place), _) => !one.is_system && place.is(one),
            (None, wanted) => wanted == Some(&*one.id),
        });
        if all.len() > 1 {
            return Err(Failure::wrong_use(format!(
                "the provider delivers to endpoint `{name}` in several ways; name one in [endpoint.manage]: \
                 endpoint_id = \"…\" (`wahook endpoints list` tells them)"
            )));
        }
        Ok(all.pop())
    }
}

/// The provider delivers nothing there.
pub(super) fn not_registered(route: &Route) -> String {
    let name = route.endpoint.name();
    format!(
        "the provider does not deliver to endpoint `{name}`; `wahook endpoints create {name}` has it do so"
    )
}

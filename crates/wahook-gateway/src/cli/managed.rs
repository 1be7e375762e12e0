//! What the verbs have in common that ask a provider: which endpoints, and who answers for their inbox.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use wahook_core::{Secret, Secrets};
use wahook_providers::Options;

use super::ask::{self, Where};
use crate::{
    Failure,
    admin::client::Client,
    config::{self, Built, EndpointConfig, Loaded, Route, SecretFile, find_provider},
    failure::chain,
    manage::Place,
    output, random,
    suggest::hint,
};

/// A configuration that was read, and the gateway that has it.
pub(super) struct Managed<'a> {
    place: &'a Where,
    loaded: Loaded,
    built: Built,
}

impl<'a> Managed<'a> {
    /// Reads the configuration: there it stands which key is whose.
    pub(super) fn of(place: &'a Where) -> Result<Self, Failure> {
        Self::built(place, load(place)?)
    }

    /// The same for an endpoint that the provider is to make a secret for: none may be there yet, and without one nothing
    /// can be built. Then there is one in its file, which goes again with what is returned unless that is kept.
    pub(super) fn of_new(place: &'a Where, name: &str) -> Result<(Self, Option<Placeholder>), Failure> {
        let loaded = load(place)?;
        let endpoint = loaded.config.endpoint.iter().find(|one| one.name == name);
        let placeholder = match endpoint {
            Some(endpoint) => Placeholder::of(endpoint, &loaded.folder)?,
            None => None,
        };
        Ok((Self::built(place, loaded)?, placeholder))
    }

    fn built(place: &'a Where, loaded: Loaded) -> Result<Self, Failure> {
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
        Place::of(
            route,
            self.loaded.config.public_url.as_deref(),
            route.secret().cloned(),
        )
    }

    /// The file of an endpoint's secret, where that is how it is given.
    pub(super) fn secret_file(&self, route: &Route) -> Option<PathBuf> {
        let config = self.config_of(route)?;
        Some(self.loaded.folder.join(config.secret_file.as_ref()?))
    }

    /// The same; an error if another endpoint reads it, which would lose its own secret when this one's changes.
    pub(super) fn own_secret_file(&self, route: &Route) -> Result<Option<PathBuf>, Failure> {
        let Some(file) = self.secret_file(route) else {
            return Ok(None);
        };
        let real = |file: &Path| fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        let wanted = real(&file);
        let name = route.endpoint.name();
        let mut others = self
            .loaded
            .config
            .endpoint
            .iter()
            .filter(|other| other.name != name);
        let other = others.find(|other| {
            let mut files = other
                .secret_file
                .iter()
                .chain(other.secrets_files.iter().flatten());
            files.any(|file| real(&self.loaded.folder.join(file)) == wanted)
        });
        match other {
            None => Ok(Some(file)),
            Some(other) => Err(Failure::wrong_use(format!(
                "endpoints `{name}` and `{}` have their secrets in the same file, {}; give each a file of its own",
                other.name,
                file.display()
            ))),
        }
    }

    /// A verb of this endpoint as it is typed.
    pub(super) fn command(&self, verb: &str, route: &Route) -> String {
        let name = route.endpoint.name();
        match self.place.config() {
            Some(file) => format!("wahook {verb} {name} --config {}", file.display()),
            None => format!("wahook {verb} {name}"),
        }
    }

    /// Whether an endpoint can be built with this secret alone.
    pub(super) fn fits(&self, route: &Route, secret: &Secret) -> Result<(), Failure> {
        let Some(config) = self.config_of(route) else {
            return Ok(());
        };
        let row = find_provider(&config.provider).map_err(Failure::wrong_use)?;
        let options = Options::new(config.options.clone());
        (row.build)(&config.name, Secrets::from(secret.clone()), &options)
            .map(drop)
            .map_err(|error| Failure::wrong_use(chain(&error)))
    }

    fn config_of(&self, route: &Route) -> Option<&EndpointConfig> {
        let mut endpoints = self.loaded.config.endpoint.iter();
        endpoints.find(|endpoint| endpoint.name == route.endpoint.name())
    }
}

/// The configuration alone.
fn load(place: &Where) -> Result<Loaded, Failure> {
    let Some(file) = place.config() else {
        return Err(Failure::wrong_use(
            "which configuration? Give --config FILE; its endpoints need [endpoint.manage]",
        ));
    };
    Ok(config::load(file, config::variables())?)
}

/// A secret that nobody knows, where there was none. Dropped, it is taken away again.
#[derive(Debug)]
pub(super) struct Placeholder {
    file: PathBuf,
    secret: Secret,
    /// There was an empty file, and will be again.
    was_there: bool,
    is_kept: bool,
}

impl Placeholder {
    /// Writes one if an endpoint's file is missing or empty.
    fn of(endpoint: &EndpointConfig, folder: &Path) -> Result<Option<Self>, Failure> {
        let (Some(file), Ok(row)) = (&endpoint.secret_file, find_provider(&endpoint.provider)) else {
            return Ok(None);
        };
        let file = folder.join(file);
        let was_there = match fs::read(&file) {
            Ok(text) if text.trim_ascii().is_empty() => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            // What else is wrong with it is said where it is used.
            _ => return Ok(None),
        };
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::io(format!("cannot write a secret into {}: {error}", file.display()))
        };
        let secret = Secret::new((row.make_secret)(random::random()?)).map_err(|error| cannot(&error))?;
        SecretFile::new(secret.clone())
            .write(&file)
            .map_err(|error| cannot(&error))?;
        output::notice(&format!("{} had no secret: one was made", file.display()));
        Ok(Some(Self {
            file,
            secret,
            was_there,
            is_kept: false,
        }))
    }

    /// It stays, or what took its place.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Placeholder {
    fn drop(&mut self) {
        // What took its place is somebody's.
        let is_it = |file: SecretFile| file.current.is_same(&self.secret);
        if self.is_kept || !SecretFile::read(&self.file).is_ok_and(is_it) {
            return;
        }
        let _ = if self.was_there {
            fs::write(&self.file, "")
        } else {
            fs::remove_file(&self.file)
        };
    }
}

//! Where the guard remembers, as the configuration says it.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Config, Hidden, Problem, Route};
use crate::stores::{StoreAddress, masked};

/// The address of a store: printed and serialised with stars in place of what may be a credential.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct StoreText(Hidden);

impl StoreText {
    /// The whole text. Do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Serialize for StoreText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&masked(self.expose().trim()))
    }
}

/// Where deliveries are kept before they are answered.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Inbox {
    /// Nowhere: they are handed on, and answered when that is done.
    None,
}

/// By hand, since everybody else's error would not say that it is this release that knows no other.
impl<'de> Deserialize<'de> for Inbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "none" => Ok(Self::None),
            _ => Err(de::Error::custom(
                "this release has no inbox; leave it out or write \"none\", and name a `store` for the guard",
            )),
        }
    }
}

/// The store of the endpoints that name none.
pub(super) fn of_all(config: &Config, folder: &Path) -> Result<StoreAddress, Problem> {
    match named(config.store.as_ref(), config.store_file.as_deref(), folder) {
        Ok(store) => Ok(store.unwrap_or_else(StoreAddress::memory)),
        Err((key, text)) => Err(Problem::new(&[key], text)),
    }
}

/// The store that these two keys name, if they do; else the key that is wrong, and why.
pub(super) fn named(
    store: Option<&StoreText>,
    file: Option<&Path>,
    folder: &Path,
) -> Result<Option<StoreAddress>, (&'static str, String)> {
    match (store, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err((
            "store_file",
            "there are both `store` and `store_file`; keep one".to_owned(),
        )),
        (Some(store), None) => StoreAddress::parse(store.expose(), folder)
            .map(Some)
            .map_err(|text| ("store", format!("`store`: {text}"))),
        (None, Some(file)) => {
            let file = folder.join(file);
            let shown = file.display();
            let text = std::fs::read_to_string(&file)
                .map_err(|error| ("store_file", format!("cannot read the store in {shown}: {error}")))?;
            StoreAddress::parse(&text, folder)
                .map(Some)
                .map_err(|text| ("store_file", format!("{shown}: {text}")))
        }
    }
}

/// Endpoints that share event keys have to share the store: in two, neither would see the other's.
pub(super) fn of_groups(config: &Config, routes: &[Route]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let in_group = |index: usize| config.endpoint.get(index)?.dedupe_group.as_deref();
    let route_of = |name: &str| routes.iter().find(|route| route.endpoint.name() == name);
    for (index, endpoint) in config.endpoint.iter().enumerate() {
        let Some(group) = in_group(index) else { continue };
        let first = config
            .endpoint
            .iter()
            .find(|other| other.dedupe_group.as_deref() == Some(group));
        let (Some(first), Some(route)) = (first, route_of(&endpoint.name)) else {
            continue;
        };
        if route_of(&first.name).is_some_and(|first| !first.store.is(&route.store)) {
            let text = format!(
                "`{}` and `{}` are one dedupe_group and remember in two stores; give them the same store",
                first.name, endpoint.name
            );
            problems.push(Problem::new(
                &["endpoint", &index.to_string(), "dedupe_group"],
                text,
            ));
        }
    }
    problems
}

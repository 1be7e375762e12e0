//! Where the guard remembers, as the configuration says it.

use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

use super::{Config, Hidden, Problem, Route, build::Wrong};
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
) -> Result<Option<StoreAddress>, Wrong> {
    let found = from_keys(["store", "store_file"], store, file, folder)?;
    match found {
        Some(address) if address.row().open.is_none() => Err((
            "store",
            format!(
                "{} keeps no guard; name sqlite:PATH, redis://… or postgres://…, or name it as the `inbox`",
                address.row().name
            ),
        )),
        found => Ok(found),
    }
}

/// The address that two keys name, one itself and one the file that holds it.
pub(super) fn from_keys(
    [key, file_key]: [&'static str; 2],
    text: Option<&StoreText>,
    file: Option<&Path>,
    folder: &Path,
) -> Result<Option<StoreAddress>, Wrong> {
    match (text, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err((
            file_key,
            format!("there are both `{key}` and `{file_key}`; keep one"),
        )),
        (Some(text), None) => StoreAddress::parse(text.expose(), folder)
            .map(Some)
            .map_err(|why| (key, format!("`{key}`: {why}"))),
        (None, Some(file)) => {
            let file = folder.join(file);
            let shown = file.display();
            let text = std::fs::read_to_string(&file)
                .map_err(|error| (file_key, format!("cannot read the address in {shown}: {error}")))?;
            StoreAddress::parse(&text, folder)
                .map(Some)
                .map_err(|why| (file_key, format!("{shown}: {why}")))
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

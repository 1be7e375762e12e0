//! The stores of a configuration, each opened once.

use std::{num::NonZeroUsize, sync::Arc};

use wahook_core::{
    Assurance, Clock,
    guard::{GuardStore, RememberingStore},
};

use super::{Reach, StoreAddress, StoreLog, watched::Watched};
use crate::{
    Failure,
    config::{Config, Route},
    failure::chain,
    random::random,
};

/// What stores are opened with.
#[derive(Clone, Debug)]
pub(crate) struct Means {
    pub(crate) clock: Arc<dyn Clock>,
    /// How many keys are remembered in memory.
    pub(crate) capacity: NonZeroUsize,
    /// Random, of this process alone.
    pub(crate) hash_key: [u8; 16],
    /// Whether a memory stands in front of stores that are reached over the network.
    pub(crate) remember_in_front: bool,
}

impl Means {
    /// As the configuration says.
    pub(crate) fn new(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        Ok(Self {
            clock,
            capacity: NonZeroUsize::new(config.limits.remembered_keys).unwrap_or(NonZeroUsize::MIN),
            hash_key: random()?,
            remember_in_front: config.remember_in_front,
        })
    }
}

/// A store, and whose guard it is.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) address: StoreAddress,
    /// The endpoints, by their place in the list of routes.
    pub(crate) routes: Vec<usize>,
    /// Their names.
    pub(crate) endpoints: Vec<String>,
}

/// Each store once, in the order of the endpoints.
pub(crate) fn group(routes: &[Route]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let name = route.endpoint.name().to_owned();
        match groups.iter_mut().find(|group| group.address.is(&route.store)) {
            Some(group) => {
                group.routes.push(index);
                group.endpoints.push(name);
            }
            None => groups.push(Group {
                address: route.store.clone(),
                routes: vec![index],
                endpoints: vec![name],
            }),
        }
    }
    groups
}

/// A store that answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// Its name.
    pub name: &'static str,
    /// The endpoints whose guard it is.
    pub endpoints: Vec<String>,
    /// What survives of what it is told.
    pub assurance: Assurance,
    /// Itself.
    pub store: Arc<dyn GuardStore>,
    pub(crate) address: StoreAddress,
    /// Who is told how it is.
    pub(crate) log: Arc<StoreLog>,
}

impl Group {
    /// Opens it, or says why not and what to do, without a credential.
    pub(crate) async fn open(&self, means: &Means) -> Result<Opened, String> {
        let row = self.address.row();
        let open = row.open.ok_or_else(|| format!("{} keeps no guard", row.name))?;
        let opened = open(&self.address, means).await;
        let (mut store, assurance) =
            opened.map_err(|error| format!("{}{}", chain(&error), (row.advice)(error.kind())))?;
        let log = Arc::new(StoreLog::new(row.name));
        if row.reach != Reach::Process {
            store = Arc::new(Watched::new(store, Arc::clone(&log)));
        }
        if row.reach == Reach::Network && means.remember_in_front {
            let clock = Arc::clone(&means.clock);
            store = Arc::new(RememberingStore::new(
                store,
                clock,
                means.capacity,
                means.hash_key,
            ));
        }
        Ok(Opened {
            name: row.name,
            endpoints: self.endpoints.clone(),
            assurance,
            store,
            address: self.address.clone(),
            log,
        })
    }
}

/// All stores of a gateway.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    /// Each once.
    pub(crate) all: Vec<Arc<Opened>>,
    by_route: Vec<Arc<Opened>>,
}

impl Stores {
    /// Opens what the routes name, each store once; what is open already stays so, with all that it remembers.
    pub(crate) async fn open(routes: &[Route], means: &Means, there: &Self) -> Result<Self, Failure> {
        let mut all = Vec::new();
        let mut placed = Vec::new();
        for group in group(routes) {
            let opened = match there.all.iter().find(|open| open.address.is(&group.address)) {
                Some(open) => Opened {
                    endpoints: group.endpoints.clone(),
                    ..Opened::clone(open)
                },
                None => group.open(means).await.map_err(|why| {
                    let (name, endpoints) = (group.address.row().name, group.endpoints.join(", "));
                    Failure::io(format!(
                        "cannot open the guard store {name} of {endpoints}: {why}"
                    ))
                })?,
            };
            let opened = Arc::new(opened);
            placed.extend(group.routes.iter().map(|route| (*route, Arc::clone(&opened))));
            all.push(opened);
        }
        placed.sort_by_key(|(route, _)| *route);
        Ok(Self {
            all,
            by_route: placed.into_iter().map(|(_, opened)| opened).collect(),
        })
    }

    /// The store of each route, in the order of the routes.
    pub(crate) fn by_route(&self) -> impl Iterator<Item = &Opened> {
        self.by_route.iter().map(AsRef::as_ref)
    }
}

//! Which sinks there are: what waits for another one waits in vain.

use std::{collections::BTreeSet, sync::Arc};

use arc_swap::ArcSwapOption;

use super::answer::Refused;
use crate::suggest;

/// The names of the sinks that are configured. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct SinkNames(Arc<ArcSwapOption<BTreeSet<String>>>);

impl SinkNames {
    /// These, until they are others.
    #[must_use]
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        let sinks = Self::default();
        sinks.are(names);
        sinks
    }

    /// These from now on.
    pub fn are(&self, names: impl IntoIterator<Item = String>) {
        self.0.store(Some(Arc::new(names.into_iter().collect())));
    }

    /// Refuses what would wait in vain.
    pub(super) fn has(&self, name: &str) -> Result<(), Refused> {
        let names = self.0.load();
        let Some(names) = names.as_ref().filter(|names| !names.contains(name)) else {
            return Ok(());
        };
        let hint = suggest::hint(name, names.iter().map(String::as_str));
        let message = format!("there is no sink `{name}`{hint}");
        Err(Refused::question(message))
    }

    /// Whether it is known that there is none of this name.
    pub(super) fn lack(&self, name: &str) -> bool {
        self.0.load().as_ref().is_some_and(|names| !names.contains(name))
    }
}

//! Which sinks there are: what waits for another one waits in vain.

use std::{collections::BTreeSet, sync::Arc};

use arc_swap::ArcSwapOption;

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

    /// Whether it is known that there is none of this name.
    pub(super) fn lack(&self, name: &str) -> bool {
        self.0.load().as_ref().is_some_and(|names| !names.contains(name))
    }
}

//! The rates of the endpoints. One that stays as it is configured counts on when the configuration is read again: else
//! every reload would let a burst through.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc};

use wahook_core::Clock;
use wahook_tower::Rate;

use crate::config::Route;

/// Rates by the names of endpoints.
#[derive(Clone, Debug, Default)]
pub struct Rates(HashMap<String, ([NonZeroU32; 2], Rate)>);

impl Rates {
    /// Those of these endpoints from now on.
    #[must_use]
    pub fn and_now(&self, routes: &[Route], clock: &Arc<dyn Clock>) -> Self {
        let limited = routes
            .iter()
            .filter_map(|route| Some((route.endpoint.name(), route.rate?)));
        let one = |(name, allowed): (&str, [NonZeroU32; 2])| {
            let same = self.0.get(name).filter(|(before, _)| *before == allowed);
            let rate = same.map_or_else(
                || Rate::of(allowed[0], allowed[1], Arc::clone(clock)),
                |(_, rate)| rate.clone(),
            );
            (name.to_owned(), (allowed, rate))
        };
        Self(limited.map(one).collect())
    }

    pub(crate) fn of(&self, endpoint: &str) -> Option<Rate> {
        self.0.get(endpoint).map(|(_, rate)| rate.clone())
    }
}

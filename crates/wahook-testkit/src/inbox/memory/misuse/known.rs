//! What may be wrong with what an inbox knows by its key.

use std::{collections::HashSet, time::Duration};

use wahook_core::{
    guard::{Digest, Key, StoreError},
    inbox::Desk as _,
};

use super::{Flaw, Flawed};
use crate::inbox::memory::{
    State,
    records::{Kept, Reads, Seen},
};

impl Flawed {
    pub(super) async fn knowing(&self, keys: &[Key]) -> Result<Vec<bool>, StoreError> {
        let mut known = self.inbox.known(keys).await?;
        self.tamper(|state| {
            for (key, known) in keys.iter().zip(&mut known) {
                *known = self.known_of(state, key, *known);
            }
        });
        match self.flaw {
            Flaw::TellsEachKeyOnce => {
                let mut told = HashSet::new();
                let mut keys = keys.iter();
                known.retain(|_| keys.next().is_some_and(|key| told.insert(key)));
            }
            Flaw::TellsTheKnownFirst => known.sort_by_key(|known| !known),
            Flaw::TellsAHundredKeys => known.truncate(100),
            _ => {}
        }
        Ok(known)
    }

    fn known_of(&self, state: &mut State, key: &Key, known: bool) -> bool {
        let of_key = |kept: &&Kept| {
            let delivery = &kept.stored.delivery;
            Key::delivery(&delivery.endpoint, &delivery.key.text) == *key
        };
        let mut kept = state.deliveries.values().filter(of_key);
        match self.flaw {
            Flaw::KnowsNothing => false,
            Flaw::KnowsOnlyWhatIsWhole => known && kept.any(|kept| kept.stored.redacted_at.is_none()),
            Flaw::KnowsOnlyTheUnread => known && kept.any(|kept| kept.progress != Reads::Read),
            Flaw::KnowsNoConflicts => known && kept.count() < 2,
            Flaw::KnowsOtherEndpoints => {
                let texts = state.seen.keys();
                known || texts.into_iter().any(|text| bare(text) == bare(key.as_str()))
            }
            Flaw::ClaimsWhatIsAskedFor => {
                let seen = state.seen.entry(key.as_str().to_owned()).or_default();
                if !known {
                    seen.push(Seen {
                        digest: Digest::of(b"asked for"),
                        until: Duration::MAX,
                    });
                }
                known
            }
            Flaw::ProlongsWhatIsAskedFor => {
                let seen = state.seen.get_mut(key.as_str()).into_iter().flatten();
                seen.for_each(|seen| seen.until = Duration::MAX);
                known
            }
            Flaw::KnowsForEver => state.seen.contains_key(key.as_str()),
            _ => known,
        }
    }
}

/// A key without its scope.
fn bare(text: &str) -> &str {
    text.rsplit(':').next().unwrap_or_default()
}

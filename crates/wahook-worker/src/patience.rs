//! What a task does while the inbox does not answer.

use std::{sync::Arc, time::Duration};

use wahook_core::guard::StoreError;

use crate::{Signal, random::jittered, shared::Shared};

const FIRST: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(5);

/// How often in a row the inbox did not answer one task. Of all tasks the first to meet it tells the operator, and the
/// last to get over it.
#[derive(Debug)]
pub(crate) struct Patience {
    shared: Arc<Shared>,
    failures: u32,
}

impl Patience {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared, failures: 0 }
    }

    /// It did not answer; tells how long to wait.
    pub(crate) fn failed(&mut self, error: &StoreError) -> Duration {
        if self.failures == 0 && self.shared.begin_trouble() {
            self.shared.tell(&Signal::InboxDown { error });
        }
        self.failures = self.failures.saturating_add(1);
        let doublings = (self.failures - 1).min(16);
        jittered(FIRST.saturating_mul(1 << doublings).min(MOST))
    }

    /// Whether it answered the last time.
    pub(crate) const fn is_calm(&self) -> bool {
        self.failures == 0
    }

    /// It answered.
    pub(crate) fn succeeded(&mut self) {
        if self.failures > 0 {
            self.failures = 0;
            if self.shared.end_trouble() {
                self.shared.tell(&Signal::InboxRecovered);
            }
        }
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        // Whoever lets go of what it wanted has no trouble any more; at the end nobody has.
        if self.failures > 0 && self.shared.end_trouble() && !self.shared.is_ending() {
            self.shared.tell(&Signal::InboxRecovered);
        }
    }
}

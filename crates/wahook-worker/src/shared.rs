//! What the tasks share.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::watch;
use wahook_core::{guard::Token, inbox::Inbox};

use crate::{Observer, Options, Plan, Signal, random::token};

/// What the tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) inbox: Arc<dyn Inbox>,
    pub(crate) options: Options,
    /// The reader's, in this life and after a panic.
    pub(crate) reader: Token,
    pub(crate) plan: watch::Sender<Arc<Plan>>,
    pub(crate) phase: watch::Sender<Phase>,
    /// Something came into the inbox, or somebody says so.
    pub(crate) stirred: watch::Sender<()>,
    /// The reader of this process put something into lanes.
    pub(crate) filed: watch::Sender<()>,
    /// So many tasks have trouble with the inbox.
    pub(crate) in_trouble: AtomicUsize,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It has not.
    Serving,
    /// Nothing new is begun.
    Ending,
    /// What is in progress is cut off.
    Cutting,
}

impl Shared {
    pub(crate) fn new(inbox: Arc<dyn Inbox>, plan: Plan, options: Options) -> Self {
        Self {
            inbox,
            options,
            reader: token(),
            plan: watch::Sender::new(Arc::new(plan)),
            phase: watch::Sender::new(Phase::Serving),
            stirred: watch::Sender::new(()),
            filed: watch::Sender::new(()),
            in_trouble: AtomicUsize::new(0),
        }
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan.borrow())
    }

    pub(crate) fn tell(&self, signal: &Signal<'_>) {
        let observer: &dyn Observer = &*self.options.observer;
        observer.observe(signal);
    }

    pub(crate) fn is_ending(&self) -> bool {
        *self.phase.borrow() >= Phase::Ending
    }

    /// Waits until the end has come so far.
    pub(crate) async fn reaches(&self, phase: Phase) {
        // The sender is this one, so there is always an answer.
        let _ = self.phase.subscribe().wait_for(|now| *now >= phase).await;
    }

    pub(crate) fn begin_trouble(&self) -> bool {
        self.in_trouble.fetch_add(1, Ordering::Relaxed) == 0
    }

    pub(crate) fn end_trouble(&self) -> bool {
        self.in_trouble.fetch_sub(1, Ordering::Relaxed) == 1
    }
}

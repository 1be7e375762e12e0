//! One sink: takes its lanes as there is room, and hands them over at the same time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use wahook_core::inbox::Want;

use crate::{
    Route, Stopped,
    batch::loads,
    gate::{Gate, Permit},
    lane::{Ended, HandOver},
    patience::Patience,
    random::token,
    shared::{Phase, Shared},
};

/// What others put in is looked for so often at most; what the reader of this process filed is looked for at once.
const SPACING: Duration = Duration::from_millis(20);

/// One sink.
#[derive(Debug)]
pub(crate) struct Serve {
    shared: Arc<Shared>,
    /// `None` once it is out of the plan.
    route: watch::Receiver<Option<Arc<Route>>>,
    gate: Arc<Gate>,
    patience: Patience,
    lanes: JoinSet<Ended>,
    bytes: Arc<AtomicUsize>,
    /// When there may be something to take.
    look_at: Instant,
    looked_at: Instant,
    stopped: Stopped,
}

impl Serve {
    pub(crate) fn new(shared: Arc<Shared>, route: watch::Receiver<Option<Arc<Route>>>) -> Self {
        let now = Instant::now();
        Self {
            patience: Patience::new(Arc::clone(&shared)),
            shared,
            route,
            gate: Arc::default(),
            lanes: JoinSet::new(),
            bytes: Arc::default(),
            look_at: now,
            looked_at: now,
            stopped: Stopped::default(),
        }
    }

    pub(crate) async fn run(mut self) -> Stopped {
        let mut filed = self.shared.filed.subscribe();
        let mut stirred = self.shared.stirred.subscribe();
        let shared = Arc::clone(&self.shared);
        let mut ending = std::pin::pin!(shared.reaches(Phase::Ending));
        loop {
            while let Some(Ok(ended)) = self.lanes.try_join_next() {
                self.ended(ended);
            }
            let route = self.route.borrow_and_update().clone();
            let Some(route) = route.filter(|_| !shared.is_ending()) else {
                break;
            };
            let wake = match self.may_look(&route) {
                May::Look(permit) => {
                    // What comes in from here on is heard below.
                    filed.mark_unchanged();
                    stirred.mark_unchanged();
                    self.take(&route, permit).await;
                    continue;
                }
                May::LookAt(wake) => Some(wake),
                May::WaitForALane => None,
            };
            tokio::select! {
                Some(ended) = self.lanes.join_next() => self.ended(ended.unwrap_or_default()),
                () = sleep_until(wake.unwrap_or(self.looked_at)), if wake.is_some() => {}
                _ = filed.changed() => self.look_in(Duration::ZERO),
                _ = stirred.changed() => self.look_at = self.look_at.min(self.looked_at + SPACING),
                _ = self.route.changed() => {}
                () = &mut ending => {}
            }
        }
        while let Some(ended) = self.lanes.join_next().await {
            self.ended(ended.unwrap_or_default());
        }
        self.stopped
    }

    fn ended(&mut self, ended: Ended) {
        self.stopped.cut += ended.stopped.cut;
        self.stopped.untouched += ended.stopped.untouched;
        self.look_in(ended.due);
    }

    /// An inbox in trouble is not asked earlier for having more to give.
    fn look_in(&mut self, time: Duration) {
        if self.patience.is_calm() {
            self.look_at = self.look_at.min(crate::clock::after(time));
        }
    }

    fn may_look(&self, route: &Route) -> May {
        let permit = self.gate.permit();
        let is_full = self.lanes.len() >= self.most_lanes(route) || self.room().is_none();
        if permit == Permit::Asking || is_full {
            return May::WaitForALane;
        }
        let look_at = match permit {
            Permit::Not(until) => self.look_at.max(until),
            _ => self.look_at,
        };
        if look_at > Instant::now() {
            May::LookAt(look_at)
        } else {
            May::Look(permit)
        }
    }

    fn most_lanes(&self, route: &Route) -> usize {
        route.lanes.unwrap_or(self.shared.options.lanes)
    }

    /// So many bytes may come.
    fn room(&self) -> Option<usize> {
        let room = self
            .shared
            .options
            .bytes
            .saturating_sub(self.bytes.load(Ordering::Relaxed));
        (room > 0).then_some(room)
    }

    async fn take(&mut self, route: &Arc<Route>, permit: Permit) {
        let options = &self.shared.options;
        let one = permit == Permit::One;
        let mut asking = one.then(|| self.gate.asking());
        let lanes = self.most_lanes(route).saturating_sub(self.lanes.len());
        let want = Want {
            lanes: if one { 1 } else { lanes.max(1) },
            events: if one {
                1
            } else {
                route.events.unwrap_or(options.events)
            },
            bytes: self.room().unwrap_or(1),
        };
        let token = token();
        let asked = Instant::now();
        self.looked_at = asked;
        let taken = self
            .shared
            .inbox
            .take(&route.name, token, want, options.lease)
            .await;
        let taken = match taken {
            Ok(taken) => taken,
            Err(error) => {
                self.look_at = crate::clock::after(self.patience.failed(&error));
                return;
            }
        };
        self.patience.succeeded();
        // An empty answer that says that something is due now is asked again, but not at once.
        let least = if taken.lanes.is_empty() {
            SPACING
        } else {
            Duration::ZERO
        };
        let next = taken
            .next
            .map_or(options.poll, |next| next.clamp(least, options.poll));
        self.look_at = crate::clock::after(next);
        for load in loads(taken.lanes, &self.bytes) {
            let hand_over = HandOver {
                shared: Arc::clone(&self.shared),
                route: Arc::clone(route),
                ticket: asking.take().unwrap_or_else(|| self.gate.ticket()),
                load,
                token,
                lease_ends: asked + options.lease,
            };
            self.lanes.spawn(hand_over.run());
        }
    }
}

/// Whether to look for lanes.
enum May {
    Look(Permit),
    LookAt(Instant),
    WaitForALane,
}

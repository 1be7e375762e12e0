//! What an inbox has to bring to be tested.

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use wahook_core::{
    BoxFuture, Clock, DeliveryId,
    guard::{Key, Settled, StoreError, Token},
    inbox::{
        Accepted, DeadLetter, DeadQuery, Desk, EventQuery, EventRow, Filed, Incoming, Kept, Lane, LaneId,
        Reading, Replay, Replayed, Retention, Settlement, Status, Swept, Taken, Unread, Want,
    },
};

use crate::{
    ManualClock,
    contract::{LONG, Outage, POLLS, SHORT, token},
    guard::{RealTime, TimePasses},
};

/// An empty inbox under test, and how time passes for it. Cheap to clone.
///
/// Each has a database of its own, or a schema: the order of reading and the status are the whole inbox's.
#[derive(Clone, Debug)]
pub struct Harness {
    handles: Arc<RwLock<Vec<Arc<dyn Desk>>>>,
    turn: Arc<AtomicUsize>,
    time: Arc<dyn TimePasses>,
    clock: Option<Arc<ManualClock>>,
    /// Who reads where it does not matter who does.
    pub(super) reader: Token,
    answers_within: Duration,
    outage: Option<Outage>,
    reopening: Option<Reopening>,
    pub(super) frees_at_reopening: bool,
    pub(super) room: Option<usize>,
}

impl Harness {
    /// An inbox whose leases, waits and times run on a clock that is moved by hand.
    #[must_use]
    pub fn by_hand(inbox: Arc<dyn Desk>, clock: Arc<ManualClock>) -> Self {
        Self::new(inbox, clock.clone(), Some(clock))
    }

    /// An inbox on the real clock, its own or a server's.
    #[must_use]
    pub fn in_real_time(inbox: Arc<dyn Desk>) -> Self {
        Self::new(inbox, Arc::new(RealTime::default()), None)
    }

    fn new(inbox: Arc<dyn Desk>, time: Arc<dyn TimePasses>, clock: Option<Arc<ManualClock>>) -> Self {
        Self {
            handles: Arc::new(RwLock::new(vec![inbox])),
            turn: Arc::default(),
            time,
            clock,
            reader: token(),
            answers_within: Duration::from_secs(5),
            outage: None,
            reopening: None,
            frees_at_reopening: false,
            room: None,
        }
    }

    /// Another handle of the same inbox, as another process has one: verbs go through all handles in turn.
    #[must_use]
    pub fn also_through(self, inbox: Arc<dyn Desk>) -> Self {
        self.change_handles(|handles| handles.push(inbox));
        self
    }

    /// How long one answer may take before a test fails, instead of 5 s; longer than the inbox's own deadline.
    #[must_use]
    pub fn answers_within(mut self, answers_within: Duration) -> Self {
        self.answers_within = answers_within;
        self
    }

    /// How to open the same inbox again after its process died. When it is called, all handles were dropped; what it
    /// gives is the only one from then on. What
    /// [`inbox_reopening_contract!`](crate::inbox_reopening_contract) needs.
    ///
    /// May be called several times. The real thing is best: a copy of the files as a crash leaves them.
    #[must_use]
    pub fn reopened<Opened>(mut self, reopen: impl Fn() -> Opened + Send + Sync + 'static) -> Self
    where
        Opened: Future<Output = Arc<dyn Desk>> + Send + 'static,
    {
        self.reopening = Some(Reopening(Arc::new(move || Box::pin(reopen()))));
        self
    }

    /// Says that a dead process's leases are free at once when the inbox is opened again, since nobody else can have
    /// it open.
    #[must_use]
    pub fn frees_at_reopening(mut self) -> Self {
        self.frees_at_reopening = true;
        self
    }

    /// Says that the inbox takes this many deliveries that are not finished, and no more. What
    /// [`inbox_full_contract!`](crate::inbox_full_contract) needs.
    #[must_use]
    pub fn with_room_for(mut self, deliveries: usize) -> Self {
        self.room = Some(deliveries);
        self
    }

    /// How to put the inbox out of reach, and back with all that it had acknowledged. Both may block. What
    /// [`inbox_outage_contract!`](crate::inbox_outage_contract) needs.
    #[must_use]
    pub fn with_outage(
        mut self,
        begin: impl Fn() + Send + Sync + 'static,
        end: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        self.outage = Some(Outage::new(begin, end));
        self
    }

    fn change_handles(&self, change: impl FnOnce(&mut Vec<Arc<dyn Desk>>)) {
        change(&mut self.handles.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The handle whose turn it is.
    pub(super) fn inbox(&self) -> Arc<dyn Desk> {
        let handles = self.handles.read().unwrap_or_else(PoisonError::into_inner);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % handles.len();
        handles.get(turn).cloned().expect("there is a handle")
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.time.pass(time).await;
    }

    pub(super) fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "the inbox runs on the real clock as well"
        )]
        let now = || Timestamp::now();
        self.clock.as_ref().map_or_else(now, |clock| clock.now())
    }

    fn outage(&self) -> &Outage {
        self.outage.as_ref().expect("the harness has an outage")
    }

    pub(super) async fn begin_outage(&self) {
        self.outage().begin().await;
    }

    pub(super) async fn end_outage(&self) {
        self.outage().end().await;
    }

    pub(super) async fn reopen(&self) {
        let reopening = self
            .reopening
            .clone()
            .expect("the harness can open its inbox again");
        self.change_handles(Vec::clear);
        let inbox = (reopening.0)().await;
        self.change_handles(|handles| handles.push(inbox));
    }

    pub(super) async fn in_time<T>(&self, verb: impl Future<Output = T>) -> T {
        let answer = tokio::time::timeout(self.answers_within, verb).await;
        answer.expect("the inbox answers in time, or says that it cannot")
    }
}

/// The verbs, each through the handle whose turn it is.
macro_rules! verbs {
    ($($verb:ident $trying:ident ($($name:ident: $of:ty),*) -> $answer:ty;)+) => {
        impl Harness {
            $(
                pub(super) async fn $trying(&self $(, $name: $of)*) -> Result<$answer, StoreError> {
                    let inbox = self.inbox();
                    self.in_time(inbox.$verb($($name),*)).await
                }

                pub(super) async fn $verb(&self $(, $name: $of)*) -> $answer {
                    self.$trying($($name),*).await.expect("the inbox answers")
                }
            )+
        }
    };
}

verbs! {
    accept try_accept(incoming: Incoming) -> Accepted;
    unread try_unread(token: Token, count: usize, bytes: usize, lease: Duration) -> Vec<Unread>;
    file try_file(token: Token, readings: Vec<Reading>) -> Option<Filed>;
    take try_take(sink: &str, token: Token, want: Want, lease: Duration) -> Taken;
    renew try_renew(lane: LaneId, token: Token, lease: Duration) -> Settled;
    settle try_settle(token: Token, settlement: Settlement) -> Settled;
    events try_events(query: &EventQuery) -> Vec<EventRow>;
    delivery try_delivery(id: DeliveryId) -> Option<Kept>;
    dead try_dead(query: &DeadQuery) -> Vec<DeadLetter>;
    retry try_retry(query: &DeadQuery) -> u64;
    drop_dead try_drop_dead(query: &DeadQuery) -> u64;
    drop_waiting try_drop_waiting(sink: &str, limit: u32) -> u64;
    replay try_replay(replay: &Replay) -> Replayed;
    reread try_reread() -> u64;
    known try_known(keys: &[Key]) -> Vec<bool>;
    status try_status() -> Status;
    sweep try_sweep(retention: Retention) -> Swept;
}

/// Everything there is.
pub(super) const ALL: Want = Want {
    lanes: 1_000,
    events: 1_000,
    bytes: 1 << 24,
};

/// What is taken and settled as one.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) token: Token,
    pub(super) lane: Lane,
}

impl Harness {
    /// All that nobody has read.
    pub(super) async fn all_unread(&self) -> Vec<Unread> {
        self.unread(self.reader, 10_000, 1 << 24, LONG).await
    }

    /// The same, once the reader of a dead process has lost the part.
    pub(super) async fn all_unread_when_free(&self) -> Vec<Unread> {
        for _ in 0..POLLS {
            let unread = self.all_unread().await;
            if !unread.is_empty() {
                return unread;
            }
            self.pass(SHORT / 5).await;
        }
        panic!("nothing is unread, or the part does not become free");
    }

    /// Takes lanes of a sink, each for long.
    pub(super) async fn hold(&self, sink: &str, want: Want) -> Vec<Hold> {
        self.hold_for(sink, want, LONG).await
    }

    pub(super) async fn hold_for(&self, sink: &str, want: Want, lease: Duration) -> Vec<Hold> {
        let token = token();
        let taken = self.take(sink, token, want, lease).await;
        let lanes = taken.lanes.into_iter();
        lanes.map(|lane| Hold { token, lane }).collect()
    }

    /// Takes what must be the only lane of a sink that is due.
    pub(super) async fn hold_one(&self, sink: &str) -> Hold {
        let mut held = self.hold(sink, ALL).await;
        assert_eq!(held.len(), 1, "one lane is due: {held:?}");
        held.remove(0)
    }

    /// Takes what must come, while time passes in small steps.
    pub(super) async fn hold_when_due(&self, sink: &str) -> Hold {
        self.hold_when_due_for(sink, LONG).await
    }

    pub(super) async fn hold_when_due_for(&self, sink: &str, lease: Duration) -> Hold {
        for _ in 0..POLLS {
            let mut held = self.hold_for(sink, Want { lanes: 1, ..ALL }, lease).await;
            if let Some(held) = held.pop() {
                return held;
            }
            self.pass(SHORT / 5).await;
        }
        panic!("the lane did not come although its time was over long ago");
    }

    /// Takes and confirms everything of a sink that is due; the keys of the events, lane by lane.
    pub(super) async fn hand_over(&self, sink: &str) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for hold in self.hold(sink, ALL).await {
            all.push(hold.keys());
            assert_eq!(self.settle(hold.token, hold.done()).await, Settled::Done);
        }
        all
    }

    /// That nothing of a sink is due.
    pub(super) async fn nothing_is_due(&self, sink: &str) {
        let taken = self.take(sink, token(), ALL, LONG).await;
        assert!(taken.lanes.is_empty(), "nothing is due: {taken:?}");
    }
}

#[derive(Clone)]
struct Reopening(Arc<dyn Fn() -> BoxFuture<'static, Arc<dyn Desk>> + Send + Sync>);

impl fmt::Debug for Reopening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reopening").finish_non_exhaustive()
    }
}

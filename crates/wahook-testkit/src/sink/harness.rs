//! What a sink has to bring to be tested.

use std::{fmt, sync::Arc, time::Duration};

use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, MessageForm, Sink},
};

use super::{
    Received,
    events::{PHONE, TEXT},
};
use crate::contract::Outage;

type Make = Arc<dyn Fn(MessageForm) -> Arc<dyn Sink> + Send + Sync>;
type Read = Arc<dyn Fn() -> BoxFuture<'static, Vec<Received>> + Send + Sync>;

/// A sink under test, with a target of its own. Cheap to clone.
#[derive(Clone)]
pub struct Harness {
    make: Make,
    read: Read,
    answers_within: Duration,
    outage: Option<Outage>,
    kills: u64,
    refusing: Vec<(usize, Arc<dyn Sink>)>,
}

impl Harness {
    /// How to make a sink to the target, in such a form, and how to read **all** that is in the target: messages of one lane
    /// in the order in which a consumer gets them, each as often as it is there. A target is read once.
    #[must_use]
    pub fn new(
        make: impl Fn(MessageForm) -> Arc<dyn Sink> + Send + Sync + 'static,
        read: impl Fn() -> BoxFuture<'static, Vec<Received>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            make: Arc::new(make),
            read: Arc::new(read),
            answers_within: Duration::from_secs(15),
            outage: None,
            kills: 2,
            refusing: Vec::new(),
        }
    }

    /// How long one hand-over may take before a test fails, instead of 15 s; longer than the sink's own deadline.
    #[must_use]
    pub fn answers_within(mut self, answers_within: Duration) -> Self {
        self.answers_within = answers_within;
        self
    }

    /// How to kill the broker, and to start it again with all that it had confirmed. Both may block. What
    /// [`sink_outage_contract!`](crate::sink_outage_contract) needs.
    #[must_use]
    pub fn with_outage(
        mut self,
        begin: impl Fn() + Send + Sync + 'static,
        end: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        self.outage = Some(Outage::new(begin, end));
        self
    }

    /// How often the broker is killed and started again in one test, instead of twice.
    #[must_use]
    pub fn kills(mut self, kills: u64) -> Self {
        self.kills = kills;
        self
    }

    /// A sink whose target takes so many messages and no more: none where it is absent, one where it is full behind that.
    /// What [`sink_refusal_contract!`](crate::sink_refusal_contract) needs; several are tried one after the other.
    #[must_use]
    pub fn that_takes(mut self, count: usize, sink: Arc<dyn Sink>) -> Self {
        self.refusing.push((count, sink));
        self
    }

    pub(super) fn sink(&self) -> Arc<dyn Sink> {
        self.sink_in(MessageForm::default())
    }

    pub(super) fn sink_in(&self, form: MessageForm) -> Arc<dyn Sink> {
        (self.make)(form)
    }

    pub(super) async fn read(&self) -> Vec<Received> {
        let read = tokio::time::timeout(4 * self.answers_within, (self.read)()).await;
        read.expect("the target can be read in time")
    }

    pub(super) fn outage(&self) -> &Outage {
        self.outage.as_ref().expect("the harness has an outage")
    }

    pub(super) fn times(&self) -> u64 {
        self.kills
    }

    pub(super) fn refusing(&self) -> &[(usize, Arc<dyn Sink>)] {
        assert!(!self.refusing.is_empty(), "the harness has targets that refuse");
        &self.refusing
    }

    /// Hands over, in time, and looks at what is said.
    pub(super) async fn deliver(&self, sink: &dyn Sink, events: &[Event]) -> Delivered {
        let delivered = tokio::time::timeout(self.answers_within, sink.deliver(events)).await;
        let delivered = delivered.expect("the sink answers in time, or says that it cannot");
        assert!(delivered.done <= events.len(), "{delivered:?}");
        if let Some(error) = &delivered.error {
            let said = format!("{error} {error:?}");
            assert!(!said.contains(PHONE) && !said.contains(TEXT), "{said}");
            assert!(
                delivered.done < events.len(),
                "all is done, and yet there is an error: {said}"
            );
        }
        delivered
    }

    /// Hands over what must be taken at once.
    pub(super) async fn hand_over(&self, sink: &dyn Sink, events: &[Event]) {
        let delivered = self.deliver(sink, events).await;
        assert!(delivered.error.is_none(), "{delivered:?}");
        assert_eq!(delivered.done, events.len(), "all are done");
    }

    /// Hands over as a worker does: what is not done again, until all is.
    pub(super) async fn insist(&self, sink: &dyn Sink, mut events: &[Event], failed: impl Fn()) -> usize {
        let all = events.len();
        while !events.is_empty() {
            let delivered = self.deliver(sink, events).await;
            events = &events[delivered.done..];
            if delivered.error.is_some() {
                failed();
                tokio::time::sleep(RETRY).await;
            }
        }
        all
    }
}

/// Between two attempts.
const RETRY: Duration = Duration::from_millis(20);

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness")
            .field("answers_within", &self.answers_within)
            .field("refusing", &self.refusing)
            .finish_non_exhaustive()
    }
}

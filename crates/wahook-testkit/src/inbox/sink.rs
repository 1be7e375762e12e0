//! A sink that writes down what it gets.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind},
};

/// A sink for tests: it keeps what it was handed, and fails as it is told.
///
/// ```
/// use std::sync::Arc;
///
/// use wahook_core::sink::{Sink, SinkErrorKind};
/// use wahook_testkit::inbox::{Deliveries, RecordingSink};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let mut shop = Deliveries::of("wawp", "shop");
/// let incoming = shop.message("A1B2C3", "15550000002@c.us", "Good morning");
/// let events = shop.endpoint().provider().read(incoming.delivery());
///
/// let sink = Arc::new(RecordingSink::new());
/// sink.fail_next(SinkErrorKind::Failed);
/// assert!(sink.deliver(&events).await.error.is_some());
/// assert_eq!(sink.deliver(&events).await.done, 1);
/// assert_eq!((sink.tried().len(), sink.done().len()), (2, 1));
/// # });
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct RecordingSink {
    state: Mutex<State>,
    /// How many are done.
    done: watch::Sender<usize>,
    is_held: watch::Sender<bool>,
}

type Answer = Box<dyn FnMut(&Event) -> Result<(), SinkError> + Send>;

#[derive(Default)]
struct State {
    tried: Vec<Event>,
    done: Vec<Event>,
    failures: VecDeque<SinkErrorKind>,
    answer: Option<Answer>,
}

impl Default for RecordingSink {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            done: watch::Sender::new(0),
            is_held: watch::Sender::new(false),
        }
    }
}

impl RecordingSink {
    /// A sink that takes everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A sink that asks for every event whether it takes it.
    #[must_use]
    pub fn answering(answer: impl FnMut(&Event) -> Result<(), SinkError> + Send + 'static) -> Self {
        let sink = Self::new();
        sink.lock().answer = Some(Box::new(answer));
        sink
    }

    /// Fails the next event that it tries. Said twice, the next two.
    pub fn fail_next(&self, kind: SinkErrorKind) {
        self.lock().failures.push_back(kind);
    }

    /// From now on nothing comes to an end; what was begun is held before its first event.
    pub fn hold(&self) {
        self.is_held.send_replace(true);
    }

    /// Lets all go on.
    pub fn go_on(&self) {
        self.is_held.send_replace(false);
    }

    /// All events that it tried, in order, each as often as it was tried.
    #[must_use]
    pub fn tried(&self) -> Vec<Event> {
        self.lock().tried.clone()
    }

    /// All events that it took, in order.
    #[must_use]
    pub fn done(&self) -> Vec<Event> {
        self.lock().done.clone()
    }

    /// Waits until it took so many.
    pub async fn took(&self, count: usize) -> Vec<Event> {
        // The sender is borrowed: it lives.
        let _ = self.done.subscribe().wait_for(|done| *done >= count).await;
        self.done()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, event: &Event) -> Result<(), SinkError> {
        self.tried.push(event.clone());
        if let Some(kind) = self.failures.pop_front() {
            return Err(SinkError::new(kind, "the test wants it to fail"));
        }
        if let Some(answer) = &mut self.answer {
            answer(event)?;
        }
        self.done.push(event.clone());
        Ok(())
    }
}

impl fmt::Debug for RecordingSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingSink").finish_non_exhaustive()
    }
}

impl Sink for RecordingSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            let _ = self.is_held.subscribe().wait_for(|is_held| !is_held).await;
            let mut delivered = Delivered::default();
            {
                let mut state = self.lock();
                for event in events {
                    match state.take(event) {
                        Ok(()) => delivered.done += 1,
                        Err(error) => {
                            delivered.error = Some(error);
                            break;
                        }
                    }
                }
            }
            self.done.send_modify(|done| *done += delivered.done);
            delivered
        })
    }
}

//! What only the application can tell: how many events it handled.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use wahook_core::BoxFuture;

/// A look into the application under test. Without one, what no answer shows is reported as not observable.
pub trait Observe: fmt::Debug + Send + Sync + 'static {
    /// How many events it has handled so far, since any moment in the past.
    fn handled(&self) -> BoxFuture<'_, Result<u64, ObserveError>>;

    /// Whether it can tell at all: asked when a delivery was answered with success and none was handled. Who counts by a
    /// name that may appear with the first event says here that it never did.
    ///
    /// # Errors
    ///
    /// Where there is nothing to count by.
    fn can_tell(&self) -> Result<(), ObserveError> {
        Ok(())
    }

    /// Makes its next piece of work fail, once; `false` where it cannot be made to.
    fn fail_next(&self) -> BoxFuture<'_, Result<bool, ObserveError>> {
        Box::pin(async { Ok(false) })
    }
}

/// The application could not be asked; the text says why and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObserveError(String);

impl ObserveError {
    /// For this reason.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for ObserveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ObserveError {}

/// Counts in a handler of this process. Cheap to clone.
///
/// ```
/// use wahook_testkit::conform::Counter;
///
/// let counter = Counter::default();
/// // In the handler, where the work is done:
/// if !counter.must_fail() {
///     counter.add(1);
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    handled: AtomicU64,
    failures: AtomicU64,
}

impl Counter {
    /// So many events were handled now.
    pub fn add(&self, events: u64) {
        self.0.handled.fetch_add(events, Ordering::SeqCst);
    }

    /// How many were handled so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.handled.load(Ordering::SeqCst)
    }

    /// Whether this piece of work has to fail: asked once for each, by the handler.
    #[must_use]
    pub fn must_fail(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        self.0
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
    }
}

impl Observe for Counter {
    fn handled(&self) -> BoxFuture<'_, Result<u64, ObserveError>> {
        Box::pin(async { Ok(self.count()) })
    }

    fn fail_next(&self) -> BoxFuture<'_, Result<bool, ObserveError>> {
        self.0.failures.store(1, Ordering::SeqCst);
        Box::pin(async { Ok(true) })
    }
}

//! What is logged of a store that does not answer: why, and how often, at most once a second.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, time::sleep};
use wahook_core::guard::StoreErrorKind;
use wahook_tower::{Observer, Signal, TracingObserver};

use crate::failure::chain;

/// Tells the log what the guard says. What comes with every delivery while a store is down is told once a second, with
/// the number of deliveries that it stands for; everything else as it comes.
#[derive(Debug)]
pub(crate) struct StoreLog {
    down: Limited,
    accepted: Limited,
    unmarked: Limited,
    back: Limited,
}

impl StoreLog {
    pub(crate) fn new(store: &'static str) -> Self {
        Self {
            down: Limited::new(move |line| {
                let Line { endpoint, why, count } = line;
                tracing::error!(target: "wahook", store, %endpoint, count, "{why}");
            }),
            accepted: Limited::new(move |line| {
                let Line { endpoint, count, .. } = line;
                tracing::warn!(target: "wahook", store, %endpoint, count, "accepted without dedupe: the guard store does not answer");
            }),
            unmarked: Limited::new(move |line| {
                let Line { endpoint, count, .. } = line;
                tracing::error!(target: "wahook", store, %endpoint, count, "done and acknowledged, but the guard store could not be told");
            }),
            back: Limited::new(
                move |_| tracing::info!(target: "wahook", store, "the guard store answers again"),
            ),
        }
    }

    /// The store answers again.
    pub(super) fn back(&self) {
        self.back.note("", String::new);
    }
}

impl Observer for StoreLog {
    fn observe(&self, endpoint: &str, signal: &Signal<'_>) {
        match signal {
            Signal::StoreDown { error } => self.down.note(endpoint, || {
                let advice = match error.kind() {
                    StoreErrorKind::Full => "; make room, or let it forget sooner",
                    _ => "",
                };
                format!("{}{advice}", chain(error))
            }),
            Signal::AcceptedWithoutDedupe => self.accepted.note(endpoint, String::new),
            Signal::Unmarked => self.unmarked.note(endpoint, String::new),
            other => TracingObserver::default().observe(endpoint, other),
        }
    }
}

/// What a line says, and of how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) endpoint: String,
    pub(super) why: String,
    pub(super) count: u64,
}

/// At most one line a second; nothing is left uncounted.
#[derive(Clone)]
pub(super) struct Limited {
    say: Arc<dyn Fn(Line) + Send + Sync>,
    /// While a second runs: what came in it, if anything did.
    second: Arc<Mutex<Option<Option<Line>>>>,
}

impl Limited {
    pub(super) fn new(say: impl Fn(Line) + Send + Sync + 'static) -> Self {
        Self {
            say: Arc::new(say),
            second: Arc::default(),
        }
    }

    pub(super) fn note(&self, endpoint: &str, why: impl FnOnce() -> String) {
        let line = || Line {
            endpoint: endpoint.to_owned(),
            why: why(),
            count: 1,
        };
        let first = {
            let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *second {
                Some(Some(held)) => return held.count += 1,
                Some(held @ None) => return *held = Some(line()),
                None => {
                    // Without a runtime nobody would end the second.
                    if let Ok(runtime) = Handle::try_current() {
                        *second = Some(None);
                        runtime.spawn(self.clone().seconds());
                    }
                    line()
                }
            }
        };
        (self.say)(first);
    }

    /// Says after each second what came in it, until nothing did.
    async fn seconds(self) {
        loop {
            sleep(Duration::from_secs(1)).await;
            let held = {
                let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
                match second.as_mut().and_then(Option::take) {
                    Some(held) => held,
                    None => return *second = None,
                }
            };
            (self.say)(held);
        }
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn g8_a_store_that_is_down_is_one_line_a_second_and_nothing_is_left_uncounted() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let limited = Limited::new({
            let said = Arc::clone(&said);
            move |line: Line| said.lock().unwrap().push((line.why, line.count))
        });
        let why = |number: u32| move || format!("why {number}");
        for number in 0..1_000 {
            limited.note("shop", why(number));
        }
        assert_eq!(*said.lock().unwrap(), [("why 0".to_owned(), 1)]);
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(said.lock().unwrap()[1..], [("why 1".to_owned(), 999)]);
        limited.note("shop", why(2_000));
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(said.lock().unwrap()[2..], [("why 2000".to_owned(), 1)]);
        // A quiet second ends it: what comes next is said at once.
        sleep(Duration::from_millis(1_100)).await;
        limited.note("shop", why(3_000));
        assert_eq!(said.lock().unwrap()[3..], [("why 3000".to_owned(), 1)]);
    }
}

//! A log that many may fill at once: at most one line a second of each, and nothing is left uncounted.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, time::sleep};

/// What a line says, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Whom it is about, such as an endpoint.
    pub(crate) of: String,
    pub(crate) why: String,
    pub(crate) count: u64,
}

/// At most one line a second of each; whom they are about is bounded by whoever notes it.
#[derive(Clone)]
pub(crate) struct Limited {
    say: Arc<dyn Fn(Line) + Send + Sync>,
    seconds: Arc<Mutex<Seconds>>,
}

/// While a second runs: of whom something was said, and what came of them since, if anything did.
type Seconds = Option<HashMap<String, Option<Line>>>;

impl Limited {
    pub(crate) fn new(say: impl Fn(Line) + Send + Sync + 'static) -> Self {
        Self {
            say: Arc::new(say),
            seconds: Arc::default(),
        }
    }

    pub(crate) fn note(&self, of: &str, why: impl FnOnce() -> String) {
        let line = || Line {
            of: of.to_owned(),
            why: why(),
            count: 1,
        };
        let first = {
            let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
            if seconds.is_none() {
                // Without a runtime nobody would end the second.
                if let Ok(runtime) = Handle::try_current() {
                    *seconds = Some(HashMap::new());
                    runtime.spawn(self.clone().run());
                }
            }
            match seconds.as_mut().and_then(|held| held.get_mut(of)) {
                Some(Some(held)) => return held.count += 1,
                Some(held @ None) => return *held = Some(line()),
                None => {}
            }
            if let Some(held) = &mut *seconds {
                held.insert(of.to_owned(), None);
            }
            line()
        };
        (self.say)(first);
    }

    /// Says after each second what came in it, until nothing did.
    async fn run(self) {
        loop {
            sleep(Duration::from_secs(1)).await;
            let held: Vec<Line> = {
                let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(all) = &mut *seconds else { return };
                all.retain(|_, held| held.is_some());
                if all.is_empty() {
                    return *seconds = None;
                }
                all.values_mut().filter_map(mem::take).collect()
            };
            held.into_iter().for_each(|line| (self.say)(line));
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

    /// What was said so far: whom it is about, why, and how often.
    type Said = Arc<Mutex<Vec<(String, String, u64)>>>;

    fn limited() -> (Limited, Said) {
        let said = Said::default();
        let limited = Limited::new({
            let said = Arc::clone(&said);
            move |line: Line| said.lock().unwrap().push((line.of, line.why, line.count))
        });
        (limited, said)
    }

    fn why(number: u32) -> impl FnOnce() -> String {
        move || format!("why {number}")
    }

    fn taken(said: &Said) -> Vec<(String, String, u64)> {
        let mut lines = mem::take(&mut *said.lock().unwrap());
        lines.sort();
        lines
    }

    fn line(of: &str, why: &str, count: u64) -> (String, String, u64) {
        (of.to_owned(), why.to_owned(), count)
    }

    #[tokio::test(start_paused = true)]
    async fn g8_a_store_that_is_down_is_one_line_a_second_and_nothing_is_left_uncounted() {
        let (limited, said) = limited();
        for number in 0..1_000 {
            limited.note("shop", why(number));
        }
        assert_eq!(taken(&said), [line("shop", "why 0", 1)]);
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(taken(&said), [line("shop", "why 1", 999)]);
        limited.note("shop", why(2_000));
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(taken(&said), [line("shop", "why 2000", 1)]);
        // A quiet second ends it: what comes next is said at once.
        sleep(Duration::from_millis(1_100)).await;
        limited.note("shop", why(3_000));
        assert_eq!(taken(&said), [line("shop", "why 3000", 1)]);
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_counted_for_itself() {
        let (limited, said) = limited();
        for number in 0..10 {
            limited.note("shop", why(number));
            limited.note("line", why(number));
        }
        assert_eq!(taken(&said), [line("line", "why 0", 1), line("shop", "why 0", 1)]);
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(taken(&said), [line("line", "why 1", 9), line("shop", "why 1", 9)]);
        // One that is quiet is said at once again, while the other goes on.
        limited.note("shop", why(20));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(taken(&said), [line("shop", "why 20", 1)]);
        limited.note("line", why(21));
        limited.note("shop", why(21));
        assert_eq!(taken(&said), [line("line", "why 21", 1)]);
    }
}

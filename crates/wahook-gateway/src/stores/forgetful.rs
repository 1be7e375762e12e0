//! A memory that is too small says so (G9).

use std::time::Duration;

use tokio::time::sleep;

/// At most one warning in this time.
const PAUSE: Duration = Duration::from_secs(60);

/// Tells how many keys were forgotten before their time since it was told last, until there is no memory any more.
pub(super) async fn watch(forgotten: impl Fn() -> Option<u64>, tell: impl Fn(u64)) {
    let mut told = 0;
    while let Some(count) = forgotten() {
        if count > told {
            tell(count - told);
            told = count;
        }
        sleep(PAUSE).await;
    }
}

pub(super) fn warn(count: u64) {
    tracing::warn!(
        target: "wahook",
        store = "memory",
        count,
        "forgotten before their time, copies of them would be handled again: raise limits.remembered_keys, or name another store"
    );
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn g9_what_is_forgotten_before_its_time_is_told_once() {
        let steps = RefCell::new([None, Some(9), Some(5), Some(5), Some(0)].to_vec());
        let (told, calls) = (RefCell::new(Vec::new()), Cell::new(0));
        watch(
            || {
                calls.set(calls.get() + 1);
                steps.borrow_mut().pop().flatten()
            },
            |count| told.borrow_mut().push(count),
        )
        .await;
        assert_eq!((told.into_inner(), calls.get()), (vec![5, 4], 5));
    }
}

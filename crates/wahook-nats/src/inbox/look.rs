//! Looking how far the stream is, so that an answer knows all that was done before the question.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout_at},
};
use wahook_core::guard::{StoreError, StoreErrorKind};

use super::{fault::Fault, store::NatsInbox};

/// Before it is looked again.
const AGAIN: Duration = Duration::from_millis(20);

/// Who looks at the same time looks together: a hundred that are refused at once are one question to the server.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// How many wanted to look.
    asked: AtomicU64,
    /// Of these, so many know how far the stream was after they asked, and how far that is.
    known: Mutex<(u64, u64)>,
}

impl NatsInbox {
    /// Waits until all that anybody did before is known here.
    pub(super) async fn look(&self, deadline: Instant) -> Result<(), StoreError> {
        let look = async {
            loop {
                self.book.sure(&self.log).await?;
                let last = self.last().await?;
                if last < *self.book.applied.borrow() {
                    // Whoever leads now has yet to apply what the one before had told, or it is lost: soon it is known which.
                    sleep(AGAIN).await;
                    continue;
                }
                self.book.caught_up(last).await;
                // Otherwise what it was caught up with may be something else by now.
                if self.book.is_sure(&self.log) {
                    return self.book.is_whole();
                }
            }
        };
        match timeout_at(deadline, look).await {
            Ok(looked) => looked.map_err(|fault: Fault| fault.to_store_error()),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    /// The last message of the stream, at this moment or later.
    async fn last(&self) -> Result<u64, Fault> {
        let number = self.looks.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut known = self.looks.known.lock().await;
        if known.0 < number {
            let asked = self.looks.asked.load(Ordering::SeqCst);
            let info = self.log.info().await?;
            self.book.see(&info);
            *known = (asked, info.state.last_sequence);
        }
        Ok(known.1)
    }
}

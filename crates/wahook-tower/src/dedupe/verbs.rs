//! What is said to the store, within its time.

use std::{
    future::poll_fn,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use futures_util::FutureExt;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument as _;
use wahook_core::guard::{Claim, StoreError, StoreErrorKind};

use super::{DedupeLayer, claims::Held};
use crate::{Signal, clock::after, finishing::AGAIN};

/// How a claim ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Complete,
    Release,
}

impl DedupeLayer {
    pub(super) fn claim<'a>(&'a self, held: &'a Held) -> impl Future<Output = Result<Claim, StoreError>> {
        self.in_time(self.store.claim(&held.key, held.digest, held.token, self.lease))
    }

    /// Completes or releases what is held. Of what the store does not know then it is told in a task of its own, until the
    /// leases are over.
    pub(super) async fn settle(self: &Arc<Self>, verb: Verb, held: Vec<Held>, endpoint: &str) {
        let left = self.say(verb, held).await;
        if left.is_empty() {
            return;
        }
        // The work is done: saying otherwise would have it done twice.
        if verb == Verb::Complete {
            self.observer.observe(endpoint, &Signal::Unmarked);
        }
        let (settings, mut left) = (Arc::clone(self), left);
        let again = async move {
            while !left.is_empty() {
                sleep(AGAIN).await;
                left.retain(|held| held.lease_ends > Instant::now());
                left = settings.say(verb, left).await;
            }
        };
        tokio::spawn(again.in_current_span());
    }

    /// Says it of one claim after the other, and stops where the store does not answer: the provider waits for that
    /// once, not once for each claim. Gives back those of which the store does not know. A claim that is lost is
    /// somebody else's now, and nothing is left to say.
    pub(super) async fn say(&self, verb: Verb, mut held: Vec<Held>) -> Vec<Held> {
        for at in 0..held.len() {
            let Held {
                key,
                digest,
                token,
                memory,
                ..
            } = &held[at];
            let answer = match verb {
                Verb::Complete => {
                    self.in_time(self.store.complete(key, *digest, *token, *memory))
                        .await
                }
                Verb::Release => self.in_time(self.store.release(key, *digest, *token)).await,
            };
            if answer.is_err() {
                return held.split_off(at);
            }
        }
        Vec::new()
    }

    /// An answer of the store, or the news that there is none.
    async fn in_time<T>(&self, verb: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let verb = pin!(AssertUnwindSafe(verb).catch_unwind());
        match before(|| after(self.store_deadline), verb).await {
            Some(Ok(answer)) => answer,
            Some(Err(_panic)) => Err(StoreError::new(StoreErrorKind::Unavailable)),
            None => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }
}

/// What comes of it before the deadline, if anything. What is ready at once, as most is, takes no timer and does not ask
/// when that is; what is not is polled once more with its timer.
pub(super) async fn before<T>(
    deadline: impl FnOnce() -> Instant,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        Poll::Ready(end) => Some(end),
        // In a place of its own: the others need not carry it.
        Poll::Pending => Box::pin(timeout_at(deadline(), work)).await.ok(),
    }
}

//! A body under its limits.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use wahook_core::proof::RefusalKind;

use super::{LimitLayer, room::Taken};
use crate::clock::after;

pin_project! {
    /// A body that ends at its cap and at its deadlines. Only [`Limit`](super::Limit) makes one.
    #[derive(Debug)]
    pub struct Limited<B> {
        #[pin]
        body: B,
        cap_bytes: usize,
        left_bytes: usize,
        declared_bytes: u64,
        idle: Duration,
        total: Duration,
        // Begun when the body first has to be waited for: most bodies arrive with their head.
        timer: Option<Timer>,
        waiting: bool,
        taken: Option<Taken>,
    }
}

#[derive(Debug)]
struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// The end of the total time.
    until: Instant,
}

impl<B: Body> Limited<B> {
    pub(super) fn new(body: B, limits: &LimitLayer, declared_bytes: Option<u64>) -> Self {
        Self {
            declared_bytes: declared_bytes.unwrap_or_default().max(body.size_hint().lower()),
            body,
            cap_bytes: limits.cap_bytes,
            left_bytes: limits.cap_bytes,
            idle: limits.idle,
            total: limits.total,
            timer: None,
            waiting: false,
            taken: limits.room.as_ref().map(|room| Taken::of(room, limits.cap_bytes)),
        }
    }

    /// Whether the request itself says that it is too large.
    pub(crate) const fn is_declared_too_large(&self) -> bool {
        self.declared_bytes > self.cap_bytes as u64
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(self: &mut Pin<Box<Self>>) -> Option<Result<Bytes, RefusalKind>> {
        poll_fn(|cx| self.as_mut().poll_next(cx)).await
    }

    /// The room that it has taken, to be kept as long as its bytes are.
    pub(crate) fn taken(self: &mut Pin<Box<Self>>) -> Option<Taken> {
        self.as_mut().project().taken.take()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, RefusalKind>>> {
        let mut this = self.project();
        loop {
            match this.body.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    *this.waiting = false;
                    let Ok(mut data) = frame.into_data() else { continue }; // trailers
                    let length = data.remaining();
                    let Some(left) = this.left_bytes.checked_sub(length) else {
                        return Poll::Ready(Some(Err(RefusalKind::BodyTooLarge)));
                    };
                    *this.left_bytes = left;
                    // Counted as it comes: a sender that only announces a body takes no room.
                    if this.taken.as_mut().is_some_and(|taken| !taken.more(length)) {
                        return Poll::Ready(Some(Err(RefusalKind::NoRoom)));
                    }
                    return Poll::Ready(Some(Ok(data.copy_to_bytes(length)))); // no copy where it is `Bytes`
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(RefusalKind::BodyBroken))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {}
            }
            let timer = this.timer.get_or_insert_with(|| {
                let until = after(*this.total);
                let sleep = Box::pin(sleep_until(until));
                Timer { sleep, until }
            });
            if !*this.waiting {
                *this.waiting = true;
                timer.sleep.as_mut().reset(after(*this.idle).min(timer.until));
            }
            ready!(timer.sleep.as_mut().poll(cx));
            return Poll::Ready(Some(Err(RefusalKind::BodyTooSlow)));
        }
    }
}

impl<B> Limited<B>
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    /// Throws away what is left, off the answer path: a sender that is still writing can then read the answer (V2). To read
    /// what would not come to its end within that is work for nothing: such a body is left where it is, for the same time.
    pub(crate) fn discard(mut self: Pin<Box<Self>>) {
        if self.body.is_end_stream() {
            return;
        }
        let worth_it = self.declared_bytes <= self.cap_bytes.saturating_add(DISCARD_BYTES) as u64;
        let mut budget = self.left_bytes.saturating_add(DISCARD_BYTES);
        tokio::spawn(tokio::time::timeout(DISCARD_TIME, async move {
            if !worth_it {
                pending::<()>().await;
            }
            while let Some(Ok(frame)) = poll_fn(|cx| self.as_mut().project().body.poll_frame(cx)).await {
                let length = frame.data_ref().map_or(0, Buf::remaining);
                match budget.checked_sub(length) {
                    Some(left) => budget = left,
                    None => break,
                }
            }
        }));
    }
}

const DISCARD_BYTES: usize = 1 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(1);

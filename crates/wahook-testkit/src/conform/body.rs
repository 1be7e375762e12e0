//! Bodies as they come over a wire: whole, without a length, drop by drop, or never.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::{
    sync::oneshot,
    time::{Sleep, sleep},
};

/// The body of a request of the kit. Any server that takes an [`http_body::Body`] takes it.
pub struct Body {
    frames: VecDeque<Bytes>,
    /// How long it waits before each frame after the first.
    every: Option<Duration>,
    wait: Option<Pin<Box<Sleep>>>,
    /// What a length would be, where one is told.
    length: Option<u64>,
    /// Whether it stays open when there are no more frames.
    open: bool,
    at_end: Option<oneshot::Sender<()>>,
}

/// Nobody wants a body of many megabytes in one piece.
const FRAME_BYTES: usize = 64 << 10;

impl Body {
    /// All of it, with its length.
    #[must_use]
    pub fn whole(bytes: Bytes) -> Self {
        let length = Some(bytes.len() as u64);
        Self {
            length,
            ..Self::chunked(bytes)
        }
    }

    /// All of it, without a length.
    #[must_use]
    pub fn chunked(mut bytes: Bytes) -> Self {
        let mut frames = VecDeque::new();
        while bytes.len() > FRAME_BYTES {
            frames.push_back(bytes.split_to(FRAME_BYTES));
        }
        if !bytes.is_empty() {
            frames.push_back(bytes);
        }
        Self {
            frames,
            every: None,
            wait: None,
            length: None,
            open: false,
            at_end: None,
        }
    }

    /// Half of it, then a byte each time `every` has passed.
    #[must_use]
    pub fn trickling(mut bytes: Bytes, every: Duration) -> Self {
        let length = bytes.len() as u64;
        let mut frames = VecDeque::from([bytes.split_to(bytes.len() / 2)]);
        while !bytes.is_empty() {
            frames.push_back(bytes.split_to(1));
        }
        Self {
            frames,
            every: Some(every),
            length: Some(length),
            ..Self::chunked(Bytes::new())
        }
    }

    /// A length, and nothing behind it, ever.
    #[must_use]
    pub fn claimed(length: u64) -> Self {
        Self {
            length: Some(length),
            open: true,
            ..Self::chunked(Bytes::new())
        }
    }

    /// The same, and a message when its end was taken.
    pub(super) fn watched(mut self) -> (Self, oneshot::Receiver<()>) {
        let (tell, told) = oneshot::channel();
        self.at_end = Some(tell);
        (self, told)
    }

    /// The length that goes into the head.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(wait) = &mut self.wait {
            if wait.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.wait = None;
        }
        match self.frames.pop_front() {
            Some(bytes) => {
                self.wait = self.every.map(|every| Box::pin(sleep(every)));
                if self.frames.is_empty()
                    && let Some(tell) = self.at_end.take()
                {
                    let _ = tell.send(());
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            None if self.open => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && !self.open
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

//! The body of a request, as it comes.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::activity::Receiving;

/// A body of a connection; it tells when it is here as a whole.
pub struct Arriving {
    body: Either<Incoming, Full<Bytes>>,
    receiving: Option<Receiving>,
}

impl Arriving {
    pub(crate) fn new(body: Incoming, receiving: Receiving) -> Self {
        let receiving = (!body.is_end_stream()).then_some(receiving);
        Self {
            body: Either::Left(body),
            receiving,
        }
    }

    /// A body of our own making.
    pub(super) fn here(bytes: Bytes) -> Self {
        Self {
            body: Either::Right(Full::new(bytes)),
            receiving: None,
        }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(match &mut self.body {
            Either::Left(body) => Pin::new(body).poll_frame(cx),
            Either::Right(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never: Infallible| match never {}),
        });
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.receiving = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

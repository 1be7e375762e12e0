//! Bodies of answers, some of which do not end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::forced::End;

/// A body: whole, or its first half.
#[derive(Debug)]
pub(super) struct Sent {
    left: Option<Bytes>,
    length: u64,
    end: End,
}

impl Sent {
    pub(super) fn new(mut body: Bytes, end: End) -> Self {
        let length = body.len() as u64;
        if matches!(end, End::HalfThenSilence | End::HalfThenCut) {
            body.truncate(body.len() / 2);
        }
        Self {
            left: Some(body).filter(|body| !body.is_empty()),
            length,
            end,
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match (self.left.take(), self.end) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            // Nobody wakes it: that is meant.
            (None, End::HalfThenSilence) => Poll::Pending,
            (None, End::HalfThenCut) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
            (None, _) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_half = matches!(self.end, End::HalfThenSilence | End::HalfThenCut);
        self.left.is_none() && !is_half
    }

    fn size_hint(&self) -> SizeHint {
        match self.end {
            End::OfUnknownLength => SizeHint::default(),
            _ => SizeHint::with_exact(self.length),
        }
    }
}

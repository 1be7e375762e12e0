//! What the provider gets to see.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS},
};
use http_body::{Body, Frame, SizeHint};
use wahook_core::ChallengeAnswer;

/// In the extensions of a handler's response: the delivery is handled, although the status says otherwise, as for a
/// malformed one that is kept and answered 400. Its claim is completed, and a repetition is answered 200.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a mark")]
pub struct Kept;

/// The body of an answer: a few bytes, or none.
#[derive(Clone, Debug, Default)]
pub struct Answer(Option<Bytes>);

impl Answer {
    /// The one answer for what was handled, now or before: the same bytes for both.
    pub(crate) fn received() -> Response<Self> {
        let mut response = Response::new(Self(Some(Bytes::from_static(b"{\"received\":true}"))));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }

    /// A bare status.
    pub(crate) fn status(status: StatusCode) -> Response<Self> {
        let mut response = Response::new(Self(None));
        *response.status_mut() = status;
        response
    }

    /// 405, and what is allowed.
    pub(crate) fn allow(methods: &'static str) -> Response<Self> {
        let mut response = Self::status(StatusCode::METHOD_NOT_ALLOWED);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static(methods));
        response
    }

    /// Please send it again, after a while.
    pub(crate) fn later(after: Duration) -> Response<Self> {
        let mut response = Self::status(StatusCode::SERVICE_UNAVAILABLE);
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds.clamp(1, 60)));
        response
    }

    /// The echo of a challenge.
    pub(crate) fn challenge(answer: &ChallengeAnswer) -> Response<Self> {
        let content_type = HeaderValue::from_static(answer.content_type());
        let mut response = Response::new(Self(Some(answer.body().clone())));
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        // The value is the caller's: no browser shall guess that it is a page.
        response
            .headers_mut()
            .insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

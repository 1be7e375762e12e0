//! The service.

use std::{
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::future::Either;
use http::{Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;
use wahook_core::proof::{Refusal, RefusalKind};

use super::RateLayer;
use crate::{Answer, Limited, Signal};

/// Lets through what a rate allows; made by [`RateLayer`].
#[derive(Clone, Debug)]
pub struct Rated<S> {
    pub(super) inner: S,
    pub(super) settings: RateLayer,
}

pin_project! {
    /// The answer of what is inside, or that it shall come again.
    #[derive(Debug)]
    pub struct RateFuture<F, T, E> {
        #[pin]
        answer: Either<F, Ready<Result<T, E>>>,
    }
}

impl<F, T, E> RateFuture<F, T, E> {
    const fn inside(future: F) -> Self {
        Self {
            answer: Either::Left(future),
        }
    }
}

impl<F, T, E> Future for RateFuture<F, T, E>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().answer.poll(cx)
    }
}

impl<S, B, R> Service<Request<Limited<B>>> for Rated<S>
where
    S: Service<Request<Limited<B>>, Response = Response<R>>,
    B: Body + Send + 'static,
    B::Data: Send,
    R: From<Answer>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RateFuture<S::Future, Response<R>, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Limited<B>>) -> Self::Future {
        // Anything else is no delivery: a challenge costs nothing, and whoever sets an endpoint up waits for it.
        if request.method() != Method::POST {
            return RateFuture::inside(self.inner.call(request));
        }
        let RateLayer {
            endpoint,
            rate,
            observer,
        } = &self.settings;
        let Err(wait) = rate.take() else {
            return RateFuture::inside(self.inner.call(request));
        };
        Box::pin(request.into_body()).discard();
        let refusal = Refusal::new(RefusalKind::TooMany);
        let refused = Signal::Refused {
            refusal: &refusal,
            request: None,
        };
        observer.observe(endpoint, &refused);
        let mut answer = Answer::later(wait).map(R::from);
        answer.extensions_mut().insert(refusal);
        RateFuture {
            answer: Either::Right(ready(Ok(answer))),
        }
    }
}

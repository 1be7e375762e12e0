//! The service.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, request::Parts};
use http_body::Body;
use jiff::Timestamp;
use tower_service::Service;
use wahook_core::{
    Challenge, Check, Verified,
    proof::{Refusal, RefusalKind},
};

use super::{VerifyFuture, VerifyLayer, hints};
use crate::{
    Answer, Limited, RefusedRequest, Signal,
    limit::{Held, Taken},
};

/// Verifies requests; made by [`VerifyLayer`].
///
/// A refusal rides in the response's extensions as a [`Refusal`], for layers outside this one.
#[derive(Clone, Debug)]
pub struct Verify<S> {
    pub(super) inner: S,
    pub(super) settings: Arc<VerifyLayer>,
}

impl<S, B, R> Service<Request<Limited<B>>> for Verify<S>
where
    S: Service<Request<Verified>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    R: From<Answer>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = VerifyFuture<Response<R>, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Limited<B>>) -> Self::Future {
        // The one that was polled ready is used, its clone waits for the next request.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let settings = Arc::clone(&self.settings);
        let (head, body) = request.into_parts();
        let mut body = Box::pin(body);
        // What needs no waiting is done here: a future is as large as what it may hold.
        let mut check = match begin(&settings, &head, &body) {
            Ok(check) => check,
            Err(Unread::Answered(answer)) => {
                return VerifyFuture(Box::pin(async move {
                    body.discard();
                    Ok(answer.map(R::from))
                }));
            }
            Err(Unread::Refused(refusal, now)) => {
                return VerifyFuture(Box::pin(async move {
                    let answer = refuse_early(&settings, refusal, head, body, now).await;
                    Ok(answer.map(R::from))
                }));
            }
        };
        VerifyFuture(Box::pin(async move {
            while let Some(frame) = body.next().await {
                match frame {
                    Ok(frame) => check.update(frame),
                    Err(kind) => {
                        body.discard();
                        return Ok(refuse(&settings, Refusal::new(kind), &head, &UNREAD).map(R::from));
                    }
                }
            }
            let taken = body.taken();
            drop(body); // and with it its timer
            let called = conclude(&settings, head, check, taken).map(|verified| inner.call(verified));
            match called {
                Ok(answer) => answer.await,
                Err(answer) => Ok(answer.map(R::from)),
            }
        }))
    }
}

/// What the head alone decided.
enum Unread {
    Answered(Box<Response<Answer>>),
    Refused(Refusal, Timestamp),
}

fn begin<B: Body>(settings: &VerifyLayer, head: &Parts, body: &Limited<B>) -> Result<Check, Unread> {
    if head.method != Method::POST {
        return Err(Unread::Answered(Box::new(not_a_delivery(settings, head))));
    }
    if body.is_declared_too_large() {
        let answer = refuse(settings, Refusal::new(RefusalKind::BodyTooLarge), head, &UNREAD);
        return Err(Unread::Answered(Box::new(answer)));
    }
    let now = settings.clock.now();
    settings
        .endpoint
        .begin(head, now)
        .map_err(|refusal| Unread::Refused(refusal, now))
}

/// A verified request, or the answer for what is none.
fn conclude(
    settings: &VerifyLayer,
    mut head: Parts,
    check: Check,
    taken: Option<Taken>,
) -> Result<Request<Verified>, Box<Response<Answer>>> {
    let now = check.received_at();
    match check.finish() {
        Ok(verified) => {
            if let Some(answer) = settings
                .endpoint
                .answers_challenge()
                .and_then(|c| c.answer_post(verified.body()))
            {
                settings
                    .observer
                    .observe(settings.endpoint.name(), &Signal::ChallengeAnswered);
                return Err(Box::new(Answer::challenge(&answer)));
            }
            settings.endpoint.verifier().redact(&mut head);
            if let Some(taken) = taken {
                head.extensions.insert(Held::of(taken));
            }
            Ok(Request::from_parts(head, verified))
        }
        Err((refusal, body)) => {
            let answer = refuse(settings, refusal, &head, &body);
            hints::work_out(settings, head, body, now);
            Err(Box::new(answer))
        }
    }
}

/// GET is a challenge where one is configured; everything else is no delivery.
fn not_a_delivery(settings: &VerifyLayer, head: &Parts) -> Response<Answer> {
    let challenge = settings
        .endpoint
        .answers_challenge()
        .filter(|_| head.method == Method::GET);
    match challenge.and_then(|challenge| challenge.answer_get(head)) {
        Some(Ok(answer)) => {
            settings
                .observer
                .observe(settings.endpoint.name(), &Signal::ChallengeAnswered);
            Answer::challenge(&answer)
        }
        Some(Err(refusal)) => refuse(settings, refusal, head, &UNREAD),
        None => refuse(
            settings,
            Refusal::new(RefusalKind::MethodNotAllowed),
            head,
            &UNREAD,
        ),
    }
}

/// The head alone was enough to refuse, so the body is not read, but for an unsigned challenge where that is allowed.
async fn refuse_early<B>(
    settings: &VerifyLayer,
    refusal: Refusal,
    head: Parts,
    mut body: Pin<Box<Limited<B>>>,
    now: Timestamp,
) -> Response<Answer>
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    if let Some(challenge) = settings
        .endpoint
        .answers_challenge()
        .filter(|challenge| challenge.takes_unsigned())
        && let Some(answer) = read_small(&mut body)
            .await
            .and_then(|body| challenge.answer_unsigned(&body))
    {
        settings
            .observer
            .observe(settings.endpoint.name(), &Signal::ChallengeAnswered);
        return Answer::challenge(&answer);
    }
    body.discard();
    let answer = refuse(settings, refusal, &head, &UNREAD);
    hints::work_out(settings, head, UNREAD.clone(), now);
    answer
}

/// The body, if it is as small as a challenge.
async fn read_small<B: Body>(body: &mut Pin<Box<Limited<B>>>) -> Option<Bytes> {
    let mut small = BytesMut::new();
    while let Some(frame) = body.next().await {
        small.extend_from_slice(&frame.ok()?);
        if small.len() > CHALLENGE_BYTES {
            return None;
        }
    }
    Some(small.freeze())
}

fn refuse(settings: &VerifyLayer, refusal: Refusal, head: &Parts, body: &Bytes) -> Response<Answer> {
    let endpoint = &settings.endpoint;
    let refused = Signal::Refused {
        refusal: &refusal,
        request: Some(RefusedRequest::new(endpoint, head, body)),
    };
    settings.observer.observe(endpoint.name(), &refused);
    let mut answer = match refusal.kind() {
        RefusalKind::MethodNotAllowed if endpoint.answers_challenge().is_some_and(Challenge::takes_get) => {
            Answer::allow("GET, POST")
        }
        RefusalKind::MethodNotAllowed => Answer::allow("POST"),
        RefusalKind::NoRoom => Answer::later(SOON),
        kind if kind.may_be_rotation() && endpoint.is_rotating(settings.clock.now()) => {
            Answer::later(ROTATION)
        }
        _ => Answer::status(endpoint.status(&refusal)),
    };
    answer.extensions_mut().insert(refusal);
    answer
}

/// The body of a request that was refused by its head.
static UNREAD: Bytes = Bytes::new();

/// A rotation takes this long, about.
const ROTATION: Duration = Duration::from_secs(5);
const SOON: Duration = Duration::from_secs(1);
const CHALLENGE_BYTES: usize = 4 << 10;

//! A: what comes too fast is asked to come again, before it is read.

use std::{convert::Infallible, num::NonZeroU32, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use wahook_core::{
    Verified,
    proof::{Refusal, RefusalKind},
};
use wahook_testkit::ManualClock;
use wahook_tower::{Answer, LimitLayer, Rate, RateLayer, VerifyLayer};

use crate::support::{Notes, Stalling, call, parrot, post};

fn rate(per_second: u32, burst: u32, clock: &Arc<ManualClock>) -> Rate {
    let [per_second, burst] = [per_second, burst].map(|number| NonZeroU32::new(number).unwrap());
    Rate::of(per_second, burst, Arc::clone(clock) as _)
}

/// Limit → rate → verify → 200.
fn service<B>(
    rate: &Rate,
    notes: &Arc<Notes>,
) -> impl Service<Request<B>, Response = Response<Answer>, Error = Infallible> + Clone + use<B>
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
{
    let inner =
        service_fn(|_: Request<Verified>| async { Ok::<_, Infallible>(Response::new(Answer::default())) });
    let verify = VerifyLayer::new(parrot()).observer(Arc::clone(notes) as _);
    let rated = RateLayer::new("parrot", rate.clone()).observer(Arc::clone(notes) as _);
    LimitLayer::new().layer(rated.layer(verify.layer(inner)))
}

#[tokio::test]
async fn a_beyond_the_rate_is_503_with_the_time_to_wait_and_time_brings_it_back() {
    let (clock, notes) = (Arc::new(ManualClock::default()), Arc::new(Notes::default()));
    let rate = rate(2, 3, &clock);
    let service = service::<Full<Bytes>>(&rate, &notes);
    let sent = async |count: usize| {
        let mut taken = 0;
        for _ in 0..count {
            let answer = call(&service, post("{}")).await;
            taken += usize::from(answer.status() == StatusCode::OK);
            if answer.status() != StatusCode::OK {
                assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
                assert_eq!(answer.headers()[RETRY_AFTER], "1");
                let refusal = answer.extensions().get::<Refusal>().unwrap();
                assert_eq!(refusal.kind(), RefusalKind::TooMany);
            }
        }
        taken
    };
    assert_eq!(sent(5).await, 3, "the burst");
    clock.advance(Duration::from_millis(499));
    assert_eq!(sent(1).await, 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(sent(2).await, 1, "what is refused takes nothing");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(sent(10).await, 3, "a pause is worth one burst");
    assert_eq!(notes.count("TooMany"), 2 + 1 + 1 + 7);
}

#[tokio::test]
async fn a_nothing_of_the_body_is_waited_for() {
    let (clock, notes) = (Arc::new(ManualClock::default()), Arc::new(Notes::default()));
    let rate = rate(1, 1, &clock);
    assert_eq!(
        call(&service(&rate, &notes), post("{}")).await.status(),
        StatusCode::OK
    );
    let service = service::<Stalling>(&rate, &notes);
    let request = Request::post("/").body(Stalling(Vec::new())).unwrap();
    assert_eq!(
        call(&service, request).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn what_is_no_delivery_is_not_counted() {
    let (clock, notes) = (Arc::new(ManualClock::default()), Arc::new(Notes::default()));
    let service = service::<Full<Bytes>>(&rate(1, 1, &clock), &notes);
    for _ in 0..5 {
        let get = Request::get("/").body(Full::default()).unwrap();
        assert_eq!(call(&service, get).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(call(&service, post("{}")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn endless_rates_and_bursts_neither_panic_nor_refuse() {
    let (clock, notes) = (Arc::new(ManualClock::default()), Arc::new(Notes::default()));
    for (per_second, burst) in [(u32::MAX, u32::MAX), (1, u32::MAX), (u32::MAX, 1)] {
        let service = service::<Full<Bytes>>(&rate(per_second, burst, &clock), &notes);
        assert_eq!(call(&service, post("{}")).await.status(), StatusCode::OK);
        clock.advance(Duration::MAX);
        assert_eq!(call(&service, post("{}")).await.status(), StatusCode::OK);
    }
}

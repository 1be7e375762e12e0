//! The path of a delivery, on one screen.

use std::{convert::Infallible, sync::Arc, task, time::Duration};

use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use tower::{Layer, ServiceBuilder, util::BoxCloneSyncService};
use tower_service::Service;
use wahook_core::{Clock, guard::Fresh, inbox::Inbox, model::Data, sink::Sink};
use wahook_tower::{Accept, Answer, DedupeLayer, Kept, LimitLayer, Observer, RateLayer, Room, VerifyLayer};

use crate::{
    arrivals::Arrivals,
    config::{Limits, Route},
    rates::Rates,
    server::Arriving,
    sinks::hand_over,
    spans::{Requests, telling_spans},
    stores::Opened,
};

/// What answers the requests of one endpoint.
pub type Mounted = BoxCloneSyncService<Request<Arriving>, Response<Answer>, Infallible>;

/// What all endpoints share.
#[derive(Clone, Debug)]
pub struct Shared {
    limits: Limits,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    room: Room,
    rates: Rates,
}

impl Shared {
    /// These limits, these rates, this room for bodies, this clock, and whom to tell beside the span of a request.
    #[must_use]
    pub fn new(
        limits: &Limits,
        rates: &Rates,
        room: &Room,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            limits: limits.clone(),
            rates: rates.clone(),
            room: room.clone(),
            clock,
            observer: telling_spans(observer),
        }
    }

    fn rate(&self, route: &Route) -> Option<RateLayer> {
        let name = route.endpoint.name();
        let rate = self.rates.of(name)?;
        Some(RateLayer::new(name, rate).observer(Arc::clone(&self.observer)))
    }

    fn limit(&self) -> LimitLayer {
        let limits = &self.limits;
        LimitLayer::new()
            .cap(limits.body_bytes)
            .idle(limits.idle.get())
            .total(limits.total.get())
            .room(self.room.clone())
    }

    fn verify(&self, route: &Route) -> VerifyLayer {
        VerifyLayer::new(route.endpoint.clone())
            .clock(Arc::clone(&self.clock))
            .observer(Arc::clone(&self.observer))
    }
}

/// Limit → rate → verify → accept; workers take it from there. Each step leaves a type behind; in another order this does not
/// compile.
#[must_use]
pub fn stack(route: &Route, inbox: &Arc<dyn Inbox>, arrivals: &Arrivals, shared: &Shared) -> Mounted {
    let accept = Accept::new(Arc::clone(inbox)).observer(Arc::clone(&shared.observer));
    let stack = ServiceBuilder::new()
        .layer(shared.limit())
        .option_layer(shared.rate(route))
        .layer(shared.verify(route))
        .service(accept);
    let watched = arrivals.watching(&route.endpoint).layer(stack);
    BoxCloneSyncService::new(Requests::new(route.endpoint.name(), watched))
}

/// Limit → rate → verify → dedupe → hand over: the way without an inbox, where 200 is said when the sink is done.
#[must_use]
pub fn stack_without_inbox(route: &Route, guard: &Opened, sink: &Arc<dyn Sink>, shared: &Shared) -> Mounted {
    let dedupe = DedupeLayer::new(Arc::clone(&guard.store))
        .observer(telling_spans(Arc::clone(&guard.log) as _))
        .dedupe_events()
        .in_flight_wait(route.in_flight_wait.unwrap_or(IN_FLIGHT_WAIT));
    let stack = ServiceBuilder::new()
        .layer(shared.limit())
        .option_layer(shared.rate(route))
        .layer(shared.verify(route))
        .layer(dedupe)
        .service(HandOver(Arc::clone(sink)));
    BoxCloneSyncService::new(Requests::new(route.endpoint.name(), stack))
}

const IN_FLIGHT_WAIT: Duration = Duration::from_secs(1);

/// The innermost service: events go to the sink, and 200 is said when the sink is done with them.
#[derive(Clone, Debug)]
struct HandOver(Arc<dyn Sink>);

impl Service<Request<Fresh>> for HandOver {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Fresh>) -> Self::Future {
        let sink = Arc::clone(&self.0);
        Box::pin(async move {
            let fresh = request.into_body();
            let events = fresh.events();
            let mut answer = Response::new(());
            if let Err(error) = hand_over(&*sink, &events).await {
                tracing::error!(target: "wahook", endpoint = fresh.endpoint().name(), "not handed over: {error}");
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                answer
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static("5"));
            } else if events
                .iter()
                .any(|event| matches!(event.data, Data::Malformed(_)))
            {
                *answer.status_mut() = fresh.endpoint().malformed_status();
                answer.extensions_mut().insert(Kept); // a repetition is not handed over again
            }
            Ok(answer)
        })
    }
}

//! The whole way into the inbox.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;
use wahook_core::{Clock, Endpoint, inbox::Inbox};

use super::Accept;
use crate::{Answer, LimitLayer, Observer, VerifyFuture, VerifyLayer};

/// Limit, verify and accept for one endpoint: a service that answers the provider once the delivery is on stable
/// storage. Workers read it from there.
///
/// ```
/// # use std::sync::Arc;
/// use wahook_tower::Intake;
/// # fn doc(inbox: Arc<dyn wahook_core::inbox::Inbox>) -> Result<(), Box<dyn std::error::Error>> {
/// # let shop = wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
///
/// // inbox: wahook_sqlite::SqliteInbox or wahook_postgres::PostgresInbox, behind an Arc.
/// let service = Intake::new(shop, inbox).limit(|limit| limit.cap(1 << 20));
/// # Ok(()) }
/// ```
///
/// The same by hand, with layers of your own in between; in another order it does not compile:
///
/// ```
/// # use std::sync::Arc;
/// use tower::ServiceBuilder;
/// use wahook_tower::{Accept, LimitLayer, VerifyLayer};
/// # fn doc(inbox: Arc<dyn wahook_core::inbox::Inbox>) -> Result<(), Box<dyn std::error::Error>> {
/// # let shop = wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
///
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop))
///     .service(Accept::new(inbox));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Intake {
    limit: LimitLayer,
    verify: VerifyLayer,
    accept: Accept,
}

impl Intake {
    /// The steps with their defaults.
    #[must_use]
    pub fn new(endpoint: Endpoint, inbox: Arc<dyn Inbox>) -> Self {
        Self {
            limit: LimitLayer::new(),
            verify: VerifyLayer::new(endpoint),
            accept: Accept::new(inbox),
        }
    }

    /// Changes the limits.
    #[must_use]
    pub fn limit(self, change: impl FnOnce(LimitLayer) -> LimitLayer) -> Self {
        Self {
            limit: change(self.limit),
            ..self
        }
    }

    /// Changes how it is stored.
    #[must_use]
    pub fn accept(self, change: impl FnOnce(Accept) -> Accept) -> Self {
        Self {
            accept: change(self.accept),
            ..self
        }
    }

    /// Another clock for replay windows.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            verify: self.verify.clock(clock),
            ..self
        }
    }

    /// Somebody else to tell.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        Self {
            limit: self.limit,
            verify: self.verify.observer(Arc::clone(&observer)),
            accept: self.accept.observer(observer),
        }
    }
}

impl<B> Service<Request<B>> for Intake
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = VerifyFuture<Response<Answer>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(())) // all three are ready at any time
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let verify = self.verify.layer(self.accept.clone());
        self.limit.layer(verify).call(request)
    }
}

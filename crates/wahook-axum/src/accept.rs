//! Mounting an inbox.

use std::convert::Infallible;

use axum::{
    body::Body,
    routing::{MethodRouter, any_service},
};
use http::{Request, Response};
use tower_service::Service;
use wahook_tower::Answer;

use crate::Entrance;

/// A route that puts a provider's deliveries into a durable inbox, and answers when they are on stable storage: POST,
/// and GET where a challenge is configured; 405 for the rest. Workers read them from there.
///
/// `intake` is an [`Intake`](wahook_tower::Intake), or layers of your own around an [`Accept`](wahook_tower::Accept) that
/// begin with `Request<Body>`.
///
/// ```
/// # use std::sync::Arc;
/// use axum::Router;
/// use wahook_axum::accept;
/// use wahook_tower::Intake;
/// # fn doc(inbox: Arc<dyn wahook_core::inbox::Inbox>) -> Result<Router, Box<dyn std::error::Error>> {
/// # let shop = wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
///
/// let app: Router = Router::new().route("/hooks/shop", accept(Intake::new(shop, inbox)));
/// # Ok(app) }
/// ```
pub fn accept<I, R>(intake: I) -> MethodRouter<R>
where
    I: Service<Request<Body>, Response = Response<Answer>, Error = Infallible>,
    I: Clone + Send + Sync + 'static,
    I::Future: Send + 'static,
    R: Clone,
{
    any_service(Entrance(intake))
}

//! All layers at once, for `Router::route_layer`.

use tower_layer::Layer;
use wahook_tower::{Dedupe, Limit, Stack, Verify};

use crate::{Entrance, FreshRoute};

/// Limit, verify and dedupe as one layer over routes that know nothing of them: `Request<B>` in, `Request<Body>` out.
///
/// [`endpoint`](crate::endpoint()) is checked further by the compiler: here a handler that forgets its extractor sees
/// a verified body, and an extractor on a route without the layer answers 500.
///
/// ```
/// use axum::{Router, routing::post};
/// use wahook_axum::{Events, WebhookLayer};
/// use wahook_tower::Stack;
/// # let shop = wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
///
/// let app: Router = Router::new()
///     .route("/hooks/shop", post(|Events(events): Events| async move { println!("{} events", events.len()) }))
///     .route_layer(WebhookLayer::new(Stack::new(shop)));
/// ```
#[derive(Clone, Debug)]
pub struct WebhookLayer(Stack);

impl WebhookLayer {
    /// The layers of this stack.
    #[must_use]
    pub const fn new(stack: Stack) -> Self {
        Self(stack)
    }
}

impl<S> Layer<S> for WebhookLayer {
    type Service = Entrance<Limit<Verify<Dedupe<FreshRoute<S>>>>>;

    fn layer(&self, inner: S) -> Self::Service {
        Entrance(self.0.layer(FreshRoute(inner)))
    }
}

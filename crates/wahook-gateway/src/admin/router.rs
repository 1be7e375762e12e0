//! Which path is answered by what.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};

use super::{
    AdminState, access, answer::Refused, arrivals, dead, endpoints, events, known, live, pace, page, refused,
    replay, status, stream,
};

/// Everything that the admin listener answers.
///
/// ```no_run
/// # async fn doc(inbox: std::sync::Arc<dyn wahook_core::inbox::Desk>, clock: std::sync::Arc<dyn wahook_core::Clock>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use wahook_gateway::admin::{self, AdminState};
///
/// let token = wahook_core::Secret::new("9ab0…")?;
/// let listener = admin::bind("127.0.0.1:8081".parse()?, true).await?;
/// let state = AdminState::new(inbox, clock, [7; 16])
///     .token(token)
///     .listening_on(listener.local_addr()?);
/// admin::serve(listener, admin::router(state), std::future::pending()).await;
/// # Ok(()) }
/// ```
pub fn router(state: AdminState) -> Router {
    let look = Router::new()
        .route("/health", get(status::health))
        .route("/ready", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/api/v1/status", get(status::status))
        .route("/api/v1/events", get(events::list))
        .route("/api/v1/events/stream", get(stream::stream))
        .route("/api/v1/events/{delivery}/{place}", get(events::one))
        .route("/api/v1/deliveries/{delivery}", get(events::delivery))
        .route("/api/v1/deliveries/{delivery}/body", get(events::bytes))
        .route("/api/v1/dead", get(dead::list))
        .route("/api/v1/arrivals", get(arrivals::list))
        .route("/api/v1/live", get(live::live))
        .route("/api/v1/pace", get(pace::pace))
        .route("/api/v1/refused", get(refused::list))
        .route("/api/v1/refused/{id}", get(refused::one))
        .route("/api/v1/endpoints", get(endpoints::list))
        .route("/api/v1/known", get(known::known))
        .merge(page::router());
    let change = Router::new()
        .route("/api/v1/dead/retry", post(dead::retry))
        .route("/api/v1/dead/drop", post(dead::drop))
        .route("/api/v1/dead/drop-waiting", post(dead::drop_waiting))
        .route("/api/v1/replay", post(replay::replay))
        .route("/api/v1/reload", post(status::reload))
        .route("/api/v1/endpoints/{name}/test", post(endpoints::test))
        .route("/api/v1/deliveries/{delivery}/curl", post(endpoints::curl))
        .route_layer(middleware::from_fn_with_state(state.clone(), access::change));
    look.merge(change)
        .fallback(async || Refused::not_found("nothing is at this path; the API is under /api/v1"))
        .method_not_allowed_fallback(async || {
            let message = "this path takes another method: GET to look, POST to change";
            Refused::new(http::StatusCode::METHOD_NOT_ALLOWED, "method", message)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(state.clone(), access::guard))
        .with_state(state)
}

/// A question names a thousand ids at most.
const BODY_BYTES: usize = 64 << 10;

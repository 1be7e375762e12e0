//! Stacks that must not compile, as documentation tests: swaps, and each layer forgotten.
//!
//! Each differs from the right one, which stands before it and compiles, in its stack alone.

/// Right.
///
/// ```
/// use tower::ServiceBuilder;
/// use wahook_axum::{Events, endpoint};
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # async fn on_events(_: Events) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let stack = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()))
///     .layer(DedupeLayer::new(in_memory()));
/// let route: axum::routing::MethodRouter = endpoint(stack, on_events, ());
/// ```
struct Right;

/// Limit and verify swapped.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::{Events, endpoint};
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # async fn on_events(_: Events) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let stack = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .layer(LimitLayer::new())
///     .layer(DedupeLayer::new(in_memory()));
/// let route: axum::routing::MethodRouter = endpoint(stack, on_events, ());
/// ```
struct LimitAndVerifySwapped;

/// Verify and dedupe swapped.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::{Events, endpoint};
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # async fn on_events(_: Events) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let stack = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(DedupeLayer::new(in_memory()))
///     .layer(VerifyLayer::new(shop()));
/// let route: axum::routing::MethodRouter = endpoint(stack, on_events, ());
/// ```
struct VerifyAndDedupeSwapped;

/// Limit forgotten.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::{Events, endpoint};
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # async fn on_events(_: Events) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let stack = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .layer(DedupeLayer::new(in_memory()));
/// let route: axum::routing::MethodRouter = endpoint(stack, on_events, ());
/// ```
struct LimitForgotten;

/// Verify forgotten.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::{Events, endpoint};
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # async fn on_events(_: Events) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let stack = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(DedupeLayer::new(in_memory()));
/// let route: axum::routing::MethodRouter = endpoint(stack, on_events, ());
/// ```
struct VerifyForgotten;

/// Dedupe forgotten.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::{Events, endpoint};
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # async fn on_events(_: Events) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let stack = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()));
/// let route: axum::routing::MethodRouter = endpoint(stack, on_events, ());
/// ```
struct DedupeForgotten;

/// Right, with an inbox.
///
/// ```
/// use tower::ServiceBuilder;
/// use wahook_axum::accept;
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let intake = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()))
///     .service(Accept::new(inbox));
/// let route: axum::routing::MethodRouter = accept(intake);
/// # }
/// ```
struct RightWithAnInbox;

/// Limit and verify swapped before an inbox.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::accept;
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let intake = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .layer(LimitLayer::new())
///     .service(Accept::new(inbox));
/// let route: axum::routing::MethodRouter = accept(intake);
/// # }
/// ```
struct LimitAndVerifySwappedBeforeAnInbox;

/// Verify forgotten before an inbox.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::accept;
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let intake = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .service(Accept::new(inbox));
/// let route: axum::routing::MethodRouter = accept(intake);
/// # }
/// ```
struct VerifyForgottenBeforeAnInbox;

/// Limit forgotten before an inbox.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::accept;
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let intake = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .service(Accept::new(inbox));
/// let route: axum::routing::MethodRouter = accept(intake);
/// # }
/// ```
struct LimitForgottenBeforeAnInbox;

/// Dedupe before an inbox, which is the guard itself.
///
/// ```compile_fail
/// use tower::ServiceBuilder;
/// use wahook_axum::accept;
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let intake = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()))
///     .layer(DedupeLayer::new(in_memory()))
///     .service(Accept::new(inbox));
/// let route: axum::routing::MethodRouter = accept(intake);
/// # }
/// ```
struct DedupeBeforeAnInbox;

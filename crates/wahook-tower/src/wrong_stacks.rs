//! Stacks that must not compile, as documentation tests: swaps, and each layer forgotten.
//!
//! Each differs from the right one, which stands before it and compiles, in its stack alone.

/// Right.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder, service_fn};
/// use wahook_core::guard::Fresh;
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()))
///     .layer(DedupeLayer::new(in_memory()))
///     .service(service_fn(async |_: Request<Fresh>| Ok::<_, Infallible>(Response::new(()))));
/// serve(service);
/// ```
struct Right;

/// Limit and verify swapped.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder, service_fn};
/// use wahook_core::guard::Fresh;
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let service = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .layer(LimitLayer::new())
///     .layer(DedupeLayer::new(in_memory()))
///     .service(service_fn(async |_: Request<Fresh>| Ok::<_, Infallible>(Response::new(()))));
/// serve(service);
/// ```
struct LimitAndVerifySwapped;

/// Verify and dedupe swapped.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder, service_fn};
/// use wahook_core::guard::Fresh;
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(DedupeLayer::new(in_memory()))
///     .layer(VerifyLayer::new(shop()))
///     .service(service_fn(async |_: Request<Fresh>| Ok::<_, Infallible>(Response::new(()))));
/// serve(service);
/// ```
struct VerifyAndDedupeSwapped;

/// Limit forgotten.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder, service_fn};
/// use wahook_core::guard::Fresh;
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let service = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .layer(DedupeLayer::new(in_memory()))
///     .service(service_fn(async |_: Request<Fresh>| Ok::<_, Infallible>(Response::new(()))));
/// serve(service);
/// ```
struct LimitForgotten;

/// Verify forgotten.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder, service_fn};
/// use wahook_core::guard::Fresh;
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(DedupeLayer::new(in_memory()))
///     .service(service_fn(async |_: Request<Fresh>| Ok::<_, Infallible>(Response::new(()))));
/// serve(service);
/// ```
struct VerifyForgotten;

/// Dedupe forgotten.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder, service_fn};
/// use wahook_core::guard::Fresh;
/// use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()))
///     .service(service_fn(async |_: Request<Fresh>| Ok::<_, Infallible>(Response::new(()))));
/// serve(service);
/// ```
struct DedupeForgotten;

/// Right, with an inbox.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder};
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()))
///     .service(Accept::new(inbox));
/// serve(service);
/// # }
/// ```
struct RightWithAnInbox;

/// Limit and verify swapped before an inbox.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder};
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let service = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .layer(LimitLayer::new())
///     .service(Accept::new(inbox));
/// serve(service);
/// # }
/// ```
struct LimitAndVerifySwappedBeforeAnInbox;

/// Limit forgotten before an inbox.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder};
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let service = ServiceBuilder::new()
///     .layer(VerifyLayer::new(shop()))
///     .service(Accept::new(inbox));
/// serve(service);
/// # }
/// ```
struct LimitForgottenBeforeAnInbox;

/// Verify forgotten before an inbox.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder};
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .service(Accept::new(inbox));
/// serve(service);
/// # }
/// ```
struct VerifyForgottenBeforeAnInbox;

/// Dedupe before an inbox, which is the guard itself: what failed to be stored would be claimed.
///
/// ```compile_fail
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Service, ServiceBuilder};
/// use wahook_core::inbox::Inbox;
/// use wahook_tower::{Accept, DedupeLayer, LimitLayer, VerifyLayer, in_memory};
///
/// # fn shop() -> wahook_core::Endpoint {
/// #     wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
/// # }
/// # fn serve(_: impl Service<Request<Full<Bytes>>>) {}
/// # let _ = (LimitLayer::new(), VerifyLayer::new(shop()), DedupeLayer::new(in_memory()));
/// # fn doc(inbox: std::sync::Arc<dyn Inbox>) {
/// let service = ServiceBuilder::new()
///     .layer(LimitLayer::new())
///     .layer(VerifyLayer::new(shop()))
///     .layer(DedupeLayer::new(in_memory()))
///     .service(Accept::new(inbox));
/// serve(service);
/// # }
/// ```
struct DedupeBeforeAnInbox;

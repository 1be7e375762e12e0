//! Stacks that must not compile, as documentation tests: two swaps, and each layer forgotten.
//!
//! Each differs from the right one, which stands first and compiles, in its stack alone.

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

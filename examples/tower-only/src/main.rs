//! The layers one by one in a `ServiceBuilder`, without a server: for a framework of your own, a function runtime, a test.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use wahook::{
    BuildError,
    guard::Fresh,
    tower::{Answer, DedupeLayer, LimitLayer, VerifyLayer, in_memory},
    wazapin,
};

async fn on_delivery(delivery: Request<Fresh>) -> Result<Response<()>, Infallible> {
    for event in delivery.body().events() {
        println!("{} {}", event.kind(), event.key);
    }
    Ok(Response::new(()))
}

fn service(
    secret: String,
) -> Result<
    impl Service<Request<Full<Bytes>>, Response = Response<Answer>, Error = Infallible> + Clone,
    BuildError,
> {
    Ok(ServiceBuilder::new()
        .layer(LimitLayer::new().cap(1 << 20))
        .layer(VerifyLayer::new(wazapin::endpoint("shop", secret)?))
        .layer(DedupeLayer::new(in_memory()))
        .service(service_fn(on_delivery)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = service("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned())?;
    let forged = Request::post("/hooks/shop").body(Full::new(Bytes::from_static(b"{}")))?;
    println!(
        "a forged request is answered {}",
        service.oneshot(forged).await?.status()
    );
    Ok(())
}

#[cfg(test)]
mod tests;

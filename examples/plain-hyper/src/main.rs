//! hyper 1 alone, with the header timeout that a server on the open internet needs.

use std::{convert::Infallible, time::Duration};

use http::{Request, Response};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{Layer, service_fn};
use wahook::{Endpoint, guard::Fresh, tower::Stack, wazapin};

async fn on_delivery(delivery: Request<Fresh>) -> Result<Response<()>, Infallible> {
    for event in delivery.body().events() {
        println!("{} {}", event.kind(), event.key);
    }
    Ok(Response::new(()))
}

async fn serve(listener: TcpListener, endpoint: Endpoint) -> std::io::Result<()> {
    let service = TowerToHyperService::new(Stack::new(endpoint).layer(service_fn(on_delivery)));
    loop {
        let (stream, _) = listener.accept().await?;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(5))
            .serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("connection: {error}");
            }
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = wazapin::endpoint("shop", std::env::var("WAZAPIN_SECRET")?)?;
    Ok(serve(TcpListener::bind("127.0.0.1:3000").await?, shop).await?)
}

#[cfg(test)]
mod tests;

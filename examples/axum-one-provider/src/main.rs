//! One provider in an axum app: verified, once, typed.
//!
//! ```sh
//! WAZAPIN_SECRET=whsec_… cargo run -p example-axum-one-provider
//! ```

use axum::Router;
use wahook::{
    axum::{Events, endpoint},
    tower::Stack,
    wazapin,
};

async fn on_events(Events(events): Events) {
    for event in events {
        println!("{} {}", event.kind(), event.key);
    }
}

fn app(secret: String) -> Result<Router, wahook::BuildError> {
    let shop = wazapin::endpoint("shop", secret)?;
    Ok(Router::new().route("/hooks/shop", endpoint(Stack::new(shop), on_events, ())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = app(std::env::var("WAZAPIN_SECRET")?)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}

#[cfg(test)]
mod tests;

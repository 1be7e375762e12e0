//! Three providers, one handler: each event comes in the same words, whoever sent it, and once.
//!
//! One route shows typed events instead, for what only one provider has.

use std::sync::Arc;

use axum::{Router, extract::State};
use tokio::sync::mpsc::Sender;
use wahook::{
    Endpoint, Parsed,
    axum::{Delivery, Events, endpoint},
    model::Event,
    tower::{Stack, in_memory},
    waping, wawp, wazapin,
};

/// Where events go; here to another task. A channel forgets with its process, and what was answered 200 does not come
/// again: where that matters, put something that is on disk here.
type Out = Sender<Event>;

/// All providers come here. An event that cannot be taken now is refused, and the provider sends it again.
async fn on_events(State(out): State<Out>, Events(events): Events) -> Result<(), axum::http::StatusCode> {
    let room = out
        .try_reserve_many(events.len())
        .map_err(|_| axum::http::StatusCode::SERVICE_UNAVAILABLE)?;
    room.zip(events).for_each(|(place, event)| place.send(event));
    Ok(())
}

/// Wawp alone, in its own words.
async fn on_wawp(delivery: Delivery<wawp::Event>) {
    for item in delivery.items {
        match item {
            Parsed::Known { event, .. } => println!("{} on {:?}", event.name.as_str(), event.session),
            other => println!("kept for later: {} bytes", other.raw().bytes().len()),
        }
    }
}

struct Secrets {
    waping: String,
    wazapin: String,
    wawp: String,
}

fn app(secrets: Secrets, out: Out) -> Result<Router, wahook::BuildError> {
    let store = in_memory(); // one memory for all; keys are scoped by endpoint
    let stack = |endpoint: Endpoint| {
        Stack::with_store(endpoint, Arc::clone(&store) as _).dedupe(|dedupe| dedupe.dedupe_events())
    };
    let alerts = waping::endpoint("alerts", secrets.waping)?;
    let shop = wazapin::endpoint("shop", secrets.wazapin)?;
    let line = wawp::endpoint("line", secrets.wawp.clone())?;
    let typed = wawp::endpoint("typed", secrets.wawp)?;
    Ok(Router::new()
        .route("/hooks/alerts", endpoint(stack(alerts), on_events, out.clone()))
        .route("/hooks/shop", endpoint(stack(shop), on_events, out.clone()))
        .route("/hooks/line", endpoint(stack(line), on_events, out))
        .route("/hooks/typed", endpoint(stack(typed), on_wawp, ())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (out, mut events) = tokio::sync::mpsc::channel(1_000);
    let secrets = Secrets {
        waping: std::env::var("WAPING_SECRET")?,
        wazapin: std::env::var("WAZAPIN_SECRET")?,
        wawp: std::env::var("WAWP_SECRET")?,
    };
    let app = app(secrets, out)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    while let Some(event) = events.recv().await {
        println!("{} {} {}", event.provider, event.kind(), event.key);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

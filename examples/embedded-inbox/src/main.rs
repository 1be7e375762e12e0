//! A durable inbox inside an axum app: a delivery is on disk before it is answered, and each of its events comes to
//! `on_event` until that is done with it, across crashes and restarts.
//!
//! ```sh
//! WAZAPIN_SECRET=whsec_… cargo run -p example-embedded-inbox
//! ```

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use axum::Router;
use wahook::{
    axum::accept,
    inbox::Inbox,
    model::Event,
    sink::Sink,
    tower::{Intake, SystemClock},
    wazapin,
};
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};
use wahook_worker::{Options, Plan, Route, Workers, handler};

/// One event after the other within a conversation. An error means: again, later. Whoever does something that must not
/// be done twice remembers `event.key` together with it.
async fn on_event(event: Event) -> Result<(), std::io::Error> {
    println!("{} {} attempt {:?}", event.kind(), event.key, event.attempt);
    Ok(())
}

async fn app(
    secret: String,
    file: &Path,
    orders: Arc<dyn Sink>,
) -> Result<(Router, Workers), Box<dyn Error>> {
    let options = SqliteInboxOptions::new(Arc::new(SystemClock::new()));
    let inbox: Arc<dyn Inbox> = Arc::new(SqliteInbox::open(file, options).await?);
    let shop = wazapin::endpoint("shop", secret)?;
    let plan = Plan::new()
        .endpoint(shop.clone())
        .route(Route::new("orders", orders));
    let workers = Workers::start(Arc::clone(&inbox), plan, Options::default());
    let router = Router::new().route("/hooks/shop", accept(Intake::new(shop, inbox)));
    Ok((router, workers))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("WAZAPIN_SECRET")?;
    let (router, workers) = app(secret, Path::new("inbox.db"), handler(on_event)).await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    // What is not done by then is in the inbox, and comes again.
    workers.stop(Duration::from_secs(10)).await;
    Ok(())
}

#[cfg(test)]
mod tests;

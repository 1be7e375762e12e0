//! Two nodes behind a load balancer, and each event is handled once: both keep their guard in one Redis, or in one
//! PostgreSQL.
//!
//! ```sh
//! export WAZAPIN_SECRET=whsec_… GUARD_STORE=redis://127.0.0.1    # or postgres://user:password@127.0.0.1/database
//! cargo run -p example-two-nodes -- --port 3001
//! cargo run -p example-two-nodes -- --port 3002                  # in a second terminal
//! ```
//!
//! A third terminal plays a provider that sends everything to both, and each event appears at one node only:
//!
//! ```sh
//! for port in 3001 3002; do
//!     cargo run -p wahook-gateway -- send wazapin message.new --number 1 --count 20 \
//!         --secret "$WAZAPIN_SECRET" --to http://127.0.0.1:$port/hooks/shop &
//! done
//! ```
//!
//! A node that dies while it handles an event leaves a claim behind. Until the lease of it is over, the other node tells
//! the provider to come again (503 and `Retry-After`); then it handles the event. Nothing is lost, and what the dead
//! node had begun and not completed may be handled twice: that is all that can be promised without a transaction
//! that covers both the guard and the work.

use std::{
    error::Error,
    io::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode};
use clap::Parser;
use jiff::SignedDuration;
use serde_json::json;
use wahook::{
    Assurance,
    axum::{Events, endpoint},
    guard::GuardStore,
    tower::{DedupeLayer, Stack, in_memory},
    wazapin,
};
use wahook_postgres::{PostgresOptions, PostgresStore};
use wahook_redis::{RedisOptions, RedisStore};

/// One of several nodes that share a guard.
#[derive(Parser)]
struct Options {
    /// What the provider signs with.
    #[arg(long, env = "WAZAPIN_SECRET", hide_env_values = true)]
    secret: String,
    /// `redis://…`, `postgres://…`, or `memory`: then this node knows nothing of the others.
    #[arg(long, env = "GUARD_STORE", hide_env_values = true)]
    store: String,
    /// Where it listens on this machine; 0 is any free port.
    #[arg(long, default_value_t = 3001)]
    port: u16,
    /// How long the handler takes for a delivery.
    #[arg(long, default_value = "0s", value_parser = span)]
    work: Duration,
    /// How long the claim of a node that died keeps the others away.
    #[arg(long, default_value = "30s", value_parser = span)]
    lease: Duration,
}

fn span(text: &str) -> Result<Duration, jiff::Error> {
    text.parse::<SignedDuration>()?.try_into()
}

/// What the handler knows.
#[derive(Clone)]
struct Node {
    port: u16,
    work: Duration,
}

/// Events whose line could not be written are not handled: the provider sends them again.
async fn on_events(State(node): State<Node>, Events(events): Events) -> Result<(), StatusCode> {
    tokio::time::sleep(node.work).await; // stands for what you do
    let mut lines = String::new();
    for event in events {
        lines += &json!({ "node": node.port, "key": event.key }).to_string();
        lines.push('\n');
    }
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

async fn open(store: &str) -> Result<Arc<dyn GuardStore>, Box<dyn Error>> {
    match store.split_once("://").map_or(store, |(scheme, _)| scheme) {
        "redis" | "rediss" => {
            let store = RedisStore::connect(store, RedisOptions::new()).await?;
            say(store.assurance());
            Ok(Arc::new(store))
        }
        "postgres" | "postgresql" => {
            let store = PostgresStore::connect(store, PostgresOptions::default()).await?;
            say(store.assurance());
            Ok(Arc::new(store))
        }
        "memory" => Ok(in_memory()),
        _ => Err("the store is redis://…, postgres://… or memory".into()),
    }
}

/// What survives depends on how the server is set up, so it is worth a line at every start.
fn say(assurance: &Assurance) {
    eprintln!(
        "the guard's memory: {} ({})",
        assurance.guarantee, assurance.because
    );
    for warning in &assurance.warnings {
        eprintln!("warning: {warning}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let store = open(&options.store).await?;
    let shop = wazapin::endpoint("shop", options.secret)?;
    let dedupe = DedupeLayer::new(Arc::clone(&store))
        .timing(Duration::from_millis(2_500), options.lease)?
        .dedupe_events();
    let stack = Stack::with_store(shop, store).dedupe(|_| dedupe);

    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await?;
    let port = listener.local_addr()?.port();
    let node = Node {
        port,
        work: options.work,
    };
    let app = Router::new().route("/hooks/shop", endpoint(stack, on_events, node));
    eprintln!("listening on http://127.0.0.1:{port}");
    Ok(axum::serve(listener, app).await?)
}

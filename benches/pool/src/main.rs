//! The handler that most teams write: `svix` checks, one INSERT through a pool of `sqlx` stores, then it answers.
//!
//! `wahook-bench-pool FILE SECRET PATH` serves on a free port of 127.0.0.1, and prints that port.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use svix::webhooks::Webhook;

struct Shop {
    webhook: Webhook,
    pool: SqlitePool,
}

async fn handler(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if shop.webhook.verify(&body, &headers).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let Some(id) = headers.get("svix-id").and_then(|id| id.to_str().ok()) else {
        return StatusCode::BAD_REQUEST;
    };
    let stored = sqlx::query("INSERT OR IGNORE INTO delivery (id, body) VALUES (?1, ?2)")
        .bind(id)
        .bind(&body[..])
        .execute(&shop.pool);
    match stored.await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("FILE SECRET PATH");
    let (file, secret, path) = (next(), next(), next());
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // With the 5 s that it has otherwise, a connection that others overtake fails where flushes are slow.
        .busy_timeout(Duration::from_secs(60));
    // Five connections are the fastest that were tried: writers of SQLite take turns.
    let pool = SqlitePoolOptions::new().max_connections(5).connect_with(options);
    let pool = pool.await.expect("a new file");
    sqlx::query("CREATE TABLE delivery (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
        .execute(&pool)
        .await
        .expect("a new file");
    let webhook = Webhook::new(&secret).expect("a good secret");
    let app = Router::new()
        .route(&path, post(handler))
        .with_state(Arc::new(Shop { webhook, pool }));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a free port");
    println!("{}", listener.local_addr().expect("it is bound").port());
    axum::serve(listener, app).await.expect("it serves");
}

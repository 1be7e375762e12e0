//! A database: its connections, and the schema that holds our tables.

use std::{fmt, time::Duration};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts,
};
use tokio_postgres::config::SslNegotiation;
use tokio_postgres_rustls::MakeRustlsConnect;
use wahook_core::guard::{OpenError, OpenErrorKind};

use crate::{
    PostgresOptions,
    address::Address,
    fault::{Fault, not_connected},
    tls,
};

/// The connections to one database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    tls: MakeRustlsConnect,
    /// Whether statements are prepared once for each connection.
    prepares: bool,
}

impl Database {
    /// Connections are made when they are needed; the first one is made now, so that a wrong address is found.
    pub(crate) async fn connect(address: &Address, options: &PostgresOptions) -> Result<Self, OpenError> {
        let direct = address.config.get_ssl_negotiation() == SslNegotiation::Direct;
        let tls = tls::connector(&address.trust, direct)?;
        let config = ManagerConfig {
            // A connection that is known to be closed is not handed out; one that died in silence is found by the
            // deadline of the statement.
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(address.config.clone(), tls.clone(), config);
        let mut builder = Pool::builder(manager)
            .max_size(options.connections)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(options.connect_deadline),
                create: Some(options.connect_deadline),
                recycle: None,
            });
        if !options.transaction_pooler {
            builder = builder.post_create(Hook::async_fn(|client, _| {
                Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
            }));
        }
        let pool = builder.build().map_err(|error| {
            OpenError::new(
                OpenErrorKind::Unreachable,
                "the pool of connections cannot be made",
            )
            .because(error)
        })?;
        let database = Self {
            pool,
            tls,
            prepares: !options.transaction_pooler,
        };
        drop(database.pool.get().await.map_err(not_connected)?);
        Ok(database)
    }

    pub(crate) fn into_pool(self) -> Pool {
        self.pool
    }

    pub(crate) async fn get(&self) -> Result<Object, Fault> {
        Ok(self.pool.get().await?)
    }

    pub(crate) const fn prepares(&self) -> bool {
        self.prepares
    }

    /// For a connection that lost its server: those that lie idle lost it too, or lead to the wrong one.
    pub(crate) fn lost(&self, connection: Object) {
        drop(Object::take(connection));
        self.pool.retain(|_, _| false);
    }

    /// For a connection whose statement is given up: the server is asked to give it up as well, so that it holds no
    /// lock for a caller that is gone.
    pub(crate) fn give_up(&self, connection: Object) {
        let cancel = connection.cancel_token();
        drop(Object::take(connection));
        let tls = self.tls.clone();
        tokio::spawn(async move {
            // It may fail as the statement did; then the end of the connection has to do.
            let _ = tokio::time::timeout(GIVE_UP, cancel.cancel_query(tls)).await;
        });
    }
}

/// How long the server may take to be told that a statement is given up.
const GIVE_UP: Duration = Duration::from_secs(5);

/// What every session needs.
///
/// The plan of a prepared statement is kept, and one that was made while the table was small reads the whole of it:
/// without `enable_seqscan` it takes the primary key at any size. At a stricter isolation a statement that meets another
/// fails instead of seeing its outcome.
const SESSION: &str =
    "SET enable_seqscan = off; SET jit = off; SET default_transaction_isolation = 'read committed'";

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("pool", &self.pool.status())
            .finish_non_exhaustive()
    }
}

/// A name as SQL writes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

//! Connections for tables that are not ours.

use deadpool_postgres::Pool;
use wahook_core::guard::OpenError;

use crate::{PostgresOptions, address::Address, pool::Database};

/// Connections to a database, for whoever keeps something else there than a guard or an inbox: the address is read, and
/// the server trusted, as [`PostgresStore::connect`](crate::PostgresStore::connect) does. The first one is made now.
///
/// Of the options count those about connections; nothing is made in the database.
///
/// # Errors
///
/// As [`PostgresStore::connect`](crate::PostgresStore::connect), without those about tables.
pub async fn connections(url: &str, options: &PostgresOptions) -> Result<Pool, OpenError> {
    let database = Database::connect(&Address::parse(url)?, options).await?;
    Ok(database.into_pool())
}

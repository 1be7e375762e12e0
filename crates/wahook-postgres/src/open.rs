//! Opening: the connections, the tables of a part, and what survives there.

use std::time::Duration;

use tokio::time::timeout;
use wahook_core::{
    Assurance,
    guard::{OpenError, OpenErrorKind},
};

use crate::{
    PostgresOptions,
    address::Address,
    assure::{Loss, assure, refuse_unfit},
    migrate::{Part, migrate},
    pool::Database,
};

/// A part that is ready.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) schema: String,
    pub(crate) assurance: Assurance,
}

/// How long the tables may take to be brought to this release.
const MIGRATION: Duration = Duration::from_secs(60);

/// Connects, brings the tables of a part to this release, and finds out what survives in `table`.
pub(crate) async fn open(
    url: &str,
    options: &PostgresOptions,
    part: &Part,
    table: &str,
    loss: Loss,
) -> Result<Opened, OpenError> {
    let address = Address::parse(url)?;
    let database = Database::connect(&address, options).await?;
    let prepared = timeout(MIGRATION, async {
        let mut connection = database.get().await.map_err(|fault| {
            fault.to_open_error(OpenErrorKind::Unreachable, "bring the tables to this release")
        })?;
        refuse_unfit(&connection).await?;
        let schema = migrate(&mut connection, options.schema.as_deref(), part).await?;
        let assurance = assure(&connection, &schema, table, loss).await?;
        Ok((schema, assurance))
    });
    let (schema, assurance) = prepared.await.map_err(|_| {
        OpenError::new(
            OpenErrorKind::Unreachable,
            "PostgreSQL does not answer, or another session holds its tables",
        )
    })??;
    let assurance = match address.warning() {
        Some(warning) => assurance.warn(warning),
        None => assurance,
    };
    Ok(Opened {
        database,
        schema,
        assurance,
    })
}

//! Bringing the tables to this release.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::{IsolationLevel, error::SqlState};
use wahook_core::guard::{OpenError, OpenErrorKind};

use crate::{fault::Fault, pool::quoted};

/// A part of the tables that has a version of its own, and the steps that lead there from nothing.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// In order; the first one makes version 1. None is ever changed once it was released.
    pub(crate) steps: &'static [&'static str],
}

/// Brings a part to this release and says in which schema it is.
///
/// One transaction under a lock of the database: of several processes that start at once one does the work, the others
/// find it done. Without a step to take, only reading rights are needed.
pub(crate) async fn migrate(
    connection: &mut Object,
    schema: Option<&str>,
    part: &Part,
) -> Result<String, OpenError> {
    let transaction = connection
        .build_transaction()
        // What another process did while we waited for the lock must be seen, whatever the default is.
        .isolation_level(IsolationLevel::ReadCommitted)
        .read_only(false)
        .start()
        .await
        .map_err(failed)?;
    transaction
        .batch_execute(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
        .await
        .map_err(failed)?;
    let schema = find_schema(&transaction, schema).await?;
    step(&transaction, &schema, part).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(schema)
}

/// Any number that nobody else takes: the first bytes of "wahook".
const LOCK: i64 = 0x7761_686f_6f6b;

/// The schema that was asked for, made if need be; else where the tables are found, else where they would be made.
async fn find_schema(transaction: &Transaction<'_>, asked: Option<&str>) -> Result<String, OpenError> {
    let Some(name) = asked else {
        let found = "SELECT coalesce(
            (SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.oid = to_regclass('wahook_schema')),
            current_schema()::text)";
        let row = transaction.query_typed_one(found, &[]).await.map_err(failed)?;
        let schema: Option<String> = row.try_get(0).map_err(failed)?;
        return schema.ok_or_else(|| {
            OpenError::new(
                OpenErrorKind::Schema,
                "the role's search_path leads to no schema: name one in the options",
            )
        });
    };
    // The server would cut a longer name without a word.
    if name.is_empty() || name.len() > 63 || name.contains('\0') {
        return Err(OpenError::new(
            OpenErrorKind::Schema,
            "the name of a schema has 1 to 63 bytes and no NUL",
        ));
    }
    // `IF NOT EXISTS` would ask for the right to make it although it is there.
    let there = format!("SELECT FROM pg_namespace WHERE nspname = {}", literal(name));
    if transaction
        .query_typed_opt(&there, &[])
        .await
        .map_err(failed)?
        .is_none()
    {
        transaction
            .batch_execute(&format!("CREATE SCHEMA {}", quoted(name)))
            .await
            .map_err(failed)?;
    }
    Ok(name.to_owned())
}

async fn step(transaction: &Transaction<'_>, schema: &str, part: &Part) -> Result<(), OpenError> {
    let table = format!("{}.wahook_schema", quoted(schema));
    let there = format!("SELECT to_regclass({}) IS NOT NULL", literal(&table));
    let there: bool = get(transaction, &there).await?.unwrap_or_default();
    let version = if there {
        let version = format!("SELECT version FROM {table} WHERE part = {}", literal(part.name));
        get(transaction, &version).await?.unwrap_or(0_i32)
    } else {
        0
    };
    let newest = i32::try_from(part.steps.len()).unwrap_or(i32::MAX);
    if version > newest {
        return Err(OpenError::new(
            OpenErrorKind::Schema,
            format!(
                "the tables of the {} are of version {version}, this release knows {newest}: a later release was here",
                part.name
            ),
        ));
    }
    let done = usize::try_from(version).unwrap_or(0);
    let Some(steps) = part.steps.get(done..).filter(|steps| !steps.is_empty()) else {
        return Ok(());
    };
    let mut sql = format!("SET LOCAL search_path TO {};", quoted(schema));
    if !there {
        sql.push_str("CREATE TABLE wahook_schema (part text PRIMARY KEY, version integer NOT NULL);");
    }
    for step in steps {
        sql.push_str(step);
        sql.push(';');
    }
    sql.push_str(&format!(
        "INSERT INTO wahook_schema (part, version) VALUES ({}, {newest})
         ON CONFLICT (part) DO UPDATE SET version = excluded.version",
        literal(part.name)
    ));
    transaction.batch_execute(&sql).await.map_err(failed)
}

async fn get<T>(transaction: &Transaction<'_>, sql: &str) -> Result<Option<T>, OpenError>
where
    T: for<'a> tokio_postgres::types::FromSql<'a>,
{
    match transaction.query_typed_opt(sql, &[]).await.map_err(failed)? {
        Some(row) => row.try_get(0).map(Some).map_err(failed),
        None => Ok(None),
    }
}

/// A text as SQL writes it, whatever `standard_conforming_strings` says.
fn literal(text: &str) -> String {
    let text = text.replace('\'', "''").replace('\\', "\\\\");
    format!(" E'{text}'")
}

pub(crate) fn failed(error: tokio_postgres::Error) -> OpenError {
    let kind = match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE | &SqlState::READ_ONLY_SQL_TRANSACTION) => {
            OpenErrorKind::Refused
        }
        Some(_) => OpenErrorKind::Schema,
        None => OpenErrorKind::Unreachable,
    };
    Fault::from(error).to_open_error(kind, "bring the tables to this release")
}

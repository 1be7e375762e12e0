//! What survives, from the server's own settings.

use std::borrow::Cow;

use deadpool_postgres::Object;
use wahook_core::{
    Assurance, Guarantee,
    guard::{OpenError, OpenErrorKind},
};

use crate::{fault::Fault, pool::quoted};

/// The oldest release whose statements are known to be fast: it finds rows by ranges of their place.
const OLDEST: i32 = 140_000;

/// Refuses a server that cannot be written to, or that is too old.
pub(crate) async fn refuse_unfit(connection: &Object) -> Result<(), OpenError> {
    let sql = "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(),
                      current_setting('transaction_read_only') = 'on'";
    let row = connection.query_typed_one(sql, &[]).await.map_err(unasked)?;
    let version: i32 = row.try_get(0).map_err(unasked)?;
    let (replica, read_only): (bool, bool) =
        (row.try_get(1).map_err(unasked)?, row.try_get(2).map_err(unasked)?);
    let refuse = |text: &str| Err(OpenError::new(OpenErrorKind::Refused, text));
    if replica {
        return refuse("this PostgreSQL is a replica and takes no writes: name the primary");
    }
    if read_only {
        return refuse("default_transaction_read_only is on for this role or database: switch it off");
    }
    if version < OLDEST {
        return refuse("this PostgreSQL is older than release 14");
    }
    Ok(())
}

/// What a failure that is not survived costs.
#[derive(Clone, Copy)]
pub(crate) enum Loss {
    /// Marks: what they marked is done again.
    Marks,
    /// What was acknowledged and nobody sends again.
    Deliveries,
}

impl Loss {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Marks => "what they marked is handled again",
            Self::Deliveries => "what they acknowledged is lost",
        }
    }
}

/// Says what survives of what a table is told.
pub(crate) async fn assure(
    connection: &Object,
    schema: &str,
    table: &str,
    loss: Loss,
) -> Result<Assurance, OpenError> {
    let sql = "SELECT current_setting('fsync'), current_setting('full_page_writes'),
                      current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
                      (SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass($1)),
                      (SELECT count(*) FROM pg_stat_replication)";
    let name = format!("{}.{table}", quoted(schema));
    let row = connection
        .query_typed_one(sql, &[(&name, tokio_postgres::types::Type::TEXT)])
        .await
        .map_err(unasked)?;
    let text = |at: usize| {
        row.try_get::<_, Option<String>>(at)
            .map(Option::unwrap_or_default)
    };
    let found = Found {
        fsync: text(0).map_err(unasked)?,
        full_page_writes: text(1).map_err(unasked)?,
        synchronous_commit: text(2).map_err(unasked)?,
        standbys_waited_for: text(3).map_err(unasked)?,
        persistence: text(4).map_err(unasked)?,
        replicas: row.try_get(5).map_err(unasked)?,
    };
    Ok(found.judge(table, loss))
}

fn unasked(error: tokio_postgres::Error) -> OpenError {
    let kind = if error.code().is_some() {
        OpenErrorKind::Refused
    } else {
        OpenErrorKind::Unreachable
    };
    Fault::from(error).to_open_error(kind, "ask PostgreSQL for its settings")
}

/// The settings that decide. They are the operator's: none is overruled, each is told.
struct Found {
    fsync: String,
    full_page_writes: String,
    synchronous_commit: String,
    standbys_waited_for: String,
    persistence: String,
    replicas: i64,
}

impl Found {
    fn judge(&self, table: &str, loss: Loss) -> Assurance {
        let weak = |because: String, advice: Cow<'static, str>| {
            Assurance::new(Guarantee::ProcessCrashOnly, because).warn(advice)
        };
        let lost = loss.as_str();
        if self.persistence != "p" {
            return weak(
                format!("{table} is not logged"),
                "a crash of PostgreSQL empties the table: ALTER TABLE … SET LOGGED".into(),
            );
        }
        if self.fsync != "on" {
            return weak(
                format!("fsync is {}", self.fsync),
                "a power loss may destroy the whole database: set fsync = on".into(),
            );
        }
        if self.full_page_writes != "on" {
            return weak(
                format!("full_page_writes is {}", self.full_page_writes),
                "a power loss may destroy pages: set full_page_writes = on".into(),
            );
        }
        if self.synchronous_commit == "off" {
            return weak(
                "synchronous_commit is off".to_owned(),
                format!(
                    "a crash of PostgreSQL forgets the last moments, and {lost}: set synchronous_commit = on for this \
                     role"
                )
                .into(),
            );
        }
        let told = format!(
            "fsync is on, full_page_writes is on, synchronous_commit is {}",
            self.synchronous_commit
        );
        let assurance = Assurance::new(Guarantee::SurvivesPowerLoss, told);
        if self.replicas == 0 && self.standbys_waited_for.is_empty() {
            assurance
        } else if self.standbys_waited_for.is_empty() {
            assurance.warn(format!(
                "synchronous_standby_names is empty: a failover to a replica forgets the last moments, and {lost}"
            ))
        } else if self.synchronous_commit == "local" {
            assurance.warn(
                "synchronous_commit is local: it does not wait for the replicas of synchronous_standby_names, so a \
                 failover forgets the last moments",
            )
        } else {
            assurance
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(change: impl FnOnce(&mut Found)) -> Assurance {
        let mut found = Found {
            fsync: "on".into(),
            full_page_writes: "on".into(),
            synchronous_commit: "on".into(),
            standbys_waited_for: String::new(),
            persistence: "p".into(),
            replicas: 0,
        };
        change(&mut found);
        found.judge("wahook_guard_record", Loss::Marks)
    }

    #[test]
    fn i1_each_setting_that_loses_data_is_named() {
        assert_eq!(found(|_| {}).guarantee, Guarantee::SurvivesPowerLoss);
        assert!(found(|_| {}).warnings.is_empty());
        for (named, assurance) in [
            ("fsync is off", found(|it| it.fsync = "off".into())),
            (
                "full_page_writes is off",
                found(|it| it.full_page_writes = "off".into()),
            ),
            (
                "synchronous_commit is off",
                found(|it| it.synchronous_commit = "off".into()),
            ),
            ("is not logged", found(|it| it.persistence = "u".into())),
        ] {
            assert_eq!(assurance.guarantee, Guarantee::ProcessCrashOnly, "{named}");
            assert!(assurance.because.contains(named), "{assurance:?}");
            assert_eq!(assurance.warnings.len(), 1, "{named}");
        }
    }

    #[test]
    fn i1_a_failover_that_forgets_is_warned_of() {
        let waits = |it: &mut Found| {
            it.replicas = 1;
            it.standbys_waited_for = "one".into();
        };
        assert!(found(waits).warnings.is_empty());
        assert_eq!(found(|it| it.replicas = 1).warnings.len(), 1);
        let local = found(|it| {
            waits(it);
            it.synchronous_commit = "local".into();
        });
        assert_eq!(local.guarantee, Guarantee::SurvivesPowerLoss);
        assert_eq!(local.warnings.len(), 1);
    }
}

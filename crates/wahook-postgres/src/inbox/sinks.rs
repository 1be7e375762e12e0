//! Sinks and the numbers that stand for them.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use deadpool_postgres::Object;
use tokio_postgres::types::Type;
use wahook_core::json::Text;

use super::row::text;
use crate::{fault::Fault, say::Sql};

/// The sinks of the database, as far as this process met them. None is ever removed or renamed.
#[derive(Debug)]
pub(super) struct Sinks {
    known: RwLock<HashMap<Text, i32>>,
    add: Sql,
    find: Sql,
}

impl Sinks {
    pub(super) fn new(schema: &str, prepares: bool) -> Self {
        Self {
            known: RwLock::default(),
            add: Sql::new(
                schema,
                prepares,
                "INSERT INTO {t}_sink (name) SELECT n FROM unnest($1::bytea[]) AS a (n) ORDER BY n
                 ON CONFLICT DO NOTHING",
                &[Type::BYTEA_ARRAY],
            ),
            find: Sql::new(
                schema,
                prepares,
                "SELECT id, name FROM {t}_sink WHERE name = ANY ($1)",
                &[Type::BYTEA_ARRAY],
            ),
        }
    }

    pub(super) fn known(&self, name: &str) -> Option<i32> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .copied()
    }

    /// The number of a sink that the database knows.
    pub(super) async fn find(&self, connection: &Object, name: &str) -> Result<Option<i32>, Fault> {
        if let Some(id) = self.known(name) {
            return Ok(Some(id));
        }
        self.look(connection, &[name.as_bytes()]).await?;
        Ok(self.known(name))
    }

    /// Sees to it that all of these are known.
    pub(super) async fn learn<'a>(
        &self,
        connection: &Object,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<(), Fault> {
        let mut unknown: Vec<&[u8]> = names
            .filter(|name| self.known(name).is_none())
            .map(str::as_bytes)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        self.add.say(connection, &[&unknown]).await?;
        self.look(connection, &unknown).await
    }

    async fn look(&self, connection: &Object, names: &[&[u8]]) -> Result<(), Fault> {
        let found = self.find.say(connection, &[&names]).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for row in found {
            known.insert(text(row.try_get(1)?), row.try_get(0)?);
        }
        Ok(())
    }
}

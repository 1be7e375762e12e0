//! Statements with the types of their values, so that the server need not be asked for them.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::{
    Error, Row,
    types::{ToSql, Type},
};

use crate::pool::quoted;

/// A statement on the tables of the inbox.
#[derive(Debug)]
pub(crate) struct Sql {
    text: String,
    types: &'static [Type],
    prepares: bool,
}

/// A text with the names of the tables: `{t}` becomes what they begin with, `{q}` the same within a literal.
pub(crate) fn tables(schema: &str, text: &str) -> String {
    let tables = format!("{}.wahook_inbox", quoted(schema));
    text.replace("{t}", &tables)
        .replace("{q}", &tables.replace('\'', "''"))
}

/// Values of a statement, in its order.
pub(crate) type Values<'a> = [&'a (dyn ToSql + Sync)];

impl Sql {
    /// With `{t}` and `{q}` for the names of the [`tables`].
    pub(crate) fn new(schema: &str, prepares: bool, text: &str, types: &'static [Type]) -> Self {
        Self {
            text: tables(schema, text),
            types,
            prepares,
        }
    }

    /// Says it by itself.
    pub(crate) async fn say(&self, connection: &Object, values: &Values<'_>) -> Result<Vec<Row>, Error> {
        if self.prepares {
            let statement = connection.prepare_typed_cached(&self.text, self.types).await?;
            connection.query(&statement, values).await
        } else {
            connection.query_typed(&self.text, &self.typed(values)).await
        }
    }

    /// Says it in a transaction.
    pub(crate) async fn say_in(
        &self,
        transaction: &Transaction<'_>,
        values: &Values<'_>,
    ) -> Result<Vec<Row>, Error> {
        if self.prepares {
            let statement = transaction.prepare_typed_cached(&self.text, self.types).await?;
            transaction.query(&statement, values).await
        } else {
            transaction.query_typed(&self.text, &self.typed(values)).await
        }
    }

    fn typed<'a>(&self, values: &Values<'a>) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
        values.iter().copied().zip(self.types.iter().cloned()).collect()
    }
}

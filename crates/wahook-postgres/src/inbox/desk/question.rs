//! A question whose conditions depend on what is asked for.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{fault::Fault, say::tables};

/// A statement that is put together, with its values.
pub(super) struct Question {
    text: String,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Question {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds a text, in which `$$` stands for the value.
    pub(super) fn with(mut self, text: &str, value: impl ToSql + Sync + Send + 'static, of: Type) -> Self {
        self.values.push((Box::new(value), of));
        let place = format!("${}", self.values.len());
        self.text.push_str(&text.replace("$$", &place));
        self
    }

    /// Adds it if there is a value.
    pub(super) fn with_any<T: ToSql + Sync + Send + 'static>(
        self,
        text: &str,
        value: Option<T>,
        of: Type,
    ) -> Self {
        match value {
            Some(value) => self.with(text, value, of),
            None => self,
        }
    }

    pub(super) fn and(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    pub(super) async fn ask(&self, schema: &str, connection: &Object) -> Result<Vec<Row>, Fault> {
        Ok(connection
            .query_typed(&tables(schema, &self.text), &self.typed())
            .await?)
    }

    pub(super) async fn ask_in(
        &self,
        schema: &str,
        transaction: &Transaction<'_>,
    ) -> Result<Vec<Row>, Fault> {
        Ok(transaction
            .query_typed(&tables(schema, &self.text), &self.typed())
            .await?)
    }

    fn typed(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let values = self.values.iter();
        values
            .map(|(value, of)| (&**value as &(dyn ToSql + Sync), of.clone()))
            .collect()
    }
}

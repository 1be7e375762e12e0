//! The guard on PostgreSQL: what is asked for is collected, said in one statement, and swept away when it is over.

mod lane;
mod queue;
mod row;
mod statements;
mod store;

pub use self::store::PostgresStore;

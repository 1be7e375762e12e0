//! The inbox on PostgreSQL, for any number of processes (I6): what comes in and what is settled is collected and said in
//! one statement, the rest has a transaction of its own.

mod accept;
mod batch;
mod desk;
mod enter;
mod file;
mod filing;
mod gauge;
mod mend;
mod read;
mod renew;
mod row;
mod settle;
mod sinks;
mod store;
mod take;
mod work;

pub use self::store::PostgresInbox;

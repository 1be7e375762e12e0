//! What wahook knows of each provider: pure, bytes in, values out.
//!
//! One more provider is one folder and one row in [`PROVIDERS`].

mod object;
mod row;
mod slot;

pub mod generic;
pub mod meta;
pub mod waping;
pub mod wawp;
pub mod wazapin;

pub use self::row::{OptionRow, Options, ProviderRow, Retries};

/// Every provider, by id. Configuration, command line, contract tests and the README's table follow from this list.
pub const PROVIDERS: &[ProviderRow] = &[generic::ROW, meta::ROW, waping::ROW, wawp::ROW, wazapin::ROW];

/// The row of a provider.
#[must_use]
pub fn provider(id: &str) -> Option<&'static ProviderRow> {
    PROVIDERS.iter().find(|row| row.id == id)
}

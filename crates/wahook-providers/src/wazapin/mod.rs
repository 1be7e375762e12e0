//! Wazapin.

use crate::ProviderRow;

/// The row of this provider.
pub(crate) const ROW: ProviderRow = ProviderRow {
    id: "wazapin",
    title: "Wazapin",
    verified: "",
    key: "",
    contradictions: &[],
    setup: &[],
    options: &[],
    build: |_, _, options| {
        options.read::<std::collections::BTreeMap<String, String>>()?;
        Err(wahook_core::BuildError::option("not yet"))
    },
    make_secret: |random| format!("{random:?}"),
};

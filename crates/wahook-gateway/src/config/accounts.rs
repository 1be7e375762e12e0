//! What accounts are called where they are not to be shown as they are.

use std::collections::BTreeMap;

use crate::metrics::is_plain;

/// More accounts have no place among the metrics.
const ACCOUNTS: usize = 500;

/// Names of accounts are labels of metrics. An account may be a phone number: a complaint does not repeat it.
pub(super) fn check(accounts: &BTreeMap<String, String>) -> Result<(), String> {
    if accounts.len() > ACCOUNTS {
        return Err(format!(
            "name {ACCOUNTS} accounts at most; the others are shown as hashes"
        ));
    }
    for (account, name) in accounts {
        if account.is_empty() || !is_plain(name) {
            return Err(
                "`accounts` is { \"account as the provider writes it\" = \"name\" }: a name has 1 to 64 letters, digits, `-`, `_` and `.`, and no six digits in a row, which could be a phone number".to_owned(),
            );
        }
    }
    let mut names: Vec<&String> = accounts.values().collect();
    names.sort_unstable();
    match names.windows(2).find(|two| two[0] == two[1]) {
        Some(two) => Err(format!(
            "two accounts are called `{}`; give each a name of its own",
            two[0]
        )),
        None => Ok(()),
    }
}

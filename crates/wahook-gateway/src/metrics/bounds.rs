//! Labels cannot be made to grow by whoever sends (P): words of providers, and accounts.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::admin::stand_in;

/// Names of events, as providers call them: plain ones, and so many of each endpoint.
#[derive(Debug, Default)]
pub(super) struct Words(Mutex<HashMap<String, HashSet<String>>>);

/// In place of what has no label of its own.
pub(super) const OTHER: &str = "other";
const WORDS: usize = 50;
const WORD_BYTES: usize = 64;
/// More endpoints than anybody configures.
const ENDPOINTS: usize = 1_000;

impl Words {
    /// The label of a name that an endpoint's provider said.
    pub(super) fn label(&self, endpoint: &str, name: Option<&str>) -> String {
        let Some(name) = name.filter(|name| is_plain(name)) else {
            return OTHER.to_owned();
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(endpoint) {
            if all.len() >= ENDPOINTS {
                return OTHER.to_owned();
            }
            all.insert(endpoint.to_owned(), HashSet::new());
        }
        let Some(words) = all.get_mut(endpoint) else {
            return OTHER.to_owned();
        };
        if words.contains(name) {
            return name.to_owned();
        }
        if words.len() >= WORDS {
            return OTHER.to_owned();
        }
        words.insert(name.to_owned());
        name.to_owned()
    }
}

/// Whether a name may be a label as it is: a plain word in which no phone number can stand.
pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=WORD_BYTES).contains(&name.len()) && name.bytes().all(plain) && !has_number(name)
}

/// Six digits in a row could be part of a phone number.
fn has_number(name: &str) -> bool {
    name.as_bytes()
        .windows(6)
        .any(|six| six.iter().all(u8::is_ascii_digit))
}

/// What accounts are called: by the scope of their keys, then by account.
pub(super) type Names = HashMap<String, HashMap<String, String>>;

/// When something came of each account last.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// By endpoint, or group of endpoints, and account.
    names: Names,
    /// By endpoint, then by label.
    heard: BTreeMap<(String, String), Heard>,
    /// Accounts that have no place any more.
    untold: u64,
}

/// When something came of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) last: Duration,
    /// How long it is silent as a rule: an average in which the last ten times count most.
    pub(super) usual: Option<Duration>,
}

impl Heard {
    fn again(&mut self, at: Duration) {
        let silent = at.saturating_sub(self.last);
        self.last = at;
        if silent < ONE_SAYING {
            return;
        }
        self.usual = Some(match self.usual {
            Some(usual) => (usual * 9 + silent) / 10,
            None => silent,
        });
    }
}

/// What comes closer together is one message with its states.
const ONE_SAYING: Duration = Duration::from_secs(1);

const ACCOUNTS: usize = 500;

impl Accounts {
    pub(super) fn name(&mut self, names: Names) {
        self.names = names;
    }

    /// Something came of an account.
    pub(super) fn heard(&mut self, hash_key: &[u8; 16], scope: &str, account: &str, at: Duration) {
        let label = match self.names.get(scope).and_then(|names| names.get(account)) {
            Some(name) => name.clone(),
            None => stand_in(hash_key, account),
        };
        let room = self.heard.len() < ACCOUNTS;
        match self.heard.get_mut(&(scope.to_owned(), label.clone())) {
            Some(heard) => heard.again(at),
            None if room => {
                let heard = Heard {
                    last: at,
                    usual: None,
                };
                self.heard.insert((scope.to_owned(), label), heard);
            }
            None => self.untold = self.untold.saturating_add(1),
        }
    }

    /// Endpoint, account, and when it was heard.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str, Heard)> {
        self.heard
            .iter()
            .map(|((scope, account), heard)| (scope.as_str(), account.as_str(), *heard))
    }

    /// How often something came of an account that has no place.
    pub(super) const fn untold(&self) -> u64 {
        self.untold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_names_of_a_hostile_provider_are_at_most_fifty_plain_words() {
        let words = Words::default();
        assert_eq!(words.label("shop", Some("message.any")), "message.any");
        let long = "x".repeat(65);
        for name in [
            None,
            Some(""),
            Some("a b"),
            Some("a\"b"),
            Some("é"),
            Some("15550000001"),
            Some("x-15550000001"),
            Some(long.as_str()),
        ] {
            assert_eq!(words.label("shop", name), OTHER, "{name:?}");
        }
        let labels: HashSet<_> = (0..10_000)
            .map(|number| words.label("shop", Some(&format!("n{number}"))))
            .collect();
        assert_eq!(labels.len(), 50, "49 more, and `other`");
        assert_eq!(words.label("shop", Some("message.any")), "message.any");
        assert_eq!(
            words.label("lab", Some("n9999")),
            "n9999",
            "each endpoint has its own"
        );
    }

    #[test]
    fn p_accounts_are_hashes_or_names_of_ours_and_bounded() {
        let mut accounts = Accounts::default();
        let names = HashMap::from([("15550000001".to_owned(), "front-desk".to_owned())]);
        accounts.name(HashMap::from([("shop".to_owned(), names)]));
        accounts.heard(&[7; 16], "lab", "15550000001", Duration::ZERO);
        for number in 0..2_000_u64 {
            let account = (15_550_000_000 + number).to_string();
            accounts.heard(&[7; 16], "shop", &account, Duration::from_secs(number));
        }
        assert_eq!(accounts.all().count(), ACCOUNTS);
        assert_eq!(accounts.untold(), 1_501);
        assert!(accounts.all().all(|(_, label, _)| !label.contains("1555")));
        let named = accounts.all().filter(|(_, label, _)| *label == "front-desk");
        assert!(
            named.map(|(scope, ..)| scope).eq(["shop"]),
            "another endpoint has names of its own"
        );
    }
}

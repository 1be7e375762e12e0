//! The rules, by what they are about.

pub(super) mod forms;
pub(super) mod handing;
pub(super) mod outages;
pub(super) mod refusals;

use super::{Harness, Received, events::key};

/// The numbers of a conversation's messages, in the order in which they are there.
fn numbers(received: &[Received], chat: &str) -> Vec<u64> {
    let prefix = key(chat, 0);
    let prefix = prefix.trim_end_matches('0');
    let numbers = received.iter().filter_map(|one| {
        let event = one.event();
        let number = event.key.strip_prefix(prefix)?;
        Some(number.parse().expect("a number"))
    });
    numbers.collect()
}

/// That all of a conversation is there in order. A second one is there where the first was kept and not confirmed; it is
/// never before an earlier one.
fn all_in_order(received: &[Received], chat: &str, count: u64) {
    let mut numbers = numbers(received, chat);
    assert!(numbers.is_sorted(), "{chat}: {numbers:?}");
    numbers.dedup();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{chat}");
}

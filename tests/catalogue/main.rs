//! The failure catalogue: what went wrong in other receivers of webhooks, in published code, advisories and issues, by
//! number. Each that could be ours has a test of its name here, end to end through the public API. Most have closer tests
//! in the crates too; here it is seen that none was forgotten.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod app;
mod bodies;
mod comparisons;
mod guarded;
mod kept;
mod verified;

/// What no test of answers can show, and why it is not ours all the same.
const NOT_TESTED: &[(u32, &str)] = &[
    // Every number has its test at present. An entry is (number, reason).
];

/// How many failures the catalogue has.
const ENTRIES: u32 = 34;

#[test]
fn every_failure_has_a_test_or_a_reason() {
    let sources = [
        include_str!("bodies.rs"),
        include_str!("guarded.rs"),
        include_str!("kept.rs"),
        include_str!("verified.rs"),
    ];
    for number in 1..=ENTRIES {
        let name = format!("fn failure_{number:02}_");
        let tests: usize = sources.iter().map(|source| source.matches(&name).count()).sum();
        let is_excused = NOT_TESTED
            .iter()
            .any(|(known, why)| *known == number && !why.is_empty());
        assert!(
            (tests > 0) != is_excused,
            "failure {number}: {tests} tests, excused: {is_excused}"
        );
    }
}

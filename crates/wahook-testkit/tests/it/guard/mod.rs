//! The contract of guard stores is able to fail: a sound store passes each rule, each flawed one is caught, and there is
//! no rule that catches nothing.

mod flaws;
mod records;
mod store;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use wahook_testkit::{
    ManualClock,
    guard::{Harness, Rule, outage_rules, rules, run},
};

use self::{
    flaws::{CAUGHT, Flaw},
    store::Plain,
};

fn all() -> Vec<Rule> {
    rules().into_iter().chain(outage_rules()).collect()
}

async fn plain(flaw: Flaw) -> Harness {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Plain::new(flaw, clock.clone()));
    let (begun, ended) = (store.clone(), store.clone());
    Harness::new(store, clock)
        .answers_within(Duration::from_secs(1))
        .with_outage(move || begun.go_away(), move || ended.come_back())
}

/// Whether the rule catches the store.
fn is_caught<Made>(rule: Rule, make: impl FnOnce() -> Made) -> bool
where
    Made: Future<Output = Harness>,
{
    catch_unwind(AssertUnwindSafe(|| run(make, rule.check))).is_err()
}

#[test]
fn every_rule_passes_a_sound_store() {
    for rule in all() {
        assert!(!is_caught(rule, || plain(Flaw::None)), "{rule:?}");
    }
}

#[test]
fn every_rule_passes_a_sound_store_with_several_handles() {
    for rule in all() {
        let make = async || {
            let clock = Arc::new(ManualClock::default());
            let store = Arc::new(Plain::new(Flaw::None, clock.clone()));
            let (begun, ended) = (store.clone(), store.clone());
            Harness::new(store.clone(), clock)
                .also_through(store.clone())
                .also_through(store)
                .with_outage(move || begun.go_away(), move || ended.come_back())
        };
        assert!(!is_caught(rule, make), "{rule:?}");
    }
}

#[test]
fn every_flaw_is_caught_by_the_rules_that_name_its_promise() {
    let mut missed = Vec::new();
    for (flaw, names) in CAUGHT {
        for name in *names {
            let rule = all().into_iter().find(|rule| rule.name == *name);
            let rule = rule.unwrap_or_else(|| panic!("no rule is named {name}"));
            // A race is not lost each time.
            if !(0..3).any(|_| is_caught(rule, || plain(*flaw))) {
                missed.push((flaw, name));
            }
        }
    }
    assert!(missed.is_empty(), "these pass: {missed:#?}");
}

#[test]
fn every_rule_catches_something() {
    let names: BTreeSet<_> = CAUGHT.iter().flat_map(|(_, names)| *names).copied().collect();
    let rules: BTreeSet<_> = all().into_iter().map(|rule| rule.name).collect();
    assert_eq!(names, rules);
}

#[test]
fn two_handles_that_share_nothing_are_caught() {
    let make = async || {
        let clock = Arc::new(ManualClock::default());
        let (here, there) = (
            Plain::new(Flaw::None, clock.clone()),
            Plain::new(Flaw::None, clock.clone()),
        );
        Harness::new(Arc::new(here), clock).also_through(Arc::new(there))
    };
    let caught = rules().into_iter().filter(|rule| is_caught(*rule, make));
    assert!(caught.count() > rules().len() / 2);
}

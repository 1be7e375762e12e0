//! The contract of sinks is able to fail: a sound sink passes each rule, each flawed one is caught, and there is no rule
//! that catches nothing.

mod broker;
mod flaws;

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use wahook_core::sink::MessageForm;
use wahook_testkit::sink::{Harness, Rule, outage_rules, refusal_rules, rules, run};

use self::{
    broker::{Broker, Flawed},
    flaws::{CAUGHT, Flaw},
};

fn all() -> Vec<Rule> {
    rules()
        .into_iter()
        .chain(outage_rules())
        .chain(refusal_rules())
        .collect()
}

async fn memory(flaw: Flaw) -> Harness {
    let broker = Arc::new(Broker::default());
    let (made, read) = (broker.clone(), broker.clone());
    let (gone, back) = (broker.clone(), broker);
    let small = |room| {
        let broker = Arc::new(Broker::with_room(room));
        Arc::new(Flawed::new(flaw, broker, MessageForm::default()))
    };
    Harness::new(
        move |form| Arc::new(Flawed::new(flaw, made.clone(), form)),
        move || {
            let all = read.read();
            Box::pin(async move { all })
        },
    )
    .answers_within(Duration::from_millis(500))
    .with_outage(move || gone.go_away(), move || back.come_back(flaw))
    .that_takes(0, small(0))
    .that_takes(1, small(1))
}

/// Whether the rule catches the sink.
fn is_caught(rule: Rule, flaw: Flaw) -> bool {
    catch_unwind(AssertUnwindSafe(|| run(|| memory(flaw), rule.check))).is_err()
}

#[test]
fn every_rule_passes_a_sound_sink() {
    for rule in all() {
        assert!(!is_caught(rule, Flaw::None), "{rule:?}");
    }
}

#[test]
fn every_flaw_is_caught_by_the_rules_that_name_its_promise() {
    let mut missed = Vec::new();
    for (flaw, names) in CAUGHT {
        for name in *names {
            let rule = all().into_iter().find(|rule| rule.name == *name);
            let rule = rule.unwrap_or_else(|| panic!("no rule is named {name}"));
            if !is_caught(rule, *flaw) {
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

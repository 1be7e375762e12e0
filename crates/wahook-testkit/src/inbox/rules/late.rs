//! States of sessions fold by the time at which they happened.

use std::collections::BTreeMap;

use jiff::ToSpan;
use wahook_core::{inbox::EventRow, model::Kind};

use super::{ALL, Harness, said};

/// **I3**: lanes keep the order in which states of a session came; one that came after a state that happened later says so,
/// to whoever sees it, and however often.
pub async fn i3_a_state_of_a_session_that_comes_late_is_marked(harness: Harness) {
    let noon = harness.now();
    let state = |name: &str| said(name).of_kind(Kind::SessionStatus).to(&["till", "book"]);
    let fraction = noon + 500.milliseconds();
    harness
        .put(&[
            state("first").at(noon),
            state("later").at(fraction),
            state("late by half a second").at(noon),
            state("at the same time").at(fraction),
            state("without a time"),
            state("of another account").at(noon - 1.hour()).in_lane("bob"),
            state("late by an hour").at(noon - 1.hour()),
            said("no state").at(noon - 1.hour()).to(&["till", "book"]),
            state("the latest").at(noon + 1.hour()),
            state("late again").at(noon + 59.minutes()),
        ])
        .await;
    let late = ["late again", "late by an hour", "late by half a second"];
    for sink in ["till", "book"] {
        let held = harness.hold(sink, ALL).await;
        let entries = held.iter().flat_map(|hold| &hold.lane.entries);
        let marked: BTreeMap<_, _> = entries.map(|entry| (entry.key.as_str(), entry.late)).collect();
        assert_eq!(marked.len(), 10);
        let mut found: Vec<_> = marked
            .into_iter()
            .filter_map(|(key, late)| late.then_some(key))
            .collect();
        found.sort_unstable();
        assert_eq!(found, late, "for {sink}");
        for hold in held {
            harness.settle(hold.token, hold.done()).await;
        }
    }
    // What is done is not forgotten, and whoever looks sees what the sinks saw.
    harness.put(&[state("yet another").at(noon)]).await;
    let [hold] = &harness.hold("till", ALL).await[..] else {
        panic!("one lane is due")
    };
    assert!(hold.lane.entries[0].late);
    let events = harness.all_events().await;
    let told = |row: EventRow| row.late.then_some(row.summary.key);
    let mut found: Vec<_> = events.into_iter().filter_map(told).collect();
    found.sort_unstable();
    assert_eq!(found, [&late[..], &["yet another"]].concat());
}

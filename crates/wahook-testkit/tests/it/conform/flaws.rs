//! One test for each flaw: which scenario catches it.

use std::collections::HashSet;

use wahook_testkit::conform::{Scenario, Verdict};

use super::receiver::{Flaw, report};

/// The flaw is caught by these scenarios, and the same receiver without it passes them.
async fn caught(provider: &str, flaw: Flaw, by: &[Scenario]) {
    let sound = report(provider, Flaw::Nothing, by).await;
    for scenario in by {
        let verdict = sound.finding(*scenario).unwrap().verdict;
        assert_eq!(verdict, Verdict::Pass, "sound, {scenario}:\n{sound}");
    }
    let flawed = report(provider, flaw, by).await;
    for scenario in by {
        let verdict = flawed.finding(*scenario).unwrap().verdict;
        assert_eq!(verdict, Verdict::Fail, "{flaw:?}, {scenario}:\n{flawed}");
    }
}

macro_rules! flaws {
    ($($name:ident: $provider:literal, $flaw:ident, [$($scenario:ident),+];)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            caught($provider, Flaw::$flaw, &[$(Scenario::$scenario),+]).await;
        }
    )+

        /// Each of them.
        const CAUGHT: &[Scenario] = &[$($(Scenario::$scenario),+),+];
    };
}

flaws! {
    flaw_verifies_reprinted_json: "wazapin", VerifiesReprintedJson, [RawBytes, ReEncoded];
    flaw_parses_before_it_verifies: "wazapin", ParsesBeforeItVerifies, [ParsedTooEarly];
    flaw_looks_at_the_first_signature_only: "wazapin", LooksAtTheFirstSignatureOnly, [SecondSignature];
    flaw_looks_at_the_last_signature_only: "wazapin", LooksAtTheLastSignatureOnly, [SecondSignature];
    flaw_looks_whether_there_is_a_signature: "wazapin", LooksWhetherThereIsASignature,
        [WrongSecret, TamperedBody, TamperedId, TamperedTime, TamperedSignature, ReEncoded, Stale, Future];
    flaw_compares_the_length_only: "wazapin", ComparesTheLengthOnly, [TamperedSignature];
    flaw_cuts_the_id: "wazapin", CutsTheId, [TamperedId];
    flaw_tries_the_second_before: "wazapin", TriesTheSecondBefore, [TamperedTime];
    flaw_takes_an_empty_signature: "wazapin", TakesAnEmptySignature, [WeakSignature];
    flaw_takes_the_beginning_of_a_signature: "wazapin", TakesTheBeginningOfASignature, [WeakSignature];
    flaw_takes_any_time: "wazapin", TakesAnyTime, [Stale, Future];
    flaw_takes_what_is_not_signed: "wazapin", TakesWhatIsNotSigned, [Unsigned];
    flaw_dedupes_on_an_unsigned_header: "wazapin", DedupesOnAnUnsignedHeader, [Replayed];
    flaw_dedupes_before_it_verifies: "wazapin", DedupesBeforeItVerifies, [ForgedFirst];
    flaw_dedupes_nothing: "wazapin", DedupesNothing, [Duplicate, Retried, Replayed, Concurrent];
    flaw_marks_before_the_work: "wazapin", MarksBeforeTheWork, [HangUp, FailedWork];
    flaw_checks_then_inserts: "wazapin", ChecksThenInserts, [Concurrent, HangUp];
    flaw_answers_copies_409: "wazapin", AnswersCopies409, [Duplicate, Concurrent];
    flaw_answers_conflicts_422: "wazapin", AnswersConflicts422, [Conflict];
    flaw_has_a_small_cap: "waping", HasASmallCap, [Oversize];
    flaw_has_no_cap: "waping", HasNoCap, [Oversize];
    flaw_has_no_deadline: "waping", HasNoDeadline, [Slow];
    flaw_handles_the_first_item_only: "waping", HandlesTheFirstItemOnly, [Batch];
    flaw_handles_nothing: "wazapin", HandlesNothing, [Genuine, EveryEvent, Duplicate, Conflict, Reordered];
    flaw_handles_one_event_only: "waping", HandlesOneEventOnly, [EveryEvent];
    flaw_drops_unknown_events: "waping", DropsUnknownEvents, [UnknownEvent];
    flaw_refuses_unknown_events: "waping", RefusesUnknownEvents, [UnknownEvent];
    flaw_panics_at_bodies: "wawp", PanicsAtBodies, [Malformed];
    flaw_tells_the_expected_signature: "wazapin", TellsTheExpectedSignature, [SilentRefusal];
    flaw_drops_what_is_older: "waping", DropsWhatIsOlder, [Reordered];
    flaw_handles_what_it_refuses: "waping", HandlesWhatItRefuses, [WrongSecret, TamperedBody];
    flaw_takes_every_method: "wazapin", TakesEveryMethod, [WrongMethod];
    flaw_echoes_the_challenge_as_html: "waping", EchoesTheChallengeAsHtml, [Handshake];
    flaw_answers_too_late: "wawp", AnswersTooLate, [Genuine, EveryEvent];
}

/// A scenario that nobody ever failed may not look at anything.
#[test]
fn every_scenario_is_failed_by_a_flaw() {
    let caught: HashSet<_> = CAUGHT.iter().collect();
    let never: Vec<_> = Scenario::ALL
        .iter()
        .filter(|scenario| !caught.contains(scenario))
        .map(|scenario| scenario.id())
        .collect();
    assert!(never.is_empty(), "no flawed receiver fails these: {never:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_is_not_said_to_have_been_refused() {
    let report = report("wazapin", Flaw::TakesAnyTime, &[Scenario::Stale]).await;
    let finding = report.finding(Scenario::Stale).unwrap();
    assert_eq!(finding.advice.len(), 1, "{report}");
    assert!(finding.advice[0].contains("was taken"), "{report}");
}

/// Nobody is told of what is dropped, or somebody is: that shows in no answer.
#[tokio::test(start_paused = true)]
async fn a_dropped_conflict_is_no_pass() {
    let sound = report("wazapin", Flaw::Nothing, &[Scenario::Conflict]).await;
    assert_eq!(sound.count(Verdict::Pass), 1, "{sound}");
    let flawed = report("wazapin", Flaw::DropsConflicts, &[Scenario::Conflict]).await;
    assert_eq!(flawed.count(Verdict::Warn), 1, "{flawed}");
}

/// A sender cannot hang up on what is answered at once, and nothing is known of work that did not fail.
#[tokio::test(start_paused = true)]
async fn what_did_not_happen_is_not_passed() {
    for (flaw, scenario) in [
        (Flaw::AnswersAtOnce, Scenario::HangUp),
        (Flaw::NeverFails, Scenario::FailedWork),
    ] {
        let sound = report("wazapin", Flaw::Nothing, &[scenario]).await;
        assert_eq!(sound.count(Verdict::Pass), 1, "{sound}");
        let report = report("wazapin", flaw, &[scenario]).await;
        assert_eq!(report.count(Verdict::NotObservable), 1, "{report}");
    }
}

/// Written by hand, without a line of ours but the signature check.
#[tokio::test(start_paused = true)]
async fn a_sound_receiver_passes() {
    for provider in ["waping", "wawp", "wazapin"] {
        let report = report(provider, Flaw::Nothing, &[]).await;
        assert!(report.is_sound(), "{provider}:\n{report}");
        assert_eq!(report.count(Verdict::Warn), 0, "{provider}:\n{report}");
    }
}

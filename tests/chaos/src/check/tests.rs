//! Hand-made histories: a good one, and each way in which it could be bad.
//!
//! Longer than 400 lines: one history, and each way to spoil it.

use super::*;
use crate::history::{self, Delivered, What};

/// A history in the making; line numbers are those of its lines, from 1.
#[derive(Clone, Default)]
struct Made(Vec<Line>);

impl Made {
    fn scene(promise: Promise) -> Self {
        let sinks = vec!["log".to_owned()];
        Self::default().and(What::Scene {
            seed: 7,
            promise,
            sinks,
        })
    }

    fn and(mut self, what: What) -> Self {
        let at = self.0.len() as u64 * 2_000_000;
        let scene = "s".to_owned();
        self.0.push(Line { at, scene, what });
        self
    }

    /// Right after the line before it: from others to their next it is two seconds.
    fn at_once(mut self) -> Self {
        let before = self.0[self.0.len() - 2].at;
        self.0.last_mut().unwrap().at = before + 1_000;
        self
    }

    fn sent(self, sending: u64, message: &str) -> Self {
        self.sends(sending, message, false)
    }

    fn sends(self, sending: u64, message: &str, forged: bool) -> Self {
        self.and(What::Sent {
            message: message.to_owned(),
            chat: message.split('-').next().unwrap().to_owned(),
            sending,
            forged,
            text: format!("text of {message}"),
        })
    }

    fn answered(self, sending: u64, status: u16) -> Self {
        let status = (status > 0).then_some(status);
        self.and(What::Answered { sending, status })
    }

    fn stored(self, message: &str) -> Self {
        self.and(What::Stored {
            message: message.to_owned(),
            delivery: "d".to_owned(),
            duplicate: false,
        })
    }

    fn delivered(self, message: &str, attempt: u64) -> Self {
        self.delivered_with(message, attempt, |_| {})
    }

    fn delivered_with(self, message: &str, attempt: u64, change: impl FnOnce(&mut Delivered)) -> Self {
        let mut delivered = Delivered {
            sink: "log".to_owned(),
            place: "here".to_owned(),
            message: message.to_owned(),
            key: format!("key of {message}"),
            attempt: Some(attempt),
            text: format!("text of {message}"),
            there_at: None,
        };
        change(&mut delivered);
        self.and(What::Delivered(delivered))
    }

    fn confirmed(self, message: &str, attempt: u64) -> Self {
        self.and(What::Confirmed {
            sink: "log".to_owned(),
            message: message.to_owned(),
            attempt: Some(attempt),
        })
    }

    fn refused(self, message: &str, attempt: u64) -> Self {
        self.and(What::Refused {
            sink: "log".to_owned(),
            message: message.to_owned(),
            attempt: Some(attempt),
            status: 410,
        })
    }

    fn dead(self, message: &str) -> Self {
        self.dead_of(message, "the receiver answered 410")
    }

    fn dead_of(self, message: &str, error: &str) -> Self {
        self.and(What::Dead {
            message: message.to_owned(),
            sink: "log".to_owned(),
            error: error.to_owned(),
        })
    }

    fn ended(self, killed: bool) -> Self {
        self.and(What::ProcessEnded {
            process: "one".to_owned(),
            how: String::new(),
            killed,
        })
    }

    fn fault(self, fault: u64, kind: &str) -> Self {
        self.and(What::FaultBegan {
            fault,
            kind: kind.to_owned(),
            detail: String::new(),
        })
    }

    fn mended(self, fault: u64) -> Self {
        self.and(What::FaultEnded { fault })
    }

    fn rested(self) -> Self {
        self.and(What::Rested { trouble: None })
    }

    /// The violations: which rule, and which lines show it. That little happens in them is another matter.
    fn found(&self) -> Vec<(Rule, Vec<usize>)> {
        let found = check(&self.0).violations.into_iter();
        let found = found.filter(|one| one.rule != Rule::SomethingHappens);
        found.map(|one| (one.rule, one.lines)).collect()
    }

    /// What they prove nothing for.
    fn is_missing(&self) -> Vec<String> {
        let found = check(&self.0).violations.into_iter();
        let found = found.filter(|one| one.rule == Rule::SomethingHappens);
        found.map(|one| one.text).collect()
    }

    #[track_caller]
    fn is_good(&self) {
        assert_eq!(self.found(), []);
    }

    #[track_caller]
    fn breaks(&self, rule: Rule, lines: &[usize]) {
        assert_eq!(self.found(), [(rule, lines.to_vec())]);
    }
}

/// Lines 1 to 5: two messages of one conversation, acknowledged.
fn two() -> Made {
    Made::scene(Promise::Inbox)
        .sent(1, "a-1")
        .answered(1, 200)
        .sent(2, "a-2")
        .answered(2, 200)
}

/// And stored: lines 6 and 7.
fn kept() -> Made {
    two().stored("a-1").stored("a-2")
}

#[test]
fn a_good_run_has_no_violation() {
    kept().delivered("a-1", 1).delivered("a-2", 1).rested().is_good();
    // Repeats that say so, also such whose first attempt nobody took.
    kept()
        .delivered("a-1", 3)
        .delivered("a-2", 1)
        .delivered("a-1", 4)
        .rested()
        .is_good();
    // The provider's own copies, refusals, answers that were lost; what was never acknowledged may be kept or not.
    kept()
        .delivered("a-1", 1)
        .delivered("a-2", 1)
        .sent(3, "a-1")
        .answered(3, 200)
        .sent(4, "b-1")
        .answered(4, 503)
        .sent(5, "b-1")
        .answered(5, 0)
        .sends(6, "f-1", true)
        .answered(6, 401)
        .rested()
        .is_good();
}

#[test]
fn i1_what_is_acknowledged_and_not_stored_is_found() {
    let made = two()
        .stored("a-2")
        .delivered("a-1", 1)
        .delivered("a-2", 1)
        .rested();
    made.breaks(Rule::AnsweredIsStored, &[2, 3]);
}

#[test]
fn i2_what_is_stored_twice_is_found() {
    let made = kept()
        .stored("a-1")
        .delivered("a-1", 1)
        .delivered("a-2", 1)
        .rested();
    made.breaks(Rule::StoredOnce, &[6, 8]);
}

#[test]
fn i3_what_never_comes_to_a_sink_is_found_unless_it_is_a_dead_letter() {
    kept()
        .delivered("a-1", 1)
        .rested()
        .breaks(Rule::ReachesEverySink, &[4, 5, 7]);
    let given_up = kept().delivered("a-1", 1).refused("a-2", 1).dead("a-2");
    given_up.rested().is_good();
    // Nobody was told that it was taken, and it was.
    let stored = Made::scene(Promise::Inbox)
        .sent(1, "a-1")
        .answered(1, 0)
        .stored("a-1")
        .rested();
    stored.breaks(Rule::ReachesEverySink, &[2, 4]);
    // In another sink is not in this one.
    let elsewhere = kept()
        .delivered("a-1", 1)
        .delivered_with("a-2", 1, |one| one.sink = "other".to_owned())
        .rested();
    elsewhere.breaks(Rule::ReachesEverySink, &[4, 5, 7]);
}

#[test]
fn i3_what_comes_twice_without_a_mark_is_found() {
    let both = || kept().delivered("a-1", 1).delivered("a-2", 1);
    both()
        .delivered("a-1", 1)
        .rested()
        .breaks(Rule::OnceUnlessMarked, &[8, 10]);
    // On another node as well.
    let elsewhere = both().delivered_with("a-1", 1, |one| one.place = "there".to_owned());
    elsewhere.rested().breaks(Rule::OnceUnlessMarked, &[8, 10]);
    // A higher attempt first, then a lower one.
    let down = kept().delivered("a-1", 2).delivered("a-1", 1).delivered("a-2", 1);
    down.rested().breaks(Rule::OnceUnlessMarked, &[8, 9]);
    // Under another key it is no repeat.
    let key = both().delivered_with("a-1", 2, |one| one.key = "another".to_owned());
    key.rested().breaks(Rule::OnceUnlessMarked, &[8, 10]);
    // Nobody counts.
    let unmarked = kept()
        .delivered_with("a-1", 1, |one| one.attempt = None)
        .delivered("a-2", 1);
    unmarked.rested().breaks(Rule::OnceUnlessMarked, &[8]);
    // And two have two keys.
    let one = kept()
        .delivered("a-1", 1)
        .delivered_with("a-2", 1, |one| one.key = "key of a-1".to_owned());
    one.rested().breaks(Rule::OnceUnlessMarked, &[8, 9]);
}

#[test]
fn i3_what_is_out_of_order_is_found_unless_it_was_sent_at_the_same_time() {
    let turned = || kept().delivered("a-2", 1).delivered("a-1", 1);
    turned().rested().breaks(Rule::InOrder, &[3, 4, 8, 9]);
    // Nor does it help to give it up: what its sink refuses never comes there.
    let dead = turned().refused("a-1", 2).dead("a-1");
    dead.rested().breaks(Rule::InOrder, &[3, 4, 8, 9]);
    // Repeats have no order, other conversations neither.
    kept()
        .delivered("a-1", 1)
        .delivered("a-2", 1)
        .delivered("a-1", 2)
        .rested()
        .is_good();
    let at_once = Made::scene(Promise::Inbox)
        .sent(1, "a-1")
        .sent(2, "a-2")
        .answered(1, 200)
        .answered(2, 200)
        .stored("a-1")
        .stored("a-2");
    at_once.delivered("a-2", 1).delivered("a-1", 1).rested().is_good();
    // Not only neighbours.
    let made = kept()
        .sent(3, "a-3")
        .answered(3, 200)
        .stored("a-3")
        .delivered("a-2", 1)
        .delivered("a-3", 1)
        .delivered("a-1", 1)
        .rested();
    made.breaks(Rule::InOrder, &[3, 8, 12, 13]);
    // Nor in another place, whose order among each other nobody knows.
    kept()
        .delivered_with("a-2", 1, |one| one.place = "there".to_owned())
        .delivered("a-1", 1)
        .rested()
        .is_good();
}

#[test]
fn i3_a_dead_letter_that_its_sink_did_not_refuse_is_found() {
    let made = || kept().delivered("a-1", 1);
    // A worker that gives up at the first 503.
    let unavailable = made().dead_of("a-2", "the receiver answered 503");
    unavailable.rested().breaks(Rule::GivenUpBySinks, &[4, 9]);
    // For something else than the sink said.
    let other = made()
        .refused("a-2", 1)
        .dead_of("a-2", "the receiver answered 503");
    other.rested().breaks(Rule::GivenUpBySinks, &[9, 10]);
    // What another message was refused for.
    let another = made().refused("a-1", 2).dead("a-2");
    another.rested().breaks(Rule::GivenUpBySinks, &[4, 10]);
}

#[test]
fn i3_what_a_sink_confirmed_and_is_handed_again_is_found_unless_the_mark_may_be_lost() {
    // Lines 8 to 10.
    let first = || kept().delivered("a-2", 1).delivered("a-1", 1).confirmed("a-1", 1);
    let again = |made: Made| made.delivered("a-1", 2).rested();
    let turned = |made: &Made| {
        let found = made.found().into_iter();
        found
            .filter(|(rule, _)| *rule != Rule::InOrder)
            .collect::<Vec<_>>()
    };
    let rule = Rule::NotAgainOnceConfirmed;
    assert_eq!(turned(&again(first())), [(rule, vec![9, 10, 11])]);
    // Nobody confirmed it.
    let unconfirmed = kept().delivered("a-1", 1).delivered("a-2", 1).delivered("a-1", 2);
    unconfirmed.rested().is_good();
    // The gateway was killed just then, or lost power.
    for kind in ["kill", "power loss"] {
        let killed = again(first().fault(1, kind).at_once().ended(true).mended(1));
        assert_eq!(turned(&killed), [], "{kind}");
        let before = kept().fault(1, kind).ended(true).mended(1);
        let before = before.delivered("a-2", 1).delivered("a-1", 1).confirmed("a-1", 1);
        assert_eq!(turned(&again(before)), [(rule, vec![12, 13, 14])], "{kind}");
    }
    // It was asked to end, and did: what it was told by then it wrote down.
    let restart = || first().fault(1, "restart").at_once();
    let ended = again(restart().ended(false).mended(1));
    assert_eq!(turned(&ended), [(rule, vec![9, 10, 14])]);
    assert_eq!(turned(&again(restart().ended(true).mended(1))), []);
    // What cannot be written down is written down later; unless there is no later.
    for kind in ["disk full", "server killed", "wire cut"] {
        let hindered = || first().fault(1, kind).at_once();
        assert_eq!(turned(&again(hindered().mended(1))), [(rule, vec![9, 10, 13])]);
        let killed = hindered().fault(2, "kill").ended(true).mended(2).mended(1);
        assert_eq!(turned(&again(killed)), [], "{kind}");
        let ended = hindered().fault(2, "restart").ended(false).mended(2).mended(1);
        assert_eq!(turned(&again(ended)), [], "{kind}");
        // Nobody heard of it for as long as a lease lasts.
        let long = (0..17).fold(hindered(), |made, sending| made.sent(100 + sending, "b-1"));
        assert_eq!(turned(&again(long.mended(1))), [], "{kind}");
    }
    // It hung, and hung up when it woke.
    let frozen = kept().fault(1, "freeze").delivered("a-2", 1).delivered("a-1", 1);
    assert_eq!(turned(&again(frozen.confirmed("a-1", 1).mended(1))), []);
    // The sink's own faults are no excuse, nor is a clock that is wrong.
    for kind in ["sink fails", "sink's answers lost", "clock moved"] {
        let made = kept().fault(1, kind).delivered("a-2", 1).delivered("a-1", 1);
        let made = made.confirmed("a-1", 1).mended(1);
        assert_eq!(turned(&again(made)), [(rule, vec![10, 11, 13])], "{kind}");
    }
    // What was refused is not asked again either.
    let refused = kept().delivered("a-1", 1).refused("a-2", 1).confirmed("a-2", 1);
    let refused = refused.refused("a-2", 2).dead("a-2").rested();
    refused.breaks(rule, &[9, 10, 11]);
}

#[test]
fn i3_what_is_in_a_file_and_comes_into_it_again_is_found_unless_a_gateway_was_killed() {
    let rule = Rule::NotAgainOnceConfirmed;
    let made = |times: [u64; 2]| {
        let made = kept().fault(1, "kill").ended(true).mended(1);
        let of = |made: Made, attempt, at| {
            made.delivered_with("a-1", attempt, |one| one.there_at = Some(at * 1_000_000))
        };
        // The lines are read when all is over: what counts is when they came.
        of(of(made, 1, times[0]), 2, times[1])
            .delivered("a-2", 1)
            .rested()
    };
    // The gateway was killed between 14 and 16 s.
    made([15, 30]).is_good();
    made([14, 30]).is_good();
    made([11, 30]).breaks(rule, &[11, 12]);
    made([19, 30]).breaks(rule, &[11, 12]);
}

#[test]
fn a_history_in_which_nothing_happened_proves_nothing() {
    assert_eq!(Made::default().is_missing(), ["it has no scene"]);
    let missing = Made::scene(Promise::Inbox).rested().is_missing();
    assert_eq!(
        missing,
        [
            "no message was acknowledged",
            "nothing came to log",
            "nothing failed"
        ]
    );
    let only = kept().delivered("a-1", 1).delivered("a-2", 1).rested();
    assert_eq!(only.is_missing(), ["nothing failed"]);
    let faults = || kept().fault(1, "clock moved").mended(1).delivered("a-1", 1);
    assert_eq!(faults().delivered("a-2", 1).rested().is_missing(), [""; 0]);
    // All of it was confirmed while gateways were killed.
    let excused = faults().delivered("a-2", 1).fault(2, "kill").confirmed("a-1", 1);
    let excused = excused.confirmed("a-2", 1).ended(true).mended(2).rested();
    assert_eq!(excused.is_missing(), ["2 of 2 are excused by what failed"]);
}

#[test]
fn n4_what_was_never_sent_or_says_something_else_is_found() {
    let both = || kept().delivered("a-1", 1).delivered("a-2", 1);
    both()
        .delivered("z-1", 1)
        .rested()
        .breaks(Rule::AsItWasSent, &[10]);
    let other = kept()
        .delivered("a-1", 1)
        .delivered_with("a-2", 1, |one| one.text = "something else".to_owned());
    other.rested().breaks(Rule::AsItWasSent, &[4, 9]);
    let early = Made::scene(Promise::Inbox)
        .delivered("a-1", 1)
        .sent(1, "a-1")
        .answered(1, 200)
        .stored("a-1")
        .rested();
    early.breaks(Rule::AsItWasSent, &[2, 3]);
}

#[test]
fn v1_what_is_forged_and_accepted_stored_or_handed_over_is_found() {
    let forged = || Made::scene(Promise::Inbox).sends(1, "f-1", true);
    forged().answered(1, 403).rested().is_good();
    forged()
        .answered(1, 200)
        .rested()
        .breaks(Rule::RefusedGoesNowhere, &[2, 3]);
    forged()
        .stored("f-1")
        .rested()
        .breaks(Rule::RefusedGoesNowhere, &[2, 3]);
    forged()
        .delivered("f-1", 1)
        .rested()
        .breaks(Rule::RefusedGoesNowhere, &[2, 3]);
}

#[test]
fn a_wrong_answer_to_the_genuine_is_found_unless_a_clock_was_wrong() {
    for status in [400, 401, 403, 404, 409, 413, 500] {
        let made = Made::scene(Promise::Inbox)
            .sent(1, "a-1")
            .answered(1, status)
            .rested();
        made.breaks(Rule::AnswersAreRight, &[2, 3]);
    }
    let wrong = |kind| Made::scene(Promise::Inbox).fault(1, kind).sent(1, "a-1");
    wrong("clock moved").answered(1, 403).mended(1).rested().is_good();
    wrong("clock moved").mended(1).answered(1, 403).rested().is_good();
    wrong("kill")
        .answered(1, 403)
        .mended(1)
        .rested()
        .breaks(Rule::AnswersAreRight, &[3, 4]);
    wrong("clock moved")
        .answered(1, 500)
        .rested()
        .breaks(Rule::AnswersAreRight, &[3, 4]);
    let mended = Made::scene(Promise::Inbox)
        .fault(1, "clock moved")
        .mended(1)
        .sent(1, "a-1");
    mended
        .answered(1, 403)
        .rested()
        .breaks(Rule::AnswersAreRight, &[4, 5]);
}

#[test]
fn i5_what_does_not_come_to_rest_is_found() {
    Made::scene(Promise::Inbox).breaks(Rule::ComesToRest, &[]);
    let trouble = Some("3 wait for log".to_owned());
    let made = Made::scene(Promise::Inbox).and(What::Rested { trouble });
    made.breaks(Rule::ComesToRest, &[2]);
}

#[test]
fn g1_g2_without_an_inbox_each_sending_hands_over_once_at_most() {
    let sent = || Made::scene(Promise::Guard).sent(1, "a-1");
    sent().delivered("a-1", 1).answered(1, 200).rested().is_good();
    sent()
        .answered(1, 200)
        .rested()
        .breaks(Rule::ReachesEverySink, &[2, 3]);
    let copy = || sent().delivered("a-1", 1).answered(1, 200).sent(2, "a-1");
    copy().answered(2, 200).rested().is_good();
    // It was marked as done.
    let twice = copy().delivered("a-1", 1).answered(2, 200).rested();
    twice.breaks(Rule::OnceUnlessMarked, &[2, 3, 5, 6]);
    // It was not: the gateway died before it could be.
    let died = |killed| {
        let made = Made::scene(Promise::Guard).sent(1, "a-1").delivered("a-1", 1);
        let made = made.fault(1, "kill").ended(killed).mended(1).answered(1, 0);
        made.sent(2, "a-1").delivered("a-1", 1).answered(2, 200)
    };
    died(true).rested().is_good();
    // Who ends in peace marks what is done.
    let rule = Rule::OnceUnlessMarked;
    died(false).rested().breaks(rule, &[2, 3, 8, 9]);
    // Once it is marked nobody hands it over who begins then, killed or not.
    let after = died(true).sent(3, "a-1").delivered("a-1", 1);
    let after = after
        .fault(2, "kill")
        .ended(true)
        .mended(2)
        .answered(3, 0)
        .rested();
    after.breaks(rule, &[2, 3, 8, 9, 11, 12]);
    // Whoever was told to come again at once was not handed over; who was told so late may have been.
    let refused = |late: bool| {
        let made = Made::scene(Promise::Guard).sent(1, "a-1").delivered("a-1", 1);
        let made = made.answered(1, 503);
        let made = if late { made } else { made.at_once() };
        made.sent(2, "a-1").delivered("a-1", 1).answered(2, 200).rested()
    };
    refused(true).is_good();
    refused(false).breaks(rule, &[2, 3, 5, 6]);
    // Both were answered: the store was away when it should have been marked. It is marked later; unless there is no
    // later. A clock that is wrong is no excuse.
    let away = |kind, killed| {
        let made = Made::scene(Promise::Guard).fault(1, kind).sent(1, "a-1");
        let made = made.delivered("a-1", 1).answered(1, 200);
        let made = made.fault(2, "kill").ended(killed).mended(2).mended(1);
        made.sent(2, "a-1").delivered("a-1", 1).answered(2, 200).rested()
    };
    away("wire cut", true).is_good();
    away("wire cut", false).breaks(rule, &[3, 4, 10, 11]);
    away("clock moved", true).breaks(rule, &[3, 4, 10, 11]);
}

#[test]
fn scenes_do_not_see_each_other() {
    let mut made = kept().delivered("a-1", 1).delivered("a-2", 1).rested();
    let mut other = two().rested();
    for line in &mut other.0 {
        line.scene = "t".to_owned();
    }
    made.0.extend(other.0);
    let mut found = check(&made.0).violations;
    found.retain(|one| one.rule != Rule::SomethingHappens);
    assert!(found.iter().all(|one| one.scene == "t"), "{found:?}");
    assert_eq!(
        found.len(),
        4,
        "neither is stored, neither is delivered: {found:?}"
    );
    assert_eq!(found[0].to_string(), "t: a-1 never came to log");
}

#[test]
fn the_figures_add_up() {
    let made = kept()
        .fault(1, "kill")
        .mended(1)
        .sent(3, "a-1")
        .answered(3, 0)
        .sent(4, "a-1")
        .answered(4, 200)
        .delivered("a-1", 1)
        .delivered("a-1", 2)
        .refused("a-2", 1)
        .dead("a-2")
        .rested();
    let verdict = check(&made.0);
    let figures = &verdict.scenes[0];
    assert_eq!((figures.sent, figures.acknowledged, figures.stored), (4, 2, 2));
    assert_eq!(figures.answers, [(0, 1), (200, 3)].into());
    assert_eq!(
        (figures.delivered["log"], figures.repeats, figures.dead),
        (1, 1, 1)
    );
    assert_eq!((figures.faults["kill"], figures.seed), (1, 7));
    assert_eq!(figures.outage_ms, 16_000);
    assert!(figures.to_string().contains("every promise kept"));
}

#[test]
fn a_history_is_read_as_it_was_written_and_a_torn_line_is_an_error() {
    let made = kept()
        .fault(1, "kill")
        .mended(1)
        .delivered("a-1", 1)
        .dead("a-2")
        .and(What::ProcessStarted {
            process: "one".to_owned(),
            id: 7,
        })
        .and(What::ProcessEnded {
            process: "one".to_owned(),
            how: "killed".to_owned(),
            killed: true,
        })
        .refused("a-2", 1)
        .confirmed("a-2", 1)
        .delivered_with("a-2", 1, |one| one.there_at = Some(7))
        .rested();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.jsonl");
    let text: String = made.0.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, &text).unwrap();
    assert_eq!(history::read(&file).unwrap(), made.0);
    std::fs::write(&file, &text[..text.len() - 5]).unwrap();
    let error = history::read(&file).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("line {} is none of a history", made.0.len())),
        "{error}"
    );
}

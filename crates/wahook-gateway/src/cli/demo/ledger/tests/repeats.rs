//! What comes again without need is noticed, and what had to come again is not.

use super::*;

fn replay() -> Arrival {
    Arrival {
        replay: true,
        ..arrival("first", 1)
    }
}

#[test]
fn i3_a_doubled_event_is_noticed() {
    for again in [arrival("first", 1), arrival("first", 2)] {
        let mut scene = honest();
        scene.file.insert(1, again);
        assert_eq!(scene.broken(), [Promise::Repeated], "{again:?}");
    }

    // Taken, and all the same once more.
    for attempt in [1, 2, 3] {
        let mut scene = honest();
        let again = (arrival("odd", attempt), Taking::Taken);
        scene.http.push(again);
        assert_eq!(scene.broken(), [Promise::Repeated], "{attempt}");
    }

    // Everything, and each time it says so.
    let mut scene = honest();
    let file = std::mem::take(&mut scene.file);
    scene.file = file
        .into_iter()
        .flat_map(|once| {
            let again = Arrival { attempt: 2, ..once };
            [once, again]
        })
        .collect();
    assert_eq!(scene.judge().count(Promise::Repeated).broken, 4);
}

#[test]
fn i3_an_attempt_without_the_one_before_is_noticed() {
    for attempt in [0, 2, 7] {
        let mut scene = honest();
        scene.file[1].attempt = attempt;
        assert_eq!(scene.broken(), [Promise::Repeated], "{attempt}");

        let mut scene = honest();
        scene.http[4].0.attempt = attempt;
        assert_eq!(scene.broken(), [Promise::Repeated], "{attempt}");
    }
}

#[test]
fn i3_only_what_was_a_dead_letter_begins_anew() {
    let mut scene = honest();
    scene.http.push((arrival("first", 1), Taking::Taken));
    assert_eq!(scene.broken(), [Promise::Repeated]);

    // And that once.
    let mut scene = honest();
    scene.http.push((arrival("poison", 2), Taking::Taken));
    assert_eq!(scene.broken(), [Promise::Repeated]);
}

#[test]
fn i4_a_replay_that_comes_twice_is_noticed() {
    for attempt in [1, 2] {
        let mut scene = honest();
        scene.file.push(Arrival { attempt, ..replay() });
        assert_eq!(scene.broken(), [Promise::Repeated], "{attempt}");
    }
}

#[test]
fn i3_an_answer_that_got_lost_is_a_cause() {
    let mut scene = honest();
    scene.http[4].1 = Taking::TakenLate;
    scene.http.push((arrival("odd", 2), Taking::Taken));
    assert_eq!(scene.broken(), []);
}

#[test]
fn i3_attempts_may_be_written_down_in_any_order() {
    let mut scene = honest();
    scene.http.swap(0, 1);
    assert_eq!(scene.broken(), []);
}

#[test]
fn i3_a_process_that_stood_still_is_the_cause_of_what_comes_soon_after() {
    // The event that comes again is the seventh, six minutes from the beginning.
    for (until, broken) in [(359, &[][..]), (300, &[Promise::Repeated][..])] {
        let mut scene = honest();
        scene.stall = Some(Duration::from_secs(until));
        scene.http.push((arrival("odd", 2), Taking::Taken));
        assert_eq!(scene.broken(), broken, "{until}");
    }

    // It is no cause for the same attempt twice, and none for a file.
    let mut scene = honest();
    scene.stall = Some(Duration::from_secs(360));
    scene.http.push((arrival("odd", 1), Taking::Taken));
    scene.file.push(arrival("odd", 2));
    assert_eq!(scene.judge().count(Promise::Repeated).broken, 2);
}

//! What the gateway says of itself is believed as far as it can be true.

use super::*;

#[test]
fn v4_a_refusal_with_another_reason_is_noticed() {
    let mut scene = honest();
    scene.claims.refused = BTreeMap::from([("header_missing".to_owned(), 1)]);
    assert_eq!(scene.broken(), [Promise::Reason]);
}

#[test]
fn g1_copies_that_are_stored_twice_are_noticed() {
    let mut scene = honest();
    (scene.claims.stored, scene.claims.copies) = (5, 0);
    assert_eq!(scene.broken(), [Promise::Once]);
}

/// The copy of the first was not answered: it may be a copy, or it may be nowhere.
fn with_one_unanswered() -> Scene {
    let mut scene = honest();
    scene.requests[1].2.status = None;
    scene
}

type Lie = fn(&mut Claims);

#[test]
fn counters_may_only_vary_by_what_is_uncertain() {
    assert_eq!(with_one_unanswered().broken(), [Promise::Answer]);

    let mut scene = with_one_unanswered();
    scene.claims.copies = 0;
    assert_eq!(scene.broken(), [Promise::Answer]);

    let lies: [(Lie, Promise); 5] = [
        (|claims| claims.stored = 3, Promise::Once),
        (|claims| claims.stored = 6, Promise::Once),
        (|claims| claims.copies = 2, Promise::Once),
        (|claims| claims.conflicts = 0, Promise::Conflict),
        (|claims| claims.refused.clear(), Promise::Reason),
    ];
    for (place, (lie, promise)) in lies.into_iter().enumerate() {
        let mut scene = with_one_unanswered();
        lie(&mut scene.claims);
        assert_eq!(scene.broken(), [Promise::Answer, promise], "lie {place}");
    }
}

#[test]
fn the_first_that_is_taken_is_no_copy_of_one_that_was_not() {
    let mut scene = honest();
    scene.requests[0].2 = seen(503);
    // The one with 503 was not stored, or it was and the next is its copy.
    for copies in [0, 1] {
        let mut scene = Scene {
            requests: scene.requests.clone(),
            ..honest()
        };
        scene.claims.copies = copies;
        assert_eq!(scene.broken(), [Promise::Answer]);
    }
}

#[test]
fn g7_a_conflict_that_is_not_noticed_is_noticed() {
    let mut scene = honest();
    scene.claims.conflicts = 0;
    assert_eq!(scene.broken(), [Promise::Conflict]);
}

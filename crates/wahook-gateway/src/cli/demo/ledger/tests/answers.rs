//! A wrong answer is noticed, and nobody is blamed who was not listened to.

use super::*;

#[test]
fn a_wrong_answer_is_noticed() {
    let mut scene = honest();
    scene.requests[5].2 = seen(401);
    assert_eq!(scene.broken(), [Promise::Answer]);

    let mut scene = honest();
    scene.requests[5].2.body = Bytes::from_static(b"it was the signature");
    assert_eq!(scene.broken(), [Promise::Answer]);

    let mut scene = honest();
    scene.requests[5].2.status = None;
    assert_eq!(scene.broken(), [Promise::Answer]);
}

#[test]
fn a_sender_that_stood_still_blames_nobody() {
    for (status, until, broken) in [
        (None, 11, false),
        (Some(408), 11, false),
        (Some(503), 11, false),
        (None, 60, true),
        (Some(500), 11, true),
        (Some(401), 11, true),
    ] {
        let mut scene = honest();
        scene.stall = Some(Duration::from_secs(until));
        scene.requests[1].2 = Seen {
            status,
            when: Duration::from_secs(10),
            ..seen(500)
        };
        if let Some(why @ (401 | 408)) = status {
            let why = if why == 408 { "body_too_slow" } else { "not known" };
            scene.claims.copies = 0;
            scene.claims.refused.insert(why.to_owned(), 1);
        }
        let found = scene.broken();
        assert_eq!(found.contains(&Promise::Answer), broken, "{status:?}");
        assert!(broken || found.is_empty(), "{status:?}: {found:?}");
    }
}

#[test]
fn a_copy_that_is_answered_otherwise_is_noticed() {
    let mut scene = honest();
    scene.requests[1] = (reading("first", "body", None), 202, seen(202));
    scene.claims.copies = 0;
    scene.claims.refused.insert("not known".to_owned(), 1);
    assert_eq!(scene.broken(), [Promise::Alike]);
}

//! I3: a target that is absent or full.

use wahook_core::sink::SinkErrorKind;

use super::Harness;
use crate::sink::event;

/// **I3**: a target that is absent or takes no more is an error, never a success. It is not the event's fault, so that the
/// event waits: refused for good, it would become a dead letter.
pub async fn i3_a_target_that_takes_no_more_is_an_error(harness: Harness) {
    for (count, sink) in harness.refusing() {
        let events: Vec<_> = (0..*count as u64 + 2).map(|number| event("a", number)).collect();
        let mut done = 0;
        for _ in 0..3 {
            let delivered = harness.deliver(&**sink, &events[done..]).await;
            done += delivered.done;
            assert!(
                done <= *count,
                "{done} are said to be done, and {count} fit: {sink:?}"
            );
            let error = delivered.error.expect("it says why it is not done");
            assert!(
                matches!(
                    error.kind(),
                    SinkErrorKind::Unavailable { .. } | SinkErrorKind::NotYet { .. }
                ),
                "{error:?}"
            );
        }
        assert_eq!(done, *count, "what fits is taken: {sink:?}");
    }
}

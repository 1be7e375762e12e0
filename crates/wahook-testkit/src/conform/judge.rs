//! Which answers are right, which are wrong, and which will make somebody wonder (A).

use std::time::Duration;

use http::header::RETRY_AFTER;

use super::{
    report::Finding,
    wire::{Came, Reply},
};

/// A genuine delivery must be taken: 200, in time.
pub(super) fn taken(finding: &mut Finding, came: &Came, within: Duration) {
    match came.status() {
        Some(200) => {}
        Some(200..300) => finding.warn("answer 200: some providers take nothing else for success"),
        Some(300..=399) => finding.fail(
            "answer at the URL itself: providers do not follow redirects, or lose the body on the way",
        ),
        Some(401 | 403) => finding.fail(
            "a genuine delivery was refused: verify the bytes as they arrived, before anything parses them; if nothing \
             genuine is taken, compare the secret and the options of the provider",
        ),
        Some(409) => finding.fail("never answer 409: to the provider it is a failure, and it sends again"),
        Some(503) if is_retry(came) => {
            finding.fail("a genuine delivery was put off: nothing else was under way");
        }
        Some(status) => finding.fail(format!(
            "a genuine delivery was answered {status}: the provider sends it again, then gives up"
        )),
        None => no_answer(finding, came),
    }
    if came.status().is_some() && came.took > within {
        finding.fail(format!(
            "answer within {} s, as the provider wants it: store first, work later",
            within.as_secs()
        ));
    }
}

/// What did not prove itself must be refused: 401 or 403.
pub(super) fn refused(finding: &mut Finding, came: &Came, what: &str) {
    match came.status() {
        Some(401 | 403) => {}
        Some(200..300) => finding.fail(format!("{what} was taken: it must be answered 401 or 403")),
        Some(409) => finding.fail("a forgery was compared with what was handled before: verify first"),
        Some(status @ 500..) => finding.fail(format!(
            "{what} was answered {status}: a forgery is no fault of the receiver, and must break nothing"
        )),
        Some(status) => finding.warn(format!(
            "{what} was answered {status}: 401 or 403 is what providers and operators understand"
        )),
        None => match came.reply {
            Some(_) => finding.warn(format!(
                "{what} ended in a closed connection: answer 401 or 403, and look whether something broke"
            )),
            None => no_answer(finding, came),
        },
    }
}

/// What verifies and cannot be understood: 2xx, for repetition mends nothing; 400 is what some pages ask for.
pub(super) fn kept(finding: &mut Finding, came: &Came, what: &str, within: Duration) {
    match came.status() {
        Some(status @ (400 | 415 | 422)) => finding.warn(format!(
            "{what} was answered {status}: the provider repeats it, then may switch the webhook off; 200 and a note is better"
        )),
        Some(status @ 500..) => finding.fail(format!(
            "{what} was answered {status}: keep it aside and answer 200; repetition mends nothing"
        )),
        Some(401 | 403) => finding.fail(format!(
            "{what} was refused although it was signed: verify the bytes, whatever they are, before they are parsed"
        )),
        _ => taken(finding, came, within),
    }
}

/// Whether it asks the provider to come again, as one that is busy with the same delivery may.
pub(super) fn is_retry(came: &Came) -> bool {
    came.status() == Some(503)
        && came
            .answer()
            .is_some_and(|answer| answer.headers().contains_key(RETRY_AFTER))
}

fn no_answer(finding: &mut Finding, came: &Came) {
    match came.reply {
        Some(Reply::Closed(_)) => {
            finding.fail("the connection ended without an answer: look for the reason in the receiver's log");
        }
        _ => {
            finding.fail("no answer came: give the work a deadline, and answer before the provider gives up");
        }
    }
}

//! The same delivery again, and what looks like it.

use http::StatusCode;
use jiff::ToSpan as _;

use super::{Played, Wrong, awaited, expect_handled, not_seen, too_few};
use crate::{
    Fault, Outgoing,
    conform::{
        Verdict,
        judge::{is_retry, refused, taken},
        proof::with_other_unsigned_ids,
        report::Finding,
        stage::Stage,
        wire::Came,
    },
};

const ONCE: Wrong = Wrong {
    too_few: "it was answered and not handled: mark a delivery as done when the work is done",
    too_many: "the copy was handled again: remember what was handled, by a signed id or by the body",
};

/// How many copies come at the same moment.
const COPIES: usize = 8;

pub(super) async fn duplicate(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    finding.sent("one delivery, and the same once more");
    let request = stage.signed(&stage.outgoing())?;
    let came = stage.send(request.clone()).await?;
    finding.came("", &came);
    taken(finding, &came, stage.within());
    let came = stage.send(request).await?;
    finding.came("", &came);
    copy_taken(stage, finding, &came);
    expect_handled(stage, finding, before, 1, ONCE).await
}

/// A copy that is refused is repeated, and repeated.
fn copy_taken(stage: &Stage, finding: &mut Finding, came: &Came) {
    match came.status() {
        // The delivery itself was refused: that is said already.
        Some(400..) if finding.verdict == Verdict::Fail => {}
        Some(status @ (400 | 401 | 403 | 422)) => finding.fail(format!(
            "a copy was answered {status}: to the provider it is a failure, and it sends again; answer 200"
        )),
        _ => taken(finding, came, stage.within()),
    }
}

pub(super) async fn retried(stage: &Stage, finding: &mut Finding) -> Played {
    if !stage.proof.as_ref().is_some_and(|proof| proof.binds_time()) {
        finding.not_applicable("no time is signed: an attempt is the same bytes as the one before");
        return Ok(());
    }
    let before = stage.so_far().await?;
    finding.sent("one delivery, signed 5 s ago, and the same signed now");
    let (outgoing, now) = (stage.outgoing(), stage.now());
    for at in [now.checked_sub(5.seconds()).unwrap_or(now), now] {
        let came = stage.send(stage.sender.request(&outgoing, at)?).await?;
        finding.came("", &came);
        copy_taken(stage, finding, &came);
    }
    expect_handled(stage, finding, before, 1, ONCE).await
}

pub(super) async fn replayed(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(proof) = &stage.proof else {
        finding.not_applicable("the endpoint asks for no proof");
        return Ok(());
    };
    let before = stage.so_far().await?;
    finding.sent("one delivery, and the same with other ids in every header that is not signed");
    let outgoing = stage.outgoing();
    let request = stage.signed(&outgoing)?;
    let again = with_other_unsigned_ids(proof, request.clone(), &outgoing);
    let came = stage.send(request).await?;
    finding.came("", &came);
    taken(finding, &came, stage.within());
    let came = stage.send(again).await?;
    finding.came("again", &came);
    match came.status() {
        Some(200..300 | 401 | 403) => {}
        _ => taken(finding, &came, stage.within()),
    }
    let wrong = Wrong {
        too_many: "a captured request was handled again under a new unsigned id: take the key from what is signed",
        ..ONCE
    };
    expect_handled(stage, finding, before, 1, wrong).await
}

pub(super) async fn concurrent(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    finding.sent(format!("{COPIES} copies of one delivery at the same moment"));
    let request = stage.signed(&stage.outgoing())?;
    let mut put_off = false;
    for came in stage.at_once(vec![request.clone(); COPIES]).await? {
        finding.came("", &came);
        match came.status() {
            Some(503) if is_retry(&came) => put_off = true,
            Some(425 | 429 | 503) => {
                put_off = true;
                finding.warn(
                    "a copy was put off without a word when to come again: answer 503 with Retry-After",
                );
            }
            _ => copy_taken(stage, finding, &came),
        }
    }
    if put_off {
        let came = stage.send(request).await?;
        finding.came("once more", &came);
        taken(finding, &came, stage.within());
    }
    let wrong = Wrong {
        too_many: "copies that came at once were handled more than once: claim the key in one atomic step before the work",
        ..ONCE
    };
    expect_handled(stage, finding, before, 1, wrong).await
}

pub(super) async fn forged_first(stage: &Stage, finding: &mut Finding) -> Played {
    if stage.proof.is_none() {
        finding.not_applicable("the endpoint asks for no proof");
        return Ok(());
    }
    let before = stage.so_far().await?;
    finding.sent("a forgery, then the genuine delivery with the same id and body");
    let outgoing = stage.outgoing();
    let forged = stage
        .send(stage.sender.with_wrong_secret(&outgoing, stage.now())?)
        .await?;
    finding.came("forged", &forged);
    refused(finding, &forged, "a forgery");
    let came = stage.send(stage.signed(&outgoing)?).await?;
    finding.came("genuine", &came);
    taken(finding, &came, stage.within());
    let wrong = Wrong {
        too_few: "after a forgery the genuine delivery was not handled: verify first, then look whether it is known",
        too_many: "a forgery was handled, or its genuine delivery twice",
    };
    expect_handled(stage, finding, before, 1, wrong).await
}

pub(super) async fn conflict(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    finding.sent("one delivery, the same with one more member, and another event under the same id");
    let outgoing = stage.outgoing();
    let plan = stage.sender.plan(Some(Fault::Conflict), &outgoing, stage.now())?;
    let other = Outgoing::new(outgoing.id, stage.outgoing().body);
    let requests = plan.shots.into_iter().map(|shot| shot.request);
    for request in requests.chain([stage.signed(&other)?]) {
        let came = stage.send(request).await?;
        finding.came("", &came);
        if came.status() == Some(StatusCode::UNPROCESSABLE_ENTITY.as_u16()) {
            finding.fail(
                "another body under a known key was answered 422: the provider only repeats it; keep it, and note it",
            );
        } else {
            copy_taken(stage, finding, &came);
        }
    }
    // The one with a member more says what was said before: it may be handled or not.
    match stage.handled_since(before, awaited(finding, 2)).await? {
        None => not_seen(finding),
        Some(count) => {
            finding.saw(format!("handled: {count}"));
            match count {
                0 => too_few(stage, finding, count, ONCE.too_few)?,
                // Whether anybody was told, no answer shows.
                1 => finding.warn(
                    "another event under a known id was answered with success and dropped: handle it, or make it heard; \
                     nobody sends it again",
                ),
                2 | 3 => {}
                _ => finding.fail("three deliveries were handled more than three times"),
            }
        }
    }
    Ok(())
}

pub(super) async fn reordered(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    finding.sent("three deliveries, the newest first");
    let mut deliveries = [stage.outgoing(), stage.outgoing(), stage.outgoing()];
    deliveries.reverse();
    for outgoing in &deliveries {
        let came = stage.send(stage.signed(outgoing)?).await?;
        finding.came("", &came);
        taken(finding, &came, stage.within());
    }
    let wrong = Wrong {
        too_few: "what came late was not handled: sort by the time in the event, drop nothing because of it",
        too_many: "three deliveries were handled more than three times",
    };
    expect_handled(stage, finding, before, 3, wrong).await
}

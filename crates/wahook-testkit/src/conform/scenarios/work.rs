//! Work that is interrupted, and work that fails.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::sleep;

use super::Played;
use crate::conform::{ConformError, Verdict, judge::taken, report::Finding, stage::Stage, wire::Came};

/// How often a provider comes again while it is put off, and how long it waits.
const ATTEMPTS: usize = 10;
const COME_AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn hang_up(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    finding.sent("a delivery whose sender hangs up, then the same again");
    let request = stage.signed(&stage.outgoing())?;
    match stage.hang_up(request.clone()).await? {
        Some(came) => finding.came("answered before we hung up", &came),
        None => finding.saw("hung up".to_owned()),
    }
    let came = again(stage, request).await?;
    finding.came("again", &came);
    taken(finding, &came, stage.within());
    match stage.handled_since(before, 1).await? {
        None if finding.verdict >= Verdict::Warn => {}
        None => finding.raise(
            Verdict::NotObservable,
            "the answers are right; how often it was handled, only the application can tell: let it be asked",
        ),
        Some(count) => {
            finding.saw(format!("handled: {count}"));
            match count {
                0 => finding.fail(
                    "work that the sender did not wait for was marked as done and never done: mark it afterwards, and \
                     run it in a task of its own",
                ),
                1 => {}
                _ => finding.warn(
                    "it was handled more than once: the work went on and was begun again; claim the delivery while it \
                     is worked on",
                ),
            }
        }
    }
    Ok(())
}

pub(super) async fn failed_work(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    if !stage.fail_next().await? {
        finding.raise(
            Verdict::NotObservable,
            "nobody can make the application's work fail: let the kit do it, or kill the server in the middle of it",
        );
        return Ok(());
    }
    finding.sent("a delivery whose work fails, then the same again");
    let request = stage.signed(&stage.outgoing())?;
    let first = stage.send(request.clone()).await?;
    finding.came("failing", &first);
    // What is stored and tried again later may well be answered with success.
    let came = again(stage, request).await?;
    finding.came("again", &came);
    taken(finding, &came, stage.within());
    match stage.handled_since(before, 1).await? {
        Some(0) => finding.fail("the work failed and is lost: mark a delivery as done when its work is done"),
        Some(1) | None => {}
        Some(_) => finding.fail("work that failed was done more than once afterwards"),
    }
    Ok(())
}

/// As a provider does it: sends until it is no longer asked to come again.
async fn again(stage: &Stage, request: Request<Bytes>) -> Result<Came, ConformError> {
    for _ in 1..ATTEMPTS {
        let came = stage.send(request.clone()).await?;
        if !matches!(came.status(), Some(425 | 429 | 503)) {
            return Ok(came);
        }
        sleep(COME_AGAIN).await;
    }
    stage.send(request).await
}

//! Work that is interrupted, and work that fails.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::sleep;

use super::{Played, Wrong, expect_handled};
use crate::conform::{
    ConformError, Verdict,
    judge::taken,
    report::Finding,
    stage::{HANG_UP_AFTER, Stage},
    wire::Came,
};

/// How often a provider comes again while it is put off, and how long it waits.
const ATTEMPTS: usize = 10;
const COME_AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn hang_up(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    finding.sent("a delivery whose sender hangs up, then the same again");
    let request = stage.signed(&stage.outgoing())?;
    let early = stage.hang_up(request.clone()).await?;
    match &early {
        Some(came) => finding.came("answered before we hung up", came),
        None => finding.saw("hung up".to_owned()),
    }
    let came = again(stage, request).await?;
    finding.came("again", &came);
    taken(finding, &came, stage.within());
    let wrong = Wrong {
        too_few: "work that the sender did not wait for was marked as done and never done: mark it afterwards, and run it \
                  in a task of its own",
        too_many: "it was handled more than once: the work went on and was begun again; claim the delivery while it is \
                   worked on",
    };
    expect_handled(stage, finding, before, 1, wrong).await?;
    if early.is_some() && finding.verdict < Verdict::NotObservable {
        finding.raise(
            Verdict::NotObservable,
            format!(
                "it was answered within {} ms, before anybody hung up: nothing was interrupted; let the work take longer",
                HANG_UP_AFTER.as_millis()
            ),
        );
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
    let at_first = stage.handled_soon(before).await?;
    // What is stored and tried again later may well be answered with success.
    let came = again(stage, request).await?;
    finding.came("again", &came);
    taken(finding, &came, stage.within());
    let wrong = Wrong {
        too_few: "the work failed and is lost: mark a delivery as done when its work is done",
        too_many: "work that failed was done more than once afterwards",
    };
    expect_handled(stage, finding, before, 1, wrong).await?;
    if at_first.is_some_and(|count| count > 0) && finding.verdict < Verdict::NotObservable {
        finding.raise(
            Verdict::NotObservable,
            "the first attempt was handled: the work did not fail when it was told to, or was done again at once",
        );
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

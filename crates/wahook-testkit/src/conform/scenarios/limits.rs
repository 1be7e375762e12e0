//! Too large, and too slow.

use std::time::Duration;

use http::Request;

use super::Played;
use crate::{
    Outgoing,
    conform::{
        Body,
        judge::taken,
        report::Finding,
        stage::Stage,
        wire::{Came, Reply},
    },
};

/// More than any receiver has.
const CLAIM: u64 = 1 << 40;

/// Often enough that a deadline between two bytes never ends it.
const DROP_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn oversize(stage: &Stage, finding: &mut Finding) -> Played {
    largest(stage, finding).await?;
    let outgoing = stage.outgoing();
    let mut body = outgoing.body.to_vec();
    body.resize(stage.sender.cap().saturating_add(1), b' ');
    let request = stage.signed(&Outgoing::new(outgoing.id, body))?;
    let (head, bytes) = request.into_parts();
    let cases = [
        ("one byte more than the cap", Body::whole(bytes.clone())),
        ("the same without a length", Body::chunked(bytes)),
        ("a claim of 1 TiB, and nothing behind it", Body::claimed(CLAIM)),
    ];
    for (what, body) in cases {
        finding.sent(what);
        let came = stage.exchange(Request::from_parts(head.clone(), body)).await?;
        finding.came("", &came);
        too_large(finding, &came, what);
    }
    Ok(())
}

/// A cap that is smaller than it is said to be refuses what is genuine.
async fn largest(stage: &Stage, finding: &mut Finding) -> Played {
    let (outgoing, cap) = (stage.outgoing(), stage.sender.cap());
    let mut body = outgoing.body.to_vec();
    if body.len() > cap {
        finding.fail(format!(
            "a usual delivery has {} bytes, which is more than a cap of {cap}: raise it, or tell the kit the right one",
            body.len()
        ));
        return Ok(());
    }
    body.resize(cap, b' ');
    finding.sent("as many bytes as the cap");
    let came = stage
        .send(stage.signed(&Outgoing::new(outgoing.id, body))?)
        .await?;
    finding.came("", &came);
    match (came.status(), &came.reply) {
        (Some(413), _) | (None, Some(Reply::Closed(_))) => finding.fail(format!(
            "a body of {cap} bytes was refused: raise your cap to it, or, if yours is smaller and that is enough, tell it \
             to the kit"
        )),
        _ => taken(finding, &came, stage.within()),
    }
    Ok(())
}

fn too_large(finding: &mut Finding, came: &Came, what: &str) {
    match came.status() {
        Some(413) => {}
        Some(200..300) => finding.fail(
            "a body over the cap was taken: limit it while it is read (if your cap is larger, tell it to the kit)",
        ),
        Some(status @ 500..) => finding.fail(format!(
            "{what} was answered {status}: it is the sender's fault; answer 413"
        )),
        Some(status) => finding.warn(format!("{what} was answered {status}: 413 says what is wrong")),
        None => match came.reply {
            Some(Reply::Closed(_)) => finding.warn(format!(
                "{what} ended in a closed connection: answer 413 first, so that the sender knows"
            )),
            _ => finding.fail(format!(
                "{what}: no answer; judge a claimed length before the body is read, and give the body a deadline"
            )),
        },
    }
}

pub(super) async fn slow(stage: &Stage, finding: &mut Finding) -> Played {
    finding.sent("half of a body, then one byte each second");
    let request = stage.signed(&stage.outgoing())?;
    // Longer than anybody waits.
    let seconds = usize::try_from(stage.patience.as_secs()).unwrap_or(usize::MAX / 8);
    let (head, body) = request.into_parts();
    let padding = vec![b' '; seconds.saturating_mul(4).saturating_add(body.len())];
    let body = [&body[..], &padding].concat();
    let request = Request::from_parts(head, Body::trickling(body.into(), DROP_EVERY));
    let came = stage.exchange(request).await?;
    finding.came("", &came);
    match (came.status(), &came.reply) {
        (Some(408), _) | (None, Some(Reply::Closed(_))) => {}
        (Some(status @ (200..300 | 500..)), _) => {
            finding.fail(format!("half of a body was answered {status}: answer 408"));
        }
        (Some(status), _) => finding.warn(format!("it was answered {status}: 408 says what is wrong")),
        (None, _) => finding.fail(format!(
            "it was still waited for after {} s: give the whole body a deadline, not only the time between two bytes",
            stage.patience.as_secs()
        )),
    }
    Ok(())
}

//! What did not come from the provider, or not like this.

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::{Played, expect_nothing};
use crate::{
    Fault, Outgoing,
    conform::{
        ConformError,
        judge::refused,
        proof::{ProofOf, with_other_id, with_other_time},
        report::Finding,
        stage::Stage,
        wire::Came,
    },
    play::spaced,
};

const NO_PROOF: &str = "the endpoint asks for no proof";
const NOT_BOUND: &str =
    "the proof is a secret that is sent along; it says nothing of the rest: prefer a signature";

/// Sends each of these, which must all be refused and not be handled.
async fn all_refused(
    stage: &Stage,
    finding: &mut Finding,
    forgeries: Vec<(&'static str, Request<Bytes>)>,
) -> Played {
    let before = stage.so_far().await?;
    for (what, request) in forgeries {
        finding.sent(what);
        let came = stage.send(request).await?;
        finding.came("", &came);
        refused(finding, &came, what);
    }
    expect_nothing(stage, finding, before).await
}

/// The proof of this endpoint, or a note that there is none.
fn proof<'a>(stage: &'a Stage, finding: &mut Finding) -> Option<&'a ProofOf> {
    if stage.proof.is_none() {
        finding.not_applicable(NO_PROOF);
    }
    stage.proof.as_ref()
}

/// The same, of a signature over the body.
fn signature<'a>(stage: &'a Stage, finding: &mut Finding) -> Option<&'a ProofOf> {
    let found = proof(stage, finding)?;
    if !found.binds_body {
        finding.not_applicable(NOT_BOUND);
    }
    Some(found).filter(|found| found.binds_body)
}

/// The one request of a fault of the kit.
fn faulty(stage: &Stage, fault: Fault) -> Result<Vec<Request<Bytes>>, ConformError> {
    let plan = stage.sender.plan(Some(fault), &stage.outgoing(), stage.now())?;
    Ok(plan.shots.into_iter().map(|shot| shot.request).collect())
}

/// Named for the report.
fn named(what: &'static str, requests: Vec<Request<Bytes>>) -> Vec<(&'static str, Request<Bytes>)> {
    requests.into_iter().map(|request| (what, request)).collect()
}

pub(super) async fn unsigned(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(proof) = proof(stage, finding) else {
        return Ok(());
    };
    let request = proof.changed(&stage.sender, stage.signed(&stage.outgoing())?, |_| None);
    all_refused(stage, finding, vec![("a delivery without its proof", request)]).await
}

/// Where a value ends: by where its signature begins, and how long it is.
type Cut = fn(usize, usize) -> usize;

pub(super) async fn weak_signature(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(proof) = proof(stage, finding) else {
        return Ok(());
    };
    let cuts: [(&'static str, Cut); 4] = [
        ("an empty proof", |_, _| 0),
        ("the beginning of a proof, and no more", |core, _| core),
        ("the first character of a proof", |core, _| core + 1),
        ("half of a proof", |core, length| core.midpoint(length)),
    ];
    let mut forgeries = Vec::new();
    for (what, cut) in cuts {
        let request = stage.signed(&stage.outgoing())?;
        let request = proof.changed(&stage.sender, request, |value| {
            let end = cut(proof.core(value), value.len()).min(value.len());
            Some(value.get(..end).unwrap_or_default().to_owned())
        });
        forgeries.push((what, request));
    }
    all_refused(stage, finding, forgeries).await
}

pub(super) async fn wrong_secret(stage: &Stage, finding: &mut Finding) -> Played {
    if proof(stage, finding).is_none() {
        return Ok(());
    }
    let request = stage.sender.with_wrong_secret(&stage.outgoing(), stage.now())?;
    all_refused(
        stage,
        finding,
        vec![("a delivery with the proof of another secret", request)],
    )
    .await
}

pub(super) async fn tampered_body(stage: &Stage, finding: &mut Finding) -> Played {
    if signature(stage, finding).is_none() {
        return Ok(());
    }
    let forgeries = named("a body with one changed character", faulty(stage, Fault::Tamper)?);
    all_refused(stage, finding, forgeries).await
}

pub(super) async fn tampered_id(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(_) = signature(stage, finding).filter(|proof| proof.binds_id()) else {
        finding.not_applicable("no id is signed");
        return Ok(());
    };
    let outgoing = stage.outgoing();
    let request = with_other_id(stage.signed(&outgoing)?, &outgoing);
    all_refused(stage, finding, vec![("a delivery with another id", request)]).await
}

pub(super) async fn tampered_time(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(proof) = signature(stage, finding).filter(|proof| proof.binds_time()) else {
        finding.not_applicable("no time is signed");
        return Ok(());
    };
    let at = stage.now();
    let request = stage.sender.request(&stage.outgoing(), at)?;
    let request = with_other_time(proof, &stage.sender, request, at);
    all_refused(
        stage,
        finding,
        vec![("a delivery with a time one second later", request)],
    )
    .await
}

pub(super) async fn tampered_signature(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(proof) = proof(stage, finding) else {
        return Ok(());
    };
    let request = stage.signed(&stage.outgoing())?;
    let request = proof.changed(&stage.sender, request, |value| Some(proof.wrong(value)));
    all_refused(
        stage,
        finding,
        vec![("a proof with one changed character", request)],
    )
    .await
}

pub(super) async fn re_encoded(stage: &Stage, finding: &mut Finding) -> Played {
    if signature(stage, finding).is_none() {
        return Ok(());
    }
    let mut forgeries = named(
        "the same JSON with other white space",
        faulty(stage, Fault::Reencode)?,
    );
    // Signed as a JSON library would print it: whoever prints it anew before the check comes back to what was signed.
    let outgoing = stage.outgoing();
    if let Ok(value) = serde_json::from_slice::<Value>(&outgoing.body) {
        let printed = value.to_string();
        let spaced = spaced(printed.as_bytes(), true);
        let mut request = stage.signed(&Outgoing::new(outgoing.id, printed))?;
        *request.body_mut() = spaced.into();
        forgeries.push(("white space in JSON that was signed without any", request));
    }
    all_refused(stage, finding, forgeries).await
}

pub(super) async fn stale(stage: &Stage, finding: &mut Finding) -> Played {
    out_of_time(stage, finding, Fault::Stale, "a delivery signed an hour ago").await
}

pub(super) async fn future(stage: &Stage, finding: &mut Finding) -> Played {
    out_of_time(stage, finding, Fault::Future, "a delivery signed an hour ahead").await
}

async fn out_of_time(stage: &Stage, finding: &mut Finding, fault: Fault, what: &'static str) -> Played {
    let Some(_) = signature(stage, finding).filter(|proof| proof.binds_time()) else {
        finding.not_applicable("no time is signed: what was handled before has to be remembered instead");
        return Ok(());
    };
    let forgeries = named(what, faulty(stage, fault)?);
    all_refused(stage, finding, forgeries).await
}

pub(super) async fn silent_refusal(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(proof) = proof(stage, finding) else {
        return Ok(());
    };
    let outgoing = stage.outgoing();
    let right = stage.signed(&outgoing)?;
    // What a receiver that compares texts would print as "expected".
    let mut expected = String::new();
    let unsigned = proof.changed(&stage.sender, right, |value| {
        expected = value.get(proof.core(value)..).unwrap_or_default().to_owned();
        None
    });
    let wrong = stage.sender.with_wrong_secret(&outgoing, stage.now())?;
    let mut answers: Vec<Came> = Vec::new();
    for (what, request) in [("no proof", unsigned), ("a wrong proof", wrong)] {
        finding.sent(what);
        let came = stage.send(request).await?;
        finding.came(what, &came);
        let body = came.body();
        let needle = expected.as_bytes();
        let tells = needle.len() >= 8 && body.windows(needle.len()).any(|part| part == needle);
        if tells || stage.sender.is_told_by(body) {
            finding.fail("the answer tells the expected signature or the secret: answer a bare status");
        }
        answers.push(came);
    }
    if let [one, other] = answers.as_slice()
        && (one.body() != other.body() || one.status() != other.status())
    {
        finding.warn("the answer tells the sender why: say it in your own log, and answer one bare status");
    }
    Ok(())
}

pub(super) async fn parsed_too_early(stage: &Stage, finding: &mut Finding) -> Played {
    if proof(stage, finding).is_none() {
        return Ok(());
    }
    let well_formed = stage.outgoing();
    let mut broken = stage.outgoing();
    broken.body = broken.body.slice(..broken.body.len() / 2);
    let mut statuses = Vec::new();
    for (what, outgoing) in [
        ("a forgery in JSON", well_formed),
        ("a forgery that is no JSON", broken),
    ] {
        finding.sent(what);
        let request = stage.sender.with_wrong_secret(&outgoing, stage.now())?;
        let came = stage.send(request).await?;
        finding.came(what, &came);
        statuses.push(came.status());
        if came.status().is_none_or(|status| status >= 500) {
            refused(finding, &came, what);
        }
    }
    if statuses.first() != statuses.get(1) {
        finding.fail(
            "the body was parsed before it was verified: verify the raw bytes first, parse what has passed",
        );
    }
    Ok(())
}

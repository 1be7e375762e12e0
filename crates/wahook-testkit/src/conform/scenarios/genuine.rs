//! What the provider really sends.

use std::time::Duration;

use super::{Played, Wrong, expect_handled, not_seen, too_few};
use crate::{
    Outgoing,
    conform::{judge::taken, report::Finding, stage::Stage},
    play::spaced,
    samples,
    tokens::with_member,
};

pub(super) async fn one(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    finding.sent(format!("{}, signed now", stage.sample.name()));
    let came = stage.send(stage.signed(&stage.outgoing())?).await?;
    finding.came("", &came);
    taken(finding, &came, stage.within());
    let wrong = Wrong {
        too_few: "it was answered and not handled: answer 2xx only for what is stored or done",
        too_many: "one delivery was handled more than once",
    };
    expect_handled(stage, finding, before, 1, wrong).await
}

pub(super) async fn every_event(stage: &Stage, finding: &mut Finding) -> Played {
    let provider = stage.sender.endpoint().provider().id();
    let all = samples(provider);
    if all.is_empty() {
        finding.not_applicable("there are no samples of this provider");
        return Ok(());
    }
    finding.sent(format!("{} samples of all events of {provider}", all.len()));
    let mut before = stage.so_far().await?;
    let mut dropped = Vec::new();
    let mut slowest = Duration::ZERO;
    for sample in all {
        let outgoing = Outgoing::personalise(&sample, stage.next());
        let came = stage.send(stage.signed(&outgoing)?).await?;
        let what = if came.status() == Some(200) {
            String::new()
        } else {
            sample.name()
        };
        finding.came(&what, &came);
        taken(finding, &came, stage.within());
        slowest = slowest.max(came.took);
        if came.reply.is_none() {
            finding.saw("no more were sent".to_owned());
            break;
        }
        if before.is_some() && matches!(came.status(), Some(200..300)) {
            // Whoever drops one kind may drop fifty: the work of others need not be waited for as long.
            let patience = if dropped.is_empty() {
                stage.patience
            } else {
                stage.calm()
            };
            if stage.handled_any(before, patience).await? == Some(false) {
                dropped.push(sample.name());
            }
        }
        before = stage.handled_now().await?;
    }
    finding.saw(format!("slowest {} ms", slowest.as_millis()));
    match before {
        None => not_seen(finding),
        Some(_) if dropped.is_empty() => {}
        Some(_) => {
            finding.saw(format!("not handled: {}", dropped.join(", ")));
            too_few(
                stage,
                finding,
                0,
                "these were answered and not handled: whoever has no use for an event counts it all the same, or leaves \
                 this scenario out",
            )?;
        }
    }
    Ok(())
}

pub(super) async fn raw_bytes(stage: &Stage, finding: &mut Finding) -> Played {
    if !stage.proof.as_ref().is_some_and(|proof| proof.binds_body) {
        finding.not_applicable("the proof does not cover the body");
        return Ok(());
    }
    finding.sent("signed JSON with white space, escapes and numbers that no JSON library writes");
    let mut outgoing = stage.outgoing();
    let json = String::from_utf8_lossy(&outgoing.body);
    let odd = with_member(&json, r#""x_wahook":["\u0041\/",1.50e+1]"#, |count| count == 0);
    outgoing.body = [&b"\n "[..], &spaced(odd.as_bytes(), true), b"\r\n"]
        .concat()
        .into();
    let came = stage.send(stage.signed(&outgoing)?).await?;
    finding.came("", &came);
    taken(finding, &came, stage.within());
    Ok(())
}

/// A list of a wrong and the right signature.
type Order = fn(&str, &str) -> String;

pub(super) async fn second_signature(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(proof) = stage.proof.as_ref().filter(|proof| proof.is_list) else {
        finding.not_applicable("the provider sends one signature");
        return Ok(());
    };
    let orders: [(&str, Order); 3] = [
        ("wrong, right", |wrong, right| format!("{wrong} {right}")),
        ("right, wrong", |wrong, right| format!("{right} {wrong}")),
        ("unknown version, right", |_, right| format!("v9,AAAA {right}")),
    ];
    for (name, list) in orders {
        finding.sent(format!("signatures: {name}"));
        let request = stage.signed(&stage.outgoing())?;
        let request = proof.changed(&stage.sender, request, |right| {
            Some(list(&proof.wrong(right), right))
        });
        let came = stage.send(request).await?;
        finding.came(name, &came);
        if matches!(came.status(), Some(401 | 403)) {
            finding.fail("look at every signature of the list; one that fits is enough");
        } else {
            taken(finding, &came, stage.within());
        }
    }
    Ok(())
}

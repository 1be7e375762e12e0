//! Other methods, and the provider's question whether the URL is ours.

use bytes::Bytes;
use http::{Method, Request, header::CONTENT_TYPE};
use wahook_core::Challenge;

use super::{Played, expect_nothing};
use crate::{
    Outgoing,
    conform::{report::Finding, stage::Stage, wire::Came},
    play::with_query,
};

pub(super) async fn wrong_method(stage: &Stage, finding: &mut Finding) -> Played {
    let before = stage.so_far().await?;
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::GET] {
        let what = format!("a signed delivery by {method}");
        finding.sent(what.clone());
        let mut request = stage.signed(&stage.outgoing())?;
        if method == Method::GET {
            *request.body_mut() = Bytes::new();
        }
        *request.method_mut() = method.clone();
        let came = stage.send(request).await?;
        finding.came(method.as_str(), &came);
        match came.status() {
            Some(405) => {}
            Some(200..300) if method == Method::GET => {
                finding.warn("GET was answered as if all were well: 405 tells a browser from a provider");
            }
            Some(200..300) => finding.fail(format!("{what} was taken: answer 405 to everything but POST")),
            Some(501) => finding.warn(format!("{what} was answered 501: 405 says what is allowed")),
            Some(status @ 500..) => finding.fail(format!("{what} was answered {status}: answer 405")),
            Some(status) => finding.warn(format!("{what} was answered {status}: 405 says what is wrong")),
            None => finding.warn(format!("{what} got no answer: answer 405")),
        }
    }
    expect_nothing(stage, finding, before).await
}

pub(super) async fn handshake(stage: &Stage, finding: &mut Finding) -> Played {
    let Some(challenge) = stage.sender.endpoint().answers_challenge() else {
        let row = wahook_providers::provider(stage.sender.endpoint().provider().id());
        match row.and_then(|row| row.challenge_token) {
            // Only who is told the token can ask.
            Some(option) => finding.not_applicable(format!(
                "what the provider asks with is not known here: set the option `{option}`"
            )),
            None => finding.not_applicable("the provider asks no such question"),
        }
        return Ok(());
    };
    let before = stage.so_far().await?;
    let value = format!("challenge-{:012x}", stage.next());
    // A provider that asks by GET only never sends such a POST: it would be a delivery.
    if challenge.takes_post() {
        by_post(stage, finding, challenge, &value).await?;
    }
    by_get(stage, finding, challenge, &value).await?;
    expect_nothing(stage, finding, before).await
}

async fn by_post(stage: &Stage, finding: &mut Finding, challenge: &Challenge, value: &str) -> Played {
    let body = format!(r#"{{"challenge":"{value}"}}"#);
    let outgoing = Outgoing::new(format!("msg_{value}"), body);
    finding.sent("a signed challenge by POST");
    let came = stage.send(stage.signed(&outgoing)?).await?;
    finding.came("signed", &came);
    if echoes(&came, value) {
        no_page(finding, &came);
    } else {
        finding.warn(
            "a signed challenge was not echoed: if the provider asks, it will not switch the webhook on",
        );
    }
    if let Some(proof) = &stage.proof {
        finding.sent("an unsigned challenge by POST");
        let request = proof.changed(&stage.sender, stage.signed(&outgoing)?, |_| None);
        let came = stage.send(request).await?;
        finding.came("unsigned", &came);
        if echoes(&came, value) && !challenge.takes_unsigned() {
            finding.warn("an unsigned challenge was echoed: anybody can register your URL elsewhere");
        }
    }
    Ok(())
}

async fn by_get(stage: &Stage, finding: &mut Finding, challenge: &Challenge, value: &str) -> Played {
    if !challenge.takes_get() {
        return Ok(());
    }
    let Some(token) = &stage.challenge_token else {
        finding.saw("GET: not asked, for want of the token".to_owned());
        return Ok(());
    };
    finding.sent("a challenge by GET, with the token and with another");
    // A receiver need not know every way of asking that a provider may have: one is enough.
    let mut understood = None;
    for names in challenge.names_of_get() {
        let came = stage.send(question(stage, names, value, token.expose())).await?;
        if echoes(&came, value) {
            finding.came("GET", &came);
            no_page(finding, &came);
            understood = Some(names);
            break;
        }
        finding.came(&format!("GET ?{}=&{}=", names.0, names.1), &came);
    }
    let Some(names) = understood else {
        finding.fail(
            "a challenge with the right token was not echoed: the provider will not switch the webhook on",
        );
        return Ok(());
    };
    let other = format!("{}x", token.expose());
    let came = stage.send(question(stage, names, value, &other)).await?;
    finding.came("GET with another token", &came);
    if echoes(&came, value) {
        finding.fail("a challenge with a wrong token was echoed: compare the token, in constant time");
    }
    Ok(())
}

fn question(stage: &Stage, (name, token_name): (&str, &str), value: &str, token: &str) -> Request<Bytes> {
    let url = with_query(stage.sender.url(), name, value);
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = with_query(&url, token_name, token);
    request
}

fn echoes(came: &Came, value: &str) -> bool {
    let value = value.as_bytes();
    let found = came.body().windows(value.len()).any(|part| part == value);
    found && matches!(came.status(), Some(200..300))
}

/// What anybody may have written into must not be shown by a browser as a page.
fn no_page(finding: &mut Finding, came: &Came) {
    let kind = came
        .answer()
        .and_then(|answer| answer.headers().get(CONTENT_TYPE));
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.contains("html") {
        finding.fail("the challenge was echoed as HTML: answer text/plain or application/json, and nosniff");
    }
}

//! Wawp: each call, and lists that lose nothing.

use serde_json::{Value, json};
use wahook_core::Secret;
use wahook_manage::{
    ErrorKind,
    wawp::{Credentials, NewWebhook, Retries, Wawp, Webhook, WebhookChange},
};
use wahook_testkit::stand_in::{self, Forced, Form, StandIn};

use crate::pauses::options;

const TOKEN: &str = "wawp-token-0123";
const SYSTEM: &str = "https://app.wawp.net/api/webhook/system-token";
const OURS: &str = "https://example.com/hooks/wawp";

/// Somebody else's, with more in it than we know.
fn foreign() -> Value {
    json!({
        "url": "https://other.example/?secret=1", "events": ["message"], "is_active": 0,
        "retries": {"delay": 5, "attempts": 10}, "label": "crm",
    })
}

async fn with(play: stand_in::Wawp) -> (StandIn<stand_in::Wawp>, Wawp) {
    let stand_in = StandIn::start(play).await.unwrap();
    let (options, _) = options(stand_in.url());
    let credentials = Credentials::new("A1B2C3D4E5F6", Secret::new(TOKEN).unwrap());
    (stand_in, Wawp::new(credentials, options).unwrap())
}

fn play() -> stand_in::Wawp {
    stand_in::Wawp::new("A1B2C3D4E5F6", TOKEN)
}

#[tokio::test]
async fn the_list_is_read_also_where_its_arrays_are_keyed_by_indices() {
    let (stand_in, wawp) = with(play().webhook(&foreign())).await;
    for keyed in [false, true] {
        stand_in.index_keyed(keyed);
        let webhooks = wawp.webhooks().await.unwrap();
        assert_eq!(webhooks.webhooks.len(), 1);
        let webhook = &webhooks.webhooks[0];
        assert_eq!(webhook.events.as_deref(), Some(&["message".to_owned()][..]));
        assert_eq!(webhook.is_active, Some(false));
        assert_eq!(webhook.rest.get("label"), Some(&json!("crm")));
        let system = webhooks.system.as_ref().unwrap();
        assert_eq!((system.url.as_str(), system.is_active), (SYSTEM, Some(true)));
        assert!(webhooks.is_system(system) && !webhooks.is_system(webhook));
        assert!(webhooks.of_url(SYSTEM).is_some());
        let shown = format!("{webhooks:?}");
        assert!(
            !shown.contains("system-token") && !shown.contains("secret=1"),
            "{shown}"
        );
    }
    let (stand_in, wawp) = with(play()).await;
    stand_in.index_keyed(true);
    assert!(wawp.webhooks().await.unwrap().webhooks.is_empty());
}

#[tokio::test]
async fn the_token_is_in_a_header_or_a_body_and_in_the_url_only_where_that_was_asked_for() {
    let (stand_in, wawp) = with(play()).await;
    let webhook = NewWebhook::new(OURS, ["message"]);
    wawp.webhooks().await.unwrap();
    wawp.set(&webhook).await.unwrap();
    wawp.update(OURS, &WebhookChange::new().active(false))
        .await
        .unwrap();
    wawp.overwrite(std::slice::from_ref(&webhook)).await.unwrap();
    wawp.delete(OURS).await.unwrap();
    let requests = stand_in.take_requests();
    assert_eq!(requests.len(), 5);
    for request in &requests {
        assert_eq!(request.parameter("access_token"), None);
        let in_body = request.json()["access_token"] == TOKEN;
        assert!(
            in_body || request.header("access-token") == TOKEN,
            "{}",
            request.path
        );
    }
    let credentials = Credentials::new("A1B2C3D4E5F6", Secret::new(TOKEN).unwrap());
    let (options, _) = options(stand_in.url());
    let wawp = Wawp::new(credentials.dangerous_token_in_query(), options).unwrap();
    wawp.webhooks().await.unwrap();
    let request = stand_in.requests().pop().unwrap();
    assert_eq!(request.parameter("access_token"), Some(TOKEN));
    assert_eq!(request.header("access-token"), "");
}

#[tokio::test]
async fn a_webhook_is_set_changed_and_deleted_by_its_url() {
    let (stand_in, wawp) = with(play().webhook(&foreign())).await;
    let secret = Secret::new("signed-with-this").unwrap();
    let webhook = NewWebhook::new(OURS, ["message"])
        .retries(Retries::new(3, 10))
        .hmac(secret);
    for _ in 0..2 {
        wawp.set(&webhook).await.unwrap();
    }
    let ours = stand_in.with(|wawp| wawp.webhooks()[1].clone());
    let expected = json!({
        "url": OURS, "events": ["message"], "is_active": 1,
        "retries": {"delay": 10, "attempts": 3}, "hmac": "signed-with-this",
    });
    assert_eq!(Value::from(ours), expected);

    let change = WebhookChange::new()
        .events(["message", "session.status"])
        .active(false)
        .name("shop");
    wawp.update(OURS, &change).await.unwrap();
    let ours = stand_in.with(|wawp| wawp.webhooks()[1].clone());
    assert_eq!(ours["events"], json!(["message", "session.status"]));
    assert_eq!((&ours["is_active"], &ours["name"]), (&json!(0), &json!("shop")));
    assert_eq!(ours["hmac"], "signed-with-this");

    wawp.delete(OURS).await.unwrap();
    assert_eq!(stand_in.with(|wawp| wawp.webhooks().len()), 1);
    assert_eq!(wawp.delete(OURS).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(wawp.delete(SYSTEM).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn an_edit_keeps_what_others_made_and_the_webhook_of_the_system() {
    for keyed in [false, true] {
        let (stand_in, wawp) = with(play().webhook(&foreign())).await;
        let system = stand_in.with(|wawp| wawp.system().clone());
        stand_in.index_keyed(keyed);
        let after = wawp
            .edit(|webhooks| webhooks.push(Webhook::new(OURS, ["message.any"])))
            .await
            .unwrap();
        assert_eq!(after.webhooks.len(), 2);
        let (stored, system_after) = stand_in.with(|wawp| (wawp.webhooks().to_vec(), wawp.system().clone()));
        assert_eq!(system_after, system);
        // It is said again: what becomes of one that is left out is not documented.
        let written = stand_in.requests().pop().unwrap().json();
        let written = written["webhooks"].as_array().unwrap().clone();
        assert!(written.contains(&system.clone().into()), "{written:?}");
        let expected = if keyed {
            stored[0].clone().into()
        } else {
            foreign()
        };
        assert_eq!(Value::from(stored[0].clone()), expected);
        assert_eq!(stored[0]["retries"], foreign()["retries"]);
        assert_eq!(
            Value::from(stored[1].clone()),
            json!({"url": OURS, "events": ["message.any"], "is_active": 1})
        );
    }
}

#[tokio::test]
async fn an_edit_that_changes_nothing_or_understands_too_little_writes_nothing() {
    let (stand_in, wawp) = with(play().webhook(&foreign())).await;
    wawp.edit(|_| {}).await.unwrap();
    assert!(
        stand_in
            .take_requests()
            .iter()
            .all(|request| request.method == "GET")
    );
    for body in [
        json!({"webhooks": [foreign(), "what"], "systemConfig": null}),
        json!({"webhooks": [{"address": "https://x"}]}),
        json!({"webhooks": [], "systemConfig": "what"}),
        json!({"webhooks": "none"}),
        json!({"status": "success"}),
        json!([foreign()]),
    ] {
        stand_in.answer_next(Forced::raw(200, "application/json", body.to_string()));
        let edited = wawp.edit(Vec::clear).await;
        assert_eq!(edited.unwrap_err().kind(), ErrorKind::Unreadable, "{body}");
        assert!(
            stand_in
                .take_requests()
                .iter()
                .all(|request| request.method == "GET")
        );
    }
}

#[tokio::test]
async fn a_missing_subscription_is_a_kind_of_its_own() {
    let (_stand_in, wawp) = with(play().unsubscribed()).await;
    let error = wawp.webhooks().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Subscription);
    assert_eq!(
        (error.status(), error.code()),
        (Some(403), Some("subscription_required"))
    );
    let (stand_in, wawp) = with(play()).await;
    stand_in.answer_next(Forced::error(403, Form::Html));
    assert_eq!(wawp.webhooks().await.unwrap_err().kind(), ErrorKind::Forbidden);
    let body = json!({"status": "error", "code": "limit_reached", "message": "No more."});
    stand_in.answer_next(Forced::raw(200, "application/json", body.to_string()));
    let error = wawp.set(&NewWebhook::new(OURS, ["message"])).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Invalid, Some("limit_reached"))
    );
}

#[tokio::test]
async fn the_wrong_token_and_the_wrong_instance_are_told_apart() {
    let stand_in = StandIn::start(play()).await.unwrap();
    for (instance, token, kind) in [
        ("A1B2C3D4E5F6", "wrong", ErrorKind::Unauthorized),
        ("000000000000", TOKEN, ErrorKind::NotFound),
    ] {
        let (options, _) = options(stand_in.url());
        let wawp = Wawp::new(Credentials::new(instance, Secret::new(token).unwrap()), options).unwrap();
        assert_eq!(wawp.webhooks().await.unwrap_err().kind(), kind);
        let webhook = NewWebhook::new(OURS, ["message"]);
        assert_eq!(wawp.set(&webhook).await.unwrap_err().kind(), kind);
    }
}

//! Wazapin: each call, and what its endpoints get.
//!
//! Longer than 400 lines: each call of the client with each of its answers.

use jiff::Timestamp;
use serde_json::json;
use wahook_core::{Secret, Secrets};
use wahook_manage::{
    ErrorKind,
    wazapin::{
        Credentials, DeliveryQuery, DeliveryStatus, EndpointChange, MessageState, NewEndpoint, Wazapin,
    },
};
use wahook_testkit::{
    sample,
    stand_in::{self, Forced, Rotation, Shape, StandIn},
};

use crate::{
    pauses::options,
    receiver::{Received, Receiver},
};

const KEY: &str = "wz_live_0123456789abcdef";

const SHAPES: [Shape; 3] = [Shape::Data, Shape::Bare, Shape::Named];

async fn with(play: stand_in::Wazapin) -> (StandIn<stand_in::Wazapin>, Wazapin) {
    let stand_in = StandIn::start(play).await.unwrap();
    let (options, _) = options(stand_in.url());
    let wazapin = Wazapin::new(Secret::new(KEY).unwrap(), options).unwrap();
    (stand_in, wazapin)
}

/// Whether a delivery verifies with a secret: at the time it was made, as the receiver of an endpoint does.
fn verifies(secrets: impl Into<Secrets>, (head, body): &Received) -> bool {
    let endpoint = wahook_providers::wazapin::endpoint("shop", secrets.into()).unwrap();
    let seconds: i64 = head.headers["svix-timestamp"].to_str().unwrap().parse().unwrap();
    let now = Timestamp::from_second(seconds).unwrap();
    let Ok(mut check) = endpoint.begin(head, now) else {
        return false;
    };
    check.update(body.clone().into());
    check.finish().is_ok()
}

#[tokio::test]
async fn an_endpoint_is_made_listed_changed_and_deleted_whatever_the_answers_are_wrapped_in() {
    for shape in SHAPES {
        let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY).shape(shape)).await;
        assert!(
            wazapin.settings().await.unwrap().endpoints.is_empty(),
            "{shape:?}"
        );

        let url = "https://example.com/hooks/message.new";
        let new = NewEndpoint::new(url)
            .filter_types(["message.new"])
            .description("shop");
        let made = wazapin.create(&new).await.unwrap();
        let sent = stand_in.requests().pop().unwrap();
        assert_eq!(sent.path, "/v1/settings/developer/webhooks/endpoints");
        assert_eq!(
            sent.json(),
            json!({"url": url, "filterTypes": ["message.new"], "description": "shop"})
        );
        assert_eq!(sent.header("x-api-key"), KEY);
        let secret = stand_in.with(|wazapin| wazapin.hooks()[0].secrets[0].clone());
        assert_eq!(made.secret.as_ref().unwrap().expose(), secret, "{shape:?}");
        assert!(!format!("{made:?}").contains(&secret));
        assert_eq!(made.is_disabled, Some(false));
        assert!(made.created_at.is_some());

        let settings = wazapin.settings().await.unwrap();
        let found = settings.of_url(url).next().unwrap();
        assert_eq!(found.id, made.id);
        assert_eq!(
            found.filter_types.as_deref(),
            Some(&["message.new".to_owned()][..])
        );
        assert!(found.secret.is_none());

        let change = EndpointChange::new().filter_types(["message.sent", "contact.updated"]);
        let changed = wazapin.update(&made.id, &change).await.unwrap().unwrap();
        assert_eq!(changed.filter_types.unwrap().len(), 2);
        assert_eq!(changed.url.as_deref(), Some(url));
        let sent = stand_in.requests().pop().unwrap();
        assert_eq!((sent.method.as_str(), sent.json().get("url")), ("PATCH", None));

        wazapin.delete(&made.id).await.unwrap();
        assert!(stand_in.with(|wazapin| wazapin.hooks().is_empty()));
        let error = wazapin.delete(&made.id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{shape:?}");
    }
}

#[tokio::test]
async fn arrays_may_be_keyed_by_their_indices() {
    for shape in SHAPES {
        let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY).shape(shape)).await;
        for n in 0..11 {
            let url = format!("https://example.com/{n}");
            wazapin
                .create(&NewEndpoint::new(url).filter_types(["a", "b"]))
                .await
                .unwrap();
        }
        stand_in.index_keyed(true);
        let endpoints = wazapin.settings().await.unwrap().endpoints;
        let urls: Vec<_> = endpoints
            .iter()
            .filter_map(|endpoint| endpoint.url.clone())
            .collect();
        let expected: Vec<_> = (0..11).map(|n| format!("https://example.com/{n}")).collect();
        assert_eq!(urls, expected, "{shape:?}");
        assert_eq!(endpoints[10].filter_types.as_ref().unwrap(), &["a", "b"]);
    }
}

#[tokio::test]
async fn a_test_delivery_is_signed_with_the_secret_that_was_told() {
    let receiver = Receiver::start().await;
    for shape in SHAPES {
        let (_stand_in, wazapin) = with(stand_in::Wazapin::new(KEY).shape(shape)).await;
        let made = wazapin.create(&NewEndpoint::new(&receiver.url)).await.unwrap();
        let tested = wazapin.test(&made.id).await.unwrap();
        let received = receiver.taken().pop().unwrap();
        assert_eq!(
            received.0.headers["svix-id"].to_str().ok(),
            tested.message_id.as_deref(),
            "{shape:?}"
        );
        assert!(verifies(made.secret.unwrap(), &received));
        let other = Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        assert!(!verifies(other, &received));
    }
}

#[tokio::test]
async fn while_secrets_overlap_both_verify_and_the_old_one_ends() {
    let receiver = Receiver::start().await;
    let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY)).await;
    let made = wazapin.create(&NewEndpoint::new(&receiver.url)).await.unwrap();
    let old = made.secret.unwrap();
    let new = wazapin.rotate_secret(&made.id).await.unwrap().secret.unwrap();
    assert_ne!(old.expose(), new.expose());

    wazapin.test(&made.id).await.unwrap();
    let received = receiver.taken().pop().unwrap();
    let signatures = received.0.headers["svix-signature"]
        .to_str()
        .unwrap()
        .split(' ')
        .count();
    assert_eq!(signatures, 2);
    assert!(verifies(old.clone(), &received) && verifies(new.clone(), &received));

    stand_in.with(stand_in::Wazapin::end_overlap);
    wazapin.test(&made.id).await.unwrap();
    let received = receiver.taken().pop().unwrap();
    assert!(!verifies(old, &received) && verifies(new, &received));
}

#[tokio::test]
async fn where_the_old_secret_ends_at_once_the_new_one_alone_verifies() {
    let receiver = Receiver::start().await;
    let play = stand_in::Wazapin::new(KEY)
        .rotation(Rotation::AtOnce)
        .shape(Shape::Bare);
    let (_stand_in, wazapin) = with(play).await;
    let made = wazapin.create(&NewEndpoint::new(&receiver.url)).await.unwrap();
    let new = wazapin.rotate_secret(&made.id).await.unwrap().secret.unwrap();
    wazapin.test(&made.id).await.unwrap();
    let received = receiver.taken().pop().unwrap();
    assert!(!verifies(made.secret.unwrap(), &received) && verifies(new, &received));
}

#[tokio::test]
async fn a_rotated_secret_is_found_in_every_form() {
    let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY)).await;
    for body in [
        json!({"secret": "whsec_new"}),
        json!({"key": "whsec_new"}),
        json!({"signing_secret": "whsec_new"}),
        json!({"data": {"secret": "whsec_new"}}),
        json!({"data": {"key": "whsec_new"}}),
        json!({"data": "whsec_new"}),
        json!({"data": {"endpoint": {"id": "ep_1", "signing_secret": "whsec_new"}}}),
        json!("whsec_new"),
    ] {
        stand_in.answer_next(Forced::raw(200, "application/json", body.to_string()));
        let rotated = wazapin.rotate_secret("ep_1").await.unwrap();
        assert_eq!(rotated.secret.as_ref().unwrap().expose(), "whsec_new", "{body}");
        assert!(!format!("{rotated:?}").contains("whsec_new"));
    }
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "OK",
        r#"{"secret":5}"#,
        r#"{"secret":""}"#,
        r#""The secret was rotated.""#,
        r#"{"data":"The secret was rotated."}"#,
    ] {
        stand_in.answer_next(Forced::raw(200, "application/json", body));
        assert!(
            wazapin.rotate_secret("ep_1").await.unwrap().secret.is_none(),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_failed_is_listed_and_sent_again_under_the_same_id() {
    for shape in SHAPES {
        let receiver = Receiver::start().await;
        let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY).shape(shape)).await;
        let new = NewEndpoint::new(&receiver.url).filter_types(["message.new"]);
        let made = wazapin.create(&new).await.unwrap();
        let secret = made.secret.unwrap();

        // Flat and wrapped; what was not asked for is not sent.
        stand_in.emit(&sample("wazapin", "message.new").unwrap()).await;
        stand_in
            .emit(&sample("wazapin", "contact.updated").unwrap())
            .await;
        receiver.answers(500);
        let failed = stand_in.emit(&sample("wazapin", "message.new~b").unwrap()).await;
        let received = receiver.taken();
        assert_eq!(received.len(), 2);
        assert!(received.iter().all(|received| verifies(secret.clone(), received)));

        let deliveries = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
        assert!(deliveries.is_complete && deliveries.unread.is_empty());
        assert_eq!(deliveries.deliveries.len(), 2, "{shape:?}");
        let found: Vec<_> = deliveries.failed().collect();
        assert_eq!(found.len(), 1, "{shape:?}");
        assert_eq!(found[0].message_id.as_deref(), Some(failed.as_str()), "{shape:?}");
        assert_eq!(found[0].status, Some(DeliveryStatus::Failed));
        assert_eq!(found[0].response_status, Some(500));
        assert_eq!(found[0].event_type.as_deref(), Some("message.new"));
        assert_eq!(found[0].endpoint_id.as_deref(), Some(made.id.as_str()));
        assert!(found[0].at.is_some());

        receiver.answers(204);
        wazapin.retry_delivery(&failed).await.unwrap();
        let again = receiver.taken().pop().unwrap();
        assert_eq!(again.0.headers["svix-id"].to_str().unwrap(), failed);
        assert_eq!(again.1, received[1].1);
        assert!(verifies(secret, &again));
        let deliveries = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
        assert_eq!(deliveries.failed().count(), 0, "{shape:?}");
        let error = wazapin.retry_delivery("msg_none").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn pages_are_followed_as_far_as_they_go_and_no_further_than_asked() {
    let receiver = Receiver::start().await;
    let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY)).await;
    wazapin.create(&NewEndpoint::new(&receiver.url)).await.unwrap();
    for _ in 0..5 {
        stand_in.emit(&sample("wazapin", "message.new").unwrap()).await;
    }
    let query = DeliveryQuery::new().limit(2);
    let all = wazapin.deliveries(&query).await.unwrap();
    assert_eq!((all.deliveries.len(), all.is_complete), (5, true));
    let some = wazapin.deliveries(&query.clone().pages(2)).await.unwrap();
    assert_eq!((some.deliveries.len(), some.is_complete), (4, false));

    // A server that says the same again and again, and one that leads elsewhere.
    let said = json!({"data": [{"id": "msg_1"}], "iterator": "x"}).to_string();
    for _ in 0..3 {
        stand_in.answer_next(Forced::raw(200, "application/json", said.clone()));
    }
    let same = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
    assert_eq!((same.deliveries.len(), same.is_complete), (1, false));
    stand_in.answer_as_usual();
    // One that counts on, and has no more to say.
    for iterator in ["x", "y", "z"] {
        let said = json!({"data": [{"id": "msg_1"}, {"id": "msg_2"}], "iterator": iterator}).to_string();
        stand_in.answer_next(Forced::raw(200, "application/json", said));
    }
    stand_in.take_requests();
    let same = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
    assert_eq!((same.deliveries.len(), same.is_complete), (2, false));
    assert_eq!(stand_in.take_requests().len(), 2);
    stand_in.answer_as_usual();
    // One that has more to say, and does not say where in words that we know.
    for said in [
        json!({"data": [{"id": "msg_1"}], "done": false}),
        json!({"data": [{"id": "msg_1"}], "has_more": true, "next_page": 2}),
        json!({"data": [{"id": "msg_1"}], "meta": {"has_more": true, "cursor": "x"}}),
    ] {
        stand_in.answer_next(Forced::raw(200, "application/json", said.to_string()));
        let cut = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
        assert_eq!((cut.deliveries.len(), cut.is_complete), (1, false), "{said}");
    }
    let next =
        json!({"items": [{"id": "msg_1"}], "next": "https://elsewhere.example/x?cursor=a%26b&limit=7"});
    stand_in.answer_next(Forced::raw(200, "application/json", next.to_string()));
    wazapin.deliveries(&query).await.unwrap();
    let asked = stand_in.requests().pop().unwrap();
    assert_eq!(asked.path, "/v1/settings/developer/webhooks/deliveries");
    assert_eq!(asked.parameter("cursor"), Some("a&b"));
    assert_eq!(asked.query.len(), 2, "{:?}", asked.query);
}

#[tokio::test]
async fn a_list_is_read_back_to_a_time_and_never_without_end() {
    let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY)).await;
    let page = |hours: [u32; 2], iterator: &str| {
        let items = hours.map(
            |hour| json!({"id": format!("msg_{hour}"), "timestamp": format!("2026-01-01T{hour:02}:00:00Z")}),
        );
        let said = json!({"data": items, "iterator": iterator}).to_string();
        Forced::raw(200, "application/json", said)
    };
    let since = DeliveryQuery::new().since("2026-01-01T08:00:00Z".parse().unwrap());
    for (pages, read, is_complete) in [
        // The newest first: what is behind the third page is older.
        ([[10, 9], [8, 7], [6, 5], [4, 3]], 6, true),
        // The oldest first: what is asked for comes last.
        ([[3, 4], [5, 6], [7, 8], [9, 10]], 8, false),
    ] {
        for (hours, iterator) in pages.into_iter().zip(["a", "b", "c", "d"]) {
            stand_in.answer_next(page(hours, iterator));
        }
        let found = wazapin.deliveries(&since.clone().pages(4)).await.unwrap();
        assert_eq!((found.deliveries.len(), found.is_complete), (read, is_complete));
        stand_in.answer_as_usual();
    }
    let asked = stand_in.take_requests();
    assert!(asked.iter().all(|asked| asked.parameter("since").is_none()));

    for page in 0..3 {
        let items: Vec<_> = (0..10_000)
            .map(|n| json!({"id": format!("msg_{page}_{n}")}))
            .collect();
        let said = json!({"data": items, "iterator": page.to_string()}).to_string();
        stand_in.answer_next(Forced::raw(200, "application/json", said));
    }
    let most = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
    assert_eq!((most.deliveries.len(), most.is_complete), (20_000, false));
}

#[tokio::test]
async fn what_became_of_a_delivery_is_told_by_its_status_or_by_its_answer() {
    let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY)).await;
    let cases = [
        (json!({"status": "success"}), Some(true)),
        (json!({"status": "success", "response_status": 500}), Some(true)),
        (json!({"response_status": 204}), Some(true)),
        (json!({"status": "novel", "response_status": 200}), Some(true)),
        (json!({"status": "canceled"}), Some(false)),
        (json!({"status": 2}), Some(false)),
        (json!({"status": "pending", "response_status": 500}), Some(false)),
        (json!({"status": "novel", "response_status": 403}), Some(false)),
        (json!({"status": "pending"}), None),
        (json!({"status": 3, "response_status": 200}), None),
        (json!({"status": "novel"}), None),
        (json!({"id": "msg_1"}), None),
    ];
    let items: Vec<_> = cases.iter().map(|(item, _)| item).collect();
    let said = json!({"data": items}).to_string();
    stand_in.answer_next(Forced::raw(200, "application/json", said));
    let found = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
    assert_eq!(found.deliveries.len(), cases.len());
    for (one, (item, arrived)) in found.deliveries.iter().zip(&cases) {
        assert_eq!(one.arrived(), *arrived, "{item}");
        assert_eq!(one.is_failed(), *arrived == Some(false), "{item}");
    }
}

#[tokio::test]
async fn the_record_of_a_message_is_read_bare_and_in_data() {
    let record = json!({
        "id": "m-1", "type": "text", "direction": "inbound", "status": "read", "content": {"body": "hello"},
        "sender_phone": "628000000001", "read_at": "2026-08-01T00:00:00Z", "retry_count": 2, "to_phone": 5.5,
        "provider_message_id": null, "metadata": {"a": 1},
    });
    for shape in SHAPES {
        let play = stand_in::Wazapin::new(KEY).shape(shape).message(record.clone());
        let (_stand_in, wazapin) = with(play).await;
        let message = wazapin.message("m-1").await.unwrap();
        assert_eq!(message.status, Some(MessageState::Read));
        assert_eq!(message.kind.as_deref(), Some("text"));
        assert_eq!(message.content, Some(json!({"body": "hello"})));
        assert_eq!(message.provider_message_id, None);
        assert_eq!(message.rest.get("retry_count"), Some(&json!(2)));
        assert!(message.read_at.is_some());
        let shown = format!("{message:?}");
        assert!(!shown.contains("hello") && !shown.contains("628"), "{shown}");

        let status = wazapin.message_status("m-1").await.unwrap();
        assert_eq!(status.status, MessageState::Read);
        let error = wazapin.message("m-2").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn values_of_other_types_are_kept_and_items_that_mean_nothing_too() {
    let (stand_in, wazapin) = with(stand_in::Wazapin::new(KEY)).await;
    let body = json!({
        "endpoints": [
            {"id": 7, "url": ["x"], "filterTypes": {"a": 1}, "disabled": "perhaps", "is_active": "1"},
            "what", {"url": "https://no.id"}, null,
        ],
        "subscriptions": [{"endpoint": 7}], "plan": "pro",
    });
    stand_in.answer_next(Forced::raw(200, "application/json", body.to_string()));
    let settings = wazapin.settings().await.unwrap();
    let endpoint = &settings.endpoints[0];
    assert_eq!((endpoint.id.as_str(), &endpoint.url), ("7", &None));
    assert_eq!(endpoint.is_disabled, Some(false));
    assert_eq!(endpoint.rest.as_map().len(), 3, "{endpoint:?}");
    assert_eq!(settings.unread.as_slice().len(), 3);
    assert_eq!(
        settings.rest.get("subscriptions"),
        Some(&json!([{"endpoint": 7}]))
    );
    assert_eq!(settings.rest.get("plan"), Some(&json!("pro")));

    // All events, as Svix has it, and not none.
    for all in [json!([]), json!(null)] {
        let body = json!([{"id": "ep_1", "filterTypes": all}]).to_string();
        stand_in.answer_next(Forced::raw(200, "application/json", body));
        assert_eq!(wazapin.settings().await.unwrap().endpoints[0].filter_types, None);
    }
    // Of several ids the one that receivers see.
    let body = json!([{"id": "msg_a", "message_id": "8c1f", "status": "failed"}, {"message_id": "8c1f"}])
        .to_string();
    stand_in.answer_next(Forced::raw(200, "application/json", body));
    let found = wazapin.deliveries(&DeliveryQuery::new()).await.unwrap();
    let ids: Vec<_> = found
        .deliveries
        .iter()
        .map(|one| one.message_id.as_deref())
        .collect();
    assert_eq!(ids, [Some("msg_a"), Some("8c1f")]);
    let body = json!({"id": "msg_t", "messageId": "8c1f"}).to_string();
    stand_in.answer_next(Forced::raw(200, "application/json", body));
    assert_eq!(
        wazapin.test("ep_1").await.unwrap().message_id.as_deref(),
        Some("msg_t")
    );
    // What was not understood may hold anything.
    let body = json!([{"url": "https://no.id", "secret": "whsec_hush"}]).to_string();
    stand_in.answer_next(Forced::raw(200, "application/json", body));
    let settings = wazapin.settings().await.unwrap();
    assert!(!settings.unread.is_empty());
    assert!(!format!("{settings:?}").contains("hush"), "{settings:?}");

    for empty in [
        r#"{"endpoints":null}"#,
        r#"{"data":[]}"#,
        "[]",
        r#"{"data":null}"#,
        r#"{"webhooks":{}}"#,
    ] {
        stand_in.answer_next(Forced::raw(200, "application/json", empty));
        let settings = wazapin.settings().await.unwrap();
        assert!(
            settings.endpoints.is_empty() && settings.unread.is_empty(),
            "{empty}"
        );
    }
    for nothing in [
        "",
        "null",
        "7",
        "\"x\"",
        "{}",
        r#"{"endpoints":5}"#,
        "{",
        "<html>",
    ] {
        stand_in.answer_next(Forced::raw(200, "application/json", nothing));
        let error = wazapin.settings().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Unreadable, Some(200)),
            "{nothing}"
        );
    }
}

#[tokio::test]
async fn a_bearer_token_and_an_organization_travel_in_headers() {
    let stand_in = StandIn::start(stand_in::Wazapin::new(KEY)).await.unwrap();
    let (options, _) = options(format!("{}/", stand_in.url()));
    let credentials = Credentials::bearer(Secret::new(KEY).unwrap()).organization("acme");
    let wazapin = Wazapin::new(credentials, options.clone()).unwrap();
    wazapin.settings().await.unwrap();
    let sent = stand_in.requests().pop().unwrap();
    assert_eq!(sent.header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(sent.header("x-organization-slug"), "acme");
    assert_eq!(sent.header("x-api-key"), "");

    for id in ["", ".", ".."] {
        let error = wazapin.delete(id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    wazapin.delete("a/../b?c#d").await.unwrap_err();
    let path = stand_in.requests().pop().unwrap().path;
    assert_eq!(
        path,
        "/v1/settings/developer/webhooks/endpoints/a%2F..%2Fb%3Fc%23d"
    );
    let wrong = Wazapin::new(Secret::new("wrong key").unwrap(), options).unwrap();
    assert_eq!(
        wrong.settings().await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );
}

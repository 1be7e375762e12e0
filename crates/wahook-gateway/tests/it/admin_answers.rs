//! What the admin API answers.
//!
//! Longer than 400 lines: one answer after the other, of one API.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use wahook_core::guard::StoreErrorKind;
use wahook_gateway::{admin, metrics::Metrics};
use wahook_testkit::inbox::Verb;
use wahook_worker::{Signal, TracingObserver};

use crate::admin_scene::{CANARIES, Scene, ask, bearer, get, get_all, post};

#[tokio::test]
async fn events_are_listed_by_pages_and_filters() {
    let scene = Scene::with(5).await;
    let router = scene.router();
    let mut seen = Vec::new();
    let mut path = "/api/v1/events?limit=2&order=oldest".to_owned();
    loop {
        let page = get(&router, &path).await.json();
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            assert!(page["next"].is_null());
            break;
        }
        assert!(events.len() <= 2);
        seen.extend(events.iter().map(|event| event["cursor"].as_i64().unwrap()));
        path = format!("/api/v1/events?limit=2&order=oldest&after={}", page["next"]);
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());

    for (filter, count) in [
        ("kind=message.received", 5),
        ("kind=presence,call", 0),
        ("endpoint=shop", 5),
        ("endpoint=other", 0),
        ("account=15557770001", 5),
        ("chat=15557770002%40c.us", 5),
        ("chat=15557770002", 0),
        ("since=2020-01-01T00:00:00Z", 5),
        ("until=2020-01-01T00:00:00Z", 0),
        ("message_id=nothing", 0),
    ] {
        let page = get(&router, &format!("/api/v1/events?{filter}")).await.json();
        assert_eq!(page["events"].as_array().unwrap().len(), count, "{filter}");
    }
}

#[tokio::test]
async fn one_event_is_shown_with_what_became_of_it() {
    let scene = Scene::with(1).await;
    let router = scene.router();
    let page = get_all(&router, "/api/v1/events?reveal=true").await.json();
    let event = &page["events"][0];
    let id = event["id"].as_str().unwrap();
    let sheet = get_all(&router, &format!("/api/v1/events/{id}?reveal=true"))
        .await
        .json();
    assert_eq!(sheet["normalised"]["kind"], "message.received");
    assert_eq!(sheet["normalised"]["key"], event["key"]);
    assert_eq!(sheet["normalised"]["data"]["content"]["text"], "canary-text 0");
    assert!(sheet["normalised"]["raw"].is_object());
    assert!(sheet["note"].is_null(), "{sheet}");
    let progress = sheet["event"]["progress"].as_array().unwrap();
    let states: Vec<_> = progress.iter().map(|one| (&one["sink"], &one["state"])).collect();
    assert!(
        states
            .iter()
            .any(|(sink, state)| *sink == "good" && *state == "done"),
        "{states:?}"
    );
    assert!(
        states
            .iter()
            .any(|(sink, state)| *sink == "bad" && *state == "dead"),
        "{states:?}"
    );

    let delivery = event["delivery"].as_str().unwrap();
    let sheet = get_all(&router, &format!("/api/v1/deliveries/{delivery}?reveal=true"))
        .await
        .json();
    assert_eq!(sheet["events"].as_array().unwrap().len(), 1);
    assert_eq!(sheet["delivery"]["read"], true);
    assert!(sheet["body"]["payload"]["body"] == "canary-text 0", "{sheet}");

    for missing in [
        "/api/v1/events/0199c0de-7c00-7000-8000-000000000000/0".to_owned(),
        "/api/v1/deliveries/0199c0de-7c00-7000-8000-000000000000".to_owned(),
        format!("/api/v1/events/{delivery}/7"),
    ] {
        let answer = get(&router, &missing).await;
        assert_eq!(
            (answer.status, &*answer.kind()),
            (StatusCode::NOT_FOUND, "not_found"),
            "{missing}"
        );
    }
}

#[tokio::test]
async fn p_what_is_masked_shows_neither_numbers_nor_texts() {
    let scene = Scene::with(3).await;
    let router = scene.router();
    let list = get(&router, "/api/v1/events").await;
    let id = list.json()["events"][0]["id"].as_str().unwrap().to_owned();
    let delivery = id.split('/').next().unwrap();
    let token = bearer();
    for path in [
        "/api/v1/events".to_owned(),
        "/api/v1/dead".to_owned(),
        format!("/api/v1/events/{id}"),
        format!("/api/v1/deliveries/{delivery}"),
        "/api/v1/status".to_owned(),
        "/metrics".to_owned(),
        "/ready".to_owned(),
    ] {
        // With the token as well, unless it is said that it is to be revealed.
        for headers in [&[][..], &[("authorization", &*token)]] {
            let answer = ask(&router, Method::GET, &path, headers, "").await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            for canary in CANARIES {
                assert!(
                    !answer.text.contains(canary),
                    "{path} shows {canary}: {}",
                    answer.text
                );
            }
        }
    }
    // The canaries are there to be found.
    let revealed = get_all(&router, &format!("/api/v1/events/{id}?reveal=true"))
        .await
        .text;
    assert!(revealed.contains("15557770002") && revealed.contains("canary-text"));
    // One conversation has one stand-in, whatever message it is.
    let list = list.json();
    let chats: Vec<_> = list["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["chat"])
        .collect();
    assert!(
        chats
            .iter()
            .all(|chat| *chat == chats[0] && chat.as_str().unwrap().starts_with('~')),
        "{chats:?}"
    );
}

#[tokio::test]
async fn p_every_sample_of_every_provider_is_masked_whole() {
    // What the samples say about persons and in words: each is looked for in what is shown of it.
    for provider in wahook_providers::PROVIDERS.iter().map(|row| row.id) {
        let mut scene = Scene::empty();
        scene.shop = wahook_testkit::inbox::Deliveries::of(provider, "shop");
        for sample in wahook_testkit::samples(provider) {
            let incoming = scene.shop.sample(&sample.name());
            wahook_core::inbox::Inbox::accept(&*scene.inbox, incoming)
                .await
                .unwrap();
        }
        scene.work().await;
        let router = scene.router();
        let page = get_all(&router, "/api/v1/events?limit=1000&reveal=true")
            .await
            .json();
        let events = page["events"].as_array().unwrap();
        assert!(events.len() > 10, "{provider}");
        for event in events {
            let id = event["id"].as_str().unwrap();
            let revealed = get_all(&router, &format!("/api/v1/events/{id}?reveal=true"))
                .await
                .json();
            let masked = get(&router, &format!("/api/v1/events/{id}")).await.text;
            for secret in persons_and_texts(&revealed["normalised"]) {
                assert!(
                    !masked.contains(&secret),
                    "{provider} {id} shows {secret:?}: {masked}"
                );
            }
        }
    }
}

/// Every text below a field that tells who or what was said.
fn persons_and_texts(event: &serde_json::Value) -> Vec<String> {
    fn walk(name: &str, value: &serde_json::Value, found: &mut Vec<String>) {
        use serde_json::Value;
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(name, value, found)),
            Value::Array(list) => list.iter().for_each(|value| walk(name, value, found)),
            Value::String(text) => {
                let of_person = [
                    "phone", "jid", "lid", "username", "name", "text", "caption", "emoji", "title",
                ];
                if of_person.contains(&name) && text.len() > 3 && text != "false" {
                    found.push(text.clone());
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk("", &event["data"], &mut found);
    // A name that is a word of ours, such as `status`, stands there for other reasons.
    found.retain(|text| text.contains(|c: char| c.is_ascii_digit() || c == ' '));
    found
}

#[tokio::test]
async fn g_dead_letters_are_retried_and_dropped_by_what_names_them() {
    let scene = Scene::with(4).await;
    let router = scene.router();
    let page = get(&router, "/api/v1/dead?limit=3").await.json();
    let dead = page["dead"].as_array().unwrap();
    assert_eq!(dead.len(), 3);
    assert_eq!(dead[0]["sink"], "bad");
    assert!(
        dead[0]["error"].as_str().unwrap().starts_with("HTTP 422"),
        "{dead:?}"
    );
    let rest = get(&router, &format!("/api/v1/dead?before={}", page["next"]))
        .await
        .json();
    assert_eq!(rest["dead"].as_array().unwrap().len(), 1);

    let ids = scene.dead().await;
    let answer = post(
        &router,
        "/api/v1/dead/retry",
        &format!(r#"{{"id":[{}]}}"#, ids[0]),
    )
    .await;
    assert_eq!(answer.json()["count"], 1);
    assert_eq!(scene.dead().await.len(), 3);
    let answer = post(&router, "/api/v1/dead/drop", r#"{"sink":"good"}"#).await;
    assert_eq!(answer.json()["count"], 0);
    for nothing_said in ["{}", r#"{"limit":1000}"#, ""] {
        let answer = post(&router, "/api/v1/dead/drop", nothing_said).await;
        assert_eq!(
            (answer.status, &*answer.kind()),
            (StatusCode::BAD_REQUEST, "question")
        );
    }
    assert_eq!(scene.dead().await.len(), 3);
    let answer = post(
        &router,
        "/api/v1/dead/drop",
        r#"{"sink":"bad","kind":["message.received"]}"#,
    )
    .await;
    assert_eq!(answer.json()["count"], 3);
    assert!(scene.dead().await.is_empty());
}

#[tokio::test]
async fn i3_what_waits_for_a_sink_that_is_gone_is_told_and_can_be_dropped() {
    let scene = Scene::with(3).await;
    let router = scene.router();
    scene.wait_for("gone", 3).await;
    scene.wait_for("good", 1).await;
    let status = get(&router, "/api/v1/status").await.json();
    let findings = status["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        findings[0]["why"],
        "gone is not configured; 3 waiting: configure it again, or `wahook dead drop --sink gone --waiting`"
    );
    let shop = &status["inbox"]["endpoints"][0];
    assert_eq!((&shop["name"], &shop["waiting"]), (&"shop".into(), &4.into()));
    for refused in [
        r#"{"sink":"good"}"#,
        "{}",
        r#"{"sink":""}"#,
        r#"{"sink":"gone","limit":0}"#,
        r#"{"sink":"gone","all":true}"#,
    ] {
        let answer = post(&router, "/api/v1/dead/drop-waiting", refused).await;
        assert_eq!(
            (answer.status, &*answer.kind()),
            (StatusCode::BAD_REQUEST, "question"),
            "{refused}"
        );
    }
    assert_eq!(scene.waiting().await, 4);
    for count in [2, 1, 0] {
        let answer = post(
            &router,
            "/api/v1/dead/drop-waiting",
            r#"{"sink":"gone","limit":2}"#,
        )
        .await;
        assert_eq!(answer.json()["count"], count);
    }
    assert_eq!((scene.waiting().await, scene.dead().await.len()), (1, 3));
}

/// Nobody knows which sinks there are: nothing is dropped, and nothing is said of them.
#[tokio::test]
async fn i5_without_the_names_of_the_sinks_nothing_that_waits_is_dropped() {
    let scene = Scene::with(1).await;
    let state = scene.state().sinks(admin::SinkNames::default());
    let router = admin::router(state.token(wahook_core::Secret::new(crate::admin_scene::TOKEN).unwrap()));
    scene.wait_for("gone", 1).await;
    let answer = post(&router, "/api/v1/dead/drop-waiting", r#"{"sink":"gone"}"#).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(scene.waiting().await, 1);
    let status = get(&router, "/api/v1/status").await.json();
    assert_eq!(status["findings"], serde_json::json!([]));
}

#[tokio::test]
async fn i4_a_replay_says_how_many_and_a_dry_one_changes_nothing() {
    let scene = Scene::with(3).await;
    let router = scene.router();
    let ask = r#"{"events":{"chat":"15557770002@c.us"},"dry_run":true}"#;
    let answer = post(&router, "/api/v1/replay", ask).await.json();
    assert_eq!((&answer["events"], &answer["deliveries"]), (&3.into(), &3.into()));
    assert_eq!(scene.waiting().await, 0);
    let answer = post(
        &router,
        "/api/v1/replay",
        r#"{"events":{"limit":2,"order":"oldest"},"all":true,"to":"good"}"#,
    )
    .await
    .json();
    assert_eq!(answer["events"], 2);
    assert!(answer["next"].is_i64());
    assert_eq!(scene.waiting().await, 2);
    let answer = post(&router, "/api/v1/replay", "{}").await;
    assert_eq!(answer.kind(), "question");
    for dry_run in [false, true] {
        let ask = format!(r#"{{"events":{{}},"all":true,"to":"godo","dry_run":{dry_run}}}"#);
        let answer = post(&router, "/api/v1/replay", &ask).await;
        assert_eq!(answer.kind(), "question");
        assert_eq!(
            answer.json()["error"]["message"],
            "there is no sink `godo`; did you mean `good`?"
        );
    }
    assert_eq!(scene.waiting().await, 2);
}

#[tokio::test]
async fn a_sink_that_is_away_is_told_until_it_is_back() {
    let scene = Scene::with(1).await;
    let state = scene.state();
    let metrics = Metrics::new(Arc::clone(&scene.clock) as _, [7; 16]);
    let router = admin::router(state.metrics(metrics.clone()));
    let worker = metrics.of_worker(Arc::new(TracingObserver::default()));
    let findings = async || get(&router, "/api/v1/status").await.json()["findings"].clone();
    worker.observe(&Signal::Paused {
        sink: "good",
        pause: Duration::from_secs(1),
    });
    scene.wait_for("good", 1).await;
    let away =
        "good is away; 1 waiting, which go on by themselves once it is back: the log says why it is away";
    assert_eq!(
        findings().await,
        serde_json::json!([{ "part": "sink", "why": away }])
    );
    worker.observe(&Signal::Resumed { sink: "good" });
    assert_eq!(findings().await, serde_json::json!([]));
}

#[tokio::test]
async fn i5_an_inbox_that_does_not_answer_is_503_and_says_so() {
    let scene = Scene::with(1).await;
    let router = scene.router();
    scene.inbox.begin_outage(StoreErrorKind::Unavailable);
    for path in ["/api/v1/events", "/api/v1/dead", "/api/v1/status"] {
        let answer = get(&router, path).await;
        assert_eq!(
            (answer.status, &*answer.kind()),
            (StatusCode::SERVICE_UNAVAILABLE, "inbox"),
            "{path}"
        );
    }
    let answer = post(&router, "/api/v1/dead/retry", r#"{"all":true}"#).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    // The process lives; it is not ready, and metrics are told all the same.
    assert_eq!(get(&router, "/health").await.status, StatusCode::OK);
    let answer = get(&router, "/ready").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["troubles"][0]["part"], "inbox");
    let answer = get(&router, "/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.ends_with("# EOF\n") && !answer.text.contains("wahook_inbox_unread"));
    scene.inbox.end_outage();
    assert_eq!(get(&router, "/ready").await.status, StatusCode::OK);
    assert!(
        get(&router, "/metrics")
            .await
            .text
            .contains("wahook_inbox_unread 0")
    );
}

#[tokio::test]
async fn what_parts_say_of_themselves_makes_the_gateway_unready() {
    let scene = Scene::empty();
    let router = scene.router();
    scene.health.trouble("workers", "no worker runs; start it again");
    let answer = get(&router, "/ready").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.json()["troubles"][0]["why"],
        "no worker runs; start it again"
    );
    assert_eq!(get(&router, "/api/v1/status").await.json()["ready"], false);
    scene.health.well("workers");
    assert_eq!(get(&router, "/ready").await.status, StatusCode::OK);
}

#[tokio::test]
async fn many_collectors_are_one_question_of_the_inbox() {
    let scene = Scene::empty();
    let router = scene.router();
    assert_eq!(get(&router, "/ready").await.status, StatusCode::OK);
    // If it were asked, it would fail.
    scene.inbox.fail_next(Verb::Ask, StoreErrorKind::Slow);
    for path in ["/ready", "/metrics", "/api/v1/status"] {
        assert_eq!(get(&router, path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn p_hostile_questions_are_answered_as_such() {
    let scene = Scene::with(1).await;
    let router = scene.router();
    for path in [
        "/api/v1/events?limit=-1",
        "/api/v1/events?limit=1e9",
        "/api/v1/events?chat=%00",
        "/api/v1/events?chat=%ff%fe%00",
        "/api/v1/events?%00=1",
        "/api/v1/events?kind=';drop table events;--",
        "/api/v1/events?after=99999999999999999999999",
        "/api/v1/events?reveal=maybe",
        "/api/v1/events?since=0",
        "/api/v1/dead?id=1,2,x",
        "/api/v1/dead?order=newest",
        "/api/v1/events/../../etc/passwd",
        "/api/v1/events/%2e%2e%2f/0",
        "/api/v1/events/0199c0de-7c00-7000-8000-000000000000/-1",
        "/api/v1/events/0199c0de-7c00-7000-8000-000000000000/99999999999999999999",
        "/api/v1/deliveries/%00",
        "/api/v1/deliveries/%ff",
        "/api/v1/events/stream?limit=1",
    ] {
        let answer = get(&router, path.replace(' ', "%20").as_str()).await;
        assert!(answer.status.is_client_error(), "{path}: {answer:?}");
        answer.kind();
    }
    let huge = format!("{{\"sink\":\"{}\"}}", "x".repeat(1 << 20));
    let answer = post(&router, "/api/v1/dead/drop", &huge).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    answer.kind();
    assert_eq!(scene.dead().await.len(), 1);
    let answer = ask(&router, Method::POST, "/api/v1/events", &[], "").await;
    assert_eq!(
        (answer.status, &*answer.kind()),
        (StatusCode::METHOD_NOT_ALLOWED, "method")
    );
    let answer = get(&admin::router(scene.state()), "/nowhere").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

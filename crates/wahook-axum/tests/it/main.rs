//! The axum front, over real sockets where that matters.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, OriginalUri, Query, State},
    routing::{any, post},
};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;
use wahook_axum::{Delivery, Events, WebhookLayer, accept, endpoint};
use wahook_core::{
    Challenge, Clock, Endpoint, Secret,
    guard::Token,
    inbox::{Desk, Inbox},
    proof::ClientAddr,
};
use wahook_providers::{wawp, wazapin};
use wahook_testkit::{ManualClock, inbox::MemoryInbox};
use wahook_tower::{Intake, Stack};

const WAZAPIN: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const WAWP: &str = "0123456789abcdef";
const STATUS: &str =
    r#"{"message_id":"m-1","conversation_id":"c-1","status":"read","organization_id":"org_1"}"#;
const MESSAGE: &str = r#"{"id":"evt_1","timestamp":1767225600123,"event":"message","session":"A1","payload":{"id":"false_15550000002@c.us_3EB0AA","timestamp":1767225600,"from":"15550000002@c.us","fromMe":false,"body":"hi"},"engine":"GOWS"}"#;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::default())
}

fn signed(
    endpoint: &Endpoint,
    secret: &str,
    path: &str,
    body: &'static str,
    clock: &ManualClock,
) -> Request<Body> {
    let uri: Uri = path.parse().unwrap();
    let secret = Secret::new(secret).unwrap();
    let signed = endpoint
        .verifier()
        .recipe()
        .sign(&secret, body.as_bytes(), "msg_1", clock.now(), &uri)
        .unwrap();
    let uri = match &signed.query {
        Some((name, value)) => format!("{uri}&{name}={value}").parse().unwrap(),
        None => uri,
    };
    let mut request = Request::post(uri).body(Body::from(body)).unwrap();
    request.headers_mut().extend(signed.headers);
    request
}

async fn answer(app: Router, request: Request<Body>) -> (StatusCode, String) {
    let answer = app.oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn extractors_and_state_work_behind_the_stack() {
    async fn handler(
        State(state): State<Arc<str>>,
        Query(query): Query<Vec<(String, String)>>,
        OriginalUri(original): OriginalUri,
        Events(events): Events,
        delivery: Delivery<wazapin::Event>,
        body: Bytes,
    ) {
        assert_eq!(&*state, "state");
        assert_eq!(query, [("lang".to_owned(), "pt".to_owned())]);
        assert_eq!(original, "/api/hooks/shop?lang=pt");
        assert_eq!(events.len(), 1);
        assert_eq!(delivery.items.len(), 1);
        assert_eq!(delivery.delivery.provider_id.as_deref(), Some("msg_1"));
        assert_eq!(body, STATUS);
    }
    let clock = clock();
    let shop = wazapin::endpoint("shop", WAZAPIN).unwrap();
    let route = endpoint(
        Stack::new(shop.clone()).clock(clock.clone()),
        handler,
        Arc::<str>::from("state"),
    );
    let app = Router::new().nest("/api", Router::new().route("/hooks/shop", route));
    let request = || signed(&shop, WAZAPIN, "/api/hooks/shop?lang=pt", STATUS, &clock);
    assert_eq!(
        answer(app.clone(), request()).await,
        (StatusCode::OK, r#"{"received":true}"#.to_owned())
    );
    assert_eq!(
        answer(app, request()).await,
        (StatusCode::OK, r#"{"received":true}"#.to_owned())
    );
}

#[tokio::test]
async fn v3_a_query_token_is_gone_from_every_uri_that_a_handler_can_ask_for() {
    async fn handler(uri: Uri, OriginalUri(original): OriginalUri, request: axum::extract::Request) {
        for uri in [&uri, &original, request.uri()] {
            assert_eq!(uri.query(), Some("lang=pt"));
        }
        assert!(!format!("{request:?}").contains(WAWP));
    }
    let line = wawp::endpoint("line", WAWP).unwrap();
    let route = endpoint(Stack::new(line.clone()), handler, ());
    let app = Router::new().nest("/api", Router::new().route("/line", route));
    let request = signed(&line, WAWP, "/api/line?lang=pt", MESSAGE, &clock());
    assert_eq!(answer(app, request).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_layer_for_routes_does_the_same() {
    async fn handler(Events(events): Events, OriginalUri(original): OriginalUri) {
        assert_eq!((events.len(), original.query()), (1, Some("lang=pt")));
    }
    let line = wawp::endpoint("line", WAWP).unwrap();
    let app = Router::new()
        .route("/line", post(handler))
        .route_layer(WebhookLayer::new(Stack::new(line.clone())));
    let request = || signed(&line, WAWP, "/line?lang=pt", MESSAGE, &ManualClock::default());
    assert_eq!(
        answer(app.clone(), request()).await,
        (StatusCode::OK, r#"{"received":true}"#.to_owned())
    );
    assert_eq!(
        answer(app.clone(), request()).await,
        (StatusCode::OK, r#"{"received":true}"#.to_owned())
    );
    let forged = Request::post("/line").body(Body::from(MESSAGE)).unwrap();
    assert_eq!(
        answer(app, forged).await,
        (StatusCode::UNAUTHORIZED, String::new())
    );
}

#[tokio::test]
async fn an_extractor_outside_the_stack_answers_500_and_names_the_cause() {
    let app = Router::new().route("/", any(|_: Events| async {}));
    let (status, text) = answer(app, Request::post("/").body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text.contains("wahook_axum::endpoint"), "{text}");
}

#[tokio::test]
async fn a_handler_that_asks_for_another_providers_events_makes_the_provider_try_again() {
    let clock = clock();
    let shop = wazapin::endpoint("shop", WAZAPIN).unwrap();
    let stack = Stack::new(shop.clone()).clock(clock.clone());
    let app = Router::new().route("/", endpoint(stack, |_: Delivery<wawp::Event>| async {}, ()));
    let (status, _) = answer(app, signed(&shop, WAZAPIN, "/?", STATUS, &clock)).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn n1_malformed_is_200_and_kept_or_the_status_that_the_endpoint_wants() {
    let clock = clock();
    for (endpoint_of, status) in [
        (wazapin::endpoint("shop", WAZAPIN).unwrap(), StatusCode::OK),
        (
            wazapin::endpoint("shop", WAZAPIN)
                .unwrap()
                .answer_malformed(StatusCode::BAD_REQUEST),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let stack = Stack::new(endpoint_of.clone()).clock(clock.clone());
        let app = Router::new().route(
            "/",
            endpoint(
                stack,
                |Events(events): Events| async move { assert_eq!(events.len(), 1) },
                (),
            ),
        );
        assert_eq!(
            answer(
                app,
                signed(&endpoint_of, WAZAPIN, "/?", "{\"message_id\":", &clock)
            )
            .await
            .0,
            status
        );
    }
}

#[tokio::test]
async fn the_peers_address_reaches_the_layers() {
    let line = wawp::endpoint("line", WAWP).unwrap();
    let app = Router::new().route(
        "/",
        endpoint(
            Stack::new(line.clone()),
            |request: axum::extract::Request| async move {
                assert_eq!(
                    request.extensions().get::<ClientAddr>().unwrap().0.to_string(),
                    "192.0.2.7"
                );
            },
            (),
        ),
    );
    let mut request = signed(&line, WAWP, "/?lang=pt", MESSAGE, &ManualClock::default());
    request
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 1234))));
    assert_eq!(answer(app, request).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_method_is_405_and_another_path_404() {
    let shop = wazapin::endpoint("shop", WAZAPIN).unwrap();
    let app = Router::new().route(
        "/hooks/shop",
        endpoint(Stack::new(shop), |_: Events| async {}, ()),
    );
    let get = Request::get("/hooks/shop").body(Body::empty()).unwrap();
    assert_eq!(answer(app.clone(), get).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let other = Request::post("/hooks").body(Body::empty()).unwrap();
    assert_eq!(answer(app, other).await.0, StatusCode::NOT_FOUND);
}

/// Writes all of it, then reads until this many answers have begun; gives what was read.
async fn talk(address: SocketAddr, request: &[u8], answers: usize) -> String {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut read = Vec::new();
    tokio::time::timeout(Duration::from_secs(10), async {
        while String::from_utf8_lossy(&read).matches("HTTP/1.1 ").count() < answers {
            assert_ne!(
                socket.read_buf(&mut read).await.unwrap(),
                0,
                "closed after {}",
                String::from_utf8_lossy(&read)
            );
        }
    })
    .await
    .unwrap();
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn v2_after_an_early_refusal_the_connection_serves_the_next_request() {
    let shop = wazapin::endpoint("shop", WAZAPIN).unwrap();
    let app = Router::new().route(
        "/",
        endpoint(
            Stack::new(shop).limit(|limit| limit.cap(1 << 20)),
            |_: Events| async {},
            (),
        ),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    // Refused by its head, by its length, and by its method; each with a body that is larger than any socket's buffer.
    for (method, length, status) in [
        ("POST", 1 << 20, "403"),
        ("POST", (1 << 20) + 1, "413"),
        ("PUT", 1 << 20, "405"),
    ] {
        let mut one =
            format!("{method} / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        one.resize(one.len() + length, b'x');
        let read = talk(address, &one.repeat(2), 2).await;
        assert_eq!(read.matches(&format!("HTTP/1.1 {status} ")).count(), 2, "{read}");
    }
}

#[tokio::test]
async fn i1_an_inbox_takes_deliveries_in_and_answers_challenges_beside_it() {
    let clock = clock();
    let inbox = Arc::new(MemoryInbox::new(clock.clone()));
    let line = wawp::endpoint("line", WAWP)
        .unwrap()
        .challenge(Challenge::get(Some("a-token-of-ours".try_into().unwrap())));
    let intake = Intake::new(line.clone(), Arc::clone(&inbox) as _).clock(clock.clone());
    let app = Router::new().nest("/api", Router::new().route("/hooks/line", accept(intake)));
    let request = || signed(&line, WAWP, "/api/hooks/line?lang=pt", MESSAGE, &clock);
    let received = (StatusCode::OK, r#"{"received":true}"#.to_owned());
    assert_eq!(answer(app.clone(), request()).await, received);
    assert_eq!(answer(app.clone(), request()).await, received);
    let forged = Request::post("/api/hooks/line")
        .body(Body::from(MESSAGE))
        .unwrap();
    assert_eq!(answer(app.clone(), forged).await.0, StatusCode::UNAUTHORIZED);
    let asked = "/api/hooks/line?hub.mode=subscribe&hub.verify_token=a-token-of-ours&hub.challenge=1158";
    let asked = Request::get(asked).body(Body::empty()).unwrap();
    assert_eq!(
        answer(app.clone(), asked).await,
        (StatusCode::OK, "1158".to_owned())
    );
    let put = Request::put("/api/hooks/line").body(Body::empty()).unwrap();
    assert_eq!(answer(app, put).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let status = inbox.status().await.unwrap();
    assert_eq!((status.deliveries, status.unread), (1, 1));
    let unread = inbox
        .unread(Token::new([7; 16]), 10, 1 << 20, Duration::from_secs(30))
        .await
        .unwrap();
    assert_eq!(unread[0].stored.delivery.body, MESSAGE);
    assert!(!format!("{:?}", unread[0].stored.delivery.headers).contains(WAWP));
}

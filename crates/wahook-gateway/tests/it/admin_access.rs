//! Who may ask the admin API, and what.
//!
//! Longer than 400 lines: all of it asks one list of paths, in every way that is not allowed.

use http::{Method, StatusCode};
use wahook_core::Secret;
use wahook_gateway::admin;

use crate::admin_scene::{Scene, TOKEN, ask, bearer, get, get_all, post};

const LOOKS: [&str; 16] = [
    "/health",
    "/ready",
    "/metrics",
    "/",
    "/dead",
    "/assets/app.js",
    "/api/v1/status",
    "/api/v1/events",
    "/api/v1/dead",
    "/api/v1/arrivals",
    "/api/v1/deliveries/0199c0de-7c00-7000-8000-000000000000/body",
    "/api/v1/refused",
    "/api/v1/endpoints",
    "/api/v1/pace",
    "/api/v1/known?endpoint=shop&id=msg_1",
    "/nowhere",
];
/// What tells nothing of the gateway but that it is one.
const OPEN: [&str; 5] = ["/health", "/ready", "/", "/dead", "/assets/app.js"];
const CHANGES: [&str; 6] = [
    "/api/v1/dead/retry",
    "/api/v1/dead/drop",
    "/api/v1/replay",
    "/api/v1/reload",
    "/api/v1/endpoints/shop/test",
    "/api/v1/deliveries/0199c0de-7c00-7000-8000-000000000000/curl",
];

#[tokio::test]
async fn p_a_name_that_is_not_ours_is_refused_wherever_it_is_used() {
    let scene = Scene::empty();
    let router = admin::router(scene.state().hosts(["Wahook.internal".to_owned()]));
    for good in [
        "localhost",
        "LOCALHOST:8081",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.9.9.9",
        "[::1]:8081",
        "wahook.internal:80",
        "WAHOOK.internal",
    ] {
        let answer = ask(&router, Method::GET, "/health", &[("host", good)], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{good}");
    }
    for bad in [
        "evil.example",
        "evil.example:8081",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "notlocalhost",
        "192.0.2.7",
        "0.0.0.0",
        "[::2]",
        "localhost:8081@evil.example",
        "127.0.0.1@localhost",
        "localhost/evil",
        "",
        "a b",
    ] {
        for path in LOOKS {
            let answer = ask(&router, Method::GET, path, &[("host", bad)], "").await;
            assert!(
                matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST),
                "{bad} {path}: {answer:?}"
            );
            assert_eq!(answer.kind(), "host", "{bad} {path}");
        }
    }
    let two = [("host", "localhost"), ("host", "evil.example")];
    assert_eq!(
        ask(&router, Method::GET, "/health", &two, "").await.kind(),
        "host"
    );
    // As HTTP/2 and absolute forms have it: the address says one thing, the header another.
    let path = "http://evil.example/health";
    assert_eq!(get(&router, path).await.kind(), "host");
    let other = [("host", "evil.example")];
    let path = "http://localhost/health";
    assert_eq!(ask(&router, Method::GET, path, &other, "").await.kind(), "host");
}

#[tokio::test]
async fn p_pages_of_other_sites_are_refused_and_our_own_are_not() {
    let scene = Scene::empty();
    let router = scene.router();
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:9999"),
        ("origin", "http://localhost:8081.evil.example"),
        ("origin", "file://"),
        ("origin", ""),
        ("origin", "localhost:8081"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "anything"),
    ] {
        let token = bearer();
        let headers = [
            (name, value),
            ("authorization", &*token),
            ("x-wahook-request", "1"),
            ("content-type", "application/json"),
        ];
        for (method, path) in LOOKS
            .iter()
            .map(|path| (Method::GET, path))
            .chain(CHANGES.iter().map(|path| (Method::POST, path)))
        {
            let answer = ask(&router, method, path, &headers, "{}").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value} {path}");
            assert_eq!(answer.kind(), "origin");
        }
    }
    for headers in [
        [
            ("origin", "http://localhost:8081"),
            ("sec-fetch-site", "same-origin"),
        ],
        [("sec-fetch-site", "none"), ("accept", "*/*")],
    ] {
        let answer = ask(&router, Method::GET, "/api/v1/events", &headers, "").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn p_a_link_on_another_site_leads_to_the_page_and_to_nothing_else() {
    let scene = Scene::with(2).await;
    let router = scene.router();
    let follow = |dest| {
        [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", dest),
        ]
    };
    for path in ["/", "/dead", "/refused/1"] {
        let answer = ask(&router, Method::GET, path, &follow("document"), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let answer = ask(&router, Method::GET, path, &follow("iframe"), "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/api/v1/events", "/metrics", "/api/v1/live"] {
        let answer = ask(&router, Method::GET, path, &follow("document"), "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let answer = ask(
        &router,
        Method::POST,
        "/api/v1/dead/drop",
        &follow("document"),
        "{}",
    )
    .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn p_nothing_is_changed_without_token_header_and_json() {
    let scene = Scene::with(2).await;
    let router = scene.router();
    let token = bearer();
    let all = [
        ("authorization", &*token),
        ("x-wahook-request", "1"),
        ("content-type", "application/json"),
    ];
    let before = (scene.dead().await, scene.waiting().await);
    assert_eq!(before.0.len(), 2);
    for path in CHANGES {
        for missing in 0..all.len() {
            let mut headers = all.to_vec();
            let (name, _) = headers.remove(missing);
            let answer = ask(&router, Method::POST, path, &headers, r#"{"all":true}"#).await;
            assert!(
                answer.status.is_client_error(),
                "{path} without {name}: {answer:?}"
            );
            answer.kind();
        }
        // What a form of another site could send.
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ] {
            let headers = [
                ("authorization", &*token),
                ("x-wahook-request", "1"),
                ("content-type", kind),
            ];
            let answer = ask(&router, Method::POST, path, &headers, r#"{"all":true}"#).await;
            assert_eq!(answer.kind(), "content_type", "{path} {kind}");
        }
        for method in [
            Method::GET,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::OPTIONS,
        ] {
            let answer = ask(&router, method.clone(), path, &all, r#"{"all":true}"#).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.kind(), "method");
        }
    }
    assert_eq!((scene.dead().await, scene.waiting().await), before);
    let answer = post(&router, "/api/v1/dead/retry", r#"{"all":true}"#).await;
    assert_eq!(answer.json()["count"], 2, "{answer:?}");
}

#[tokio::test]
async fn p_a_wrong_token_is_refused_also_where_none_is_needed() {
    let scene = Scene::empty();
    let router = scene.router();
    let long = "x".repeat(10_000);
    for wrong in [
        "Bearer wrong".to_owned(),
        format!("Bearer {TOKEN}x"),
        format!("Bearer {}", &TOKEN[1..]),
        format!("Basic {TOKEN}"),
        TOKEN.to_owned(),
        "Bearer ".to_owned(),
        "Bearer".to_owned(),
        String::new(),
        format!("Bearer {long}"),
    ] {
        let headers = [("authorization", &*wrong)];
        let answer = ask(&router, Method::GET, "/health", &headers, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
        assert_eq!(answer.kind(), "token_wrong");
        assert!(!answer.text.contains(TOKEN));
    }
    let token = bearer();
    let twice = [("authorization", &*token), ("authorization", &*token)];
    let answer = ask(&router, Method::GET, "/health", &twice, "").await;
    assert_eq!(answer.kind(), "token_wrong");
    let lower = format!("bearer {TOKEN}");
    let answer = ask(&router, Method::GET, "/health", &[("authorization", &lower)], "").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn p_revealing_needs_the_token_on_this_machine_as_well() {
    let scene = Scene::with(1).await;
    let router = scene.router();
    let events = get(&router, "/api/v1/events").await.json();
    assert_eq!(events["masked"], true);
    let id = events["events"][0]["id"].as_str().unwrap().to_owned();
    let delivery = id.split('/').next().unwrap();
    for path in [
        "/api/v1/events?reveal=true".to_owned(),
        "/api/v1/events?reveal".to_owned(),
        "/api/v1/dead?reveal=1".to_owned(),
        format!("/api/v1/events/{id}?reveal=true"),
        format!("/api/v1/deliveries/{delivery}?reveal=true"),
        "/api/v1/events/stream?reveal=true".to_owned(),
    ] {
        let answer = get(&router, &path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.kind(), "token_missing");
        if !path.contains("stream") {
            assert_eq!(get_all(&router, &path).await.json()["masked"], false, "{path}");
        }
    }
    // A gateway without a token reveals and changes nothing, whatever is sent.
    let router = admin::router(scene.state());
    assert_eq!(get(&router, "/api/v1/events").await.status, StatusCode::OK);
    let answer = get(&router, "/api/v1/events?reveal=true").await;
    assert_eq!(
        (answer.status, &*answer.kind()),
        (StatusCode::FORBIDDEN, "token_unset")
    );
    let answer = post(&router, "/api/v1/dead/drop", r#"{"all":true}"#).await;
    assert_eq!(
        (answer.status, &*answer.kind()),
        (StatusCode::FORBIDDEN, "token_unset")
    );
    assert_eq!(scene.dead().await.len(), 1);
}

#[tokio::test]
async fn p_beyond_this_machine_only_probes_and_the_bare_page_go_without_the_token() {
    let scene = Scene::with(1).await;
    let open = || scene.state().listening_on("0.0.0.0:8081".parse().unwrap());
    for router in [
        admin::router(open().token(Secret::new(TOKEN).unwrap())),
        // `bind` refuses this one; if somebody serves it all the same, it shows nothing.
        admin::router(open()),
    ] {
        for path in LOOKS {
            let answer = get(&router, path).await;
            if OPEN.contains(&path) {
                assert_eq!(answer.status, StatusCode::OK, "{path}");
            } else {
                assert!(answer.kind().starts_with("token"), "{path}: {answer:?}");
            }
        }
    }
    let router = admin::router(open().token(Secret::new(TOKEN).unwrap()));
    let token = bearer();
    // Probes and collectors ask by address.
    let headers = [("host", "10.1.2.3:8081"), ("authorization", &*token)];
    let answer = ask(&router, Method::GET, "/metrics", &headers, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    let headers = [("host", "evil.example"), ("authorization", &*token)];
    let answer = ask(&router, Method::GET, "/metrics", &headers, "").await;
    assert_eq!(answer.kind(), "host");

    let address = "0.0.0.0:0".parse().unwrap();
    let failure = admin::bind(address, false).await.unwrap_err();
    assert!(failure.to_string().contains("admin.token_file"), "{failure}");
    assert!(admin::bind(address, true).await.is_ok());
    assert!(admin::bind("127.0.0.1:0".parse().unwrap(), false).await.is_ok());
}

#[tokio::test]
async fn p_every_answer_tells_browsers_to_keep_and_run_nothing() {
    let scene = Scene::empty();
    let router = scene.router();
    for (path, host) in LOOKS
        .iter()
        .map(|path| (path, "localhost"))
        .chain([(&"/", "evil.example")])
    {
        let answer = ask(&router, Method::GET, path, &[("host", host)], "").await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(answer.headers[name], value, "{path} {name}");
        }
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test(start_paused = true)]
async fn p_whoever_says_nothing_or_never_ends_does_not_hold_a_connection() {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    let scene = Scene::empty();
    let listener = admin::bind("127.0.0.1:0".parse().unwrap(), true).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(admin::serve(listener, scene.router(), std::future::pending()));
    for beginning in [
        "",
        "GET /health HTTP/1.1\r\nhost: local",
        "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        // The clock jumps as soon as everybody waits; without a limit this would wait for ever.
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(
            std::time::Duration::from_secs(3_600),
            stream.read_to_end(&mut answer),
        );
        closed.await.expect("it is closed").unwrap();
    }
}

#[tokio::test]
async fn p_the_page_runs_nothing_but_its_own_files() {
    let scene = Scene::empty();
    let page = get(&scene.router(), "/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    // No script stands in it, and none is called from it.
    assert_eq!(
        page.text.matches("<script").count(),
        page.text.matches("<script src=").count() + 1
    );
    assert!(
        page.text
            .contains(r#"<script type="module" src="assets/app.js">"#)
    );
    assert!(!page.text.contains(" on") && !page.text.contains("javascript:"));
    for (path, kind) in [
        ("/assets/app.js", "text/javascript; charset=utf-8"),
        ("/assets/uplot/uPlot.min.css", "text/css; charset=utf-8"),
    ] {
        let file = get(&scene.router(), path).await;
        assert_eq!(
            (file.status, &file.headers["content-type"]),
            (StatusCode::OK, &kind.parse().unwrap())
        );
    }
    for path in [
        "/assets/",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/app.js/",
    ] {
        assert_eq!(
            get(&scene.router(), path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_is_at_home_in_the_router_of_another_app() {
    let scene = Scene::empty();
    let app = axum::Router::new().nest("/ops", scene.router());
    for path in ["/ops", "/ops/refused"] {
        let page = get(&app, path).await;
        assert!(
            page.text.contains(r#"<base href="/ops/">"#),
            "{path}: {}",
            page.text
        );
    }
    assert_eq!(get(&app, "/ops/api/v1/status").await.status, StatusCode::OK);
    let page = get(&app, r#"/ops/deliveries/%22%3E%3Cscript%3E"#).await;
    assert!(page.text.contains(r#"<base href="/ops/">"#) && !page.text.contains("%3C"));
}

//! Stores that cannot be opened, and those that just can.

use std::{io::Write as _, net::TcpListener, time::Duration};

use tokio::time::Instant;
use wahook_core::guard::{OpenError, OpenErrorKind, Settled};
use wahook_redis::{RedisOptions, RedisStore};
use wahook_services::{Proxy, Redis, free_port};

use crate::common::{DUPLICATE, FRESH, LONG, ask, claim, command, complete, key, open, token};

async fn refused(url: &str) -> OpenError {
    let options = RedisOptions::new().connect_deadline(Duration::from_secs(2));
    let error = RedisStore::connect(url, options)
        .await
        .expect_err("it cannot be opened");
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    assert!(!text.contains("s3cret"), "{text}");
    error
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn p1_who_is_refused_is_told_so_without_the_password() {
    let server = Redis::start(&["user app on >right ~* &* +@all"]).expect("a server");
    for user in ["app:s3cret", "nobody:s3cret", ":s3cret"] {
        let error = refused(&server.url().replace("redis://", &format!("redis://{user}@"))).await;
        assert_eq!(error.kind(), OpenErrorKind::Refused, "{error}");
        assert!(error.to_string().contains("password"), "{error}");
    }
    let url = server.url();
    let () = ask(&url, &command("CONFIG SET requirepass right"));
    let error = refused(&url).await;
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    assert!(error.to_string().contains("wants a password"), "{error}");
    let right = open(&url.replace("redis://", "redis://:right@")).await;
    assert_eq!(claim(&right, &key("a"), token(), LONG).await, FRESH);
    assert!(!format!("{right:?}").contains("right"), "{right:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn p2_the_rights_that_are_asked_for_are_enough_and_each_is_needed() {
    const NEEDED: &str =
        "+evalsha +eval +set +get +psetex +del +time +hget +hset +hlen +hscan +hdel +pttl +pexpireat";
    let server = Redis::start(&[]).expect("a server");
    let url = server.url().replace("redis://", "redis://app:s3cret@");
    let set = |rights: &str| {
        let user = format!("ACL SETUSER app reset on >s3cret ~wahook:* {rights}");
        let () = ask(&server.url(), &command(&user));
    };
    set(&format!("{NEEDED} +info +config|get"));
    let full = open(&url).await;
    let holder = token();
    assert_eq!(claim(&full, &key("a"), holder, LONG).await, FRESH);
    assert_eq!(complete(&full, &key("a"), holder).await, Settled::Done);
    assert_eq!(full.assurance().because, "appendonly is no");

    set(NEEDED);
    let blind = open(&url).await;
    assert_eq!(claim(&blind, &key("a"), token(), LONG).await, DUPLICATE);
    assert_eq!(blind.assurance().because, "appendonly could not be read");

    for right in NEEDED.split(' ').filter(|right| *right != "+eval") {
        println!("without {right}");
        set(&NEEDED
            .replace(&format!("{right} "), "")
            .replace(&format!(" {right}"), ""));
        let error = refused(&url).await;
        assert_eq!(error.kind(), OpenErrorKind::Refused, "without {right}");
        assert!(error.to_string().contains("+pexpireat on the keys"), "{error}");
    }
    let user = format!("ACL SETUSER app reset on >s3cret ~other:* {NEEDED}");
    let () = ask(&server.url(), &command(&user));
    assert_eq!(refused(&url).await.kind(), OpenErrorKind::Refused, "not its keys");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_nobody_there_is_said_in_time() {
    let port = free_port().expect("a port");
    let error = refused(&format!("redis://app:s3cret@127.0.0.1:{port}")).await;
    assert_eq!(error.kind(), OpenErrorKind::Unreachable);
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
    assert_eq!(
        refused("redis+unix:///nowhere/redis.sock").await.kind(),
        OpenErrorKind::Unreachable
    );
    assert_eq!(
        refused("redis://no-such-host.invalid").await.kind(),
        OpenErrorKind::Unreachable
    );

    let server = Redis::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a proxy");
    proxy.stall();
    let begun = Instant::now();
    assert_eq!(
        refused(&server.url_at(&proxy.address())).await.kind(),
        OpenErrorKind::Unreachable
    );
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());

    // Plain words to a port that is not Redis, and TLS to one that is not TLS.
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = other.local_addr().expect("an address");
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().expect("a client");
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .expect("it reads");
    });
    assert_eq!(
        refused(&format!("redis://{address}")).await.kind(),
        OpenErrorKind::Unreachable
    );
    answering.join().expect("it answered");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_a_server_that_cannot_keep_the_guard_is_refused() {
    let cluster = Redis::start(&["cluster-enabled yes"]).expect("a server");
    let error = refused(&cluster.url()).await;
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    assert!(error.to_string().contains("Cluster"), "{error}");

    let replica = Redis::start(&["replicaof 127.0.0.1 1"]).expect("a server");
    let error = refused(&replica.url()).await;
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    assert!(error.to_string().contains("replica"), "{error}");

    let server = Redis::start(&["databases 2"]).expect("a server");
    let error = refused(&format!("{}/7", server.url())).await;
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    assert!(error.to_string().contains("database number"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g6_a_socket_file_will_do() {
    let server =
        Redis::start(&["unixsocket redis.sock", "user app on >s3cret ~* &* +@all"]).expect("a server");
    let path = server.data_dir().join("redis.sock");
    let url = format!("redis+unix://{}?user=app&pass=s3cret&db=3", path.display());
    let store = open(&url).await;
    assert_eq!(claim(&store, &key("a"), token(), LONG).await, FRESH);
    let keys: Vec<String> = ask(&format!("{}/3", server.url()), &command("KEYS *"));
    assert_eq!(keys, ["wahook:guard:1:d:shop:a"]);
}

#[tokio::test]
async fn p1_a_prefix_that_is_none_is_refused_before_anybody_is_asked() {
    for prefix in ["", "a b", "a\n", "a\0", &"x".repeat(65)] {
        let options = RedisOptions::new().prefix(prefix);
        let error = RedisStore::connect("redis://127.0.0.1:1", options)
            .await
            .expect_err("no prefix");
        assert_eq!(error.kind(), OpenErrorKind::Address, "{prefix:?}");
    }
}

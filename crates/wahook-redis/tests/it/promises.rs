//! What a store says that it promises.

use std::time::Duration;

use wahook_core::{Assurance, Guarantee};
use wahook_services::Redis;

use crate::common::{ask, command, open};

async fn assurance(settings: &[&str]) -> Assurance {
    let server = Redis::start(settings).expect("a server");
    open(&server.url()).await.assurance().clone()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn i1_only_a_server_that_writes_before_it_answers_survives_power_loss() {
    let safe = assurance(&["appendonly yes", "appendfsync always"]).await;
    assert_eq!(safe.guarantee, Guarantee::SurvivesPowerLoss);
    assert!(safe.because.contains("appendfsync is always"), "{}", safe.because);
    assert_eq!(safe.warnings, [] as [&str; 0]);

    for (settings, because) in [
        (&[][..], "appendonly is no"),
        (
            &["appendonly no", "appendfsync always", "save 1 1"],
            "appendonly is no",
        ),
        (&["appendonly yes"], "appendfsync is everysec"),
        (&["appendonly yes", "appendfsync no"], "appendfsync is no"),
        (
            &[
                "appendonly yes",
                "appendfsync always",
                "no-appendfsync-on-rewrite yes",
            ],
            "no-appendfsync-on-rewrite is yes",
        ),
    ] {
        let less = assurance(settings).await;
        assert_eq!(less.guarantee, Guarantee::ProcessCrashOnly, "{settings:?}");
        assert_eq!(less.because, because);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g9_a_server_that_throws_marks_away_is_warned_about() {
    let evicting = assurance(&["maxmemory 100mb", "maxmemory-policy allkeys-lru"]).await;
    let [warning] = evicting.warnings.as_slice() else {
        panic!("{:?}", evicting.warnings);
    };
    assert!(
        warning.contains("allkeys-lru") && warning.contains("noeviction"),
        "{warning}"
    );
    let keeping = assurance(&["maxmemory 100mb", "maxmemory-policy noeviction"]).await;
    assert_eq!(keeping.warnings, [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn i1_what_may_not_be_read_is_not_promised() {
    let server = Redis::start(&[
        "appendonly yes",
        "appendfsync always",
        "user app on >s3cret ~* &* +@all -config",
    ]);
    let server = server.expect("a server");
    let url = server.url().replace("redis://", "redis://app:s3cret@");
    let known = open(&url).await;
    assert_eq!(known.assurance().guarantee, Guarantee::ProcessCrashOnly);
    assert_eq!(known.assurance().because, "appendfsync could not be read");
    assert!(!format!("{known:?}").contains("s3cret"), "{known:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn i1_a_server_with_replicas_promises_less() {
    let primary = Redis::start(&[
        "appendonly yes",
        "appendfsync always",
        "repl-diskless-sync-delay 0",
    ]);
    let primary = primary.expect("a server");
    let _replica = Redis::start(&[&format!("replicaof 127.0.0.1 {}", primary.port())]).expect("a server");
    for _ in 0..500 {
        let info: String = ask(&primary.url(), &command("INFO replication"));
        if info.contains("connected_slaves:1") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let store = open(&primary.url()).await;
    let assurance = store.assurance();
    assert_eq!(assurance.guarantee, Guarantee::ProcessCrashOnly);
    assert!(
        assurance
            .warnings
            .iter()
            .any(|warning| warning.contains("failover")),
        "{assurance:?}"
    );
}

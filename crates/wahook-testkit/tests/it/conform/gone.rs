//! A receiver that ends of what it is sent, and one that was never there.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{Request, StatusCode},
    routing::post,
};
use wahook_core::{BoxFuture, Secret};
use wahook_testkit::{
    Sender,
    conform::{
        Body, Conform, ConformErrorKind, InProcess, Observe, ObserveError, Reply, Scenario, Verdict, Wire,
    },
};

use super::URL;

/// For how many more requests a process is not there.
#[derive(Clone, Debug, Default)]
struct Process(Arc<AtomicU64>);

/// More than are ever sent.
const FOR_EVER: u64 = u64::MAX;

impl Process {
    fn ends(&self, for_requests: u64) {
        self.0.store(for_requests, Ordering::SeqCst);
    }

    fn is_gone(&self) -> bool {
        let one_less = |left: u64| left.checked_sub(1);
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
    }
}

/// A server that is not reached while its process is gone.
#[derive(Debug)]
struct Server {
    app: InProcess<Router>,
    process: Process,
}

impl Wire for Server {
    fn exchange(&self, request: Request<Body>) -> BoxFuture<'_, Reply> {
        if self.process.is_gone() {
            return Box::pin(async { Reply::Unreachable("connection refused".to_owned()) });
        }
        self.app.exchange(request)
    }
}

/// Is asked at the same server.
#[derive(Debug)]
struct Asked(Process);

impl Observe for Asked {
    fn handled(&self) -> BoxFuture<'_, Result<u64, ObserveError>> {
        Box::pin(async {
            if self.0.is_gone() {
                return Err(ObserveError::new("connection refused"));
            }
            Ok(0)
        })
    }
}

/// A receiver whose process ends, for so many requests, when it reads lists in each other.
fn kit(for_requests: u64) -> (Conform, Process) {
    let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let hook = wahook_providers::wazapin::endpoint("hook", secret).unwrap();
    let process = Process::default();
    let ending = process.clone();
    let receive = async move |body: Bytes| {
        if body.starts_with(b"[[[[") {
            ending.ends(for_requests);
            panic!("the stack has no more room");
        }
        StatusCode::OK
    };
    let server = Server {
        app: InProcess::new(Router::new().route("/hook", post(receive))),
        process: process.clone(),
    };
    let sender = Sender::new(hook, Secret::new(secret).unwrap(), URL.parse().unwrap());
    (Conform::new(sender, server), process)
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_ends_of_a_scenario_has_failed_it_and_the_report_is_whole() {
    let (kit, _) = kit(FOR_EVER);
    let report = kit.run().await.unwrap();
    assert_eq!(report.scenarios.len(), Scenario::ALL.len());
    let finding = report.finding(Scenario::Malformed).unwrap();
    assert_eq!(finding.verdict, Verdict::Fail, "{report}");
    let said = finding.advice.join("\n");
    let expected = "it was gone after 20,000 lists in each other (connection refused)";
    assert!(said.contains(expected), "{report}");
    // What came after it was not played.
    let finding = report.finding(Scenario::Oversize).unwrap();
    assert_eq!(finding.verdict, Verdict::NotObservable, "{report}");
    assert!(
        finding.sent.is_empty() && finding.advice[0].contains("not played"),
        "{report}"
    );
    assert!(!report.is_sound());
}

#[tokio::test(start_paused = true)]
async fn what_a_supervisor_starts_anew_is_played_on() {
    let (kit, _) = kit(4);
    let report = kit.run().await.unwrap();
    let verdict = |scenario| report.finding(scenario).unwrap().verdict;
    assert_eq!(verdict(Scenario::Malformed), Verdict::Fail, "{report}");
    assert!(
        !report.finding(Scenario::Oversize).unwrap().sent.is_empty(),
        "{report}"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_be_asked_because_it_is_gone_has_failed() {
    let (kit, process) = kit(FOR_EVER);
    let report = kit
        .observe(Asked(process.clone()))
        .only([Scenario::Malformed, Scenario::UnknownEvent, Scenario::HangUp])
        .patience(Duration::from_secs(1))
        .run()
        .await
        .unwrap();
    assert_eq!(report.scenarios.len(), 3, "{report}");
    assert_eq!(
        report.finding(Scenario::Malformed).unwrap().verdict,
        Verdict::Fail,
        "{report}"
    );
    // It ended between two scenarios, and the first to notice is a question.
    process.ends(0);
    let (kit, process) = self::kit(FOR_EVER);
    let ended = process.clone();
    let report = kit
        .observe(Asked(process))
        .only([Scenario::Unsigned, Scenario::WrongSecret])
        .on_finding(move |_| ended.ends(FOR_EVER))
        .run()
        .await
        .unwrap();
    let finding = report.finding(Scenario::WrongSecret).unwrap();
    assert_eq!(finding.verdict, Verdict::Fail, "{report}");
    assert!(finding.advice[0].contains("gone when this began"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn nobody_ever_there_is_an_error() {
    let (kit, process) = kit(FOR_EVER);
    process.ends(FOR_EVER);
    let error = kit.run().await.unwrap_err();
    assert_eq!(error.kind(), ConformErrorKind::Unreachable, "{error}");
}

#[tokio::test(start_paused = true)]
async fn each_finding_is_told_as_soon_as_it_is_there() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let (kit, _) = kit(FOR_EVER);
    let report = kit
        .on_finding(move |finding| hears.lock().unwrap().push(finding.to_string()))
        .run()
        .await
        .unwrap();
    let told = told.lock().unwrap();
    assert_eq!(
        format!("{}\n{}", told.join("\n"), report.summary()),
        report.to_string()
    );
    assert_eq!(told.len(), Scenario::ALL.len());
}

/// Takes connections, and nothing comes of them: they end, or they do not.
#[derive(Clone, Copy, Debug)]
struct Mute {
    hangs: bool,
}

impl Wire for Mute {
    fn exchange(&self, _: Request<Body>) -> BoxFuture<'_, Reply> {
        let hangs = self.hangs;
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Reply::Closed(Some("not HTTP".to_owned()))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn who_answers_nothing_passes_nothing_and_is_not_waited_for_again_and_again() {
    let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let kit = |hangs| {
        let hook = wahook_providers::wazapin::endpoint("hook", secret).unwrap();
        let sender = Sender::new(hook, Secret::new(secret).unwrap(), URL.parse().unwrap());
        Conform::new(sender, Mute { hangs })
    };
    for hangs in [false, true] {
        let begin = tokio::time::Instant::now();
        let report = kit(hangs).run().await.unwrap();
        assert!(
            begin.elapsed() < 3 * Duration::from_secs(30),
            "{:?}",
            begin.elapsed()
        );
        assert_eq!(report.count(Verdict::Fail), 1, "{report}");
        assert_eq!(
            report.count(Verdict::NotObservable),
            Scenario::ALL.len() - 1,
            "{report}"
        );
        assert_eq!(
            report.to_string().contains("closed (not HTTP)"),
            !hangs,
            "{report}"
        );
        for scenario in [Scenario::Slow, Scenario::SilentRefusal] {
            let report = kit(hangs).only([scenario]).run().await.unwrap();
            assert_eq!(report.count(Verdict::Pass), 0, "{report}");
        }
    }
}

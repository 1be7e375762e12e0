//! Rotations that go well, and each way in which they fail.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use wahook_testkit::ManualClock;

use super::*;

const OLD: &str = "old-secret-old-secret";
const NEW: &str = "new-secret-new-secret";

/// A gateway that reads the file, or does not.
struct Gateway<'a> {
    file: &'a Path,
    is_blind: AtomicBool,
}

impl Seen for Gateway<'_> {
    fn by_all(&self, mark: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        self.until(Some(mark))
    }

    fn until(&self, rotating: Option<Timestamp>) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            if self.is_blind.load(Ordering::Relaxed) {
                return Err(Failure::io("it does not look"));
            }
            assert_eq!(SecretFile::read(self.file).unwrap().rotating, rotating);
            Ok(())
        })
    }
}

type Answer = Result<Secret, NotRotated>;

struct Outcome {
    result: Result<Timestamp, Failure>,
    /// The file when the provider was asked, and at the end.
    then: String,
    now: String,
    /// What lies beside it at the end to be found again, and who may read it.
    rescued: Vec<(String, u32)>,
}

fn rotate(answer: fn() -> Answer, is_blind: bool) -> Outcome {
    rotate_with(&format!("{OLD}\n"), |_| answer(), is_blind)
}

/// The provider is asked, and gives this answer.
fn rotate_with(text: &str, answer: impl Fn(&Path) -> Answer, is_blind: bool) -> Outcome {
    rotate_before(text, is_blind, |path, _| answer(path))
}

/// The same before the eyes of a gateway that may go blind.
fn rotate_before(text: &str, is_blind: bool, answer: impl Fn(&Path, &AtomicBool) -> Answer) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, text).unwrap();
    let seen = Gateway {
        file: &path,
        is_blind: AtomicBool::new(is_blind),
    };
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let then = Mutex::new(String::new());
    let rotation = Rotation {
        command: "wahook secrets rotate shop",
        file: &path,
        ask: &|| {
            *then.lock().unwrap() = fs::read_to_string(&path).unwrap();
            let answer = answer(&path, &seen.is_blind);
            // Whoever watches the rest of the world is heard before.
            Box::pin(async {
                tokio::task::yield_now().await;
                answer
            })
        },
        fits: &|secret| match secret.expose().contains("****") {
            true => Err(Failure::io("not base64")),
            false => Ok(()),
        },
        overlap: Duration::from_secs(86_400),
        clock: &clock,
        seen: &seen,
        tell: &|_| {},
    };
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(rotation.run());
    let then = then.lock().unwrap().clone();
    let beside = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
    let rescued = beside.filter(|entry| entry.file_name().to_string_lossy().contains(".rescued-"));
    let rescued = rescued.map(|entry| {
        let text = fs::read_to_string(entry.path()).unwrap();
        (text, entry.metadata().unwrap().permissions().mode() & 0o777)
    });
    Outcome {
        result,
        then,
        // Whoever answers may have taken it away.
        now: fs::read_to_string(&path).unwrap_or_default(),
        rescued: rescued.collect(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
fn new() -> Answer {
    Ok(Secret::new(NEW).unwrap())
}

#[test]
fn v5_a_mismatch_is_excused_before_the_provider_is_asked_and_both_secrets_are_valid_afterwards() {
    let done = rotate(new, false);
    let until = "2026-01-02T00:00:00Z".parse().unwrap();
    assert_eq!(done.result.unwrap(), until);
    assert_eq!(done.then, format!("{OLD}\nrotating 2026-01-01T00:10:00Z\n"));
    assert_eq!(done.now, format!("{NEW}\nprevious 2026-01-02T00:00:00Z {OLD}\n"));
}

#[test]
fn v5_what_fails_leaves_what_works() {
    let refused = rotate(|| Err(NotRotated::Surely(Failure::io("401"))), false);
    assert!(
        refused
            .result
            .unwrap_err()
            .to_string()
            .contains("nothing was changed: 401")
    );
    assert_eq!(refused.now, format!("{OLD}\n"));

    // Perhaps it was done: what does not fit goes on being asked to come again.
    let lost = rotate(|| Err(NotRotated::Perhaps(Failure::io("no answer"))), false);
    assert!(lost.result.unwrap_err().to_string().contains("rotate once more"));
    assert_eq!(lost.now, format!("{OLD}\nrotating 2026-01-01T00:10:00Z\n"));

    // A gateway that would refuse what the provider signs: it is not asked.
    let blind = rotate(|| unreachable!(), true);
    assert!(
        blind
            .result
            .unwrap_err()
            .to_string()
            .contains("nothing was changed: it does not look")
    );
    assert_eq!(blind.now, format!("{OLD}\n"));
    assert_eq!(blind.then, "");
}

#[test]
fn v5_of_two_rotations_at_once_the_second_is_refused_before_it_changes_anything() {
    let done = rotate_with(
        &format!("{OLD}\n"),
        |path| {
            let second = Rotation {
                command: "wahook secrets rotate shop",
                file: path,
                ask: &|| unreachable!(),
                fits: &|_| Ok(()),
                overlap: Duration::from_secs(1),
                clock: &ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()),
                seen: &Gateway {
                    file: path,
                    is_blind: AtomicBool::new(true),
                },
                tell: &|_| {},
            };
            let refused = futures_util::FutureExt::now_or_never(second.run()).unwrap();
            assert!(refused.unwrap_err().to_string().contains("another `wahook`"));
            new()
        },
        false,
    );
    done.result.unwrap();
    assert_eq!(done.now, format!("{NEW}\nprevious 2026-01-02T00:00:00Z {OLD}\n"));
}

#[test]
fn v5_what_a_person_writes_meanwhile_is_not_written_over() {
    const THEIRS: &str = "their-secret-their-secret";
    let write = |path: &Path| fs::write(path, format!("{THEIRS}\n")).unwrap();
    let refused = rotate_with(
        OLD,
        |path| {
            write(path);
            Err(NotRotated::Surely(Failure::io("401")))
        },
        false,
    );
    assert_eq!(refused.now, format!("{THEIRS}\n"));
    let done = rotate_with(
        OLD,
        |path| {
            write(path);
            new()
        },
        false,
    );
    assert_eq!(
        done.now,
        format!("{NEW}\nprevious 2026-01-02T00:00:00Z {THEIRS}\n")
    );
}

#[test]
fn v5_a_text_that_is_no_secret_is_not_written() {
    for text in ["whsec_****", "two\nlines", "changeme"] {
        let answer = |_: &Path| Ok(Secret::dangerous_published(text).unwrap());
        let lost = rotate_with(OLD, answer, false);
        let failure = lost.result.unwrap_err();
        assert!(failure.is_perhaps());
        let said = failure.to_string();
        assert!(said.contains("does not tell a secret that can be used"), "{said}");
        assert!(
            said.contains("--new-secret-file") && !said.contains(text),
            "{said}"
        );
        assert_eq!(lost.now, format!("{OLD}\nrotating 2026-01-01T00:10:00Z\n"));
    }
}

#[test]
fn v5_the_mark_of_an_answer_that_was_lost_outlives_another_try() {
    let lost = format!("{OLD}\nrotating 2026-01-01T00:05:00Z\n");
    let answer = |_: &Path| Err(NotRotated::Surely(Failure::io("429")));
    assert_eq!(rotate_with(&lost, answer, false).now, lost);
    assert_eq!(rotate_with(&lost, |_| unreachable!(), true).now, lost);
    // One that is over is not brought back.
    let over = format!("{OLD}\nrotating 2025-12-31T23:59:59Z\n");
    assert_eq!(rotate_with(&over, answer, false).now, format!("{OLD}\n"));
    // Nor does what is known now end it: what was signed meanwhile is still on its way.
    let known = rotate_with(&lost, |_| Ok(Secret::new(NEW).unwrap()), false);
    assert!(known.result.is_ok());
    assert!(
        known.now.ends_with("rotating 2026-01-01T00:05:00Z\n"),
        "{}",
        known.now
    );
}

#[test]
fn v5_whoever_asks_to_stop_waits_until_the_secret_is_written() {
    use rustix::process::{Signal, getpid, kill_process};
    let done = rotate_with(
        OLD,
        |_| {
            for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
                kill_process(getpid(), signal).unwrap();
            }
            new()
        },
        false,
    );
    done.result.unwrap();
    assert_eq!(done.now, format!("{NEW}\nprevious 2026-01-02T00:00:00Z {OLD}\n"));
}

#[test]
fn v5_an_answer_that_tells_the_secret_of_before_is_no_rotation() {
    let same = rotate(|| Ok(Secret::new(OLD).unwrap()), false);
    let failure = same.result.unwrap_err();
    assert!(failure.is_perhaps());
    assert!(failure.to_string().contains("the secret of before"), "{failure}");
    assert_eq!(same.now, format!("{OLD}\nrotating 2026-01-01T00:10:00Z\n"));
}

#[test]
fn v5_a_new_secret_that_its_file_does_not_take_is_kept_beside_it() {
    let done = rotate_with(
        OLD,
        |path| {
            // Nothing can take the place of a folder.
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            new()
        },
        false,
    );
    let failure = done.result.unwrap_err();
    assert!(failure.is_perhaps());
    let said = failure.to_string();
    assert!(!said.contains(NEW), "{said}");
    let (_, rescued) = said.split_once("It is in ").unwrap();
    let (rescued, advice) = rescued.split_once(": ").unwrap();
    assert!(
        advice.contains(&format!(
            "`wahook secrets rotate shop --new-secret-file {rescued}`"
        )),
        "{said}"
    );
    assert_eq!(done.rescued, [(format!("{NEW}\n"), 0o600)]);
}

#[test]
fn v5_a_gateway_that_does_not_take_the_new_secret_up_is_not_passed_over_in_silence() {
    let done = rotate_before(OLD, false, |_, is_blind| {
        is_blind.store(true, Ordering::Relaxed);
        new()
    });
    let failure = done.result.unwrap_err();
    assert!(failure.is_perhaps());
    assert!(failure.to_string().contains("has not taken it up"), "{failure}");
    // Both are valid wherever the file is read, and what fits neither comes again.
    assert_eq!(
        done.now,
        format!("{NEW}\nprevious 2026-01-02T00:00:00Z {OLD}\nrotating 2026-01-01T00:02:00Z\n")
    );
}

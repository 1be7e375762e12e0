//! What is played, one function for each scenario.

mod bodies;
mod copies;
mod doors;
mod forged;
mod genuine;
mod limits;
mod work;

use super::{ConformError, Scenario, Verdict, report::Finding, stage::Stage};

/// How a scenario ends, unless it cannot be played.
type Played = Result<(), ConformError>;

/// Plays the scenario of this finding, and fills it in.
pub(super) async fn play(stage: &Stage, finding: &mut Finding) -> Played {
    match finding.scenario {
        Scenario::Genuine => genuine::one(stage, finding).await,
        Scenario::EveryEvent => genuine::every_event(stage, finding).await,
        Scenario::RawBytes => genuine::raw_bytes(stage, finding).await,
        Scenario::SecondSignature => genuine::second_signature(stage, finding).await,
        Scenario::Unsigned => forged::unsigned(stage, finding).await,
        Scenario::WeakSignature => forged::weak_signature(stage, finding).await,
        Scenario::WrongSecret => forged::wrong_secret(stage, finding).await,
        Scenario::TamperedBody => forged::tampered_body(stage, finding).await,
        Scenario::TamperedId => forged::tampered_id(stage, finding).await,
        Scenario::TamperedTime => forged::tampered_time(stage, finding).await,
        Scenario::TamperedSignature => forged::tampered_signature(stage, finding).await,
        Scenario::ReEncoded => forged::re_encoded(stage, finding).await,
        Scenario::Stale => forged::stale(stage, finding).await,
        Scenario::Future => forged::future(stage, finding).await,
        Scenario::SilentRefusal => forged::silent_refusal(stage, finding).await,
        Scenario::ParsedTooEarly => forged::parsed_too_early(stage, finding).await,
        Scenario::Duplicate => copies::duplicate(stage, finding).await,
        Scenario::Retried => copies::retried(stage, finding).await,
        Scenario::Replayed => copies::replayed(stage, finding).await,
        Scenario::Concurrent => copies::concurrent(stage, finding).await,
        Scenario::ForgedFirst => copies::forged_first(stage, finding).await,
        Scenario::Conflict => copies::conflict(stage, finding).await,
        Scenario::Reordered => copies::reordered(stage, finding).await,
        Scenario::Batch => bodies::batch(stage, finding).await,
        Scenario::UnknownEvent => bodies::unknown_event(stage, finding).await,
        Scenario::Malformed => bodies::malformed(stage, finding).await,
        Scenario::Oversize => limits::oversize(stage, finding).await,
        Scenario::Slow => limits::slow(stage, finding).await,
        Scenario::WrongMethod => doors::wrong_method(stage, finding).await,
        Scenario::Handshake => doors::handshake(stage, finding).await,
        Scenario::HangUp => work::hang_up(stage, finding).await,
        Scenario::FailedWork => work::failed_work(stage, finding).await,
    }
}

/// Whether the application handled as many events as it should have.
async fn expect_handled(
    stage: &Stage,
    finding: &mut Finding,
    before: Option<u64>,
    expected: u64,
    wrong: Wrong,
) -> Played {
    match stage.handled_since(before, awaited(finding, expected)).await? {
        None => not_seen(finding),
        Some(count) => {
            finding.saw(format!("handled: {count}"));
            if count < expected {
                too_few(stage, finding, count, wrong.too_few)?;
            } else if count > expected {
                finding.fail(wrong.too_many);
            }
        }
    }
    Ok(())
}

/// What was refused is not waited for.
fn awaited(finding: &Finding, expected: u64) -> u64 {
    if finding.verdict < Verdict::Fail {
        expected
    } else {
        0
    }
}

/// Less was handled than was answered. Who counts by a name that is not there would say that of everybody.
fn too_few(stage: &Stage, finding: &mut Finding, count: u64, advice: &str) -> Played {
    // What was refused is not handled, and that is said already.
    if finding.verdict < Verdict::Fail {
        if count == 0 {
            stage.can_tell()?;
        }
        finding.fail(advice);
    }
    Ok(())
}

/// The answers are all that is known.
fn not_seen(finding: &mut Finding) {
    // A wrong answer is enough to know.
    if finding.verdict < Verdict::Warn {
        finding.raise(
            Verdict::NotObservable,
            "the answers are right; how often it was handled, only the application can tell: let it be asked",
        );
    }
}

/// What to do where it handled another number of events.
#[derive(Clone, Copy, Debug)]
struct Wrong {
    too_few: &'static str,
    too_many: &'static str,
}

/// Where only answers can be judged: what is refused must not be handled either.
async fn expect_nothing(stage: &Stage, finding: &mut Finding, before: Option<u64>) -> Played {
    if let Some(count) = stage.handled_since(before, 0).await?
        && count > 0
    {
        finding.saw(format!("handled: {count}"));
        // What was taken was not refused, and that is said already.
        if finding.verdict < Verdict::Fail {
            finding.fail(
                "what was refused was handled all the same: do nothing before the proof has been looked at",
            );
        }
    }
    Ok(())
}

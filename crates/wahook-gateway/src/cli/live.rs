//! Whether providers really deliver here: what they are set up for, and whether a test delivery arrives and verifies.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::{
    found::{Found, is_stale, not_registered},
    known::known,
    managed::Managed,
    table::clean,
};
use crate::{
    Failure,
    admin::client::Client,
    config::Route,
    doctor::Finding,
    manage::{Registered, Side, side},
};

/// How long a test delivery may take to arrive.
const DEADLINE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Asks the providers of all endpoints with `[endpoint.manage]`; tells what was found, and in words what is well.
pub(super) async fn look(managed: &Managed<'_>) -> Result<(Vec<Finding>, Vec<String>), Failure> {
    let mut findings = Vec::new();
    let mut well = Vec::new();
    let client = managed.running().await?;
    for route in managed.some(None)? {
        let name = route.endpoint.name();
        let error = |what: String| Finding::error(Some(name.to_owned()), what);
        let side = match side(route) {
            Ok(side) => side,
            Err(failure) => {
                findings.push(error(failure.to_string()));
                continue;
            }
        };
        match side.accounts().await {
            Ok(accounts) => well.extend(
                accounts
                    .iter()
                    .map(|account| format!("{name}: {}", clean(account))),
            ),
            Err(failure) => findings.push(error(failure.to_string())),
        }
        if !side.lists() {
            // Whatever is set up there, nobody can look.
            well.push(format!(
                "{name}: the provider documents no call that tells what it delivers to"
            ));
            continue;
        }
        let found = match Found::of(managed, &*side, route).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                findings.push(error(not_registered(route)));
                continue;
            }
            Err(failure) => {
                findings.push(error(failure.to_string()));
                continue;
            }
        };
        let of = &found.registered;
        let wrong = set_up(route, &found);
        if wrong.is_empty() {
            well.push(format!("{name}: the provider delivers to it"));
        }
        findings.extend(wrong);
        if !side.tests() {
            well.push(format!(
                "{name}: the provider documents no call for a test delivery"
            ));
            continue;
        }
        let Some(client) = &client else {
            findings.push(Finding::warning(
                Some(name.to_owned()),
                "no gateway runs with this configuration, so no test delivery was asked for; start `wahook serve`",
            ));
            continue;
        };
        match try_out(&*side, of, route, client).await {
            Ok(said) => well.push(format!("{name}: {said}")),
            Err(failure) => findings.push(error(failure.to_string())),
        }
    }
    Ok((findings, well))
}

/// What is wrong with how the provider is set up.
fn set_up(route: &Route, found: &Found) -> Vec<Finding> {
    let of = &found.registered;
    let name = route.endpoint.name();
    let error = |what: String| Finding::error(Some(name.to_owned()), what);
    let mut findings = Vec::new();
    if !found.is_current {
        findings.push(error(is_stale(route)));
    }
    if !found.stale.is_empty() && found.is_current {
        let what = "the provider delivers to it with tokens of before as well, which is refused";
        let advice = format!("`wahook endpoints update {name}` has it do so no more");
        findings.push(Finding::warning(Some(name.to_owned()), what).advise(advice));
    }
    if of.is_enabled == Some(false) {
        let what = "the provider has stopped delivering to it, as providers do after days of failures";
        findings.push(error(what.to_owned()).advise("switch it on in the provider's dashboard"));
    }
    let wanted = route.manage.iter().flat_map(|manage| &manage.config.events);
    let missing: Vec<&str> = match &of.events {
        Some(events) => wanted
            .filter(|event| !events.contains(event))
            .map(String::as_str)
            .collect(),
        // All, or not told.
        None => Vec::new(),
    };
    if !missing.is_empty() {
        findings.push(
            error(format!("the provider does not deliver {}", missing.join(", ")))
                .advise(format!("`wahook endpoints update {name}` has it do so")),
        );
    }
    findings
}

#[derive(Deserialize)]
struct Arrivals {
    arrivals: Vec<Arrival>,
    next: u64,
}

#[derive(Deserialize)]
struct Arrival {
    endpoint: String,
    outcome: String,
    reason: Option<String>,
}

/// Has the provider send something, and waits until it is in the inbox.
async fn try_out(
    side: &dyn Side,
    of: &Registered,
    route: &Route,
    client: &Client,
) -> Result<String, Failure> {
    let name = route.endpoint.name();
    // Where the journal ends before.
    let mut after = arrivals(client, u64::MAX).await?.next;
    let begun = Instant::now();
    let id = side.test(of).await?;
    let end = Instant::now() + DEADLINE;
    let arrived = || {
        let what = match &id {
            Some(_) => "a test delivery arrived and was verified",
            // Which one it was nobody tells.
            None => "a test delivery was asked for, and one arrived and was verified",
        };
        format!("{what} after {} ms", begun.elapsed().as_millis())
    };
    let (mut came, mut refused) = (false, None);
    // Looked at once more when the time is over.
    loop {
        let is_over = Instant::now() >= end;
        let page = arrivals(client, after).await?;
        after = page.next;
        for one in page.arrivals.iter().filter(|one| one.endpoint == name) {
            match &*one.outcome {
                "stored" | "duplicate" => came = true,
                "refused" => refused = one.reason.clone(),
                _ => {}
            }
        }
        // Somebody's, if its id is not told: it verified, which is what was asked. An id alone says nothing: where each
        // test has the same one, it is known from the test before.
        let is_it = match &id {
            Some(id) if came => known(client, route, &[id]).await? == [true],
            _ => came,
        };
        if is_it {
            return Ok(arrived());
        }
        if is_over {
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    // What was refused beside others that were taken is hardly the test.
    let why = match refused.filter(|_| id.is_none() || !came) {
        Some(reason) => format!(
            "; what came was refused: {}. The inspector says more, and so does `wahook verify`",
            reason.replace('_', " ")
        ),
        None if came => "; what came was verified, and had other ids".to_owned(),
        None => "; does public_url lead to this gateway, from where the provider is?".to_owned(),
    };
    Err(Failure::io(format!(
        "a test delivery was asked for and did not arrive within {} s{why}",
        DEADLINE.as_secs()
    )))
}

async fn arrivals(client: &Client, after: u64) -> Result<Arrivals, Failure> {
    let page = client
        .look(&format!("/api/v1/arrivals?after={after}&limit=1000"))
        .await?;
    page.ok_or_else(|| Failure::io("the gateway that answers is of an earlier release"))
}

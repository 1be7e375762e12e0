//! `wahook status`: how the inbox and its sinks are.

use serde::Serialize;

use super::{
    ask::{self, Where},
    table::{clean, table},
};
use crate::{Failure, Outcome, admin::status::StatusForm, output};

/// Says how the inbox and its sinks are: exit code 0 if all is well, 1 if there are dead letters, troubles or findings.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: Where,
}

#[derive(Serialize)]
struct Json<'a> {
    /// A gateway runs and answered.
    running: bool,
    dead: u64,
    #[serde(flatten)]
    status: &'a StatusForm,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    super::runtime()?.block_on(async {
        let client = args.place.client().await?;
        let Some(status) = client.look::<StatusForm>("/api/v1/status").await? else {
            return Err(Failure::io(
                "whoever answers there has no status; it is of another release",
            ));
        };
        let dead = status.inbox.sinks.iter().map(|sink| sink.dead).sum();
        let running = client.is_running();
        if json {
            output::json(&Json {
                running,
                dead,
                status: &status,
            })?;
        } else {
            output::text(&text(&status, running, dead))?;
        }
        Ok(
            if dead == 0 && status.troubles.is_empty() && status.findings.is_empty() {
                Outcome::Done
            } else {
                Outcome::NotSo
            },
        )
    })
}

fn text(status: &StatusForm, running: bool, dead: u64) -> String {
    let inbox = &status.inbox;
    let now = ask::now();
    let age = |oldest: Option<jiff::Timestamp>| oldest.map_or_else(String::new, |at| span(at, now));
    let mut lines = vec![
        if running {
            format!("gateway    {} runs", status.version)
        } else {
            "gateway    does not run".to_owned()
        },
        format!("guarantee  {} ({})", status.guarantee, clean(&status.because)),
        format!(
            "inbox      {} deliveries, {} unread{}, {} bytes{}",
            inbox.deliveries,
            inbox.unread,
            if inbox.unreadable == 0 {
                String::new()
            } else {
                format!(", {} unreadable", inbox.unreadable)
            },
            inbox.bytes,
            match inbox.oldest {
                Some(_) => format!(", the oldest unfinished {} old", age(inbox.oldest)),
                None => ", all finished".to_owned(),
            }
        ),
    ];
    for warning in &status.warnings {
        lines.push(format!("warning    {}", clean(warning)));
    }
    for trouble in &status.troubles {
        lines.push(format!(
            "trouble    {}: {}",
            clean(&trouble.part),
            clean(&trouble.why)
        ));
    }
    for finding in &status.findings {
        lines.push(format!(
            "finding    {}: {}",
            clean(&finding.part),
            clean(&finding.why)
        ));
    }
    if !inbox.endpoints.is_empty() {
        let rows: Vec<_> = inbox
            .endpoints
            .iter()
            .map(|endpoint| {
                vec![
                    endpoint.name.to_string(),
                    endpoint.unread.to_string(),
                    endpoint.waiting.to_string(),
                    age(endpoint.oldest),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.push(table(&["ENDPOINT", "UNREAD", "WAITING", "OLDEST"], &rows));
        if inbox.endpoints_cut {
            lines.push("more waits than was looked at: these are numbers of a part of it".to_owned());
        }
    }
    if !inbox.sinks.is_empty() {
        let rows: Vec<_> = inbox
            .sinks
            .iter()
            .map(|sink| {
                vec![
                    sink.name.to_string(),
                    sink.waiting.to_string(),
                    sink.lanes.to_string(),
                    sink.blocked.to_string(),
                    sink.dead.to_string(),
                    age(sink.oldest),
                ]
            })
            .collect();
        // A table ends with an empty line.
        if inbox.endpoints.is_empty() {
            lines.push(String::new());
        }
        lines.push(table(
            &["SINK", "WAITING", "LANES", "BLOCKED", "DEAD", "OLDEST"],
            &rows,
        ));
    }
    if dead > 0 {
        lines.push(format!("{dead} dead letters; see `wahook dead list`"));
    }
    lines.join("\n")
}

/// How long ago, in the two largest units.
fn span(at: jiff::Timestamp, now: jiff::Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_two_units() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        for (seconds, text) in [
            (-5, "0s"),
            (59, "59s"),
            (61, "1m 1s"),
            (7_325, "2h 2m"),
            (190_000, "2d 4h"),
        ] {
            let at = now - jiff::SignedDuration::from_secs(seconds);
            assert_eq!(span(at, now), text);
        }
    }
}

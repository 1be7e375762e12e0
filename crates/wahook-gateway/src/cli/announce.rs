//! What `wahook serve` says when it starts, on stderr: stdout belongs to events.

use std::{env, net::SocketAddr, path::Path};

use form_urlencoded::byte_serialize;
use serde_json::{Value, json};
use wahook_core::Assurance;

use super::{gateway::Way, serve::Plan};
use crate::{
    admin::AdminPlace,
    config::{Development, Route, SinkPlan},
    inbox::InboxOpened,
    output,
    stores::{Opened, Stores},
    trial,
};

pub(super) fn announce(plan: &Plan, way: &Way, stores: &Stores, address: SocketAddr, json: bool) {
    let scheme = if plan.built.tls.is_some() { "https" } else { "http" };
    let local = format!("{scheme}://{address}");
    let public = plan
        .config
        .public_url
        .as_deref()
        .unwrap_or(&local)
        .trim_end_matches('/');
    if json {
        let endpoints: Vec<_> = plan
            .built
            .routes
            .iter()
            .map(|route| as_json(plan, route, public))
            .collect();
        let guards: Vec<_> = stores.all.iter().map(|guard| guard_as_json(guard)).collect();
        let inbox = match way {
            Way::Inbox(boxed) => inbox_as_json(&boxed.opened),
            Way::HandOver(_) => Value::Null,
        };
        let sinks: Vec<_> = plan.built.sinks.iter().map(sink_as_json).collect();
        let all = json!({
            "listening": local,
            "endpoints": endpoints,
            "inbox": inbox,
            "admin": admin(way).map(|place| &place.url),
            "guards": guards,
            "sinks": sinks,
        });
        output::notice(&all.to_string());
        return;
    }
    for route in &plan.built.routes {
        let provider = route.endpoint.provider().id();
        match plan.development.iter().find(|one| one.route.path == route.path) {
            Some(one) => development(one, &local, plan.config.public_url.as_deref()),
            None => output::notice(&format!(
                "{} ({provider}): {public}{}",
                route.endpoint.name(),
                route.path
            )),
        }
    }
    if !plan.development.is_empty() {
        output::notice("\ndevelopment mode: for trying things out; Ctrl-C ends it");
    }
    if let Way::Inbox(boxed) = way {
        let inbox = &boxed.opened;
        let Assurance {
            guarantee,
            because,
            warnings,
            ..
        } = inbox.assurance();
        output::notice(&format!(
            "inbox: {} {}, {guarantee} ({because})",
            inbox.name, inbox.place
        ));
        for warning in warnings {
            output::notice(&format!("  warning: {warning}"));
        }
    }
    if let Some(place) = admin(way) {
        output::notice(&format!("admin: {}", place.url));
        output::notice(&format!("inspector: {}", inspector(place)));
    }
    for sink in &plan.built.sinks {
        output::notice(&format!("sink {}: {}", sink.name, sink.to.shown()));
    }
    for guard in &stores.all {
        // Whose guard it is goes without saying where there is one.
        let whose = match stores.all.as_slice() {
            [_] => String::new(),
            _ => format!(" of {}", guard.endpoints.join(", ")),
        };
        output::notice(&format!("guard{whose}: {}", guarantee(guard)));
        for warning in &guard.assurance.warnings {
            output::notice(&format!("  warning: {warning}"));
        }
    }
    output::notice(&format!("listening on {local}"));
}

/// A store, what survives of what it is told, and why.
pub(super) fn guarantee(guard: &Opened) -> String {
    let assurance = &guard.assurance;
    format!("{}, {} ({})", guard.name, assurance.guarantee, assurance.because)
}

/// Where operators look.
fn admin(way: &Way) -> Option<&AdminPlace> {
    match way {
        Way::Inbox(boxed) => boxed.admin.as_ref().map(|admin| &admin.place),
        Way::HandOver(_) => None,
    }
}

/// The page, with the token behind the `#` where only who sits there sees it: browsers send that part nowhere.
fn inspector(place: &AdminPlace) -> String {
    match &place.token {
        Some(token) if output::stderr_is_terminal() => {
            let token: String = byte_serialize(token.expose().as_bytes()).collect();
            format!("{}/#token={token}", place.url)
        }
        _ => format!("{}/", place.url),
    }
}

fn inbox_as_json(inbox: &InboxOpened) -> Value {
    let assurance = inbox.assurance();
    json!({
        "store": inbox.name,
        "place": inbox.place,
        "guarantee": assurance.guarantee.as_str(),
        "because": assurance.because,
        "warnings": assurance.warnings,
    })
}

fn sink_as_json(sink: &SinkPlan) -> Value {
    json!({ "name": sink.name, "to": sink.to.shown() })
}

fn guard_as_json(guard: &Opened) -> Value {
    json!({
        "store": guard.name,
        "endpoints": guard.endpoints,
        "guarantee": guard.assurance.guarantee.as_str(),
        "because": guard.assurance.because,
        "warnings": guard.assurance.warnings,
    })
}

fn as_json(plan: &Plan, route: &Route, public: &str) -> Value {
    let development = plan.development.iter().find(|one| one.route.path == route.path);
    json!({
        "name": route.endpoint.name(),
        "provider": route.endpoint.provider().id(),
        "path": route.path,
        "url": format!("{public}{}", route.path),
        "secret_file": development.map(|one| one.secret_file.display().to_string()),
    })
}

fn development(one: &Development, local: &str, public: Option<&str>) {
    let row = one.provider;
    let path = &one.route.path;
    output::notice(&format!("\n{}: {path}", row.title));
    let event = trial::sample(&one.route.endpoint).map_or_else(|| "all".to_owned(), |sample| sample.name());
    output::notice(&format!(
        "  try it:  {} send {} {} --to {local}{path} --secret-file {}",
        program(),
        row.id,
        quoted(&event),
        quoted(&one.secret_file.display().to_string())
    ));
    // A secret on a screen is seen by who sits there; in a file of logs, by everybody who reads logs.
    let secret = if output::stderr_is_terminal() {
        one.secret.expose().to_owned()
    } else {
        format!("(the secret in {})", one.secret_file.display())
    };
    let url = match public {
        Some(public) => format!("{}{path}", public.trim_end_matches('/')),
        None => format!("https://YOUR-HOST{path}"),
    };
    for (index, step) in row.steps(&url, &secret).iter().enumerate() {
        output::notice(&format!("  set up {}: {step}", index + 1));
    }
    if public.is_none() && !row.setup.is_empty() {
        output::notice("  (--public-url https://… completes the URL)");
    }
}

/// How this program is called from a shell: by name where the shell would find it, else by its path.
fn program() -> String {
    let Ok(own) = env::current_exe() else {
        return "wahook".to_owned();
    };
    let same = |found: &Path| found.canonicalize().ok() == own.canonicalize().ok();
    let found = env::var_os("PATH").and_then(|path| {
        env::split_paths(&path)
            .map(|folder| folder.join("wahook"))
            .find(|file| file.is_file())
    });
    match found {
        Some(found) if same(&found) => "wahook".to_owned(),
        _ => quoted(&own.display().to_string()),
    }
}

/// A word of a shell's line.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

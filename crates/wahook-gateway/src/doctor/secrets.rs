//! Where secrets lie, and who can read them there.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use super::report::Finding;
use crate::{
    config::{Loaded, is_secret},
    stores::StoreAddress,
};

pub(super) fn look(loaded: &Loaded) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = &loaded.config;
    let written = loaded.written();
    // What stands in the file stands there, also where a variable is put over it.
    let mut in_file = false;
    if written
        .get("store")
        .is_some_and(|store| has_credentials(store, loaded))
    {
        in_file = true;
        findings.push(store_in_file(None, "WAHOOK_STORE"));
    }
    if written
        .get("inbox")
        .is_some_and(|inbox| has_credentials(inbox, loaded))
    {
        in_file = true;
        findings.push(address_in_file("inbox", "inbox_file", "WAHOOK_INBOX"));
    }
    if written
        .get("admin")
        .is_some_and(|admin| admin.get("token").is_some())
    {
        in_file = true;
        findings.push(
            Finding::warning(
                None,
                "the admin token stands in the configuration, and goes wherever that is copied",
            )
            .advise("move it into a file of its own: token_file = \"…\""),
        );
    }
    let sinks = written.get("sink").and_then(toml::Value::as_array);
    for sink in sinks.into_iter().flatten() {
        let name = sink.get("name").and_then(toml::Value::as_str).unwrap_or_default();
        if sink.get("secret").or(sink.get("secrets")).is_some() {
            in_file = true;
            let text = format!(
                "the secret of the sink `{name}` stands in the configuration, and goes wherever that is copied"
            );
            let advice = "move it into a file of its own: secret_file = \"…\"";
            findings.push(Finding::warning(None, text).advise(advice));
        }
        if sink
            .get("address")
            .is_some_and(|address| has_credentials(address, loaded))
        {
            in_file = true;
            findings.push(address_in_file(
                &format!("sink `{name}`"),
                "address_file",
                "WAHOOK_SINK__…__ADDRESS",
            ));
        }
        in_file |= sink.get("headers").is_some();
    }
    let endpoints = written.get("endpoint").and_then(toml::Value::as_array);
    for endpoint in endpoints.into_iter().flatten() {
        let name = endpoint
            .get("name")
            .and_then(toml::Value::as_str)
            .map(str::to_owned);
        if endpoint.get("secret").or(endpoint.get("secrets")).is_some() {
            in_file = true;
            findings.push(
                Finding::warning(
                    name.clone(),
                    "its secret stands in the configuration, and goes wherever that is copied",
                )
                .advise("move it into a file of its own: secret_file = \"…\""),
            );
        }
        if endpoint
            .get("store")
            .is_some_and(|store| has_credentials(store, loaded))
        {
            in_file = true;
            findings.push(store_in_file(name, "WAHOOK_ENDPOINT__…__STORE"));
        }
    }
    let options = config.endpoint.iter().flat_map(|endpoint| &endpoint.options);
    in_file |= options
        .into_iter()
        .any(|(name, value)| is_secret(name) && matches!(value, Value::String(_)));

    if in_file {
        findings.extend(of_file(None, Path::new(loaded.file())));
    }
    let named = config.files();
    let secret = named.iter().filter(|file| file.is_secret);
    findings.extend(secret.filter_map(|file| of_file(file.endpoint, &loaded.folder.join(file.path))));
    findings
}

fn has_credentials(store: &toml::Value, loaded: &Loaded) -> bool {
    // A broker's is of no store: who is asked stands before the `@` all the same.
    let authority = store
        .as_str()
        .and_then(|text| Some(text.split_once("://")?.1.split('/').next()?.contains('@')));
    if authority == Some(true) {
        return true;
    }
    let address = store
        .as_str()
        .map(|text| StoreAddress::parse(text, &loaded.folder));
    address.is_some_and(|address| address.is_ok_and(|address| address.has_credentials()))
}

fn store_in_file(endpoint: Option<String>, variable: &str) -> Finding {
    Finding::warning(
        endpoint,
        "the password of the store stands in the configuration, and goes wherever that is copied",
    )
    .advise(format!(
        "move the address into a file of its own, store_file = \"…\", or into the variable {variable}"
    ))
}

fn address_in_file(whose: &str, key: &str, variable: &str) -> Finding {
    Finding::warning(
        None,
        format!("the password of the {whose} stands in the configuration, and goes wherever that is copied"),
    )
    .advise(format!(
        "move the address into a file of its own, {key} = \"…\", or into the variable {variable}"
    ))
}

/// What others may do with a file that holds a secret. One that is not there is somebody else's finding.
fn of_file(endpoint: Option<&str>, file: &Path) -> Option<Finding> {
    let found = file.canonicalize().ok()?;
    let mode = fs::metadata(&found).ok()?.permissions().mode();
    let reached = found
        .ancestors()
        .skip(1)
        .all(|folder| fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & 0o001 != 0));
    let shown = file.display();
    let chmod = format!("chmod 600 {shown}, and make it belong to the user that runs wahook");
    match mode {
        _ if !reached => None,
        mode if mode & 0o002 != 0 => Some(
            Finding::error(
                endpoint.map(str::to_owned),
                format!("every user of this machine can change {shown}, which holds a secret"),
            )
            .advise(chmod),
        ),
        mode if mode & 0o004 != 0 => Some(
            Finding::warning(
                endpoint.map(str::to_owned),
                format!("every user of this machine can read {shown}, which holds a secret"),
            )
            .advise(chmod),
        ),
        _ => None,
    }
}

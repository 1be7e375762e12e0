//! Licences and duplicate versions of what we stand on, without the network. The lists are those of deny.toml.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;

use crate::{
    cargo,
    step::{Done, Failure, Outcome},
    tools,
};

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Skip>,
}

#[derive(Deserialize)]
struct Skip {
    /// `name@version`, where the version may be cut short: `hashbrown@0.15`.
    #[serde(rename = "crate")]
    which: String,
    reason: String,
}

fn deny() -> Result<Deny, Failure> {
    let text = fs::read_to_string(cargo::root().join("deny.toml"))?;
    toml::from_str(&text).map_err(|error| Failure::new(format!("deny.toml: {error}")))
}

/// Every package's licence can be had under one that deny.toml allows.
pub(crate) fn licences() -> Outcome {
    let allow = deny()?.licenses.allow;
    let packages = cargo::everything()?.packages;
    let findings: Vec<_> = packages
        .iter()
        .filter_map(|package| match &package.license {
            Some(licence) if is_allowed(licence, &allow) => None,
            licence => Some(format!(
                "{} {}: {}",
                package.name,
                package.version,
                licence.as_deref().unwrap_or("names no licence")
            )),
        })
        .collect();
    if findings.is_empty() {
        Ok(Done::Said(format!("{} packages", packages.len())))
    } else {
        Err(Failure::list(
            "a licence that deny.toml does not allow: choose another dependency, or allow it there",
            &findings,
        ))
    }
}

/// Whether an SPDX expression (or the old `A/B`) can be met with the allowed licences.
fn is_allowed(expression: &str, allow: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allow) && rest.is_empty()
}

fn any_of(rest: &mut &[&str], allow: &[String]) -> bool {
    let mut allowed = all_of(rest, allow);
    while let [word, tail @ ..] = *rest
        && *word == "OR"
    {
        *rest = tail;
        allowed |= all_of(rest, allow);
    }
    allowed
}

fn all_of(rest: &mut &[&str], allow: &[String]) -> bool {
    let mut allowed = one(rest, allow);
    while let [word, tail @ ..] = *rest
        && *word == "AND"
    {
        *rest = tail;
        allowed &= one(rest, allow);
    }
    allowed
}

fn one(rest: &mut &[&str], allow: &[String]) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let allowed = any_of(rest, allow);
            let closed = rest.first() == Some(&")");
            *rest = rest.get(1..).unwrap_or_default();
            allowed && closed
        }
        [licence, "WITH", exception, tail @ ..] => {
            *rest = tail;
            let whole = format!("{licence} WITH {exception}");
            allow
                .iter()
                .any(|allowed| *allowed == whole || allowed == licence)
        }
        [licence, tail @ ..] => {
            *rest = tail;
            allow.iter().any(|allowed| allowed == licence)
        }
        [] => false,
    }
}

/// The product stands on one version of each crate, but for those that deny.toml names with a reason.
///
/// What only runs in the compiler (derive macros and what they stand on) is not built in and does not count.
/// Judged for one kind of machine, so that the answer does not depend on where it is asked.
pub(crate) fn duplicates() -> Outcome {
    let skip = deny()?.bans.skip;
    if let Some(skip) = skip.iter().find(|skip| skip.reason.trim().is_empty()) {
        return Err(Failure::new(format!("deny.toml: {} needs a reason", skip.which)));
    }
    let members = cargo::members()?;
    let mut arguments = vec![
        "tree",
        "-e",
        "normal,no-proc-macro",
        "--all-features",
        "--prefix",
        "none",
        "-f",
        "{p}",
        "--target",
        "x86_64-unknown-linux-gnu",
    ];
    for package in members
        .packages
        .iter()
        .filter(|package| package.lies_in("crates"))
    {
        arguments.extend(["-p", &package.name]);
    }
    let tree = cargo::read(&mut cargo::cargo(arguments))?;
    let findings = unexplained(&tree, &skip);
    if findings.is_empty() {
        Ok(Done::Said(format!("{} explained in deny.toml", skip.len())))
    } else {
        Err(Failure::list(
            "several versions of one crate: bring them together, or name the older in deny.toml with the reason",
            &findings,
        ))
    }
}

fn unexplained(tree: &str, skip: &[Skip]) -> Vec<String> {
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            let version = version.trim_start_matches('v');
            let known = versions.entry(name).or_default();
            if !known.contains(&version) {
                known.push(version);
            }
        }
    }
    let skipped = |name: &str, version: &str| {
        skip.iter().any(|skip| match skip.which.split_once('@') {
            Some((skipped, beginning)) => {
                skipped == name && (version == beginning || version.starts_with(&format!("{beginning}.")))
            }
            None => skip.which == name,
        })
    };
    versions
        .into_iter()
        .filter_map(|(name, mut versions)| {
            versions.retain(|version| !skipped(name, version));
            versions.sort_unstable();
            (versions.len() > 1).then(|| format!("{name}: {}", versions.join(", ")))
        })
        .collect()
}

/// cargo-deny, where it is installed: it also knows sources, and advisories where there is a network.
pub(crate) fn cargo_deny() -> Outcome {
    if let Err(not_run) = tools::find("cargo-deny") {
        return Ok(not_run);
    }
    // It looks at what is compiled on other systems, too, and that is not here before somebody asks for it.
    if cargo::run(&mut cargo::cargo(["fetch", "--locked"])).is_err() {
        return Ok(Done::NotRun(
            "the crates of other systems cannot be fetched".to_owned(),
        ));
    }
    cargo::run(&mut tools::cargo([
        "deny",
        "--offline",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    Ok(Done::Ok)
}

/// Known vulnerabilities: needs cargo-deny and the network.
pub(crate) fn advisories() -> Outcome {
    if let Err(not_run) = tools::find("cargo-deny") {
        return Ok(not_run);
    }
    match cargo::run(&mut tools::cargo([
        "deny",
        "--all-features",
        "check",
        "advisories",
    ])) {
        Ok(_) => Ok(Done::Ok),
        Err(failure) if failure.output.contains("failed to fetch advisory database") => {
            Ok(Done::NotRun("the advisory database cannot be reached".to_owned()))
        }
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_as_spdx_says() {
        let allow = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0/MIT", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("GPL-3.0 OR MIT AND Unicode-3.0", true),
            ("(GPL-3.0 OR MIT) AND Zlib", false),
            ("MIT WITH LLVM-exception", true),
            ("GPL-3.0 WITH Classpath-exception-2.0", false),
            ("(MIT", false),
            ("MIT GPL-3.0", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(expression, &allow), expected, "{expression}");
        }
    }

    #[test]
    fn a_second_version_needs_a_reason() {
        let tree = "a v1.0.0\nb v0.15.2\nb v0.16.0 (*)\nb v0.15.2 (*)\n";
        assert_eq!(unexplained(tree, &[]), ["b: 0.15.2, 0.16.0"]);
        let skip = |which: &str| Skip {
            which: which.to_owned(),
            reason: "x".to_owned(),
        };
        assert!(unexplained(tree, &[skip("b@0.15")]).is_empty());
        assert_eq!(unexplained(tree, &[skip("b@0.1")]).len(), 1);
    }
}

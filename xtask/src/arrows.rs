//! Who may depend on whom, and what core must not stand on.

use crate::{
    cargo::{self, Metadata},
    step::{Done, Failure, Outcome},
};

/// The house: each crate, and which of ours it may depend on. `*` is all of them.
///
/// Tower and providers never meet, stores know neither, and the worker knows no store.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("wahook-core", &[]),
    ("wahook-providers", &["wahook-core"]),
    ("wahook-tower", &["wahook-core"]),
    ("wahook-axum", &["wahook-core", "wahook-tower"]),
    ("wahook-sqlite", &["wahook-core"]),
    ("wahook-postgres", &["wahook-core"]),
    ("wahook-redis", &["wahook-core"]),
    ("wahook-kafka", &["wahook-core"]),
    ("wahook-nats", &["wahook-core"]),
    ("wahook-rabbitmq", &["wahook-core"]),
    ("wahook-worker", &["wahook-core"]),
    ("wahook-manage", &["wahook-core"]),
    ("wahook-testkit", &["wahook-core", "wahook-providers"]),
    (
        "wahook",
        &["wahook-core", "wahook-providers", "wahook-tower", "wahook-axum"],
    ),
    ("wahook-gateway", &["*"]),
];

/// What is not published: whoever depends on it cannot be either.
const FOR_TESTS: &[&str] = &["wahook-services"];

/// What needs an operating system under it, and so has no place under core. Names, or beginnings that end in `*`.
const NOT_UNDER_CORE: &[&str] = &[
    "async-std",
    "aws-lc-*",
    "crossbeam-*",
    "hyper",
    "hyper-*",
    "libsqlite3-sys",
    "mio",
    "native-tls",
    "openssl*",
    "parking_lot*",
    "polling",
    "rayon*",
    "reqwest",
    "ring",
    "rusqlite",
    "rustls",
    "signal-hook*",
    "smol",
    "socket2",
    "tokio",
    "tokio-*",
    "ureq",
];

/// Proves the arrows from the manifests (normal and build dependencies).
pub(crate) fn arrows() -> Outcome {
    let metadata = cargo::members()?;
    let findings = wrong_arrows(&metadata);
    if findings.is_empty() {
        Ok(Done::Ok)
    } else {
        Err(Failure::list(
            "an arrow points the wrong way: move the code, or change the table in xtask/src/arrows.rs and the design with it",
            &findings,
        ))
    }
}

fn wrong_arrows(metadata: &Metadata) -> Vec<String> {
    let mut findings = Vec::new();
    for package in metadata
        .packages
        .iter()
        .filter(|package| package.lies_in("crates"))
    {
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(name, _)| *name == package.name) else {
            findings.push(format!("{} has no row in the table", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = dependency.name == "wahook" || dependency.name.starts_with("wahook-");
            let normal = dependency.kind.as_deref() != Some("dev");
            let name = dependency.name.as_str();
            let may = allowed.contains(&name) || (allowed.contains(&"*") && !FOR_TESTS.contains(&name));
            if ours && normal && !may {
                findings.push(format!("{} -> {}", package.name, dependency.name));
            }
        }
    }
    findings
}

/// Proves that core stands on nothing that does I/O, from the tree of its normal dependencies with all features.
pub(crate) fn core_is_pure() -> Outcome {
    let tree = cargo::read(&mut cargo::cargo([
        "tree",
        "-p",
        "wahook-core",
        "-e",
        "normal",
        "--all-features",
        "--prefix",
        "none",
        "-f",
        "{p}",
    ]))?;
    let findings = impure(&tree);
    if findings.is_empty() {
        Ok(Done::Ok)
    } else {
        Err(Failure::list(
            "core does no I/O: remove what brings these in (`cargo tree -p wahook-core -e normal -i NAME` shows who)",
            &findings,
        ))
    }
}

fn impure(tree: &str) -> Vec<String> {
    let mut names: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| {
            NOT_UNDER_CORE
                .iter()
                .any(|barred| match barred.strip_suffix('*') {
                    Some(beginning) => name.starts_with(beginning),
                    None => name == barred,
                })
        })
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Builds core where there is no operating system, if that target is installed.
pub(crate) fn core_for_wasm() -> Outcome {
    const TARGET: &str = "wasm32-unknown-unknown";
    if !cargo::target_is_installed(TARGET)? {
        return Ok(Done::NotRun(format!(
            "`rustup target add {TARGET}` makes it possible"
        )));
    }
    cargo::run(&mut cargo::cargo([
        "build",
        "-p",
        "wahook-core",
        "--lib",
        "--target",
        TARGET,
    ]))?;
    Ok(Done::Ok)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cargo::{Dependency, Package};

    fn house(name: &str, depends_on: &str, kind: Option<&str>) -> Metadata {
        Metadata {
            target_directory: PathBuf::new(),
            packages: vec![Package {
                name: name.to_owned(),
                version: "0.1.0".to_owned(),
                license: None,
                manifest_path: cargo::root().join("crates").join(name).join("Cargo.toml"),
                dependencies: vec![Dependency {
                    name: depends_on.to_owned(),
                    kind: kind.map(str::to_owned),
                }],
                targets: Vec::new(),
                features: std::collections::BTreeMap::new(),
                metadata: None,
            }],
        }
    }

    #[test]
    fn tower_and_providers_never_meet() {
        assert_eq!(
            wrong_arrows(&house("wahook-tower", "wahook-providers", None)),
            ["wahook-tower -> wahook-providers"]
        );
        assert_eq!(
            wrong_arrows(&house("wahook-providers", "wahook-tower", None)).len(),
            1
        );
        assert_eq!(
            wrong_arrows(&house("wahook-core", "wahook", Some("build"))).len(),
            1
        );
    }

    #[test]
    fn what_a_test_needs_is_no_arrow() {
        assert!(wrong_arrows(&house("wahook-tower", "wahook-testkit", Some("dev"))).is_empty());
        assert!(wrong_arrows(&house("wahook-gateway", "wahook-testkit", None)).is_empty());
        assert!(wrong_arrows(&house("wahook-redis", "wahook-services", Some("dev"))).is_empty());
        assert!(wrong_arrows(&house("wahook-core", "serde", None)).is_empty());
    }

    #[test]
    fn stores_know_core_alone_and_nothing_ships_what_starts_servers() {
        for store in ["wahook-sqlite", "wahook-postgres", "wahook-redis"] {
            assert!(wrong_arrows(&house(store, "wahook-core", None)).is_empty());
            assert_eq!(wrong_arrows(&house(store, "wahook-tower", None)).len(), 1);
            assert_eq!(wrong_arrows(&house(store, "wahook-services", None)).len(), 1);
        }
        assert_eq!(
            wrong_arrows(&house("wahook-gateway", "wahook-services", None)).len(),
            1
        );
    }

    #[test]
    fn a_crate_without_a_row_is_a_finding() {
        assert_eq!(wrong_arrows(&house("wahook-new", "serde", None)).len(), 1);
    }

    #[test]
    fn sockets_under_core_are_found_whole_or_by_their_beginning() {
        assert_eq!(
            impure("wahook-core v0.1.0 (/x)\nmio v1.0.0\nhyper-util v0.1.0\nmiow v0.1.0\n"),
            ["hyper-util", "mio"]
        );
    }
}

//! What we are made of, and what we promise to those who build on us: dependencies, features, the oldest compiler, the
//! types that our libraries show, and a list of all parts for whoever runs the program.
//!
//! Longer than `check`, and some of it needs tools of others or a network, so it is a verb of its own.

use std::{fs, process::Command};

use crate::{
    cargo, check, public_types,
    step::{Done, Failure, Outcome, Steps},
    tools,
};

pub(crate) fn run(steps: &mut Steps, install: bool) {
    if install {
        tools::install(steps);
    }
    check::licences(steps);
    steps.step("features", features);
    steps.step("oldest compiler", oldest_compiler);
    steps.step("public types", public_types::run);
    steps.step("semver", semver);
    steps.step("bill of materials", bill_of_materials);
}

/// Every set of features compiles, each package for itself.
fn features() -> Outcome {
    if let Err(not_run) = tools::find("cargo-hack") {
        return Ok(not_run);
    }
    let with_features = cargo::members()?
        .packages
        .into_iter()
        .filter(|package| package.lies_in("crates") && package.has_features());
    let names: Vec<_> = with_features.map(|package| package.name).collect();
    let mut command = tools::cargo([
        "hack",
        "check",
        "--quiet",
        "--locked",
        "--feature-powerset",
        "--keep-going",
    ]);
    for name in &names {
        command.args(["-p", name]);
    }
    cargo::run(&mut command)?;
    Ok(Done::Said(format!(
        "every set of {}; the others have none",
        names.join(", ")
    )))
}

/// What `rust-version` promises.
fn oldest_compiler() -> Outcome {
    let manifest: toml::Table = fs::read_to_string(cargo::root().join("Cargo.toml"))?
        .parse()
        .map_err(|error| Failure::new(format!("Cargo.toml: {error}")))?;
    let promised = manifest["workspace"]["package"]["rust-version"]
        .as_str()
        .unwrap_or_default();
    let all = ["check", "--quiet", "--workspace", "--all-features", "--locked"];
    let ours = cargo::read(Command::new("rustc").arg("--version"))?;
    if ours.starts_with(&format!("rustc {promised}.")) {
        cargo::run(&mut cargo::cargo(all))?;
        return Ok(Done::Said(format!("{promised}, which is the one here")));
    }
    let has = cargo::exists_with("rustup", &["run", promised, "rustc", "--version"]);
    if !has {
        return Ok(Done::NotRun(format!(
            "Rust {promised} is missing: `rustup toolchain install {promised}`"
        )));
    }
    cargo::run(
        Command::new("rustup")
            .args(["run", promised, "cargo"])
            .args(all)
            .current_dir(cargo::root()),
    )?;
    Ok(Done::Said(promised.to_owned()))
}

/// Whether the next version may have the number that it has.
fn semver() -> Outcome {
    let tag = Command::new("git")
        .args(["describe", "--tags", "--abbrev=0", "--match", "v*"])
        .current_dir(cargo::root())
        .output()?;
    if !tag.status.success() {
        return Ok(Done::NotRun(
            "there is no release to compare with: no tag v*".to_owned(),
        ));
    }
    if let Err(not_run) = tools::find("cargo-semver-checks") {
        return Ok(not_run);
    }
    let tag = String::from_utf8_lossy(&tag.stdout).trim().to_owned();
    let mut command = tools::cargo([
        "semver-checks",
        "--workspace",
        "--all-features",
        "--baseline-rev",
        &tag,
    ]);
    for package in cargo::members()?
        .packages
        .iter()
        .filter(|package| !package.lies_in("crates") || !package.is_library())
    {
        command.args(["--exclude", &package.name]);
    }
    cargo::run(&mut command)?;
    Ok(Done::Said(format!("since {tag}")))
}

/// All parts of the program, in CycloneDX, for whoever has to know whether a vulnerable one is among them.
fn bill_of_materials() -> Outcome {
    if let Err(not_run) = tools::find("cargo-cyclonedx") {
        return Ok(not_run);
    }
    // It writes one beside each manifest, and has no option for another place.
    const NAME: &str = "wahook-bill-of-materials";
    let made = cargo::run(&mut tools::cargo([
        "cyclonedx",
        "--quiet",
        "--format",
        "json",
        "--spec-version",
        "1.5",
        "--all-features",
        "--no-build-deps",
        "--override-filename",
        NAME,
    ]));
    let members = cargo::members()?;
    let target = members.target_directory.join("sbom");
    fs::create_dir_all(&target)?;
    let mut said = None;
    for package in &members.packages {
        let folder = package.manifest_path.parent().unwrap_or(cargo::root());
        let file = folder.join(format!("{NAME}.json"));
        if package.name == "wahook-gateway" && made.is_ok() {
            let parts = parts(&fs::read_to_string(&file)?)?;
            let kept = target.join(format!("wahook-{}.cdx.json", package.version));
            fs::copy(&file, &kept)?;
            said = Some(format!("{parts} parts in {}", kept.display()));
        }
        let _ = fs::remove_file(&file);
    }
    made?;
    said.map(Done::Said)
        .ok_or_else(|| Failure::new("there is no package wahook-gateway"))
}

fn parts(bill: &str) -> Result<usize, Failure> {
    let bill: serde_json::Value = serde_json::from_str(bill)
        .map_err(|error| Failure::new(format!("the bill of materials is no JSON: {error}")))?;
    let parts = bill["components"].as_array().map_or(0, Vec::len);
    if parts == 0 || bill["bomFormat"] != "CycloneDX" {
        return Err(Failure::new("the bill of materials is empty, or no CycloneDX"));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bill_is_none() {
        let bill = |parts: &str| format!(r#"{{"bomFormat": "CycloneDX", "components": [{parts}]}}"#);
        assert_eq!(parts(&bill("{}, {}")).unwrap(), 2);
        assert!(parts(&bill("")).is_err() && parts("{}").is_err() && parts("").is_err());
    }
}

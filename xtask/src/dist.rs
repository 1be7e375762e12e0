//! The program as one file that runs on any Linux of its kind of processor: nothing is linked at run time.

use std::{fs, path::Path, process::Command};

use crate::{
    cargo,
    step::{Done, Failure, Steps},
};

/// Builds it, sees that it is static and that it starts, and puts it and its checksum into `target/dist/`.
pub(crate) fn run(steps: &mut Steps) {
    steps.step("dist", || {
        let target = target()?;
        build(&target)?;
        let folder = cargo::members()?.target_directory;
        let built = folder.join(&target).join("release/wahook");
        is_static(&built)?;
        let version = cargo::run(Command::new(&built).arg("--version"))?;
        let version = version.trim().replace(' ', "-");
        let name = format!("{version}-{target}");
        let dist = folder.join("dist");
        fs::create_dir_all(&dist)?;
        fs::copy(&built, dist.join(&name))?;
        let sum = cargo::read(Command::new("sha256sum").arg(&name).current_dir(&dist))?;
        fs::write(dist.join(format!("{name}.sha256")), sum)?;
        Ok(Done::Said(dist.join(&name).display().to_string()))
    });
}

/// The musl kind of this machine, where its standard library is installed; else the usual one, whose C library can be
/// linked in as well.
fn target() -> Result<String, Failure> {
    let host = cargo::host()?;
    if !host.contains("-linux-") {
        return Err(Failure::new(format!(
            "a static binary is made on Linux, and this is {host}"
        )));
    }
    let musl = host.replace("-gnu", "-musl");
    let installed = cargo::target_is_installed(&musl)?;
    // SQLite and the cryptography are C.
    Ok(if installed && cargo::exists("musl-gcc", "--version") {
        musl
    } else {
        host
    })
}

fn build(target: &str) -> Result<String, Failure> {
    let flags = format!(
        "CARGO_TARGET_{}_RUSTFLAGS",
        target.to_uppercase().replace('-', "_")
    );
    cargo::run(
        cargo::cargo([
            "build",
            "--release",
            "--locked",
            "-p",
            "wahook-gateway",
            "--target",
            target,
        ])
        .env(flags, "-C target-feature=+crt-static -C strip=symbols"),
    )
}

fn is_static(program: &Path) -> Result<(), Failure> {
    // It fails for what is not linked at run time, or says so.
    let output = Command::new("ldd").arg(program).output()?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if said.contains("statically linked") || said.contains("not a dynamic executable") {
        Ok(())
    } else {
        Err(Failure {
            what: format!("{} is linked at run time", program.display()),
            output: said.into_owned(),
        })
    }
}

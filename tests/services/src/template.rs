//! The data that each PostgreSQL begins with: made once for each version, then copied, which is ten times faster.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::{fs::DirBuilderExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    folder::{self, Folder, Owner},
    kept::State,
    programs,
};

/// The role, and the database that it owns.
pub(crate) const ROLE: &str = "wahook";
/// No secret: the role owns nothing but what tests write, and can be reached from this machine alone.
pub(crate) const PASSWORD: &str = "secret";
/// Counts up when the template changes.
const GENERATION: u32 = 1;

/// The folder of the template for these programs.
pub(crate) fn find_or_make(programs: &Path) -> io::Result<PathBuf> {
    let version = Command::new(programs.join("postgres"))
        .arg("--version")
        .output()?
        .stdout;
    // `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
    let version = String::from_utf8_lossy(&version);
    let version: String = version
        .split_whitespace()
        .nth(2)
        .unwrap_or("unknown")
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || *character == '.')
        .collect();
    let place = State::folder().join(format!("postgres-{version}-{GENERATION}"));
    if place.is_dir() {
        return Ok(place);
    }
    let owner = programs::postgres_owner()?;
    let folder = Folder::new("template", owner)?;
    make(programs, &folder, owner)?;
    // Another test may do the same at this moment: who comes second throws its own away.
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(State::folder())?;
    let new = place.with_extension(format!("new-{}", std::process::id()));
    let _ = fs::remove_dir_all(&new);
    folder::copy(&folder.data(), &new, &|_| Ok(()))?;
    match fs::rename(&new, &place) {
        Err(_) if place.is_dir() => fs::remove_dir_all(new)?,
        outcome => outcome?,
    }
    Ok(place)
}

fn make(programs: &Path, folder: &Folder, owner: Option<Owner>) -> io::Result<()> {
    let data = folder.data();
    let mut command = Command::new(programs.join("initdb"));
    command.arg("-D").arg(&data).args([
        "--username=postgres",
        "--auth=reject",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        // 16 times smaller to copy.
        "--wal-segsize=1",
    ]);
    run(command, owner, "")?;
    folder.write(
        &data.join("pg_hba.conf"),
        format!("host all {ROLE} 127.0.0.1/32 scram-sha-256\n").as_bytes(),
    )?;
    let mut command = Command::new(programs.join("postgres"));
    command.args([
        "--single",
        "-j",
        "-c",
        "password_encryption=scram-sha-256",
        "-c",
        "fsync=off",
        "-D",
    ]);
    command.arg(&data).arg("postgres");
    // A statement ends with an empty line.
    run(
        command,
        owner,
        &format!(
            "CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{PASSWORD}';\n\nCREATE DATABASE {ROLE} OWNER {ROLE};\n\n"
        ),
    )
}

fn run(mut command: Command, owner: Option<Owner>, input: &str) -> io::Result<()> {
    if let Some(owner) = owner {
        command.uid(owner.user).gid(owner.group);
    }
    let mut child = command
        .current_dir("/")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    // A single-user server goes on after a statement that failed.
    if output.status.success() && !told.contains("ERROR:") {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{} ({}):\n{told}",
        command.get_program().display(),
        output.status
    )))
}

/// Removes the shared memory of a server that was killed. Its id stands in the seventh line of the server's file.
pub(crate) fn remove_shared_memory(data: &Path) {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    if let Some(id) = text
        .lines()
        .nth(6)
        .and_then(|line| line.split_whitespace().nth(1))
    {
        let _ = Command::new("ipcrm")
            .args(["-m", id])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

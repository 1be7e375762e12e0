//! Where the servers' programs are, and how they get there.

use std::{
    env,
    ffi::OsString,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{folder::Owner, service::Service};

/// Redis, or Valkey, which speaks the same.
const REDIS: &[&str] = &["redis-server", "valkey-server"];

pub(crate) fn redis() -> io::Result<PathBuf> {
    REDIS
        .iter()
        .find_map(|name| find(name, &homebrew("redis")))
        .ok_or_else(|| {
            missing("redis-server not found: `cargo xtask services up` installs it as root on Debian and Ubuntu; else install Redis 6 or newer (macOS: brew install redis)")
        })
}

pub(crate) fn nats() -> io::Result<PathBuf> {
    let mut places = homebrew("nats-server");
    // Where Debian and Ubuntu install it. Ordinary users have not got it on their PATH.
    places.push(PathBuf::from("/usr/sbin"));
    find("nats-server", &places).ok_or_else(|| {
        missing("nats-server not found: `cargo xtask services up` installs it as root on Debian and Ubuntu; else install NATS 2.9 or newer (macOS: brew install nats-server)")
    })
}

/// RabbitMQ's own script, and where it finds Erlang.
#[derive(Debug, Clone)]
pub(crate) struct RabbitMqPrograms {
    pub(crate) server: PathBuf,
    pub(crate) path: OsString,
}

pub(crate) fn rabbitmq() -> io::Result<RabbitMqPrograms> {
    // What is on the PATH of Debian and its like becomes another user, with that user's data. RabbitMQ's own script
    // lies deeper.
    let mut places = folders("/usr/lib/rabbitmq/lib", |name| {
        name.starts_with("rabbitmq_server-")
    });
    places.extend(
        homebrew("rabbitmq")
            .iter()
            .filter_map(|bin| bin.parent().map(Path::to_owned)),
    );
    let server = places
        .iter()
        .map(|place| place.join("sbin/rabbitmq-server"))
        .find(|path| is_program(path))
        .or_else(|| find("rabbitmq-server", &[]));
    let erlang = homebrew("erlang");
    if let (Some(server), Some(_)) = (server, find("erl", &erlang)) {
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(env::split_paths(&path).chain(erlang)).map_err(io::Error::other)?;
        return Ok(RabbitMqPrograms { server, path });
    }
    Err(missing(
        "rabbitmq-server not found: `cargo xtask services up` installs it as root on Debian and Ubuntu; else install RabbitMQ 3.10 or newer (macOS: brew install rabbitmq)",
    ))
}

/// The folder with `postgres` and `initdb`.
pub(crate) fn postgres() -> io::Result<PathBuf> {
    let mut places = Vec::new();
    // What Debian and Ubuntu keep off the PATH, the newest first.
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    places.extend(versions.into_iter().map(|(_, path)| path));
    places.extend(homebrew("postgresql"));
    find("initdb", &places)
        // PATH may hold a link to it alone; the other programs lie beside the file itself.
        .and_then(|path| Some(fs::canonicalize(path).ok()?.parent()?.to_owned()))
        .filter(|folder| is_program(&folder.join("postgres")))
        .ok_or_else(|| {
            missing("PostgreSQL (initdb, postgres) not found: `cargo xtask services up` installs it as root on Debian and Ubuntu; else install PostgreSQL 13 or newer (macOS: brew install postgresql)")
        })
}

fn missing(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, what)
}

/// Homebrew keeps versions beside each other: `opt/postgresql@17/bin`.
fn homebrew(formula: &str) -> Vec<PathBuf> {
    let versioned = format!("{formula}@");
    let mut found: Vec<_> = [
        "/opt/homebrew/opt",
        "/usr/local/opt",
        "/home/linuxbrew/.linuxbrew/opt",
    ]
    .into_iter()
    .flat_map(|prefix| folders(prefix, |name| name == formula || name.starts_with(&versioned)))
    .map(|folder| folder.join("bin"))
    .collect();
    found.sort();
    found.reverse();
    found
}

/// What lies in a folder under such names.
fn folders(parent: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| is_wanted(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect()
}

fn find(name: &str, also_in: &[PathBuf]) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .chain(also_in.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    id(&["-u"]) == Some(0)
}

/// The account for PostgreSQL, which refuses to run as root; none when we are someone else.
pub(crate) fn postgres_owner() -> io::Result<Option<Owner>> {
    if !is_root() {
        return Ok(None);
    }
    match (id(&["-u", "postgres"]), id(&["-g", "postgres"])) {
        (Some(user), Some(group)) => Ok(Some(Owner { user, group })),
        _ => Err(missing(
            "PostgreSQL does not run as root, and there is no user `postgres`: run the tests as another user, or add one",
        )),
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id")
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    std::str::from_utf8(output.stdout.trim_ascii()).ok()?.parse().ok()
}

/// Installs what is missing, where that is possible: on Debian and its children, as root. The server that comes with
/// the package is not started. Returns the name of the package.
///
/// An error is one line that says what to install.
pub(crate) fn install_missing(service: Service) -> io::Result<Option<&'static str>> {
    let row = service.row();
    let Err(missing) = (row.find)() else {
        return Ok(None);
    };
    if !(is_root() && Path::new("/etc/debian_version").exists() && find("apt-get", &[]).is_some()) {
        return Err(missing);
    }
    apt(row.package).map_err(|error| io::Error::new(error.kind(), format!("{missing} ({error})")))?;
    (row.find)()?;
    Ok(Some(row.package))
}

/// Debian asks `policy-rc.d` whether a package may start its server. Ours says no, and goes with the shell, also when
/// somebody interrupts it. Where there is one already, whoever wrote it has decided.
const APT: &str = r#"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || exit
fi
apt-get update -qq && apt-get install -y -qq --no-install-recommends "$1"
"#;

fn apt(package: &str) -> io::Result<()> {
    let output = Command::new("sh")
        .args(["-c", APT, "sh", package])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!(
        "apt-get install {package}: {}",
        text.lines().last().unwrap_or("failed without a word")
    )))
}

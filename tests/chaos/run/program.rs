//! The program under test, and where it works. It is this one under another name, so nobody has to look for it.

use std::{
    env, fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const NAME: &str = "wahook";

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// Whether this process is to be a gateway.
pub(crate) fn is_gateway() -> bool {
    env::args_os()
        .next()
        .is_some_and(|name| Path::new(&name).file_name().is_some_and(|name| name == NAME))
}

/// Makes the folder of this run, in `target/chaos` of the directory that it was started in.
pub(crate) fn set_up(seed: u64) -> PathBuf {
    let folder = FOLDER.get_or_init(|| {
        let name = format!("target/chaos/{seed}-{}", std::process::id());
        env::current_dir().unwrap().join(name)
    });
    fs::create_dir_all(folder).unwrap();
    // What is built meanwhile takes nothing from this run.
    let (this, copy) = (env::current_exe().unwrap(), folder.join(NAME));
    if fs::hard_link(&this, &copy).is_err() {
        fs::copy(&this, &copy).unwrap();
    }
    folder.clone()
}

/// An empty folder in it.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = FOLDER.get().unwrap().join(name);
    fs::create_dir(&folder).unwrap();
    folder
}

/// The program, without anything of our environment.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(FOLDER.get().unwrap().join(NAME));
    command.arg0(NAME).env_clear().args(arguments);
    command
}

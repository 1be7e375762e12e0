//! One program for all targets, in front of libFuzzer.
//!
//! `WAHOOK_FUZZ_TARGET` names the target. With `WAHOOK_FUZZ_SEEDS` it writes the target's seeds into that folder, and
//! ends; with `WAHOOK_FUZZ_TARGET=list` it prints the names of all targets.
#![no_main]

use std::{env, fs, path::Path, process::exit, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use wahook_fuzz::{TARGETS, Target, differences_are_real, target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("WAHOOK_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| {
        eprintln!("WAHOOK_FUZZ_TARGET is `{name}`; it names one of the targets that `list` prints");
        exit(2)
    })
});

fn begin() {
    if env::var("WAHOOK_FUZZ_TARGET").as_deref() == Ok("list") {
        // This is the build that has all the peers.
        differences_are_real();
        for target in TARGETS {
            println!("{} {}", target.name, target.longest);
        }
        exit(0);
    }
    let Some(folder) = env::var_os("WAHOOK_FUZZ_SEEDS") else {
        return;
    };
    let folder = Path::new(&folder);
    for (number, seed) in (TARGET.seeds)().iter().enumerate() {
        if let Err(error) = fs::write(folder.join(format!("seed-{number:03}")), seed) {
            eprintln!("cannot write seeds to {}: {error}", folder.display());
            exit(3);
        }
    }
    exit(0)
}

fuzz_target!(init: begin(), |data: &[u8]| (TARGET.run)(data));

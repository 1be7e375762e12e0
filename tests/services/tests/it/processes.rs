//! What runs on this machine.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// Command lines of all processes: from Linux, where `ps` may be missing, else from `ps`. Linux tells their
/// environment as well, which has the folder of a server where the command line of a helper of its has not.
fn processes() -> Vec<(u32, String)> {
    if Path::new("/proc/self/stat").exists() {
        let ids = std::fs::read_dir("/proc").unwrap().flatten();
        let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        return ids
            // The command line of one that ended and was not waited for is empty.
            .filter_map(|id| Some((id, std::fs::read(format!("/proc/{id}/cmdline")).ok()?)))
            .filter(|(_, line)| !line.is_empty())
            .map(|(id, mut line)| {
                line.extend(std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default());
                (id, String::from_utf8_lossy(&line).into_owned())
            })
            .collect();
    }
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,state=,args="])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let parts = text.lines().filter_map(|line| line.trim().split_once(' '));
    parts
        .filter(|(_, rest)| !rest.trim().starts_with('Z'))
        .map(|(id, rest)| (id.parse().unwrap(), rest.to_owned()))
        .collect()
}

/// How many processes have this in their command line or environment. The guard's shell has the folder too, and is one
/// of them.
pub(crate) fn processes_with(folder: &Path) -> usize {
    let folder = folder.to_str().unwrap();
    processes()
        .iter()
        .filter(|(_, line)| line.contains(folder))
        .count()
}

pub(crate) fn runs(id: u32) -> bool {
    processes().iter().any(|(other, _)| *other == id)
}

pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not in time: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

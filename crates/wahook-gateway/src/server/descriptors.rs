//! Each connection is an open file of the process, and so are the inbox, the sinks and the admin listener: connections
//! must not take the last one.

/// Other open files: the inbox, the connections of sinks and of the admin listener, what is read again.
const OTHERS: u32 = 512;

/// Asks the system for as many open files as these connections need, which is often more than a process begins with; tells
/// how many connections there can be.
#[cfg(unix)]
pub(super) fn connections(wanted: u32) -> u32 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let needed = u64::from(wanted) + u64::from(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|current| *current < needed) else {
        return wanted;
    };
    let most = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = Rlimit {
        current: Some(most),
        maximum: limit.maximum,
    };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => most,
        Err(_) => current,
    };
    let fits = that_fit(wanted, files);
    if fits < wanted {
        tracing::warn!(
            target: "wahook",
            "limits.connections is {wanted}, and this process may open {files} files: {fits} connections are taken at once; raise its limit (`ulimit -n`, LimitNOFILE=) to {needed}"
        );
    }
    fits
}

#[cfg(not(unix))]
pub(super) fn connections(wanted: u32) -> u32 {
    wanted
}

/// How many connections fit beside the other files; with very few files, half of them.
#[cfg(unix)]
fn that_fit(wanted: u32, files: u64) -> u32 {
    let left = files.saturating_sub(u64::from(OTHERS)).max(files / 2).max(1);
    u32::try_from(left).unwrap_or(u32::MAX).min(wanted)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_others() {
        assert_eq!(that_fit(1024, 4096), 1024);
        assert_eq!(that_fit(1024, 1536), 1024);
        assert_eq!(that_fit(1024, 1200), 688);
        assert_eq!(that_fit(1024, 256), 128);
        assert_eq!(that_fit(1024, 0), 1);
    }
}

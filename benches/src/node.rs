//! What most teams run: Node.js with `express` and `svix`.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Command, Stdio},
};

use tokio::runtime::Runtime;

use crate::{
    apps::PATH,
    over_http::{Running, connected},
    program::{Output, Program},
    request::SECRET,
};

pub const NAME: &str = "Node.js: express, svix, Set";

/// A server of its own; it ends with this value.
pub struct Node {
    program: Program,
    port: u16,
}

/// Installs what it needs where that is missing, and starts it.
pub fn start() -> Result<Node, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    // What npm writes last: without it, an installation was interrupted.
    if !folder.join("node_modules/.package-lock.json").is_file() {
        let installed = Command::new("npm")
            .args(["ci", "--silent", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            // What this program prints there is the bench's.
            .stdout(Stdio::null())
            .status()
            .map_err(|error| format!("npm does not start: {error}"))?;
        if !installed.success() {
            return Err(format!("npm says {installed}"));
        }
    }
    let mut command = Command::new("node");
    command
        .arg("server.js")
        .args([SECRET, PATH])
        .current_dir(&folder)
        .env("NODE_ENV", "production");
    let (program, port) = Program::start(&mut command, Output::Standard, |line| line.parse().ok())
        .map_err(|why| format!("node does not start: {why} (Debian, Ubuntu: apt-get install nodejs npm)"))?;
    Ok(Node { program, port })
}

impl Node {
    pub fn connected(&self, runtime: &Runtime) -> Running {
        // Its JavaScript runs on the first thread.
        let id = self.program.id();
        connected(
            NAME,
            SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            format!("/proc/{id}/task/{id}/schedstat"),
            runtime,
        )
    }
}

//! What most teams run: Node.js with `express` and `svix`.

use std::{
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
};

use tokio::runtime::Runtime;

use crate::{
    apps::PATH,
    over_http::{Running, connected},
    request::SECRET,
};

pub const NAME: &str = "Node.js: express, svix, Set";

/// A server of its own; it ends with this value.
pub struct Node {
    child: Child,
    address: SocketAddr,
}

/// Installs what it needs where that is missing, and starts it.
pub fn start() -> Result<Node, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    if !folder.join("node_modules").is_dir() {
        let installed = Command::new("npm")
            .args(["ci", "--silent", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .status()
            .map_err(|error| format!("npm does not start: {error}"))?;
        if !installed.success() {
            return Err(format!("npm says {installed}"));
        }
    }
    let mut child = Command::new("node")
        .arg("server.js")
        .args([SECRET, PATH])
        .current_dir(&folder)
        .env("NODE_ENV", "production")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| {
            format!("node does not start: {error} (Debian, Ubuntu: apt-get install nodejs npm)")
        })?;
    let mut port = String::new();
    let output = child.stdout.take().ok_or("it has no output")?;
    let mut node = Node {
        child,
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    };
    let read = BufReader::new(output).read_line(&mut port);
    read.map_err(|error| error.to_string())?;
    let port = port.trim().parse().map_err(|_| format!("it said {port:?}"))?;
    node.address.set_port(port);
    Ok(node)
}

impl Node {
    pub fn connected(&self, runtime: &Runtime) -> Running {
        // Its JavaScript runs on the first thread.
        let id = self.child.id();
        connected(
            NAME,
            self.address,
            format!("/proc/{id}/task/{id}/schedstat"),
            runtime,
        )
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

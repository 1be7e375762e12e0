//! A shell that outlives us by a moment: it ends our server when we die without having said so.
//!
//! A test that is terminated runs no `Drop`. The shell waits for the end of its standard input, which the system
//! closes with our process.

use std::{
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::process::Signal;

/// Arguments: the server's folder and `:port`, one of which is part of its command line, and the signal that ends it.
/// The process id stands in the folder's file `pid`, because it changes when the server is started again.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
read -r word
[ "$word" = done ] && exit 0
pid=$(cat "$1/pid" 2>/dev/null)
if [ -n "$pid" ]; then
    line=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || ps -o args= -p "$pid")
    case "$line" in
    *"$1"* | *"$2"*)
        kill "-$3" "$pid"; kill -CONT "$pid"
        # PostgreSQL ends its own processes within 5 seconds, also those that are frozen.
        for _ in 1 2 3 4 5 6 7 8; do kill -0 "$pid" 2>/dev/null || break; sleep 1; done
        kill -KILL "$pid" 2>/dev/null
        ;;
    esac
fi
rm -rf "$1"
"#;

#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
}

impl Guard {
    pub(crate) fn over(folder: &Path, port: u16, signal: Signal) -> io::Result<Self> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(folder)
            .arg(format!(":{port}"))
            .arg(signal.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends our whole group must not end the shell.
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }

    /// There is nothing left to guard.
    pub(crate) fn release(mut self) {
        if let Some(mut input) = self.shell.stdin.take() {
            let _ = input.write_all(b"done\n");
        }
        let _ = self.shell.wait();
    }
}

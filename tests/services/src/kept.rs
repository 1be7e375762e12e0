//! Servers that outlive the command that started them, and the file in which they are found again.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    process::{self, Signal},
    service::Service,
};

/// One server that runs on by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    url: String,
    body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Body {
    Process { id: u32, folder: PathBuf },
    Container { id: String },
}

impl Kept {
    pub(crate) fn process(url: String, id: u32, folder: PathBuf) -> Self {
        Self {
            url,
            body: Body::Process { id, folder },
        }
    }

    pub(crate) fn container(url: String, id: String) -> Self {
        Self {
            url,
            body: Body::Container { id },
        }
    }

    /// How clients reach it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it runs: process and folder, or container.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.body {
            Body::Process { id, folder } => format!("process {id} in {}", folder.display()),
            Body::Container { id } => format!("container {id}"),
        }
    }

    /// Whether it still runs. A process that has only the number in common is not it.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        match &self.body {
            Body::Process { id, folder } => {
                let line = process::command_line(*id);
                let port = port(&self.url).map(|port| format!(":{port}"));
                // Redis writes its port on its command line, the others keep their folder there.
                process::is_alive(*id)
                    && (line.contains(&*folder.to_string_lossy())
                        || port.is_some_and(|port| line.contains(&port)))
            }
            Body::Container { id } => docker(&["inspect", "--format", "{{.State.Running}}", id])
                .is_ok_and(|answer| answer == "true"),
        }
    }

    /// Ends it, if it still is what was started, and removes its data. True if it ran.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub fn end(&self) -> io::Result<bool> {
        let ran = self.is_alive();
        match &self.body {
            Body::Process { id, folder } => {
                if ran {
                    let how =
                        Service::of(&self.url).map_or(Signal::Kill, |service| service.row().last_signal);
                    process::signal(how, &[*id])?;
                    // One that hangs does not hear; one that is gone is no error.
                    let _ = process::signal(Signal::Continue, &[*id]);
                    if !process::wait_until(Duration::from_secs(10), || !process::is_alive(*id)) {
                        process::signal(Signal::Kill, &[*id])?;
                        process::wait_until_gone(&[*id])?;
                    }
                }
                match fs::remove_dir_all(folder) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Body::Container { id } => {
                if ran {
                    docker(&["rm", "--force", "--volumes", id])?;
                }
            }
        }
        Ok(ran)
    }

    fn to_line(&self) -> String {
        match &self.body {
            Body::Process { id, folder } => format!("{}\tprocess\t{id}\t{}", self.url, folder.display()),
            Body::Container { id } => format!("{}\tcontainer\t{id}\t", self.url),
        }
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split('\t');
        let (url, kind, id) = (words.next()?, words.next()?, words.next()?);
        let body = match kind {
            "process" => Body::Process {
                id: id.parse().ok()?,
                folder: Some(PathBuf::from(words.next()?)).filter(|folder| is_ours(folder))?,
            },
            "container" => Body::Container { id: id.to_owned() },
            _ => return None,
        };
        Some(Self {
            url: url.to_owned(),
            body,
        })
    }
}

/// Whether a folder has a name that we give: what a damaged file names is not removed.
fn is_ours(folder: &Path) -> bool {
    let named = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("wahook-");
    folder.is_absolute() && folder.file_name().is_some_and(named)
}

pub(crate) fn port(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let (_, port) = authority.rsplit_once(':')?;
    Some(port)
}

/// Asks Docker something; its answer without the line's end.
pub(crate) fn docker(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!(
        "docker {}: {}",
        arguments.first().unwrap_or(&""),
        text.lines().last().unwrap_or("failed without a word")
    )))
}

/// What `cargo xtask services up` started, as it stands in `target/services/state`: a line for each server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// As in [`Service::ALL`].
    slots: [Option<Kept>; Service::ALL.len()],
}

impl State {
    /// The folder of the state, and of what servers are copied from.
    pub(crate) fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/services")
    }

    fn path() -> PathBuf {
        Self::folder().join("state")
    }

    /// The server of this sort.
    #[must_use]
    pub fn get(&self, service: Service) -> Option<&Kept> {
        self.slots[service as usize].as_ref()
    }

    /// The same, to be filled or emptied.
    pub fn slot(&mut self, service: Service) -> &mut Option<Kept> {
        &mut self.slots[service as usize]
    }

    /// Keeps others from changing it while the value lives: two commands that start servers at once would lose some.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn lock() -> io::Result<File> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(Self::folder())?;
        let file = File::create(Self::folder().join("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// Reads it. No file is the empty state, and so is a file that makes no sense.
    #[must_use]
    pub fn load() -> Self {
        let text = fs::read_to_string(Self::path()).unwrap_or_default();
        let mut state = Self::default();
        for kept in text.lines().filter_map(Kept::from_line) {
            if let Some(service) = Service::of(&kept.url) {
                *state.slot(service) = Some(kept);
            }
        }
        state
    }

    /// Writes it, or removes the file when it is empty.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn save(&self) -> io::Result<()> {
        let path = Self::path();
        let lines: Vec<_> = self.slots.iter().flatten().map(Kept::to_line).collect();
        if lines.is_empty() {
            return match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(Self::folder())?;
        let new = path.with_extension(std::process::id().to_string());
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        io::Write::write_all(&mut file, format!("{}\n", lines.join("\n")).as_bytes())?;
        fs::rename(new, path)
    }
}

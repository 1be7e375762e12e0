//! A RabbitMQ of one's own.

use std::{io, ops::Deref, process::Command};

use crate::{
    folder::Folder,
    kept::Kept,
    ports::free_port,
    process::{Process, Signal},
    programs::{self, RabbitMqPrograms},
    server::{Kind, Server},
};

/// A private RabbitMQ server without plugins. `amqp://guest:guest@127.0.0.1:PORT`, virtual host `/`.
///
/// It knows nothing of the system's own RabbitMQ, nor of its settings, and starts no `epmd`.
#[derive(Debug)]
pub struct RabbitMq(pub(crate) Server);

#[derive(Debug)]
struct RabbitMqKind {
    programs: RabbitMqPrograms,
    port: u16,
    /// Where other Erlang nodes would reach it. None does, but Erlang listens.
    distribution: u16,
}

impl RabbitMq {
    /// Starts one, which takes some seconds. `settings` are lines of `rabbitmq.conf`; they come after ours and so
    /// override them.
    ///
    /// Durable queues, and persistent messages in them that were confirmed, are there after a kill.
    ///
    /// # Errors
    ///
    /// When there is no RabbitMQ here, or it does not come up: then with the end of its log.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        Self::start_with(&[], settings)
    }

    /// The same, with files in [`data_dir`](Server::data_dir), which is the server's working directory. They can be
    /// read by the server alone.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and when a name is not the name of a file.
    pub fn start_with(files: &[(&str, &[u8])], settings: &[&str]) -> io::Result<Self> {
        let programs = programs::rabbitmq()?;
        let server = Server::on_a_free_port(|port| {
            let folder = Folder::new("rabbitmq", None)?;
            folder.make_data()?;
            folder.write_all(files)?;
            let mut text = format!("listeners.tcp.1 = 127.0.0.1:{port}\n");
            for line in settings {
                text.push_str(line);
                text.push('\n');
            }
            folder.write(&folder.path().join("rabbitmq.conf"), text.as_bytes())?;
            let kind = RabbitMqKind {
                programs: programs.clone(),
                port,
                distribution: free_port()?,
            };
            Ok((kind, folder))
        })?;
        Ok(Self(server))
    }

    /// Lets it run on after us: what is returned can end it.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn keep(self) -> io::Result<Kept> {
        self.0.keep()
    }
}

impl Deref for RabbitMq {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl Kind for RabbitMqKind {
    fn name(&self) -> &'static str {
        "RabbitMQ"
    }

    fn last_signal(&self) -> Signal {
        Signal::Kill
    }

    /// RabbitMQ starts `epmd`, which would stay, unless Erlang's distribution runs before it: so Erlang is given the
    /// name of the node, and the port at which each node of that machine is found without asking `epmd`.
    fn command(&self, folder: &Folder) -> Command {
        let node = format!("wahook-{}@localhost", self.port);
        let erlang = format!(
            "-sname {node} -start_epmd false -erl_epmd_port {} -kernel inet_dist_use_interface {{127,0,0,1}}",
            self.distribution
        );
        let mut command = Command::new(&self.programs.server);
        command
            // Erlang takes no notice of it. Our guard knows the server by it, from the script on.
            .arg("-wahook")
            .arg(folder.path())
            .current_dir(folder.data())
            // Both RabbitMQ and Erlang take settings from the environment, under many names.
            .env_clear()
            .env("PATH", &self.programs.path)
            // Erlang keeps a cookie there.
            .env("HOME", folder.path())
            // Nobody may be at home there: else our node would register with the system's `epmd`.
            .env("ERL_EPMD_PORT", self.port.to_string())
            // What failed stands in the log, too.
            .env("ERL_CRASH_DUMP_SECONDS", "0")
            // The script becomes the server, rather than waits for it.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env("RABBITMQ_NODENAME", node)
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", erlang)
            .env("RABBITMQ_LOGS", "-");
        // Those that are not there keep it from looking in /etc.
        for (name, file) in [
            ("RABBITMQ_CONF_ENV_FILE", "rabbitmq-env.conf"),
            ("RABBITMQ_CONFIG_FILE", "rabbitmq.conf"),
            ("RABBITMQ_CONFIG_FILES", "conf.d"),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", "advanced.config"),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", "enabled_plugins"),
            ("RABBITMQ_PLUGINS_EXPAND_DIR", "plugins"),
            ("RABBITMQ_LOG_BASE", "log"),
            ("RABBITMQ_MNESIA_BASE", "data"),
        ] {
            command.env(name, folder.path().join(file));
        }
        command
    }

    fn says_ready(&self, _: &Folder, process: &Process) -> bool {
        process.said().contains("Server startup complete")
    }

    fn url(&self, address: &str) -> String {
        format!("amqp://guest:guest@{address}")
    }

    /// Alone: its helpers end when they see that it did, which frozen ones do not. Who kills it from afar, as our guard
    /// does, knows nothing of them.
    fn freeze(&self, process: &Process) -> io::Result<()> {
        process.freeze_alone()
    }

    fn end(&self, process: &mut Process) {
        let _ = process.kill();
    }
}

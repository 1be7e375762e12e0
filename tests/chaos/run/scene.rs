//! One world: gateways, what they stand on, who sends to them, and what they hand over to.

use std::{
    io::{BufRead as _, BufReader},
    ops::Deref,
    process::{ChildStdout, Stdio},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use wahook_chaos::{
    history::{Delivered, Promise, What},
    plan::{ROUND, Scene, plan},
};
use wahook_services::{Clock, Disk, Postgres, Proxy, Redis, Server};

use crate::{
    collect::{self, Event},
    faults,
    receiver::Receiver,
    recorder::Recorder,
    rig::{FILE, Node, SQLITE},
    senders::Senders,
    watch::Watch,
};

/// How a run is.
pub(crate) struct Settings {
    pub(crate) seed: u64,
    /// All of it, but for the start.
    pub(crate) lasts: Duration,
    /// SQLite flushes later than it answers, so that the run has to fail.
    pub(crate) synchronous_normal: bool,
}

/// What a scene keeps for coming to rest.
const fn rest(scene: Scene) -> Duration {
    Duration::from_secs(match scene {
        // What a gateway held that was killed is another's when its lease ends: that of a lane 30 s later,
        Scene::Postgres => 33,
        // that of a guard's claim 10 s later.
        Scene::Redis => 13,
        Scene::Sqlite => 8,
    })
}

/// How long a run has to last: two rounds of faults, and coming to rest.
pub(crate) fn shortest(scene: Scene) -> Duration {
    rest(scene) + 2 * ROUND
}

/// How long coming to rest may take before it is said not to.
const PATIENCE: Duration = Duration::from_secs(75);

/// A gateway, which may be down for a while.
pub(crate) struct Gateway {
    pub(crate) name: String,
    pub(crate) node: Mutex<Node>,
    pub(crate) clock: Clock,
    /// Its way to the database.
    pub(crate) wire: Option<Proxy>,
    /// The file that is its sink.
    pub(crate) watch: Option<Watch>,
}

impl Gateway {
    pub(crate) fn node(&self) -> MutexGuard<'_, Node> {
        self.node.lock().unwrap()
    }
}

enum Database {
    Postgres(Postgres),
    Redis(Redis),
}

impl Deref for Database {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Self::Postgres(server) => server,
            Self::Redis(server) => server,
        }
    }
}

/// One world.
pub(crate) struct World {
    pub(crate) recorder: Recorder,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) disk: Option<Disk>,
    pub(crate) receiver: Option<Receiver>,
    database: Option<Database>,
    /// Standard output is a sink: whoever reads it.
    readers: Mutex<Vec<thread::JoinHandle<()>>>,
    /// Nobody reads it for a while.
    pub(crate) unread: Arc<AtomicBool>,
    promise: Promise,
}

/// Runs one from its beginning to its end.
pub(crate) fn run(scene: Scene, settings: &Settings, recorder: &Recorder) {
    let world = World::new(scene, settings, recorder);
    let urls: Vec<_> = world
        .gateways
        .iter()
        .map(|gateway| world.start(gateway))
        .collect();
    let began = Instant::now();
    let within = settings.lasts.saturating_sub(rest(scene));
    let senders = Senders::start(&urls, settings.seed, world.promise, recorder);
    thread::scope(|scope| {
        for layer in plan(settings.seed, scene, within) {
            let world = &world;
            scope.spawn(move || faults::carry_out(world, &layer, began));
        }
    });
    faults::wait_until(began + within);
    let unacknowledged = senders.stop();
    let mut trouble = world.come_to_rest();
    if unacknowledged > 0 {
        trouble.get_or_insert(format!(
            "{unacknowledged} conversations get no 200 after the faults"
        ));
    }
    world.collect();
    recorder.say(What::Rested { trouble });
}

impl World {
    fn new(scene: Scene, settings: &Settings, recorder: &Recorder) -> Self {
        let database = match scene {
            Scene::Sqlite => None,
            Scene::Postgres => Some(Database::Postgres(Postgres::start(&[]).unwrap())),
            // What it has survives it.
            Scene::Redis => {
                let settings = ["appendonly yes", "appendfsync always"];
                Some(Database::Redis(Redis::start(&settings).unwrap()))
            }
        };
        let receiver = (scene != Scene::Redis).then(|| Receiver::start("http", recorder).unwrap());
        let sinks = receiver.as_ref().map_or_else(
            || "[[sink]]\nname = \"stdout\"\ntype = \"stdout\"\n".to_owned(),
            |receiver| FILE.to_owned() + &receiver.sink(),
        );
        let gateways: Vec<_> = (0..scene.nodes())
            .map(|number| {
                let name = format!("{}-{number}", scene.name());
                let wire = database
                    .as_ref()
                    .map(|database| Proxy::to(&database.address()).unwrap());
                let url = |wire: &Proxy| database.as_ref().unwrap().url_at(&wire.address());
                let mut node = match (scene, &wire) {
                    (Scene::Redis, Some(wire)) => {
                        let guard = format!("inbox = \"none\"\nstore = \"{}\"", url(wire));
                        Node::bare(&name, &guard, &sinks)
                    }
                    (_, Some(wire)) => Node::new(&name, &format!("inbox = \"{}\"", url(wire)), &sinks),
                    _ if settings.synchronous_normal => Node::new(
                        &name,
                        &SQLITE.replace("inbox.db", "inbox.db?synchronous=normal"),
                        &sinks,
                    ),
                    _ => Node::new(&name, SQLITE, &sinks),
                };
                node.leave_folder();
                let clock = Clock::new().unwrap();
                let watch =
                    (scene != Scene::Redis).then(|| Watch::over(node.sink().join("events.jsonl"), recorder));
                let node = Mutex::new(node);
                Gateway {
                    name,
                    node,
                    clock,
                    wire,
                    watch,
                }
            })
            .collect();
        let disk = (scene == Scene::Sqlite).then(|| {
            let disk = Disk::over(gateways[0].node().folder()).unwrap();
            disk.slow(Duration::from_millis(1))
        });
        let (promise, sinks) = match scene {
            Scene::Redis => (Promise::Guard, vec!["stdout"]),
            Scene::Sqlite | Scene::Postgres => (Promise::Inbox, vec!["log", "http"]),
        };
        recorder.say(What::Scene {
            seed: settings.seed,
            promise,
            sinks: sinks.into_iter().map(str::to_owned).collect(),
        });
        Self {
            recorder: recorder.clone(),
            gateways,
            disk,
            receiver,
            database,
            readers: Mutex::default(),
            unread: Arc::default(),
            promise,
        }
    }

    /// The database of a scene that has one.
    pub(crate) fn database(&self) -> &Server {
        self.database.as_ref().unwrap()
    }

    /// Starts a gateway as often as it takes, since what it stands on may be away, and tells the URL of its endpoint.
    pub(crate) fn start(&self, gateway: &Gateway) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut node = gateway.node();
            let started = node.try_start(|command| {
                gateway.clock.on(command);
                if let Some(disk) = &self.disk {
                    disk.on(command);
                }
                if self.promise == Promise::Guard {
                    command.stdout(Stdio::piped());
                }
            });
            let process = gateway.name.clone();
            match started {
                Ok(url) => {
                    let child = node.child().unwrap();
                    if let Some(stdout) = child.stdout.take() {
                        self.listen(stdout, &process);
                    }
                    let id = child.id();
                    self.recorder.say(What::ProcessStarted { process, id });
                    return url;
                }
                Err(said) => {
                    assert!(Instant::now() < deadline, "{process} does not come up: {said}");
                    let how = format!("did not come up: {said}");
                    self.recorder.say(What::ProcessEnded {
                        process,
                        how,
                        killed: false,
                    });
                }
            }
            drop(node);
            faults::wait(Duration::from_millis(200));
        }
    }

    fn listen(&self, stdout: ChildStdout, place: &str) {
        let (recorder, place) = (self.recorder.clone(), place.to_owned());
        let unread = Arc::clone(&self.unread);
        let reader = thread::spawn(move || {
            // What was written before a kill is there after it; the end of a line that was not is nobody's.
            let mut stdout = BufReader::new(stdout);
            let mut line = Vec::new();
            while stdout.read_until(b'\n', &mut line).unwrap() > 0 {
                if line.ends_with(b"\n") {
                    recorder.say(What::Delivered(Delivered {
                        sink: "stdout".to_owned(),
                        place: place.clone(),
                        ..Event::read(&line).delivered()
                    }));
                }
                line.clear();
                while unread.load(Ordering::Relaxed) {
                    faults::wait(Duration::from_millis(5));
                }
            }
        });
        self.readers.lock().unwrap().push(reader);
    }

    /// Waits until nothing waits any more; else what does.
    fn come_to_rest(&self) -> Option<String> {
        if self.promise == Promise::Guard {
            // What was acknowledged was handed over before; what was handed over is heard.
            self.gateways.iter().for_each(|gateway| gateway.node().kill());
            for reader in self.readers.lock().unwrap().drain(..) {
                reader.join().unwrap();
            }
            return None;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let node = self.gateways[0].node();
            let waiting = ["wahook_inbox_unread", "wahook_sink_waiting"].map(|name| node.try_metric(name));
            drop(node);
            match waiting {
                [Some(0), Some(0)] => return None,
                waiting if Instant::now() > deadline => {
                    return Some(format!("unread and waiting after {PATIENCE:?}: {waiting:?}"));
                }
                _ => faults::wait(Duration::from_millis(200)),
            }
        }
    }

    fn collect(&self) {
        if self.promise == Promise::Guard {
            return;
        }
        collect::inbox(&self.gateways[0].node(), &self.recorder);
        for gateway in &self.gateways {
            if let Some(watch) = &gateway.watch {
                collect::file_sink(watch, "log", &gateway.name, &self.recorder);
            }
        }
    }
}

//! The contract against brokers that are no mock.

use std::{
    fs,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};
use wahook_services::free_port;
use wahook_testkit::sink::{Harness, of_this_run, outage_rules, rules, run};

use crate::contract::harness;

/// All rules but those that need a broker killed or a topic that refuses.
#[test]
#[ignore = "needs Kafka: WAHOOK_TEST_KAFKA=host:9092"]
fn real_brokers_keep_the_contract_where_the_environment_names_some() {
    let Some(brokers) = std::env::var("WAHOOK_TEST_KAFKA")
        .ok()
        .filter(|brokers| !brokers.is_empty())
    else {
        eprintln!("not run: WAHOOK_TEST_KAFKA names no brokers");
        return;
    };
    for rule in rules() {
        eprintln!("{}", rule.name);
        let topic = of_this_run("contract");
        make(&brokers, &topic);
        let make = async || -> Harness { harness(&brokers, &topic) };
        run(make, rule.check);
    }
}

/// Tansu, a broker of another make, killed and started again; its data is in a file of SQLite.
#[test]
#[ignore = "needs Tansu: WAHOOK_TEST_TANSU=its program"]
fn tansu_keeps_the_contract_over_kills_where_the_environment_names_its_program() {
    let Some(program) = std::env::var("WAHOOK_TEST_TANSU")
        .ok()
        .filter(|program| !program.is_empty())
    else {
        eprintln!("not run: WAHOOK_TEST_TANSU names no program");
        return;
    };
    for rule in outage_rules() {
        eprintln!("{}", rule.name);
        let (tansu, topic) = (Arc::new(Tansu::start(&program)), of_this_run("contract"));
        make(&tansu.address, &topic);
        let (gone, back) = (Arc::clone(&tansu), Arc::clone(&tansu));
        let harness = harness(&tansu.address, &topic).with_outage(move || gone.kill(), move || back.run());
        run(async || harness, rule.check);
        tansu.kill();
        fs::remove_dir_all(&tansu.folder).unwrap();
    }
}

struct Tansu {
    program: String,
    address: String,
    folder: PathBuf,
    process: Mutex<Option<Child>>,
}

impl Tansu {
    fn start(program: &str) -> Self {
        let tansu = Self {
            program: program.to_owned(),
            address: format!("127.0.0.1:{}", free_port().unwrap()),
            folder: std::env::temp_dir().join(of_this_run("wahook-tansu")),
            process: Mutex::new(None),
        };
        fs::create_dir(&tansu.folder).unwrap();
        tansu.run();
        tansu
    }

    /// Returns when it takes connections.
    fn run(&self) {
        let listen = format!("tcp://{}", self.address);
        let process = Command::new(&self.program)
            .args(["broker", "--silent", "--listener-url", &listen])
            .args(["--advertised-listener-url", &listen])
            .args(["--storage-engine", "sqlite://tansu.db"])
            .current_dir(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut process = process.unwrap();
        while TcpStream::connect(&self.address).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "it does not come up");
            thread::yield_now();
        }
        *self.process.lock().unwrap() = Some(process);
    }

    fn kill(&self) {
        if let Some(mut process) = self.process.lock().unwrap().take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

fn make(brokers: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .unwrap();
    let new = NewTopic::new(topic, 3, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let made = runtime.block_on(admin.create_topics([&new], &AdminOptions::new()));
    made.unwrap().remove(0).unwrap();
}

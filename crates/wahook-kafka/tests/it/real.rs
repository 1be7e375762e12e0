//! The contract against brokers that are no mock.

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};
use wahook_testkit::sink::{Harness, of_this_run, rules, run};

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

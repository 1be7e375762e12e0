//! Events on their way through the gateway into brokers that go away and come back.

#[cfg(all(feature = "nats", feature = "rabbitmq"))]
use std::cell::Cell;
use std::fs;

#[cfg(all(feature = "nats", feature = "rabbitmq"))]
use wahook_services::{Nats, RabbitMq, Redis, free_port};

#[cfg(all(feature = "nats", feature = "rabbitmq"))]
use crate::program::Gateway;
use crate::program::{SECRET, folder, run, text};

fn check(sink: &str) -> (i32, String) {
    asked(&["config", "check"], sink)
}

/// What a verb says of a configuration with this sink.
fn asked(verb: &[&str], sink: &str) -> (i32, String) {
    let file = folder("brokers-config").join("wahook.toml");
    let toml = format!(
        "[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n[[sink]]\nname = \"out\"\n{sink}\n"
    );
    fs::write(&file, toml).unwrap();
    let output = run(&[verb, &[file.to_str().unwrap()]].concat(), b"");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(!said.contains("hunter2"), "{said}");
    (output.status.code().unwrap(), said)
}

/// Whether this build has what the sink is of.
fn is_built_in(sink: &str) -> bool {
    (cfg!(feature = "nats") || !sink.contains("type = \"nats\""))
        && (cfg!(feature = "rabbitmq") || !sink.contains("type = \"rabbitmq\""))
        && (cfg!(feature = "kafka") || !sink.contains("type = \"kafka\""))
}

#[test]
fn what_is_not_built_in_is_told_with_what_to_build() {
    for (kind, address) in [
        ("kafka", "kafka://u:hunter2@h"),
        ("nats", "nats://u:hunter2@h"),
        ("rabbitmq", "amqp://u:hunter2@h"),
    ] {
        let sink = format!("type = \"{kind}\"\naddress = \"{address}\"");
        let (code, said) = check(&sink);
        if is_built_in(&sink) {
            assert_eq!(code, 0, "{said}");
        } else {
            let build = format!("--features {kind}`");
            assert!(code == 1 && said.contains("this one does not"), "{said}");
            // Where the terminal is narrow, the line is broken.
            let words: Vec<_> = said.split_whitespace().collect();
            assert!(words.join(" ").contains(&build), "{said}");
        }
    }
}

#[test]
fn a_broker_is_configured_by_its_own_keys_and_no_others() {
    for sink in [
        "type = \"nats\"\naddress = \"nats://u:hunter2@h:4222,nats://i:4222\"\nsubject = \"a.{account}.{kind}\"\nstream = \"A\"",
        "type = \"rabbitmq\"\naddress = \"amqp://u:hunter2@h/%2f\"\nqueue = \"q\"\ncreate = false",
        "type = \"rabbitmq\"\naddress = \"amqps://u:hunter2@h/v\"\nexchange = \"e\"\nrouting_key = \"{lane}\"\nformat = \"cloudevents-binary\"",
        "type = \"redis\"\naddress = \"redis://:hunter2@h/0\"\nstream = \"s.{endpoint}\"\nmax_len = 5\ntimeout = \"1s\"",
        "type = \"kafka\"\naddress = \"kafkas://u:hunter2@h,i:9093\"\ntopic = \"a.{endpoint}\"\nmechanism = \"scram-sha-512\"",
    ] {
        let (code, said) = check(sink);
        assert_eq!(code == 0, is_built_in(sink), "{sink}: {said}");
    }
    for (sink, told) in [
        ("type = \"nats\"", "`address` is missing"),
        (
            "type = \"nats\"\naddress = \"hunter2\"",
            "the address cannot be read",
        ),
        (
            "type = \"nats\"\naddress = \"nats://h\"\nqueue = \"q\"",
            "`queue` is of sinks of type `rabbitmq`; `out` is one of type `nats`",
        ),
        (
            "type = \"nats\"\naddress = \"nats://h\"\nsubject = \"a.{chat}\"",
            "{provider}, {endpoint}, {account}, {kind} and {lane}",
        ),
        (
            "type = \"nats\"\naddress = \"nats://h\"\nsubject = \"{kind}\"",
            "create = false",
        ),
        (
            "type = \"nats\"\naddress = \"nats://h\"\ncredentials_file = \"nowhere\"",
            "cannot read",
        ),
        (
            "type = \"rabbitmq\"\naddress = \"amqp://h\"\nqueue = \"q\"\nexchange = \"e\"",
            "both `queue` and `exchange`",
        ),
        (
            "type = \"rabbitmq\"\naddress = \"amqp://h\"\nrouting_key = \"k\"",
            "add `exchange",
        ),
        (
            "type = \"rabbitmq\"\naddress = \"amqp://h\"\nexchange = \"e\"\ncreate = true",
            "an exchange is yours to make",
        ),
        (
            "type = \"nats\"\naddress = \"tls://h\"\nca_file = \"wahook.toml\"",
            "holds no certificate",
        ),
        (
            "type = \"rabbitmq\"\naddress = \"amqps://h\"\nca_file = \"nowhere.pem\"",
            "cannot read",
        ),
        (
            "type = \"kafka\"\naddress = \"kafka://h\"\nmechanism = \"GSSAPI\"",
            "one of `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`",
        ),
        (
            "type = \"kafka\"\naddress = \"kafka://h\"\ntopic = \"a/b\"",
            "a topic has letters",
        ),
        (
            "type = \"kafka\"\naddress = \"kafka://hunter2@h\"",
            "the address cannot be read",
        ),
        ("type = \"redis\"\naddress = \"hunter2\"", "not a Redis URL"),
        (
            "type = \"redis\"\naddress = \"redis://h\"\nmax_len = 0",
            "max_len",
        ),
        (
            "type = \"redis\"\naddress = \"redis://h\"\ncreate = true",
            "`create` is of sinks of type",
        ),
        (
            "type = \"file\"\npath = \"x\"\nsubject = \"a\"",
            "`subject` is of sinks of type `nats`",
        ),
    ] {
        if !is_built_in(sink) {
            continue;
        }
        let (code, said) = check(sink);
        assert_eq!(code, 1, "{sink}: {said}");
        assert!(said.contains(told), "{sink}: {said}");
    }
}

#[test]
fn doctor_says_who_can_read_on_the_way_and_where_a_password_stands() {
    const CLEAR: &str = "the sink `out` sends messages over the network unencrypted";
    const SHOWN: &str = "the password of the sink `out` stands in the configuration";
    for (sink, is_clear, is_shown) in [
        (
            "type = \"nats\"\naddress = \"nats://u:hunter2@h.example:4222\"",
            true,
            true,
        ),
        (
            "type = \"nats\"\naddress = \"tls://h.example:4222\"",
            false,
            false,
        ),
        (
            "type = \"rabbitmq\"\naddress = \"amqp://localhost\"",
            false,
            false,
        ),
        (
            "type = \"rabbitmq\"\naddress = \"amqps://u:hunter2@h.example\"",
            false,
            true,
        ),
        ("type = \"redis\"\naddress = \"redis://h.example\"", true, false),
        (
            "type = \"kafka\"\naddress = \"kafka://u:hunter2@h.example\"",
            true,
            true,
        ),
        (
            "type = \"kafka\"\naddress = \"kafkas://h.example,i.example\"",
            false,
            false,
        ),
    ] {
        if !is_built_in(sink) {
            continue;
        }
        let (_, said) = asked(&["doctor", "--config"], sink);
        assert_eq!(said.contains(CLEAR), is_clear, "{sink}: {said}");
        assert_eq!(said.contains(SHOWN), is_shown, "{sink}: {said}");
    }
}

#[cfg(all(feature = "nats", feature = "rabbitmq"))]
#[test]
#[ignore = "needs NATS, RabbitMQ and Redis: cargo xtask test"]
fn i3_a_broker_that_is_away_stops_no_other_and_gets_all_when_it_is_back() {
    let redis = Redis::start(&["appendonly yes", "appendfsync always"]).unwrap();
    let (nats, rabbitmq) = (Nats::start(&[]).unwrap(), RabbitMq::start(&[]).unwrap());
    let folder = folder("brokers");
    let admin = free_port().unwrap();
    let toml = format!(
        "inbox = \"sqlite:inbox.db\"\n[admin]\nlisten = \"127.0.0.1:{admin}\"\n\
         [[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n\
         [[sink]]\nname = \"nats\"\ntype = \"nats\"\naddress = \"{}\"\ntimeout = \"1s\"\nlongest_retry = \"1s\"\n\
         [[sink]]\nname = \"rabbitmq\"\ntype = \"rabbitmq\"\naddress = \"{}\"\ntimeout = \"2s\"\nlongest_retry = \"1s\"\n\
         [[sink]]\nname = \"redis\"\ntype = \"redis\"\naddress = \"{}\"\ntimeout = \"1s\"\nlongest_retry = \"1s\"\n",
        nats.url(),
        rabbitmq.url(),
        redis.url()
    );
    let mut gateway = Gateway::with_config(&folder, &toml);
    let to = format!("http://{}/hooks/shop", gateway.address);
    let file = folder.join("wahook.toml");
    let config = ["--config", file.to_str().unwrap()];
    let sent = Cell::new(0);
    let send = || {
        sent.set(sent.get() + 50);
        let args = ["send", "wazapin", "message.new", "--to", &to, "--secret", SECRET];
        let done = run(&[&args[..], &["--count", "50"]].concat(), b"");
        assert!(done.status.success(), "{}", text(&done.stderr));
    };
    // What waits at each sink: `wahook status` says it.
    let waiting = |sink: &str| {
        let output = run(&[&["status", "--json"][..], &config[..]].concat(), b"");
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        // What is not read yet is in no lane, and what is told may be of a moment ago.
        if status["inbox"]["unread"] != 0 || status["inbox"]["deliveries"] != sent.get() {
            return None;
        }
        let sinks = status["inbox"]["sinks"].as_array().unwrap();
        let one = sinks.iter().find(|one| one["name"] == sink);
        Some(one.map_or(0, |one| one["waiting"].as_u64().unwrap()))
    };
    let begun = std::time::Instant::now();
    let until = |what: &str, done: &dyn Fn() -> bool| {
        while !done() {
            assert!(begun.elapsed().as_secs() < 100, "in vain: {what}");
        }
    };
    send();
    let all = ["nats", "rabbitmq", "redis"];
    until("all have all", &|| {
        all.iter().all(|sink| waiting(sink) == Some(0))
    });

    nats.kill();
    rabbitmq.kill();
    send();
    until("the one that is there has all", &|| waiting("redis") == Some(0));
    assert_eq!((waiting("nats"), waiting("rabbitmq")), (Some(50), Some(50)));
    nats.restart().unwrap();
    redis.kill();
    send();
    until("the one that is back has all", &|| waiting("nats") == Some(0));
    assert_eq!(waiting("redis"), Some(50));
    redis.restart().unwrap();
    rabbitmq.restart().unwrap();
    until("all have all again", &|| {
        all.iter().all(|sink| waiting(sink) == Some(0))
    });
    gateway.signal("-TERM");
    gateway.wait();
    let log = gateway.log().join("\n");
    assert!(!log.contains("guest:guest"), "{log}");
}

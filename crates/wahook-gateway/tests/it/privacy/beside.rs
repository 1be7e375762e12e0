//! A gateway beside other programs: the servers where it stores, and the kit that plays a provider.

#[cfg(feature = "nats")]
use wahook_services::Nats;
use wahook_services::{Postgres, Redis, Server};

use super::{
    Output,
    canary::{ADDRESS, DESK, LINE, PHONE, SHOP, SINK, TEXT},
    traffic::{deliver, endpoints, traffic},
    without,
};
use crate::program::{Gateway, folder, run};

/// A guard and an inbox on a server that runs, then is gone, then is back; what lets us in is one more secret.
pub(super) fn on_redis() -> Vec<Output> {
    let server = Redis::start(&[&format!("requirepass {ADDRESS}")]).unwrap();
    let url = server.url().replace("redis://", &format!("redis://:{ADDRESS}@"));
    on_server(&server, &format!("inbox = \"none\"\nstore = \"{url}\"\n"))
}

pub(super) fn on_postgres() -> Vec<Output> {
    let server = Postgres::start(&[]).unwrap();
    let url = server.url();
    // Its password is a word that may stand anywhere; what names both is the user with it.
    let (credentials, _) = url.split_once("://").unwrap().1.split_once('@').unwrap();
    let places = ["inbox = \"none\"\nstore", "inbox"];
    let outputs = places.map(|place| on_server(&server, &format!("{place} = \"{url}\"\n")));
    without(
        outputs.into_iter().flatten().collect(),
        &[format!("{credentials}@")],
    )
}

#[cfg(feature = "nats")]
pub(super) fn on_nats() -> Vec<Output> {
    let server = Nats::start(&[&format!(
        "authorization {{ user: wahook, password: \"{ADDRESS}\" }}"
    )])
    .unwrap();
    let url = server
        .url()
        .replace("nats://", &format!("nats://wahook:{ADDRESS}@"));
    on_server(&server, &format!("inbox = \"{url}\"\n"))
}

fn on_server(server: &Server, stores: &str) -> Vec<Output> {
    let folder = folder("p1-server");
    let log = "[limits]\nbody_bytes = 20000\nheader_timeout = \"300ms\"\n[log]\nfilter = \"trace\"\n";
    let mut gateway = Gateway::with_config(&folder, &format!("{stores}{log}{}", endpoints()));
    let said = traffic(&gateway);
    server.kill();
    let (status, answer) = deliver(&gateway, "msg_away");
    assert_eq!(status, 503, "{answer}");
    server.restart().unwrap();
    let file = folder.join("wahook.toml");
    let doctor = run(&["doctor", "--json", "--config", file.to_str().unwrap()], b"");
    gateway.signal("-TERM");
    gateway.wait();
    let outputs = vec![
        Output::new("answers", said.answers + &answer),
        Output::new("what it said", gateway.said.join("\n")),
        Output::new("doctor", [doctor.stdout, doctor.stderr].concat()),
        Output::new("log", gateway.log().join("\n")),
    ];
    without(outputs, &said.signatures.into_canaries())
}

/// The conformance kit against a gateway of ours: it signs with the secret, and quotes what it was answered.
pub(super) fn conform() -> Vec<Output> {
    let folder = folder("p1-conform");
    let gateway = Gateway::with_config(&folder, &("inbox = \"none\"\n".to_owned() + &endpoints()));
    let mut outputs = Vec::new();
    for (provider, name, secret, at) in [
        ("wazapin", "shop", SHOP, gateway.address.to_string()),
        ("waping", "desk", DESK, gateway.address.to_string()),
        ("wawp", "line", LINE, gateway.address.to_string()),
        // Another secret than the receiver's, one that is none, and nobody there.
        ("wazapin", "shop", SINK, gateway.address.to_string()),
        ("wazapin", "shop", DESK, gateway.address.to_string()),
        ("wawp", "line", LINE, "127.0.0.1:1".to_owned()),
    ] {
        let url = format!("http://{at}/hooks/{name}");
        let observed = format!("echo {TEXT} of {PHONE}");
        for more in [&["--json"][..], &["--observe-command", &observed]] {
            let args = [
                &["conform", &url, "--provider", provider, "--secret", secret][..],
                &["--only", "valid,wrong-secret", "--settle", "10", "--timeout", "5"],
                more,
            ]
            .concat();
            let output = run(&args, b"");
            outputs.push(Output::new(
                format!("conform {provider} {more:?}"),
                [output.stdout, output.stderr].concat(),
            ));
        }
    }
    outputs
}

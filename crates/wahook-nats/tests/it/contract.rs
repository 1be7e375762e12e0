//! The whole contract of sinks, on a server that others use as well, and on one that is killed.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{
    self,
    stream::{Config, DiscardPolicy},
};
use percent_encoding::percent_decode_str;
use wahook_core::sink::MessageForm;
use wahook_nats::{NatsOptions, NatsSink};
use wahook_services::{Nats, shared_nats};
use wahook_testkit::sink::{Harness, Received, of_this_run};

use crate::stored::{header, stored};

fn sink(url: &str, name: &str, create: bool, form: MessageForm) -> Arc<NatsSink> {
    let mut options = NatsOptions::default();
    options.subject = format!("{name}.{{endpoint}}.{{kind}}").parse().unwrap();
    options.stream = Some(name.to_uppercase());
    options.create = create;
    options.timeout = Duration::from_secs(1);
    options.form = form;
    Arc::new(NatsSink::new(url, options).unwrap())
}

fn received(message: &async_nats::Message) -> Received {
    let text = |name: &str| header(message, name).to_owned();
    let id = text("Nats-Msg-Id");
    let received = Received::new(
        id,
        text("Wahook-Lane"),
        text("Content-Type"),
        message.payload.to_vec(),
    );
    let all = message.headers.as_ref().unwrap().iter();
    all.fold(received, |received, (name, values)| {
        let name: &str = name.as_ref();
        match name.strip_prefix("ce-") {
            Some(name) => {
                let value = percent_decode_str(values[0].as_str()).decode_utf8().unwrap();
                received.attribute(name, value)
            }
            None => received,
        }
    })
}

fn harness(url: String) -> Harness {
    let name = of_this_run("contract");
    let (to, of) = (url.clone(), name.clone());
    Harness::new(
        move |form| sink(&to, &of, true, form),
        move || {
            let (url, stream) = (url.clone(), name.to_uppercase());
            Box::pin(async move { all(&url, &stream).await })
        },
    )
}

/// All that is in a stream; a sink that had nothing to hand over has not made it.
async fn all(url: &str, stream: &str) -> Vec<Received> {
    let context = jetstream::new(async_nats::connect(url).await.unwrap());
    if context.get_stream(stream).await.is_err() {
        return Vec::new();
    }
    stored(url, stream).await.iter().map(received).collect()
}

async fn shared() -> Harness {
    harness(shared_nats())
}

wahook_testkit::sink_contract!(
    #[ignore = "needs NATS: cargo xtask test"]
    shared
);

/// One that is absent, and one that is full behind its first message.
async fn refusing() -> Harness {
    let url = shared_nats();
    let (absent, full) = (of_this_run("absent"), of_this_run("full"));
    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let config = Config {
        name: full.to_uppercase(),
        subjects: vec![format!("{full}.>")],
        max_messages: 1,
        discard: DiscardPolicy::New,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let form = MessageForm::default();
    harness(url.clone())
        .that_takes(0, sink(&url, &absent, false, form))
        .that_takes(1, sink(&url, &full, false, form))
}

wahook_testkit::sink_refusal_contract!(
    #[ignore = "needs NATS: cargo xtask test"]
    refusing
);

async fn killed() -> Harness {
    let server = Arc::new(Nats::start(&[]).unwrap());
    let back = Arc::clone(&server);
    harness(server.url()).with_outage(move || server.kill(), move || back.restart().unwrap())
}

wahook_testkit::sink_outage_contract!(
    #[ignore = "needs NATS: cargo xtask test"]
    killed
);

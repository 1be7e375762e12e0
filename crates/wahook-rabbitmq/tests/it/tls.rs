//! Encrypted connections, and who may come in.

use std::{fs, path::PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use wahook_core::{Secret, sink::Sink as _};
use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink};
use wahook_services::{RabbitMq, free_port};
use wahook_testkit::sink::event;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A broker with a certificate of a private authority, which lets `app` in; its folder has the authority's own, and another.
fn server(tls: u16) -> RabbitMq {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    let certificate = params.signed_by(&key, &authority).unwrap();
    let files = [
        ("ca.pem", authority.pem()),
        ("other.pem", self::authority().pem()),
        ("server.pem", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_bytes()));
    RabbitMq::start_with(
        &files,
        &[
            &format!("listeners.ssl.1 = 127.0.0.1:{tls}"),
            // Where it works is where these lie.
            "ssl_options.cacertfile = ca.pem",
            "ssl_options.certfile = server.pem",
            "ssl_options.keyfile = server.key",
            "ssl_options.verify = verify_none",
            "default_user = app",
            "default_pass = hunter2",
        ],
    )
    .unwrap()
}

/// What a hand-over says, in which no secret is.
async fn said(address: &str, ca: Option<PathBuf>) -> Result<(), String> {
    let mut options = RabbitMqOptions::default();
    options.ca = ca;
    let sink = RabbitMqSink::new(address, options).unwrap();
    let error = sink.deliver(&[event("a", 1)]).await.error;
    let all = format!("{error:?} {sink:?}");
    assert!(!all.contains("hunter2") && !all.contains("wrong"), "{all}");
    error.map_or(Ok(()), |error| Err(error.to_string()))
}

#[tokio::test]
#[ignore = "needs RabbitMQ: cargo xtask test"]
async fn an_authority_of_ones_own_is_trusted_where_it_is_named_and_no_other_is() {
    let tls = free_port().unwrap();
    let server = server(tls);
    let file = |name: &str| Some(server.data_dir().join(name));
    // A line of a file, as `address_file` reads it.
    let address_file = server.data_dir().join("address");
    fs::write(
        &address_file,
        format!("amqps://app:hunter2@localhost:{tls}/%2f\n"),
    )
    .unwrap();
    let address = Secret::new(fs::read_to_string(&address_file).unwrap().trim()).unwrap();
    let address = address.expose();
    assert_eq!(said(address, file("ca.pem")).await, Ok(()));
    for ca in [file("other.pem"), None] {
        let error = said(address, ca).await.unwrap_err();
        assert!(
            error.contains("certificate is not one to trust"),
            "it is clear what is wrong: {error}"
        );
    }
    let by_number = address.replace("localhost", "127.0.0.1");
    let error = said(&by_number, file("ca.pem")).await.unwrap_err();
    assert!(error.contains("certificate is not one to trust"), "{error}");
    let error = said(address, file("nowhere.pem")).await.unwrap_err();
    assert!(error.contains("nowhere.pem"), "{error}");

    let wrong = address.replace("hunter2", "wrong");
    let error = said(&wrong, file("ca.pem")).await.unwrap_err();
    assert!(error.contains("403"), "{error}");
}

//! Encrypted connections.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use wahook_core::guard::{OpenErrorKind, Settled};
use wahook_redis::{RedisOptions, RedisStore};
use wahook_services::{Redis, free_port};

use crate::common::{FRESH, LONG, claim, claim_when_back, complete, key, open, token};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// A certificate for a name, and its key, as PEM.
fn certificate(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    // Not the authority's own name: that would make it a certificate that signed itself.
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

struct Server {
    redis: Redis,
    port: u16,
}

impl Server {
    fn start(authority: &Authority, name: &str, clients: &str) -> Self {
        let port = free_port().expect("a port");
        let (certificate, key) = certificate(authority, name);
        let (of_client, key_of_client) = self::certificate(authority, "client");
        let redis = Redis::start_with(
            &[
                ("ca.pem", authority.pem().as_bytes()),
                ("server.pem", certificate.as_bytes()),
                ("server.key", key.as_bytes()),
                ("client.pem", of_client.as_bytes()),
                ("client.key", key_of_client.as_bytes()),
                ("other.pem", self::authority().pem().as_bytes()),
                ("empty.pem", b""),
            ],
            &[
                &format!("tls-port {port}"),
                "tls-cert-file server.pem",
                "tls-key-file server.key",
                "tls-ca-cert-file ca.pem",
                &format!("tls-auth-clients {clients}"),
                "user app on >s3cret ~* &* +@all",
            ],
        );
        Self {
            redis: redis.expect("a server"),
            port,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.redis.data_dir().join(name)
    }

    fn url(&self, query: &str) -> String {
        format!("rediss://app:s3cret@localhost:{}/1{query}", self.port)
    }

    async fn refusal(&self, url: &str) -> OpenErrorKind {
        let error = RedisStore::connect(url, RedisOptions::new())
            .await
            .expect_err("it is refused");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let text = format!("{error} {error:?} {source:?}");
        assert!(!text.contains("s3cret"), "{text}");
        error.kind()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn p3_only_a_server_whose_certificate_is_trusted_is_spoken_to() {
    let server = Server::start(&authority(), "localhost", "no");
    let ca = |name: &str| format!("?ca={}", server.file(name).display());

    let store = open(&server.url(&ca("ca.pem"))).await;
    let holder = token();
    assert_eq!(claim(&store, &key("a"), holder, LONG).await, FRESH);
    server.redis.restart().expect("it comes back");
    assert_eq!(
        claim_when_back(&store, &key("a"), holder, LONG).await,
        FRESH,
        "all was lost, and TLS is back"
    );
    assert_eq!(complete(&store, &key("a"), holder).await, Settled::Done);
    assert!(!format!("{store:?}").contains("s3cret"), "{store:?}");
    let by_option = RedisOptions::new().ca_file(server.file("ca.pem"));
    RedisStore::connect(&server.url(""), by_option)
        .await
        .expect("the store opens");

    assert_eq!(
        server.refusal(&server.url(&ca("other.pem"))).await,
        OpenErrorKind::Refused
    );
    // The certificate is for a name, not for an address.
    let by_address = server.url(&ca("ca.pem")).replace("localhost", "127.0.0.1");
    assert_eq!(server.refusal(&by_address).await, OpenErrorKind::Refused);
    for file in ["empty.pem", "missing.pem", "server.key"] {
        assert_eq!(
            server.refusal(&server.url(&ca(file))).await,
            OpenErrorKind::Address,
            "{file}"
        );
    }
    // Plain words to the port for TLS, and the other way round.
    let plain = server.url("").replace("rediss", "redis");
    assert_eq!(server.refusal(&plain).await, OpenErrorKind::Unreachable);
    let wrong_port = server
        .url(&ca("ca.pem"))
        .replace(&server.port.to_string(), &server.redis.port().to_string());
    assert_eq!(server.refusal(&wrong_port).await, OpenErrorKind::Unreachable);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn p3_a_server_that_wants_a_certificate_gets_one() {
    let server = Server::start(&authority(), "localhost", "yes");
    let ca = format!("?ca={}", server.file("ca.pem").display());
    let file = |name: &str| server.file(name).display().to_string();
    let with = format!("{ca}&cert={}&key={}", file("client.pem"), file("client.key"));
    let store = open(&server.url(&with)).await;
    assert_eq!(claim(&store, &key("a"), token(), LONG).await, FRESH);
    assert_eq!(server.refusal(&server.url(&ca)).await, OpenErrorKind::Refused);
    let mixed = format!("{ca}&cert={}&key={}", file("client.pem"), file("server.key"));
    assert_eq!(server.refusal(&server.url(&mixed)).await, OpenErrorKind::Address);
    let missing = format!("{ca}&cert={}&key={}", file("client.pem"), file("missing.key"));
    assert_eq!(
        server.refusal(&server.url(&missing)).await,
        OpenErrorKind::Address
    );
}

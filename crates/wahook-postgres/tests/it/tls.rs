//! TLS: whose certificate is accepted.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use wahook_core::guard::OpenErrorKind;
use wahook_postgres::PostgresStore;
use wahook_services::Postgres;

use crate::common::{FRESH, claim, name, open, schema, token};

/// An authority, and a server's certificate and key of its making; all PEM.
struct Signed {
    authority: String,
    certificate: String,
    key: String,
}

fn signed(host: &str) -> Signed {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let own = authority.self_signed(&authority_key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![host.to_owned()])
        .expect("parameters")
        .signed_by(&key, &Issuer::from_params(&authority, &authority_key))
        .expect("a certificate");
    Signed {
        authority: own.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

fn server(signed: &Signed) -> Postgres {
    let files: [(&str, &[u8]); 2] = [
        ("server.crt", signed.certificate.as_bytes()),
        ("server.key", signed.key.as_bytes()),
    ];
    Postgres::start_with(&files, &["ssl = on"]).expect("a server")
}

/// A file that the test removes.
struct File(std::path::PathBuf);

impl File {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{}.pem", name()));
        std::fs::write(&path, text).expect("a file");
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn outcome(url: &str) -> Result<(), OpenErrorKind> {
    match PostgresStore::connect(url, schema()).await {
        Ok(store) => {
            assert_eq!(claim(&store, "one", token()).await, FRESH);
            Ok(())
        }
        Err(error) => Err(error.kind()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn p_a_certificate_is_accepted_from_the_named_authority_alone() {
    let right = signed("127.0.0.1");
    let server = server(&right);
    let (ours, stranger, junk) = (
        File::new(&right.authority),
        File::new(&signed("127.0.0.1").authority),
        File::new("no certificate"),
    );
    let refused = Err(OpenErrorKind::Refused);
    for (parameters, wanted) in [
        (String::new(), Ok(())),
        ("sslmode=disable".to_owned(), Ok(())),
        ("sslmode=prefer".to_owned(), Ok(())),
        (
            format!("sslmode=verify-full&sslrootcert={}", ours.0.display()),
            Ok(()),
        ),
        (
            format!("sslmode=verify-ca&sslrootcert={}", ours.0.display()),
            Ok(()),
        ),
        (format!("sslrootcert={}", ours.0.display()), Ok(())),
        (
            format!("sslmode=verify-full&sslrootcert={}", stranger.0.display()),
            refused,
        ),
        (
            format!("sslmode=verify-ca&sslrootcert={}", stranger.0.display()),
            refused,
        ),
        // libpq would take anybody's.
        ("sslmode=require".to_owned(), refused),
        ("sslmode=verify-full".to_owned(), refused),
        (
            format!("sslrootcert={}", junk.0.display()),
            Err(OpenErrorKind::Address),
        ),
        (
            "sslrootcert=/nowhere/ca.pem".to_owned(),
            Err(OpenErrorKind::Address),
        ),
    ] {
        let url = format!("{}?{parameters}", server.url());
        assert_eq!(outcome(&url).await, wanted, "{parameters}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn p_the_name_counts_unless_verify_ca_was_asked_for() {
    let other = signed("db.example");
    let server = server(&other);
    let ours = File::new(&other.authority);
    for (mode, wanted) in [
        ("verify-full", Err(OpenErrorKind::Refused)),
        ("require", Err(OpenErrorKind::Refused)),
        ("verify-ca", Ok(())),
    ] {
        let url = format!("{}?sslmode={mode}&sslrootcert={}", server.url(), ours.0.display());
        assert_eq!(outcome(&url).await, wanted, "{mode}");
    }
}

/// The session really is encrypted, and one that must be is never had in the clear.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn p_what_must_be_encrypted_is() {
    let right = signed("127.0.0.1");
    let ours = File::new(&right.authority);
    let plain = Postgres::start(&[]).expect("a server");
    let url = |server: &Postgres| format!("{}?sslrootcert={}", server.url(), ours.0.display());
    assert_eq!(outcome(&url(&plain)).await, Err(OpenErrorKind::Refused));
    let server = server(&right);
    let store = open(&url(&server), schema()).await;
    let client = crate::common::client(&server.url()).await;
    let clear = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                 WHERE application_name = 'wahook' AND NOT ssl";
    assert_eq!(crate::common::count(&client, clear).await, 0);
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE application_name = 'wahook' AND ssl";
    assert!(crate::common::count(&client, encrypted).await > 0);
    drop(store);
}

//! TLS at the listener, with clients that check what they are shown.
//!
//! Longer than 400 lines: each scene needs the pair, the client and the gateway above it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::Arc,
};

use jiff::{Span, Timestamp};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};

use super::{
    limits::{is_closed, stalled},
    program::{Gateway, SECRET, command, folder, now, run, signed, text},
    serve::{BODY, RECEIVED, shop, stop},
};

/// A certificate for `localhost`, and its key.
pub(crate) struct Pair {
    pub(crate) chain: String,
    pub(crate) key: String,
    der: CertificateDer<'static>,
}

pub(crate) fn pair() -> Pair {
    pair_until(now() + 90 * 86_400)
}

/// One that somebody else issued, as those of the web are.
fn pair_of_an_issuer() -> Pair {
    let mut of_issuer = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let name = &mut of_issuer.distinguished_name;
    name.push(rcgen::DnType::CommonName, "an issuer");
    let issuer = rcgen::Issuer::new(of_issuer, rcgen::KeyPair::generate().unwrap());
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    Pair {
        chain: certificate.pem(),
        key: key.serialize_pem(),
        der: certificate.der().clone(),
    }
}

fn pair_until(end: i64) -> Pair {
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let date = |second: i64| {
        let date = Timestamp::from_second(second)
            .unwrap()
            .to_zoned(jiff::tz::TimeZone::UTC);
        let number = |number: i8| u8::try_from(number).unwrap();
        rcgen::date_time_ymd(date.year().into(), number(date.month()), number(date.day()))
    };
    params.not_before = date(0);
    params.not_after = date(end);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Pair {
        chain: certificate.pem(),
        key: key.serialize_pem(),
        der: certificate.der().clone(),
    }
}

impl Pair {
    /// As those who renew certificates do it: each file takes the place of the old one at once.
    fn put(&self, folder: &Path) {
        for (name, text) in [("key.pem", &self.key), ("chain.pem", &self.chain)] {
            put(folder, name, text);
        }
    }
}

fn put(folder: &Path, name: &str, text: &str) {
    let new = folder.join(format!("{name}.new"));
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, folder.join(name)).unwrap();
}

const TLS: &str = "[tls]\ncert_file = \"chain.pem\"\nkey_file = \"key.pem\"\n";

fn gateway(folder: &Path, more: &str) -> Gateway {
    let file = folder.join("wahook.toml");
    fs::write(&file, shop(&format!("{more}\n{TLS}"))).unwrap();
    Gateway::start_as(&["serve", "--config", file.to_str().unwrap()], |line| {
        line.strip_prefix("listening on https://").map(str::to_owned)
    })
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A connection of a client that trusts these certificates and no others.
fn connect(gateway: &Gateway, trusted: &[&Pair]) -> std::io::Result<Tls> {
    let mut roots = RootCertStore::empty();
    for pair in trusted {
        roots.add(pair.der.clone()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = gateway.connect();
    client.complete_io(&mut stream)?;
    Ok(StreamOwned::new(client, stream))
}

fn shown(stream: &Tls) -> &CertificateDer<'_> {
    &stream.conn.peer_certificates().unwrap()[0]
}

/// Status of one more delivery on this connection, which stays open.
fn send(stream: &mut Tls, id: &str) -> u16 {
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: localhost\r\n{}\r\ncontent-length: {}\r\n\r\n",
        signed(SECRET, id, now(), BODY),
        BODY.len()
    );
    stream.write_all(&[head.as_bytes(), BODY].concat()).unwrap();
    let mut said = Vec::new();
    while !said.ends_with(RECEIVED.as_bytes()) && !said.ends_with(b"\r\n\r\n\r\n") {
        let mut part = [0; 1024];
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&said));
        said.extend(&part[..count]);
    }
    text(&said[9..12]).parse().unwrap()
}

#[test]
fn https_is_served_as_http1_and_as_http2() {
    let (folder, pair) = (folder("https"), pair());
    pair.put(&folder);
    let mut gateway = gateway(&folder, "");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let _ = ring::default_provider().install_default();
        for (id, version) in [
            ("msg_1", http::Version::HTTP_11),
            ("msg_2", http::Version::HTTP_2),
        ] {
            let mut client = reqwest::Client::builder()
                .no_proxy()
                .https_only(true)
                .resolve("localhost", gateway.address)
                .tls_certs_only([reqwest::Certificate::from_der(&pair.der).unwrap()]);
            if version == http::Version::HTTP_11 {
                client = client.http1_only();
            }
            let client = client.build().unwrap();
            let mut request = client
                .post(format!("https://localhost:{}/hooks/shop", gateway.address.port()))
                .body(BODY);
            for line in signed(SECRET, id, now(), BODY).lines() {
                let (name, value) = line.split_once(": ").unwrap();
                request = request.header(name, value);
            }
            let answer = request.send().await.unwrap();
            assert_eq!((answer.version(), answer.status().as_u16()), (version, 200));
            assert_eq!(answer.text().await.unwrap(), RECEIVED);
        }
    });
    assert_eq!(gateway.event()["delivery"]["provider_id"], "msg_1");
    assert_eq!(
        stop(&mut gateway),
        Vec::<String>::new(),
        "said twice, in two deliveries"
    );
}

#[test]
fn a_renewed_certificate_is_shown_to_who_connects_next_and_a_bad_one_to_nobody() {
    let folder = folder("renewed");
    let (first, second, third) = (pair(), pair(), pair());
    first.put(&folder);
    let gateway = gateway(&folder, "");
    let mut old = connect(&gateway, &[&first]).unwrap();
    assert_eq!(send(&mut old, "msg_1"), 200);

    // Nobody tells it: the files are looked at.
    second.put(&folder);
    gateway.wait_for_log("the configuration was read again and is in effect");
    let mut new = connect(&gateway, &[&second]).unwrap();
    assert_eq!(shown(&new), &second.der);
    assert_eq!(send(&mut new, "msg_2"), 200);
    assert_eq!(shown(&old), &first.der);
    assert_eq!(send(&mut old, "msg_3"), 200, "what is open goes on");

    let stays = |why: &str| {
        loop {
            // A look at the files between two writes finds a good pair.
            let line = gateway.wait_for_log("the configuration was read again");
            if line.contains(why) {
                return line;
            }
        }
    };
    for (name, bad, why) in [
        (
            "key.pem",
            third.key.as_str(),
            "is not the key of the first certificate in",
        ),
        ("key.pem", "hunter2", "there is no private key in it"),
        (
            "key.pem",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "is encrypted",
        ),
        ("chain.pem", "hunter2", "there is no certificate in it"),
        (
            "chain.pem",
            "-----BEGIN CERTIFICATE-----\nhunter2",
            "this is not PEM",
        ),
        (
            "chain.pem",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "cannot be read",
        ),
    ] {
        second.put(&folder);
        put(&folder, name, bad);
        gateway.signal("-HUP");
        let line = stays(why);
        assert!(
            line.contains("the old one stays") && line.contains(name) && !line.contains("hunter2"),
            "{line}"
        );
        assert_eq!(
            shown(&connect(&gateway, &[&second]).unwrap()),
            &second.der,
            "{why}"
        );
    }
}

#[test]
fn a_link_that_leads_elsewhere_is_a_renewed_certificate() {
    let folder = folder("linked");
    let pairs = [pair(), pair()];
    for (name, pair) in ["first", "second"].iter().zip(&pairs) {
        fs::create_dir(folder.join(name)).unwrap();
        pair.put(&folder.join(name));
    }
    // As Kubernetes does it.
    symlink("first", folder.join("current")).unwrap();
    for name in ["chain.pem", "key.pem"] {
        symlink(Path::new("current").join(name), folder.join(name)).unwrap();
    }
    let gateway = gateway(&folder, "");
    assert_eq!(shown(&connect(&gateway, &[&pairs[0]]).unwrap()), &pairs[0].der);
    symlink("second", folder.join("next")).unwrap();
    fs::rename(folder.join("next"), folder.join("current")).unwrap();
    gateway.wait_for_log("is in effect");
    assert_eq!(shown(&connect(&gateway, &[&pairs[1]]).unwrap()), &pairs[1].der);
}

#[test]
fn a_pair_that_is_named_before_it_is_there_is_shown_when_it_comes() {
    let folder = folder("tls-late");
    let (first, second) = (pair(), pair());
    first.put(&folder);
    let gateway = gateway(&folder, "");
    let file = folder.join("wahook.toml");
    let other = fs::read_to_string(&file)
        .unwrap()
        .replace("key.pem", "late.pem")
        .replace("chain.pem", "late.pem");
    fs::write(&file, other).unwrap();
    gateway.wait_for_log("the old one stays");
    put(&folder, "late.pem", &(second.chain.clone() + &second.key));
    gateway.wait_for_log("is in effect");
    assert_eq!(shown(&connect(&gateway, &[&second]).unwrap()), &second.der);
}

#[test]
fn what_is_no_handshake_is_closed_and_counted_and_the_next_is_served() {
    let (folder, pair) = (folder("no-handshake"), pair());
    pair.put(&folder);
    let limits = "[limits]\nheader_timeout = \"300ms\"\nconnections = 2\n[admin]\nlisten = \"127.0.0.1:0\"";
    let mut gateway = gateway(&folder, limits);
    let hello = b"\x16\x03\x01\x02\x00\x01\x00"; // the head of a handshake, and no more
    for bytes in [
        &b""[..],
        hello,
        b"GET / HTTP/1.1\r\nhost: h\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &[0xff; 4096],
    ] {
        // More than may be open: they hold no place longer than the deadline.
        let all = [(); 3].map(|()| stalled(&gateway, bytes));
        for stream in all {
            assert!(is_closed(stream), "{bytes:?}");
        }
    }
    assert!(connect(&gateway, &[]).is_err(), "a client that does not trust us");
    // Done with the handshake, and then silent.
    let silent = connect(&gateway, &[&pair]).unwrap();
    assert!(is_closed(silent.sock));
    assert_eq!(send(&mut connect(&gateway, &[&pair]).unwrap(), "msg_1"), 200);

    let metrics = gateway.metrics();
    for (reason, count) in [("deadline", 6), ("not_tls", 9), ("untrusted", 1)] {
        let line = format!("wahook_tls_handshakes_failed_total{{reason=\"{reason}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    let ends = |metrics: &str| -> i64 {
        let name = "wahook_tls_certificate_ends_timestamp_seconds{} ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
    };
    // The tests' certificates end at midnight.
    let left = ends(&metrics) - now();
    assert!((89 * 86_400..=90 * 86_400).contains(&left), "{left}");
    gateway.signal("-TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(!gateway.log().join("\n").contains("panicked"));
}

#[test]
fn without_an_inbox_the_log_tells_of_handshakes_that_failed() {
    let (folder, pair) = (folder("tls-log"), pair());
    pair.put(&folder);
    let gateway = gateway(&folder, "inbox = \"none\"");
    assert!(connect(&gateway, &[]).is_err(), "a client that does not trust us");
    let line = gateway.wait_for_log("our certificate was refused");
    assert!(line.contains("WARN") && line.contains("count=1"), "{line}");
    assert!(is_closed(stalled(&gateway, b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")));
    gateway.wait_for_log("reason=\"not_tls\"");
}

#[test]
fn a_handshake_in_progress_holds_up_no_stop() {
    let (folder, pair) = (folder("tls-stop"), pair());
    pair.put(&folder);
    let mut gateway = gateway(&folder, "[limits]\nheader_timeout = \"1h\"\nshutdown = \"1h\"");
    let stream = stalled(&gateway, b"\x16\x03\x01");
    drop(connect(&gateway, &[&pair]).unwrap());
    gateway.signal("-TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(is_closed(stream));
}

#[test]
fn with_a_bad_pair_nothing_is_listened_on() {
    let folder = folder("tls-bad");
    let (one, other) = (pair(), pair());
    one.put(&folder);
    put(&folder, "key.pem", &other.key);
    let file = folder.join("wahook.toml");
    fs::write(&file, shop(TLS)).unwrap();
    let output = run(
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            file.to_str().unwrap(),
        ],
        b"",
    );
    let said = text(&output.stderr);
    assert_eq!(
        (output.status.code(), said.lines().count()),
        (Some(2), 1),
        "{said}"
    );
    assert!(
        said.contains("wahook.toml:3:1: ")
            && said.contains("key.pem is not the key of the first certificate in"),
        "{said}"
    );
}

fn check(folder: &Path, tls: &str) -> (Option<i32>, String) {
    let file = folder.join("wahook.toml");
    fs::write(&file, shop(tls)).unwrap();
    let output = run(&["config", "check", file.to_str().unwrap()], b"");
    (output.status.code(), text(&output.stdout))
}

#[test]
fn the_pair_is_looked_at_before_it_is_used() {
    let (folder, pair) = (folder("tls-check"), pair());
    pair.put(&folder);
    for (tls, code, expected) in [
        (TLS, 0, "good, 1 endpoint"),
        (
            "[tls]\ncert_file = \"chain.pem\"",
            1,
            ":1:2: `key_file` is missing; add `key_file = \"…\"`",
        ),
        ("[tls]\nkey_file = \"key.pem\"", 1, ":1:2: `cert_file` is missing"),
        (
            "[tls]\ncert = \"chain.pem\"",
            1,
            ":2:1: unknown key `cert`; did you mean `cert_file`?",
        ),
        (
            "[tls]\ncert_file = \"none\"\nkey_file = \"key.pem\"",
            1,
            ":2:1: cannot read the certificate in ",
        ),
        (
            "[tls]\ncert_file = \"chain.pem\"\nkey_file = \"none\"",
            1,
            ":3:1: cannot read the key in ",
        ),
        (
            "[tls]\ncert_file = \"key.pem\"\nkey_file = \"key.pem\"",
            1,
            "there is no certificate in it",
        ),
        (
            "[tls]\ncert_file = \"/dev/zero\"\nkey_file = \"key.pem\"",
            1,
            "it is no regular file",
        ),
        (
            "[tls]\ncert_file = \".\"\nkey_file = \"key.pem\"",
            1,
            ":2:1: cannot read the certificate in ",
        ),
    ] {
        let (found, said) = check(&folder, tls);
        assert!(found == Some(code) && said.contains(expected), "{tls}: {said}");
    }
    // Both in one file, and the variables over it.
    put(&folder, "both.pem", &(pair.key.clone() + &pair.chain));
    let output = command(&["config", "check", folder.join("wahook.toml").to_str().unwrap()])
        .env("WAHOOK_TLS__CERT_FILE", "both.pem")
        .env("WAHOOK_TLS__KEY_FILE", "both.pem")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    pair_until(now() - 86_400).put(&folder);
    let (code, said) = check(&folder, TLS);
    assert_eq!(code, Some(0));
    assert!(
        said.contains("warning: ") && said.contains("chain.pem ended on "),
        "{said}"
    );
}

#[test]
fn doctor_looks_at_the_certificate_and_at_who_can_read_its_key() {
    let folder = folder("tls-doctor");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let file = folder.join("wahook.toml");
    fs::write(folder.join("secret"), SECRET).unwrap();
    fs::set_permissions(folder.join("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let endpoint = "[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret_file = \"secret\"\n";
    let findings = |tls: &str| -> Vec<(String, String)> {
        fs::write(&file, format!("listen = \"0.0.0.0:8080\"\n{tls}{endpoint}")).unwrap();
        let output = run(&["doctor", "--json", "--config", file.to_str().unwrap()], b"");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        findings
            .map(|finding| (text(&finding["level"]), text(&finding["what"])))
            .collect()
    };
    let only = |tls: &str| {
        let findings = findings(tls);
        assert_eq!(findings.len(), 1, "{findings:#?}");
        findings[0].clone()
    };
    assert!(only("").1.contains("plain HTTP on 0.0.0.0:8080"));
    pair().put(&folder);
    assert_eq!(findings(TLS), [], "it encrypts itself");

    let public = |url: &str| format!("public_url = \"{url}\"\n{TLS}");
    assert_eq!(findings(&public("https://localhost")), []);
    let (level, said) = only(&public("https://hooks.example.com:8443"));
    assert!(
        level == "warning"
            && said.contains("chain.pem is not for hooks.example.com, the host of `public_url`"),
        "{said}"
    );
    let issued = pair_of_an_issuer();
    issued.put(&folder);
    let (level, said) = only(TLS);
    assert!(
        level == "warning" && said.contains("chain.pem stands alone, and somebody else issued it"),
        "{said}"
    );
    put(&folder, "chain.pem", &(issued.chain + &pair().chain));
    assert_eq!(findings(TLS), [], "with something behind it");
    pair().put(&folder);

    let days = |days: i64| {
        let end = Timestamp::from_second(now()).unwrap() + Span::new().hours(24 * days);
        pair_until(end.as_second()).put(&folder);
    };
    for (left, level, what) in [
        (16, "", ""),
        (10, "warning", "chain.pem ends on "),
        (-1, "error", "chain.pem ended on "),
    ] {
        days(left);
        match level {
            "" => assert_eq!(findings(TLS), []),
            _ => {
                let (found, said) = only(TLS);
                assert!(found == level && said.contains(what), "{left}: {said}");
            }
        }
    }
    pair().put(&folder);
    fs::set_permissions(folder.join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let reached = folder
        .ancestors()
        .all(|folder| fs::metadata(folder).unwrap().permissions().mode() & 0o001 != 0);
    let expected = if reached {
        "key.pem, which holds a secret"
    } else {
        ""
    };
    let found = findings(TLS);
    assert_eq!(found.len(), usize::from(reached), "{found:?}");
    assert!(
        found
            .iter()
            .all(|(level, what)| level == "warning" && what.ends_with(expected)),
        "{found:?}"
    );
}

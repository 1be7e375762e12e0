//! Verbs that end by themselves, and what they say when they fail.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use serde_json::Value;
use wahook_providers::PROVIDERS;
use wahook_testkit::samples;

use super::{
    Output,
    canary::{ADDRESS, ADMIN, DESK, FORGED, LINE, NAME, PHONE, SHOP, SINK, TEXT},
    traffic::{Signatures, mac},
    without,
};
use crate::program::{command, folder, run, signed};

fn all(args: &[&str], stdin: &[u8]) -> Output {
    let output = run(args, stdin);
    Output::new(args.join(" "), [output.stdout, output.stderr].concat())
}

/// What looks at this configuration says of it.
fn looked_at(name: &str, toml: &str) -> Vec<Output> {
    let folder = folder(name);
    let file = folder.join("wahook.toml");
    fs::write(&file, toml).unwrap();
    fs::write(folder.join("admin"), ADMIN).unwrap();
    let file = file.to_str().unwrap();
    // It ends there, if not before.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    [
        &["config", "check", "--config", file][..],
        &["config", "print", "--config", file],
        &["doctor", "--json", "--config", file],
        &["serve", "--log", "trace", "--listen", &taken, "--config", file],
    ]
    .map(|args| all(args, b""))
    .into()
}

fn endpoint(lines: &str) -> String {
    format!("[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\n{lines}\n")
}

pub(super) fn wrong_configurations() -> Vec<Output> {
    let good = endpoint(&format!("secret = \"{SHOP}\""));
    let desk = |lines: &str| format!("[[endpoint]]\nname = \"desk\"\nprovider = \"waping\"\n{lines}\n");
    [
        endpoint(&format!("secret = \"{SHOP}")),
        endpoint(&format!("secret = {SHOP}")),
        endpoint(&format!("secret = [\"{SHOP}\"]")),
        endpoint(&format!("secrets = \"{SHOP}\"")),
        endpoint(&format!("secert = \"{SHOP}\"")),
        endpoint(&format!("secret = {{ value = \"{DESK}\" }}")),
        endpoint(&format!("secret = \"{DESK} {DESK}!\"")),
        endpoint(&format!("secret = \"{SHOP}\"\nsecret = \"{DESK}\"")),
        endpoint(&format!("secret_file = \"{ADDRESS}\u{0}\"")),
        desk(&format!("secret = \"{DESK}\"\n[endpoint.options]\nscheme = \"{DESK}\"")).replace(&format!("scheme = \"{DESK}\""), "scheme = 7"),
        desk(&format!("secret = \"{DESK}\"\n[endpoint.options]\ntoken = [\"{LINE}\"]")),
        desk(&format!("secret = \"{DESK}\"\n[endpoint.options]\nsecret = \"{LINE}\"")),
        good.clone() + &format!("[admin]\ntoken = 1\nlisten = \"127.0.0.1:0\"\ntokn = \"{ADMIN}\"\n"),
        good.clone() + &format!("[admin]\ntoken = \"{ADMIN}"),
        good.clone() + &format!("[admin]\ntoken = [\"{ADMIN}\"]\n"),
        format!("store = \"redis://:{ADDRESS}@\"\ninbox = \"none\"\n{good}"),
        format!("store = \"redis://:{ADDRESS}@host:port/x\"\ninbox = \"none\"\n{good}"),
        format!("store = \"mongodb://user:{ADDRESS}@host/x\"\ninbox = \"none\"\n{good}"),
        format!("store = \"postgres://user:{ADDRESS}@host/x?sslmode=maybe\"\ninbox = \"none\"\n{good}"),
        format!("inbox = \"postgres://user:{ADDRESS}@host:99999/x\"\n{good}"),
        format!("inbox = \"postgres://user:{ADDRESS}@host/x?sslmode=maybe&{LINE}=1\"\n{good}"),
        format!("inbox = [\"postgres://user:{ADDRESS}@host/x\"]\n{good}"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://user:{ADDRESS}@host/\"\n"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"{ADDRESS}\"\n"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"ftp://host/?token={ADDRESS}\"\n"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = [\"https://host/?token={ADDRESS}\"]\n"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://host/\"\nsecret = \"{DESK}\"\n"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://host/\"\nsecret = [\"{SINK}\"]\n"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://host/\"\nheaders = {{ authorization = [\"{LINE}\"] }}\n"),
        good.clone() + &format!("[[sink]]\nname = \"a\"\ntype = \"sql\"\naddress = \"mysql://u:{ADDRESS}@host/d\"\ntable = \"t\"\n"),
        good + &format!("[[sink]]\nname = \"a\"\ntype = \"sql\"\naddress = [\"postgres://u:{ADDRESS}@host/d\"]\ntable = \"t\"\n"),
    ]
    .iter()
    .enumerate()
    .flat_map(|(number, toml)| {
        let outputs = looked_at("p1-wrong", toml);
        outputs.into_iter().map(move |output| Output { from: format!("configuration {number}, {}", output.from), ..output })
    })
    .collect()
}

pub(super) fn environment() -> Vec<Output> {
    let folder = folder("p1-environment");
    let file = folder.join("wahook.toml");
    fs::write(&file, endpoint("")).unwrap();
    let mut outputs = Vec::new();
    for (name, value) in [
        ("WAHOOK_ENDPOINT__SHOP__SECRET", SHOP),
        ("WAHOOK_ENDPOINT__SHOP__SECRET", DESK),
        ("WAHOOK_ENDPOINT__SHOP__SECERT", SHOP),
        ("WAHOOK_ENDPOINT__SHOP__SECRETS", DESK),
        ("WAHOOK_ADMIN__TOKEN", ADMIN),
        ("WAHOOK_LIMITS__IDLE", LINE),
        ("WAHOOK_INBOX", ADDRESS),
    ] {
        for verb in [&["config", "check"][..], &["config", "print"], &["doctor"]] {
            let output = command(&[verb, &["--config", file.to_str().unwrap()]].concat())
                .env(name, value)
                .output()
                .unwrap();
            outputs.push(Output::new(
                format!("{name} {verb:?}"),
                [output.stdout, output.stderr].concat(),
            ));
        }
    }
    outputs
}

pub(super) fn unreachable() -> Vec<Output> {
    let good = endpoint(&format!("secret = \"{SHOP}\""));
    [
        format!("store = \"redis://:{ADDRESS}@127.0.0.1:1/\"\ninbox = \"none\"\n{good}"),
        format!("store = \"postgres://user:{ADDRESS}@127.0.0.1:1/x?connect_timeout=1\"\ninbox = \"none\"\n{good}"),
        format!("inbox = \"postgres://user:{ADDRESS}@127.0.0.1:1/x\"\n{good}"),
        good + &format!(
            "[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"http://127.0.0.1:1/?token={ADDRESS}\"\nsecret = \"{SINK}\"\n\
             [[sink]]\nname = \"b\"\ntype = \"sql\"\naddress = \"postgres://u:{ADDRESS}@127.0.0.1:1/d\"\ntable = \"t\"\n"
        ),
    ]
    .iter()
    .flat_map(|toml| looked_at("p1-unreachable", toml))
    .collect()
}

pub(super) fn look() -> Vec<Output> {
    let desk = format!(
        "[[endpoint]]\nname = \"desk\"\nprovider = \"waping\"\nsecrets = [\"{DESK}\", \"{LINE}\"]\n[endpoint.options]\nchallenge_token = \"{ADMIN}\"\n"
    );
    let sink = format!(
        "[[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://127.0.0.1:1/?token={ADDRESS}\"\nsecret = \"{SINK}\"\n"
    );
    let admin = format!("[admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"{ADMIN}\"\n");
    looked_at(
        "p1-look",
        &(endpoint(&format!("secret = \"{SHOP}\"")) + &desk + &sink + &admin),
    )
}

pub(super) fn verify() -> Vec<Output> {
    let body = format!("{{\"from\": \"{PHONE}\", \"text\": \"{TEXT}\"}}");
    let signature = format!("svix-signature: v1,{FORGED}");
    let wap = format!("x-wap-signature: {FORGED}");
    let hmac = format!("x-webhook-hmac: {FORGED}");
    // What would have been right is told to nobody, and neither is what is.
    let right = format!("x-wap-signature: {}", mac(DESK, &body));
    let shop = signed(SHOP, "msg_1", 1_767_225_600, body.as_bytes());
    let mut signatures = Signatures::default();
    signatures.of(&format!("X-Wap-Signature: {}\r\n{shop}", mac(DESK, &body)));
    let genuine = shop.lines().last().unwrap();
    let mut outputs = Vec::new();
    for args in [
        &["waping", "--secret", DESK, "--header", &right][..],
        &["waping", "--secret", LINE, "--header", &right],
        &[
            "wazapin",
            "--secret",
            SHOP,
            "--now",
            "1767225600",
            "--header",
            "svix-id: msg_1",
            "--header",
            "svix-timestamp: 1767225600",
            "--header",
            genuine,
        ],
    ] {
        for json in [&[][..], &["--json"]] {
            let output = all(&[&["verify"][..], args, json].concat(), body.as_bytes());
            let from = format!("verify {}", args[0]);
            outputs.push(Output { from, ..output });
        }
    }
    for json in [&[][..], &["--json"]] {
        for (provider, secret) in [
            ("wazapin", SHOP),
            ("wazapin", DESK),
            ("waping", DESK),
            ("wawp", LINE),
            ("wawp", ""),
        ] {
            let line = format!("/hooks/x?secret={LINE}x");
            let args = [
                &[
                    "verify",
                    provider,
                    "--secret",
                    secret,
                    "--now",
                    "1767225600",
                    "--url",
                    &line,
                ][..],
                &[
                    "--header",
                    "svix-id: msg_1",
                    "--header",
                    "svix-timestamp: 1767225600",
                    "--header",
                    &signature,
                ],
                &["--header", &wap, "--header", &hmac],
                json,
            ]
            .concat();
            let output = all(&args, body.as_bytes());
            outputs.push(Output {
                from: format!("verify {provider}"),
                ..output
            });
        }
    }
    without(outputs, &signatures.into_canaries())
}

/// What it prints are events, as it was asked to; what it says beside them is looked at.
pub(super) fn normalize() -> Vec<Output> {
    let broken = format!("{{\"{TEXT}\": \"{PHONE}\", {NAME}");
    let known =
        format!("{{\"event\": \"message\", \"payload\": {{\"from\": \"{PHONE}@c.us\", \"body\": 7}}}}");
    let mut outputs: Vec<_> = [broken, known]
        .iter()
        .map(|body| Output::new("normalize", run(&["normalize", "wawp"], body.as_bytes()).stderr))
        .collect();
    outputs.push(all(&["normalize", "wawp", "/nowhere/at/all"], b""));
    outputs
}

pub(super) fn send() -> Vec<Output> {
    let to = format!("http://127.0.0.1:1/hooks/x?token={ADDRESS}");
    let mut outputs = Vec::new();
    for (provider, event, secret) in [
        ("wazapin", "message.new", SHOP),
        ("wazapin", "message.new", DESK),
        ("waping", "message.received", DESK),
        ("wawp", "message", LINE),
    ] {
        for more in [&[][..], &["--json"], &["--fault", "tamper"]] {
            let args = [
                &["send", provider, event, "--to", &to, "--secret", secret][..],
                more,
            ]
            .concat();
            let output = all(&args, b"");
            outputs.push(Output {
                from: format!("send {provider} {more:?}"),
                ..output
            });
        }
    }
    outputs
}

/// It makes its own secrets, which are in a folder that it keeps, and its own senders: what these write is in the samples,
/// but for its numbers. What came stands in the folder's inbox and in the file sink, secrets do not.
pub(super) fn demo() -> Vec<Output> {
    let texts = PROVIDERS
        .iter()
        .flat_map(|row| samples(row.id))
        .filter_map(|sample| text_of(&serde_json::from_slice(sample.body).ok()?))
        .collect::<Vec<_>>();
    assert!(texts.len() > 2, "{texts:?}");
    let mut outputs = Vec::new();
    for more in [&[][..], &["--json"]] {
        let args = [&["demo", "--seconds", "1", "--seed", "7", "--keep"][..], more].concat();
        let temporary = folder("p1-demo");
        let output = command(&args).env("TMPDIR", &temporary).output().unwrap();
        let kept = only(&temporary);
        let secrets: Vec<String> = files(&kept.join("secrets"))
            .map(|file| fs::read_to_string(file).unwrap().trim().to_owned())
            .collect();
        assert_eq!(secrets.len(), PROVIDERS.len(), "one for each endpoint");
        let said = Output::new(args.join(" "), [output.stdout, output.stderr].concat());
        outputs.extend(without(without(vec![said], &texts), &secrets));
        let stored = files(&kept).map(|file| Output {
            keeps_what_came: true,
            ..Output::new(file.display().to_string(), fs::read(&file).unwrap())
        });
        outputs.extend(without(stored.collect(), &secrets));
    }
    outputs
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file())
}

fn only(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder).unwrap();
    let only = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none(), "{}: more than one", folder.display());
    only
}

/// The first text of a message, if there is one that stands nowhere by chance.
fn text_of(body: &Value) -> Option<String> {
    let places = [
        "/payload/body",
        "/message/text/body",
        "/message/body",
        "/data/body",
        "/data/text",
    ];
    let texts = places.iter().filter_map(|place| body.pointer(place)?.as_str());
    texts.filter(|text| text.len() > 8).map(str::to_owned).next()
}

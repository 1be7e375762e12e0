//! The gateway's configuration: what is wrong is said without a secret, and what is printed reads back the same (V4, V6).

use std::path::{Path, PathBuf};

use wahook_gateway::config::{Config, LoadError, build, load_text};

use super::Target;

pub(super) const CONFIG: Target = Target {
    name: "config",
    run,
    seeds: || {
        [
            include_str!("../../../crates/wahook-gateway/wahook.example.toml"),
            "listen = \"127.0.0.1:1\"\ninbox = \"none\"\nstore = \"memory\"\n[[endpoint]]\nname = \"shop\"\nprovider = \"wawp\"\nsecret = \"tell-nobody-1\"\nmemory = \"90m\"\noptions = { scheme = \"hmac-sha512\", allow = [\"10.0.0.0/8\"] }\n",
            "[[endpoint]]\nname = \"shop\"\nprovider = \"waping\"\nsecrets = [\"tell-nobody-1\", \"tell-nobody-2\"]\naccounts = { a = \"till\" }\n[endpoint.options]\nchallenge_token = \"tell-nobody-3\"\ncomposite = [\"t\", \"v1\"]\ntolerance_seconds = 300\n",
            "[limits]\nbody_bytes = 1000\nidle = \"1.5s\"\ntotal = \"1m 30s\"\n[retention]\nbodies = \"7d\"\n[admin]\nlisten = \"127.0.0.1:2\"\ntoken = \"tell-nobody-4\"\n[log]\nformat = \"json\"\nfilter = \"info\"\n",
            "[[sink]]\nname = \"crm\"\ntype = \"http\"\nurl = \"https://u:tell-nobody-5@example.com/?k=v\"\nsecret = \"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"\nkinds = [\"message.received\"]\nformat = \"cloudevents\"\n[sink.headers]\nauthorization = \"Bearer tell-nobody-6\"\n",
            "[[sink]]\nname = \"db\"\ntype = \"sql\"\naddress = \"postgres://u:tell-nobody-7@localhost/x\"\ntable = \"events\"\n",
            "inbox = \"postgres://u:tell-nobody-8@localhost/x?sslmode=require\"\nrequired_guarantee = \"power-loss\"\n",
            "secert = \"tell-nobody-9\"\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    },
    longest: 2_048,
};

/// What every secret of the seeds begins with.
const SECRET: &str = "tell-nobody";

/// The lines of the seeds that hold one: wherever they stand, what is said of them does not say it.
const LINES: &[&str] = &[
    "secret = \"tell-nobody-1\"",
    "secrets = [\"tell-nobody-1\", \"tell-nobody-2\"]",
    "challenge_token = \"tell-nobody-3\"",
    "token = \"tell-nobody-4\"",
    "url = \"https://u:tell-nobody-5@example.com/?k=v\"",
    "authorization = \"Bearer tell-nobody-6\"",
    "address = \"postgres://u:tell-nobody-7@localhost/x\"",
    "inbox = \"postgres://u:tell-nobody-8@localhost/x?sslmode=require\"",
    "secert = \"tell-nobody-9\"",
];

fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let silent = |said: &str, whole: bool| {
        assert!(!(whole && said.contains(SECRET)), "a secret is said: {said}");
    };
    let whole = secrets_are_whole(text);
    let loaded = match load_text("fuzz.toml".to_owned(), text.to_owned(), PathBuf::new(), []) {
        Ok(loaded) => loaded,
        Err(LoadError::Senseless { problem, picture, .. }) => {
            silent(&problem.line("fuzz.toml"), whole);
            silent(&picture.unwrap_or_default(), whole);
            return;
        }
        Err(error) => panic!("no file was to be read: {error:?}"),
    };
    let printed = toml::to_string(&loaded.config).expect("what was read can be printed");
    let read: Config = toml::from_str(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}"));
    let again = toml::to_string(&read).expect("what was read can be printed");
    assert_eq!(again, printed, "what is printed reads back the same");
    // A line that stands under another table, such as `accounts`, is no secret there, and is printed.
    let whole = whole && !text.contains("accounts");
    silent(&printed, whole);
    silent(
        &format!("{:?}", loaded.config),
        whole && !text.contains("options"),
    );
    // Files are not looked at: there are some that never end.
    if printed.contains("_file") || printed.contains("path") {
        return;
    }
    match build(&loaded.config, Path::new("")) {
        Ok(built) => {
            for warning in built.warnings {
                silent(&loaded.locate(warning).line("fuzz.toml"), whole);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "it says what is wrong");
            for problem in problems {
                silent(&loaded.picture(&problem).unwrap_or_default(), whole);
                silent(&loaded.locate(problem).line("fuzz.toml"), whole);
            }
        }
    }
}

/// Whether each secret stands in a line as it was written, and not in the middle of another text.
fn secrets_are_whole(text: &str) -> bool {
    let strange = text
        .lines()
        .any(|line| line.contains(SECRET) && !LINES.contains(&line));
    !strange && !text.contains("\"\"\"") && !text.contains("'''")
}

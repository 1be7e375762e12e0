//! What is wrong with a configuration is said in one line, with its place and what to do.
//!
//! Longer than 400 lines: each mistake stands beside what is said of it.

use std::fs;

use super::{
    program::{SECRET, command, folder, run, text},
    tls::pair,
};

fn check(toml: &str) -> (i32, String) {
    let file = folder("config").join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let name = file.to_str().unwrap().to_owned();
    let output = run(&["config", "check", &name], b"");
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.code().unwrap(), said.replace(&name, "F"))
}

fn endpoint(lines: &str) -> String {
    format!("[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\n{lines}\n")
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_a_suggestion() {
    let good = endpoint(&format!("secret = \"{SECRET}\""));
    let cases = [
        ("listen = ", 1, "F:1:10: not TOML: "),
        (
            "listen = 127",
            1,
            "F:1:1: `listen` must be an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "lisen = \"127.0.0.1:1\"",
            1,
            "F:1:1: unknown key `lisen`; did you mean `listen`?",
        ),
        (
            "listen = \"here\"",
            1,
            "F:1:1: `listen` must be an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "[limits]\nbody = 1",
            1,
            "F:2:1: unknown key `body`; did you mean `body_bytes`?",
        ),
        (
            "[limits]\nidle = \"soon\"",
            1,
            "F:2:1: `idle`: not a span of time; write it as 250ms, 10s, 5m, 48h or 7d",
        ),
        (
            "[limits]\nbody_bytes = 0",
            1,
            "F:2:1: `body_bytes` must be more than 0",
        ),
        (
            &format!("inbox = \"postgres://localhost\"\n[limits]\ninbox_bytes = 1000000\n{good}"),
            1,
            "F:3:1: `inbox_bytes` is about the file of an inbox in SQLite; ",
        ),
        (
            &format!("inbox = \"none\"\n[limits]\ninbox_bytes = 1000000\n{good}"),
            1,
            "F:3:1: `inbox_bytes` works with an inbox only: ",
        ),
        (
            &format!("{good}accounts = {{ \"15557770001\" = \"15557770001\" }}"),
            1,
            "F:5:1: `accounts` is { \"account as the provider writes it\" = \"name\" }: ",
        ),
        (
            &format!("{good}accounts = {{ a = \"till\", b = \"till\" }}"),
            1,
            "F:5:1: two accounts are called `till`; give each a name of its own",
        ),
        (&format!("{good}accounts = [\"a\"]"), 1, "F:5:1: `accounts`"),
        (
            "",
            1,
            "F: there is no endpoint; add [[endpoint]] with name, provider and secret_file",
        ),
        (
            &endpoint("secert = \"tell-nobody\""),
            1,
            "F:4:1: unknown key `secert`; did you mean `secret`?",
        ),
        (
            &endpoint("secret = 12345"),
            1,
            "F:4:1: `secret`: a secret is a text; put it in quotes",
        ),
        (
            &endpoint(""),
            1,
            "F:2:1: endpoint `shop` has no secret; add `secret_file = \"…\"`, or set WAHOOK_ENDPOINT__SHOP__SECRET",
        ),
        (
            &endpoint("secret = \"changeme\""),
            1,
            "F:4:1: the secret is a well-known default; generate one of your own",
        ),
        (
            &endpoint("secret_file = \"none\""),
            1,
            "F:4:1: cannot read the secret in ",
        ),
        (
            &endpoint("secret = \"a\"\nsecrets = [\"b\"]"),
            1,
            "F:5:1: endpoint `shop` has more than one of secret, secret_file, secrets, secrets_files; keep one",
        ),
        (
            &good.replace("wazapin", "wazapim"),
            1,
            "F:3:1: unknown provider `wazapim`; did you mean `wazapin`?",
        ),
        (
            &good.replace("\"shop\"", "\"My Shop\"\npath = \"/x\""),
            1,
            "an endpoint or group name has 1 to 64 lower-case letters",
        ),
        (
            &good.replace("shop", "a/b c"),
            1,
            "F:2:1: an endpoint or group name has 1 to 64 lower-case letters",
        ),
        (
            &format!("{good}path = \"hooks\""),
            1,
            "F:5:1: a path begins with `/`",
        ),
        (
            &format!("{good}answer_refused = 200"),
            1,
            "F:5:1: `answer_refused` must be a status from 400 to 499",
        ),
        (
            &format!("{good}rate = 0"),
            1,
            "F:5:1: `rate` must be from 1 to 1000000",
        ),
        (
            &format!("{good}rate = 1\nburst = 2000000"),
            1,
            "F:6:1: `burst` must be from 1 to 1000000",
        ),
        (
            &format!("{good}burst = 9"),
            1,
            "F:5:1: a `burst` without a `rate`; add `rate`",
        ),
        (
            &format!("{good}on_conflict = \"drop\""),
            1,
            "F:5:1: `on_conflict` has no such value",
        ),
        (
            &format!("{good}[endpoint.options]\nnonsense = 1"),
            1,
            "unknown option `nonsense` of wazapin",
        ),
        (
            &format!("{good}{good}"),
            1,
            "F:6:1: the name `shop` is taken by endpoint 1; give each endpoint a name of its own",
        ),
        (
            &format!(
                "{good}{}path = \"/hooks/shop\"",
                good.replace("\"shop\"", "\"two\"")
            ),
            1,
            "F:9:1: the path `/hooks/shop` is taken by endpoint 1; give each endpoint a path of its own",
        ),
        (
            &format!("public_url = \"shop\"\n{good}"),
            1,
            "F:1:1: `public_url` must be scheme and host, such as https://hooks.example.com",
        ),
        (
            &format!("inbox = \"redis://u:tell-nobody@h\"\n{good}"),
            1,
            "F:1:1: redis cannot keep deliveries; name sqlite:PATH, postgres://… or nats://…, or write \"none\"",
        ),
        (
            &format!("inbox = \"non\"\n{good}"),
            1,
            "F:1:1: `inbox`: that is no store",
        ),
        (
            &format!("store = \"memory\"\n{good}"),
            1,
            "F:1:1: `store` is not used, the inbox remembers what came: remove it, or write inbox = \"none\"",
        ),
        (
            &format!("{good}store = \"memory\""),
            1,
            "F:5:1: `store` is not used, the inbox remembers what came",
        ),
        (
            &format!("{good}on_store_down = \"accept_without_dedupe\""),
            1,
            "F:5:1: without the inbox nothing can be acknowledged: remove `on_store_down`",
        ),
        (
            &format!("inbox = \"none\"\nrequired_guarantee = \"process crash only\"\n{good}"),
            1,
            "F:2:1: `required_guarantee` works with an inbox only: remove it, or name an `inbox`",
        ),
        (
            &format!("required_guarantee = \"all\"\n{good}"),
            1,
            "F:1:1: `required_guarantee` has no such value; there are: none, process crash only, survives power loss",
        ),
        (
            &format!("{good}[retention]\nbodie = \"1h\""),
            1,
            "F:6:1: unknown key `bodie`; did you mean `bodies`?",
        ),
        (
            &format!("{good}[admin]\nlisten = \"0.0.0.0:8081\""),
            1,
            "F:6:1: 0.0.0.0:8081 could be reached by others and has no token; add `token_file`, set WAHOOK_ADMIN__TOKEN, or listen on 127.0.0.1",
        ),
        (
            &format!("{good}[admin]\nlisten = \"0.0.0.0:8081\"\ntoken = \"tell-nobody-15ch\""),
            0,
            "good",
        ),
        (
            &format!("{good}[admin]\nlisten = \"0.0.0.0:8081\"\ntoken = \"tell-nobody-15c\""),
            1,
            "F:7:1: the token has less than 16 characters, and 0.0.0.0:8081 could be reached by others who guess",
        ),
        (
            &format!("{good}[admin]\nlisten = \"127.0.0.1:8081\"\ntoken = \"tell-nobody\""),
            0,
            "good",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"htpp\""),
            1,
            "F:7:1: `type` has no such value; did you mean `http`?",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"http\""),
            1,
            "F:7:1: `url` is missing; add `url = \"https://…\"`",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"stdout\"\npath = \"x\""),
            1,
            "F:8:1: `path` is of sinks of type `file`; `out` is one of type `stdout`",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"stdout\"\nkinds = [\"message.recieved\"]"),
            1,
            "F:8:1: unknown kind `message.recieved`; did you mean `message.received`?",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"stdout\"\nendpoints = [\"shpo\"]"),
            1,
            "F:8:1: unknown endpoint `shpo`; did you mean `shop`?",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"stdout\"\nformat = \"cloudevents-binary\""),
            1,
            "F:8:1: `cloudevents-binary` needs headers: it is of sinks of type `http`, `kafka`, `nats`, `rabbitmq` and `redis`",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"stdout\"\nattempts = 0"),
            1,
            "F:8:1: `attempts` must be more than 0",
        ),
        (
            &format!(
                "{good}[[sink]]\nname = \"out\"\ntype = \"http\"\nurl = \"https://h\"\nheaders = {{ ce-id = \"tell-nobody\" }}"
            ),
            1,
            "F:9:1: content-*, host, connection",
        ),
        (
            &format!("{good}[[sink]]\nname = \"out\"\ntype = \"sql\"\naddress = \"redis://u:tell-nobody@h\""),
            1,
            "F:8:1: redis has no tables; name sqlite:PATH or postgres://…",
        ),
        (
            &format!(
                "inbox = \"none\"\n{good}[[sink]]\nname = \"out\"\ntype = \"http\"\nurl = \"https://h\""
            ),
            1,
            "F:8:1: a sink of type `http` works with an inbox only: remove it, or name an `inbox`",
        ),
        (
            &format!(
                "{good}{two}{two}",
                two = "[[sink]]\nname = \"out\"\ntype = \"file\"\npath = \"a\"\n"
            ),
            1,
            "F:10:1: the name `out` is taken by sink 1; give each sink a name of its own",
        ),
    ];
    for (toml, code, expected) in cases {
        let (found, said) = check(toml);
        assert!(
            said.contains(expected),
            "{toml:?}\nexpected {expected:?}\nsaid {said:?}"
        );
        assert_eq!(found, code, "{toml:?}: {said}");
        assert!(!said.contains("tell-nobody"), "{said}");
    }
}

#[test]
fn a_good_configuration_is_said_to_be_good_and_short_memory_is_warned_about() {
    let good = endpoint(&format!("secret = \"{SECRET}\""));
    assert_eq!(check(&good), (0, "F: good, 1 endpoint\n".to_owned()));
    let (code, said) = check(&format!("{good}memory = \"1h\""));
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("warning: F:5:1: endpoint `shop` forgets after 1h, but wazapin may repeat for 48h"),
        "{said}"
    );
}

#[test]
fn failure_16_an_endpoint_whose_events_come_to_nobody_is_warned_about() {
    let shop = endpoint(&format!("secret = \"{SECRET}\""));
    let desk = shop.replace("shop", "desk");
    let warning =
        "warning: F:2:1: no sink takes what endpoint `shop` receives: add its name to the `endpoints` of one";
    for (sinks, is_said) in [
        ("", false),
        (
            "[[sink]]\nname = \"a\"\ntype = \"stdout\"\nendpoints = [\"desk\"]",
            true,
        ),
        (
            "[[sink]]\nname = \"a\"\ntype = \"stdout\"\nendpoints = [\"desk\", \"shop\"]",
            false,
        ),
    ] {
        let (code, said) = check(&format!("{shop}\n{desk}\n{sinks}\n"));
        assert_eq!(code, 0, "{said}");
        assert_eq!(said.contains(warning), is_said, "{said}");
        assert!(!said.contains("endpoint `desk`"), "{said}");
    }
}

#[test]
fn v4_the_effective_configuration_is_printed_without_secrets() {
    let file = folder("print").join("wahook.toml");
    fs::write(&file, endpoint("secret = \"from-the-file\"")).unwrap();
    let output = command(&["config", "print", file.to_str().unwrap()])
        .env("WAHOOK_ENDPOINT__SHOP__SECRET", "from-the-environment")
        .env("WAHOOK_LISTEN", "127.0.0.1:9999")
        .env("WAHOOK_LIMITS__CONNECTIONS", "7")
        .output()
        .unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(
        said.contains("listen = \"127.0.0.1:9999\"") && said.contains("connections = 7"),
        "{said}"
    );
    assert!(
        said.contains("secret = \"********\"") && !said.contains("from-the"),
        "{said}"
    );
}

/// With every key and table that stands in a comment.
fn uncommented(toml: &str) -> String {
    let one = |line: &str| {
        let Some(rest) = line.strip_prefix("# ") else {
            return format!("{line}\n");
        };
        let key = rest.split_once(" = ").map_or("", |(key, _)| key);
        let is_key = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_key || rest.starts_with('[') {
            format!("{rest}\n")
        } else {
            format!("{line}\n")
        }
    };
    toml.lines().map(one).collect()
}

#[test]
fn the_example_is_good_as_it_is_and_with_all_that_it_offers() {
    let folder = folder("example");
    fs::create_dir(folder.join("secrets")).unwrap();
    for (name, text) in [
        ("shop", SECRET),
        ("orders", SECRET),
        ("warehouse", "sqlite:rows.db"),
        ("nats", "nats://app:hunter2@localhost:4222"),
        ("kafka", "kafkas://app:hunter2@broker-1:9093,broker-2:9093"),
        ("admin", "5f0c1d6e7a8b9c0d1e2f3a4b"),
        ("wazapin-api", "wz_live_0123456789abcdef"),
    ] {
        fs::write(folder.join("secrets").join(name), text).unwrap();
    }
    let pair = pair();
    fs::write(folder.join("fullchain.pem"), &pair.chain).unwrap();
    fs::write(folder.join("privkey.pem"), &pair.key).unwrap();
    let example = include_str!("../../wahook.example.toml");
    let mut all = uncommented(example);
    if !cfg!(feature = "otlp") {
        all = all.replace("\notlp = ", "\n# otlp = "); // of another build
    }
    // As above; the sink behind it is a file's.
    for (kind, is_built_in) in [
        ("kafka", cfg!(feature = "kafka")),
        ("nats", cfg!(feature = "nats")),
    ] {
        if !is_built_in {
            let (before, block) = all.split_once(&format!("type = \"{kind}\"\n")).unwrap();
            let (_, after) = block.split_once("\n\n").unwrap();
            all = format!("{before}type = \"file\"\npath = \"{kind}.jsonl\"\n\n{after}");
        }
    }
    for key in ["\n[tls]\n", "\nrate = ", "\ninbox_bytes = ", "\nenrich = true"] {
        assert!(!example.contains(key) && all.contains(key), "{key}");
    }
    let file = folder.join("wahook.toml");
    for toml in [example, &all] {
        fs::write(&file, toml).unwrap();
        let output = run(&["config", "check", file.to_str().unwrap()], b"");
        let said = text(&output.stdout);
        assert!(said.ends_with("wahook.toml: good, 1 endpoint\n"), "{toml}{said}");
    }
}

#[test]
fn v4_sinks_and_the_inbox_are_printed_without_what_opens_a_door() {
    let file = folder("print-sinks").join("wahook.toml");
    let toml = format!(
        "inbox = \"postgres://u:hunter2@db.example/d\"\n[admin]\nlisten = \"127.0.0.1:8081\"\ntoken = \"hunter2-hunter2\"\n{}\
         [[sink]]\nname = \"out\"\ntype = \"http\"\nurl = \"https://u:hunter2@h.example/hunter2?x=hunter2\"\n\
         secret = \"hunter2\"\nheaders = {{ authorization = \"Bearer hunter2\" }}\n\
         [[sink]]\nname = \"rows\"\ntype = \"sql\"\naddress = \"postgres://u:hunter2@h/d\"\n",
        endpoint(&format!("secret = \"{SECRET}\""))
    );
    fs::write(&file, toml).unwrap();
    let output = command(&["config", "print", file.to_str().unwrap()])
        .env("WAHOOK_RETENTION__BODIES", "1d")
        .env("WAHOOK_SINK__ROWS__ADDRESS", "sqlite:rows.db")
        .env("WAHOOK_ADMIN__TOKEN", "hunter2-hunter3")
        .output()
        .unwrap();
    let said = text(&output.stdout) + &text(&output.stderr);
    for line in [
        "inbox = \"postgres://********@db.example/d\"",
        "url = \"https://h.example/…\"",
        "token = \"********\"",
        "authorization = \"********\"",
        "address = \"sqlite:rows.db\"",
        "bodies = \"24h\"",
        "format = \"wahook.event/1\"",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_variable_that_means_nothing_is_warned_about_and_those_of_kubernetes_are_not() {
    let file = folder("variables").join("wahook.toml");
    fs::write(&file, endpoint(&format!("secret = \"{SECRET}\""))).unwrap();
    let output = command(&["config", "check", file.to_str().unwrap()])
        .env("WAHOOK_LISTEM", "127.0.0.1:9999")
        .env("WAHOOK_PORT", "tcp://10.0.0.1:80")
        .env("WAHOOK_SERVICE_HOST", "10.0.0.1")
        .output()
        .unwrap();
    let said = text(&output.stdout);
    assert!(
        said.contains("WAHOOK_LISTEM is ignored: there is no such key; did you mean `listen`?"),
        "{said}"
    );
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_file_that_cannot_be_read_is_exit_code_3() {
    let file = "/nonexistent/wahook.toml";
    for verb in [["config", "check"], ["doctor", "--config"]] {
        let output = run(&[verb[0], verb[1], file], b"");
        assert_eq!(output.status.code(), Some(3), "{verb:?}");
        let said = text(&output.stderr);
        let expected = format!("error: cannot read the configuration {file}: ");
        assert!(said.starts_with(&expected), "{said}");
    }
}

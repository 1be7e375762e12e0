//! A sender that shares no line with us: `send.py`, with Python's standard library alone.

use std::{collections::HashSet, fs, path::Path, process::Command};

use wahook_testkit::samples;

use super::program::{Gateway, Hook, folder};

fn send(hook: &Hook, url: &str, secret_file: &Path, bodies: &[String]) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("send.py");
    let output = Command::new("python3")
        .arg(script)
        .args([hook.row.id, url])
        .arg(secret_file)
        .args(bodies)
        .output()
        .expect("python3 is needed (Debian, Ubuntu: apt-get install python3)");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), said)
}

#[test]
fn v1_what_another_program_signs_is_taken_and_printed_once() {
    let gateway = Gateway::start("python", "");
    let folder = folder("python-bodies");
    for hook in &gateway.hooks {
        let mut bodies = Vec::new();
        for sample in samples(hook.row.id) {
            let file = folder.join(format!("{}-{}.json", hook.row.id, sample.name()));
            fs::write(&file, sample.body).unwrap();
            bodies.push(file.to_str().unwrap().to_owned());
        }
        let url = gateway.url(hook);
        let (code, said) = send(hook, &url, &hook.secret_file, &bodies);
        assert_eq!(code, 0, "{}: {said}", hook.row.id);
        assert_eq!(
            said.lines().filter(|line| line.starts_with("200 ")).count(),
            bodies.len()
        );

        let other = folder.join(format!("{}-other", hook.row.id));
        fs::write(&other, (hook.row.make_secret)([99; 32])).unwrap();
        let (code, said) = send(hook, &url, &other, &bodies[..1]);
        assert_eq!(code, 1, "{}: {said}", hook.row.id);
        assert!(said.starts_with("401 ") || said.starts_with("403 "), "{said}");
    }
    let printed = gateway.end();
    let keys: HashSet<_> = printed
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["key"].to_string())
        .collect();
    assert_eq!(keys.len(), printed.len(), "an event was printed twice");
    assert!(keys.len() > 100, "{}", keys.len());
}

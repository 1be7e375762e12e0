//! A secret is rotated while deliveries come.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::interval;
use wahook_testkit::{
    sample,
    stand_in::{Forced, Form, Rotation, Wazapin},
};

use super::{KEY, Scene, TOKEN};
use crate::program::{run, text};

#[test]
fn v5_a_rotation_is_seen_by_the_gateway_before_and_after_the_provider_rotates() {
    let scene = Scene::new("manage-rotate", Wazapin::new(KEY).rotation(Rotation::AtOnce));
    scene.created();
    let before = scene.secret();
    let mut gateway = scene.gateway();
    assert_eq!(scene.emits(), Some(200));
    let (code, said, error) = scene.wahook(&["secrets", "rotate", "shop", "--overlap", "24h"]);
    assert_eq!(code, 0, "{error}");
    assert!(
        said.starts_with("shop: rotated; the old secret is valid until "),
        "{said}"
    );
    for step in ["asked to come again", "another secret", "both secrets are valid"] {
        assert!(error.contains(step), "{error}");
    }
    assert_eq!(scene.emits(), Some(200), "signed with the new one");
    let now = scene.secret();
    let new = scene
        .wazapin
        .with(|wazapin| wazapin.hooks()[0].secrets[0].clone());
    assert!(
        now.starts_with(&new) && now.contains(&format!(" {}", before.trim())),
        "both are in the file"
    );
    gateway.signal("-TERM");
    gateway.wait();
    let log = gateway.log().join("\n");
    for secret in [before.trim(), &new, KEY] {
        assert!(!log.contains(secret), "{log}");
    }
    // A file like that is read at a start, and by other verbs.
    let gateway = scene.gateway();
    assert_eq!(scene.emits(), Some(200));
    let url = format!("http://127.0.0.1:{}/hooks/shop", scene.port);
    let file = scene.folder.join("shop");
    let sent = run(
        &[
            "send",
            "wazapin",
            "message.new",
            "--to",
            &url,
            "--secret-file",
            file.to_str().unwrap(),
        ],
        b"",
    );
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    drop(gateway);

    // What fails leaves what works.
    scene
        .wazapin
        .answer_next_to("/rotate-secret", Forced::error(403, Form::Envelope));
    let file = scene.secret();
    let (code, _, error) = scene.wahook(&["secrets", "rotate", "shop"]);
    assert_eq!(code, 3);
    assert!(error.contains("nothing was changed"), "{error}");
    assert_eq!(scene.secret(), file);
}

#[test]
fn v5_a_secret_that_was_rotated_in_the_dashboard_is_taken_from_a_file() {
    let scene = Scene::new("manage-rotate-given", Wazapin::new(KEY));
    let gateway = scene.gateway();
    let new = "whsec_HxweHRsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
    let file = scene.folder.join("new");
    let rotate = || {
        let given = [
            "secrets",
            "rotate",
            "shop",
            "--new-secret-file",
            file.to_str().unwrap(),
        ];
        scene.wahook(&given)
    };
    let several = "whsec_HxweHRsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=\n# made by hand";
    for (text, wrong) in [
        ("The secret was rotated.", "new: "),
        (super::OLD, "already"),
        (several, "new: "),
    ] {
        fs::write(&file, text).unwrap();
        let (code, _, error) = rotate();
        assert_eq!(code, 2, "{error}");
        assert!(error.contains(wrong) && !error.contains(text), "{error}");
    }
    assert_eq!(scene.secret(), super::OLD, "nothing was begun");
    // As another gateway that was rotated has it.
    fs::write(
        &file,
        format!("{new}\nprevious 2026-01-01T00:00:00Z {}\n", super::OLD),
    )
    .unwrap();
    let (code, _, error) = rotate();
    assert_eq!(code, 0, "{error}");
    assert!(!error.contains(new), "{error}");
    let now = scene.secret();
    assert!(now.starts_with(new) && now.trim().ends_with(super::OLD) && !now.contains("rotating"));
    assert!(scene.wazapin.take_requests().is_empty(), "nobody was asked");
    drop(gateway);
}

#[test]
fn v5_of_500_deliveries_a_second_none_is_refused_for_good_while_a_secret_is_rotated() {
    let scene = Scene::new("manage-rotate-load", Wazapin::new(KEY).rotation(Rotation::AtOnce));
    // Without a token nobody can tell the gateway to look: it does by itself, and what comes meanwhile has to come again.
    let bare = scene.toml.replace(&format!("token = \"{TOKEN}\"\n"), "");
    fs::write(scene.folder.join("wahook.toml"), bare).unwrap();
    scene.created();
    let _gateway = scene.gateway();
    let (rotating, rate) = std::thread::scope(|scope| {
        let rotation = scope.spawn(|| scene.wahook(&["secrets", "rotate", "shop"]));
        let sample = sample("wazapin", "message.new").unwrap();
        let rate = scene.runtime.block_on(async {
            let begun = Instant::now();
            let mut every = interval(Duration::from_millis(2));
            let mut sent = 0_u32;
            let mut sending = FuturesUnordered::new();
            while !rotation.is_finished() {
                tokio::select! {
                    _ = every.tick() => {
                        sent += 1;
                        sending.push(scene.wazapin.emit(&sample));
                    }
                    Some(_) = sending.next(), if !sending.is_empty() => {}
                }
            }
            let rate = f64::from(sent) / begun.elapsed().as_secs_f64();
            while sending.next().await.is_some() {}
            rate
        });
        (rotation.join().unwrap(), rate)
    });
    assert_eq!(rotating.0, 0, "{}", rotating.2);
    let answers = || {
        let mut answers = BTreeMap::<_, usize>::new();
        scene.wazapin.with(|wazapin| {
            for one in wazapin.deliveries() {
                *answers.entry((one.answered, one.attempts)).or_default() += 1;
            }
        });
        answers
    };
    let first = answers();
    println!("{rate:.0} a second: {first:?}");
    // What is late is made up for: a machine that cannot do it says nothing about rotations.
    assert!(rate >= 450.0, "{rate:.0} a second");
    let allowed = [(Some(200), 1), (Some(503), 1)];
    assert!(first.keys().all(|answer| allowed.contains(answer)), "{first:?}");
    assert!(
        first.contains_key(&allowed[1]),
        "nobody noticed the rotation: {first:?}"
    );
    scene.runtime.block_on(scene.wazapin.retry_failed());
    let second = answers();
    assert!(
        second
            .keys()
            .all(|(answer, attempts)| *answer == Some(200) && *attempts <= 2),
        "{second:?}"
    );
}

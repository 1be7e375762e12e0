//! Whether deliveries really arrive, looked at by `wahook doctor --live`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use wahook_testkit::stand_in::{Forced, Wazapin};

use super::{KEY, Scene, TOKEN};
use crate::program::DEADLINE;

#[test]
fn doctor_finds_out_whether_deliveries_really_arrive() {
    let scene = Scene::new("manage-live", Wazapin::new(KEY));
    let (code, said, _) = scene.wahook(&["doctor", "--live"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("error: shop: the provider does not deliver to endpoint `shop`"),
        "{said}"
    );
    scene.created();
    let (_, said, _) = scene.wahook(&["doctor", "--live"]);
    assert!(said.contains("no gateway runs"), "{said}");
    let gateway = scene.gateway();
    let (code, said, error) = scene.wahook(&["doctor", "--live"]);
    assert_eq!(code, 1, "the token is in the configuration: {said}{error}");
    assert!(
        said.contains("live: shop: a test delivery arrived and was verified after "),
        "{said}"
    );
    assert!(!said.contains("error: shop"), "{said}");
    // All is well: nothing is in the configuration that somebody else could read.
    let file = scene.folder.join("wahook.toml");
    fs::write(scene.folder.join("token"), TOKEN).unwrap();
    let token = format!("token = \"{TOKEN}\"");
    let well = scene.toml.replace(&token, "token_file = \"token\"");
    fs::write(&file, &well).unwrap();
    for name in ["wahook.toml", "token", "key", "shop"] {
        fs::set_permissions(scene.folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let (code, said, error) = scene.wahook(&["doctor", "--live"]);
    assert_eq!(code, 0, "{said}{error}");
    // Set up for something else than is expected.
    scene.wahook(&["endpoints", "update", "shop", "--event", "message.sent"]);
    let (code, said, _) = scene.wahook(&["doctor", "--live"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("the provider does not deliver message.new"),
        "{said}"
    );
    drop(gateway);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "another program has asked, and sees nothing for a while"
)]
fn doctor_waits_for_a_test_whose_id_it_knows_from_before() {
    let scene = Scene::new("manage-live-again", Wazapin::new(KEY));
    scene.created();
    let gateway = scene.gateway();
    assert_eq!(scene.emits(), Some(200));
    let before = scene
        .wazapin
        .with(|wazapin| wazapin.deliveries()[0].message_id.clone());
    let said = format!("{{\"id\":\"{before}\",\"messageId\":\"{before}\"}}");
    scene
        .wazapin
        .answer_next_to("/test", Forced::raw(200, "application/json", said));
    // That its id is known proves nothing: something has to come.
    let (code, said) = std::thread::scope(|scope| {
        let later = scope.spawn(|| {
            let is_asked = || {
                scene
                    .wazapin
                    .requests()
                    .iter()
                    .any(|one| one.path.ends_with("/test"))
            };
            let begun = Instant::now();
            while !is_asked() {
                assert!(begun.elapsed() < DEADLINE, "no test delivery was asked for");
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(500));
            scene.emits()
        });
        let (code, said, _) = scene.wahook(&["doctor", "--live"]);
        assert_eq!(later.join().unwrap(), Some(200));
        (code, said)
    });
    let (_, after) = said
        .split_once("was verified after ")
        .unwrap_or_else(|| panic!("{code}: {said}"));
    let (after, _) = after.split_once(" ms").unwrap();
    assert!(after.parse::<u32>().unwrap() >= 400, "{said}");
    drop(gateway);
}

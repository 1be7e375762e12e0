//! What a provider could not deliver, and several endpoints at once.

use std::fs;

use serde_json::Value;
use wahook_testkit::stand_in::{Forced, Wazapin};

use super::{KEY, OLD, Scene};

#[test]
fn missed_asks_for_what_never_came_and_for_nothing_else() {
    let scene = Scene::new("manage-missed", Wazapin::new(KEY));
    scene.created();
    let gateway = scene.gateway();
    assert_eq!(scene.emits(), Some(200));
    let listed = scene.json(&["missed", "list"]);
    assert_eq!(listed["missed"].as_array().unwrap().len(), 0, "{listed}");
    drop(gateway);
    // An outage: nobody is there, and then somebody with a wrong secret.
    let mut lost: Vec<_> = (0..2).map(|_| scene.emits()).collect();
    let secret = scene.secret();
    fs::write(scene.folder.join("shop"), OLD).unwrap();
    let gateway = scene.gateway();
    lost.push(scene.emits());
    assert_eq!(lost, [None, None, Some(403)]);
    drop(gateway);
    fs::write(scene.folder.join("shop"), secret).unwrap();
    // The inbox alone knows as well what came.
    let listed = scene.json(&["missed", "list", "shop", "--since", "1h"]);
    assert_eq!(listed["missed"].as_array().unwrap().len(), 3, "{listed}");
    let gateway = scene.gateway();
    // What is further back than the memory of the endpoint would be handled twice.
    let (code, _, said) = scene.wahook(&["missed", "retry", "--since", "30d"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("remembers for"), "{said}");
    let (code, _, said) = scene.wahook(&["missed", "list", "--since", "30d"]);
    assert_eq!(code, 1);
    assert!(said.contains("some may have come"), "{said}");
    let listed = scene.json(&["missed", "list", "shop", "--since", "1h"]);
    let missed = listed["missed"].as_array().unwrap();
    assert_eq!(missed.len(), 3, "{listed}");
    assert_eq!(scene.wahook(&["missed", "list"]).0, 1);
    // One of them comes by itself, as the provider goes on trying.
    let first = missed[0]["id"].as_str().unwrap();
    scene.runtime.block_on(scene.wazapin.retry(first));
    scene.wazapin.take_requests();
    let (code, retried, error) = scene.wahook(&["missed", "retry", "--json"]);
    assert_eq!(code, 0, "{error}");
    let retried: Value = serde_json::from_str(&retried).unwrap();
    assert_eq!(retried["missed"].as_array().unwrap().len(), 2, "{retried}");
    let asked: Vec<_> = scene.wazapin.take_requests();
    let asked = asked
        .iter()
        .filter(|request| request.path.ends_with("/retry"))
        .count();
    assert_eq!(asked, 2, "what came is not asked for");
    let (code, said, _) = scene.wahook(&["missed", "list"]);
    assert_eq!(code, 0, "{said}");
    // It was stored, and the provider never heard so.
    let said = format!(
        r#"{{"data":[{{"msgId":"{first}","status":"failed","createdAt":"{}"}}]}}"#,
        missed[0]["at"].as_str().unwrap()
    );
    scene
        .wazapin
        .answer_next_to("/deliveries", Forced::raw(200, "application/json", said));
    scene.wazapin.take_requests();
    let (code, said, _) = scene.wahook(&["missed", "retry"]);
    assert_eq!((code, said.trim()), (0, "0 never came, 1 failed and came later"));
    let asked = scene.wazapin.take_requests();
    assert!(asked.iter().all(|request| !request.path.ends_with("/retry")));
    drop(gateway);
}

#[test]
fn missed_is_not_content_with_half_an_answer() {
    let scene = Scene::new("manage-missed-half", Wazapin::new(KEY));
    assert_eq!(scene.wahook(&["missed", "list"]).0, 1, "not registered");
    scene.created();
    let hook = scene.wazapin.with(|wazapin| wazapin.hooks()[0].id.clone());
    let says = |items: &str| {
        let said = format!("{{\"data\":[{items}]}}");
        scene
            .wazapin
            .answer_next_to("/deliveries", Forced::raw(200, "application/json", said));
    };
    // Of one nobody knows what became: none is missed, as far as is known.
    for verb in ["list", "retry"] {
        says(&format!(
            r#"{{"id":"msg_1","endpointId":"{hook}","status":"novel"}}"#
        ));
        let (code, said, _) = scene.wahook(&["missed", verb]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("there may be more"), "{said}");
    }
    // An endpoint of all events, of which some failures name no endpoint.
    scene.wazapin.answer_next_to(
        "/webhooks",
        Forced::raw(
            200,
            "application/json",
            format!(
                r#"{{"endpoints":[{{"id":"{hook}","url":"http://127.0.0.1:{}/hooks/shop","filterTypes":[]}}]}}"#,
                scene.port
            ),
        ),
    );
    says(r#"{"id":"msg_7","event":"message.sent","status":"failed"}"#);
    let listed = scene.json(&["missed", "list"]);
    assert_eq!(listed["missed"][0]["id"], "msg_7", "{listed}");
    // An id may be whatever the provider likes.
    let gateway = scene.gateway();
    says(&format!(
        r#"{{"msgId":"a,b","endpointId":"{hook}","status":"canceled"}}"#
    ));
    let listed = scene.json(&["missed", "list"]);
    assert_eq!(listed["missed"][0]["id"], "a,b", "{listed}");
    drop(gateway);
}

#[test]
fn one_endpoint_that_cannot_be_asked_about_hides_no_other() {
    let scene = Scene::new("manage-several", Wazapin::new(KEY));
    let more = |name: &str, key: &str| {
        format!(
            "[[endpoint]]\nname = \"{name}\"\nprovider = \"wazapin\"\nsecret_file = \"{name}\"\n\
             [endpoint.manage]\napi_key_file = \"{key}\"\nbase_url = \"{}\"\n",
            scene.wazapin.url()
        )
    };
    let waping = format!(
        "[[endpoint]]\nname = \"line\"\nprovider = \"waping\"\nsecret_file = \"line\"\n\
         [endpoint.manage]\napi_key_file = \"key\"\nbase_url = \"{}\"\n",
        scene.wazapin.url()
    );
    fs::write(scene.folder.join("line"), "0123456789abcdef0123456789abcdef").unwrap();
    fs::write(scene.folder.join("wrong"), "not-the-key-of-anybody").unwrap();
    for name in ["other", "second"] {
        fs::write(scene.folder.join(name), OLD).unwrap();
    }
    let write =
        |more: &str| fs::write(scene.folder.join("wahook.toml"), format!("{}{more}", scene.toml)).unwrap();
    let create_second = || {
        // Where there was no secret no gateway has to see that there is another one.
        fs::remove_file(scene.folder.join("second")).unwrap();
        assert_eq!(scene.wahook(&["endpoints", "create", "second"]).0, 0);
    };
    write(&waping);
    scene.created();
    let (code, said, error) = scene.wahook(&["endpoints", "list"]);
    assert_eq!(code, 0, "{error}");
    assert!(
        said.contains("shop") && error.contains("line: waping documents no call"),
        "{error}"
    );
    let (code, said, error) = scene.wahook(&["missed", "list"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(error.contains("line: waping documents no call"), "{error}");

    write(&more("other", "wrong"));
    for verb in ["endpoints", "missed"] {
        let (code, said, error) = scene.wahook(&[verb, "list"]);
        assert_eq!(code, 3, "{said}{error}");
        assert!(error.contains("other: ") && error.contains("401"), "{error}");
        assert!(!said.is_empty(), "{verb}");
    }
    let listed = scene.json(&["missed", "list"]);
    assert_eq!(
        listed["complete"], false,
        "one of them was not asked about: {listed}"
    );
    // A memory too short for what is asked is one endpoint's, and ends the verb for no other.
    let short = more("second", "key").replace("provider", "memory = \"1h\"\nprovider");
    write(&short);
    create_second();
    let (code, said, error) = scene.wahook(&["missed", "retry", "--json", "--since", "2h"]);
    assert_eq!(code, 3, "{said}");
    assert!(
        error.contains("second: ") && error.contains("remembers for"),
        "{error}"
    );
    assert!(said.contains("\"complete\":false"), "{said}");
    assert_eq!(scene.wahook(&["endpoints", "delete", "second"]).0, 0);

    // Two endpoints of one account, and a delivery that may have been to either.
    write(&more("second", "key"));
    create_second();
    let said = r#"{"data":[{"msgId":"msg_9","status":"failed"}]}"#;
    let missed = |args: &[&str]| {
        for _ in 0..2 {
            scene
                .wazapin
                .answer_next_to("/deliveries", Forced::raw(200, "application/json", said));
        }
        scene.wazapin.take_requests();
        let (code, said, error) = scene.wahook(args);
        let asked = scene.wazapin.take_requests();
        let asked = asked.iter().filter(|one| one.path.ends_with("/retry")).count();
        let said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{error}"));
        // To which of both it went is not told: it came to neither.
        assert_eq!(said["missed"].as_array().unwrap().len(), 2, "{said}");
        (code, asked, said["missed"][0]["error"].to_string())
    };
    let gateway = scene.gateway();
    // Nor is it told when: it may be older than what is remembered.
    let (code, asked, why) = missed(&["missed", "retry", "--json"]);
    assert_eq!((code, asked), (1, 0));
    assert!(why.contains("--undated"), "{why}");
    scene
        .wazapin
        .answer_next_to("/retry", Forced::raw(200, "application/json", "{}"));
    let (code, asked, _) = missed(&["missed", "retry", "--json", "--undated"]);
    assert_eq!((code, asked), (0, 1), "once is enough for both");
    drop(gateway);
}

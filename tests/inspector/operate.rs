//! Views to change something: dead letters, endpoints.

use super::{browser::Browser, judge::judge, scene::Scene};

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_dead_letters_are_retried_and_dropped_after_a_question() {
    let (scene, browser) = (Scene::new("dead"), Browser::start());
    for provider in ["wawp", "waping", "wazapin"] {
        scene.send(provider, "");
    }
    browser.goto(&scene.with_token("/dead"));
    browser.wait_until_again("document.querySelectorAll('tbody tr').length === 3");
    for row in browser.texts("tbody tr") {
        assert!(row.contains("picky") && row.contains("422"), "{row}");
    }
    judge(&browser, &scene);
    browser.screenshot("dead");

    scene.receiver.takes_from_now_on();
    browser.press("Retry");
    browser.wait_for_text("dialog[open]", "Retry this dead letter?");
    browser.press("Retry");
    browser.wait_for_text("#says", "1 back in their lanes");
    browser.wait_until("document.querySelectorAll('tbody tr').length === 2");

    // The newest was retried; this one is still there.
    browser.write("input[name=endpoint]", "wawp");
    browser.wait_until("location.search === '?endpoint=wawp'");
    browser.wait_until("document.querySelectorAll('tbody tr').length === 1");
    browser.press("Drop all");
    browser.wait_for_text("dialog[open]", "Drop all dead letters of endpoint wawp?");
    browser.press("Drop");
    browser.wait_for_text("#says", "1 dropped");
    browser.wait_for_text("tbody", "No dead letters.");
    // What the filter does not show was left alone.
    browser.goto(&scene.with_token("/dead"));
    browser.wait_until("document.querySelectorAll('tbody tr').length === 1");
    browser.wait_for_text("tbody", "waping");
    judge(&browser, &scene);
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_endpoints_say_how_they_are_set_up_and_take_a_test_delivery() {
    let (scene, browser) = (Scene::new("endpoints"), Browser::start());
    browser.goto(&scene.with_token("/endpoints"));
    let count = scene.gateway.hooks.len();
    browser.wait_until(&format!("document.querySelectorAll('.card').length === {count}"));
    let cards = browser.texts(".card");
    for hook in &scene.gateway.hooks {
        let path = format!("/hooks/{}", hook.name);
        let told = [hook.row.title, &path, "1, never shown", "nothing since the start"];
        assert!(
            cards
                .iter()
                .any(|card| told.iter().all(|part| card.contains(part))),
            "{told:?}: {cards:#?}"
        );
    }
    browser.js("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
    judge(&browser, &scene);
    browser.screenshot("endpoints");

    browser.press("Send test delivery");
    browser.wait_for_text("dialog[open]", "Send a test delivery to ");
    browser.press("Send");
    browser.wait_for_text("#says", "answered 200");
    browser.wait_until("location.pathname === '/'");
    browser.wait_for_text(".rows .row", "stored");
    judge(&browser, &scene);
}

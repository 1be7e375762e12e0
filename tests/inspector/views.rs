//! Views to look at: a delivery, what was refused, pictures.

use super::{
    browser::Browser,
    judge::{judge, policy},
    scene::{PHONE, Scene, TEXT},
};

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_a_delivery_is_masked_until_it_is_revealed_and_can_be_replayed() {
    let (scene, browser) = (Scene::new("delivery"), Browser::start());
    scene.send("waping", "");
    browser.goto(&scene.with_token("/"));
    browser.wait_for(".rows .row a[href^='/deliveries/']");
    browser.click(".rows .row a[href^='/deliveries/']");
    browser.wait_for_text("h1", "Delivery");
    // Each sink has its line, with how it went, as far as that is known.
    for (sink, state) in [("log", "done"), ("picky", "dead")] {
        browser.wait_until_again(&format!(
            "[...document.querySelectorAll('.timeline li')].some((line) =>
               ['{sink}', '{state}', '1 attempt'].every((part) => line.innerText.includes(part)))"
        ));
    }
    assert!(browser.text(".timeline").contains("422"));
    judge(&browser, &scene);
    // Its types are shown, without what they hold.
    browser.js("document.querySelector('details').open = true");
    browser.wait_for_text("details", "from: ");
    judge(&browser, &scene);
    browser.screenshot("delivery");

    browser.press("Reveal");
    browser.wait_for_text("main", "Revealed: persons and texts are as they came.");
    let source = browser.source();
    assert!(
        source.contains(PHONE) && source.contains(TEXT),
        "{}",
        browser.text("main")
    );
    // The provider's number and not what a browser makes of it, on both sides.
    assert_eq!(
        source.matches("9007199254740993").count(),
        2,
        "{}",
        browser.text("main")
    );
    for secret in scene.secrets() {
        assert!(!source.contains(&secret), "a secret is never shown");
    }
    policy(&browser);
    browser.screenshot("delivery-revealed");
    browser.press("Mask");
    browser.wait_for_text("main", "Masked: persons are stand-ins");
    judge(&browser, &scene);

    browser.press("Replay");
    browser.wait_for_text("dialog[open]", "Replay this delivery?");
    browser.press("Cancel");
    browser.wait_until("document.querySelector('dialog') === null");
    assert_eq!(scene.lines().len(), 1, "who says no changes nothing");
    browser.press("Replay");
    browser.wait_for("dialog[open]");
    browser.press("Replay");
    browser.wait_for_text("#says", "1 event replayed");
    browser.wait_until("document.querySelector('dialog') === null");
    scene.wait_for_line(|line| line["replay_of"].is_string());
    // The page sees it by itself.
    browser.wait_for_text(".timeline", "replay");

    // A copy is no news, and is told all the same.
    let copies = "document.querySelectorAll('.copy').length";
    assert_eq!(browser.js(&format!("return {copies}")), 0);
    scene.send("waping", "");
    browser.wait_until_again(&format!("{copies} === 1"));
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn v4_what_was_refused_is_explained_here_and_not_to_its_sender() {
    let (scene, browser) = (Scene::new("refused-view"), Browser::start());
    scene.traffic();
    let (head, body) = scene.answer_to_a_stranger("wazapin", "");
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert_eq!(body, "", "the sender learns nothing");
    browser.goto(&scene.with_token("/refused"));
    browser.wait_until("document.querySelectorAll('tbody tr').length === 3");
    // Why a signature does not fit is worked out beside the traffic.
    browser.wait_until_again("document.querySelector('tbody').innerText.includes('re-encoded it')");
    let rows = browser.texts("tbody tr");
    let of = |endpoint: &str, reason: &str| {
        let found = rows
            .iter()
            .find(|row| row.contains(endpoint) && row.contains(reason));
        found.unwrap_or_else(|| panic!("no {reason} of {endpoint}: {rows:#?}"))
    };
    of("wazapin", "signature mismatch");
    assert!(
        of("waping", "signature mismatch").contains("re-encoded it"),
        "{rows:#?}"
    );
    judge(&browser, &scene);
    browser.screenshot("refused");

    browser.mark(
        "[...document.querySelectorAll('tbody tr')].find((row) => row.innerText.includes('re-encoded it')).querySelector('a')",
    );
    browser.click("#marked");
    browser.wait_for_text("h1", "Refused request");
    browser.wait_for_text(".hints", "re-encoded it");
    browser.wait_for_text("main", "content-type");
    browser.wait_for_text("main", "POST /hooks/waping");
    judge(&browser, &scene);
    browser.screenshot("refused-one");
    browser.press("Reveal");
    browser.wait_for_text("main", TEXT);
    for secret in scene.secrets() {
        assert!(!browser.source().contains(&secret), "a secret is never shown");
    }
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_a_secret_that_was_sent_in_place_of_a_signature_is_not_shown() {
    let (scene, browser) = (Scene::new("sent-secret"), Browser::start());
    // As one does whose provider sends a token, and who configured a signature.
    let secret = scene.hook("wazapin").secret();
    let headers = format!("svix-signature: {}\r\n", secret.expose());
    scene.answer_to_a_stranger("wazapin", &headers);
    scene.answer_to_a_stranger("waping", &format!("x-caller: +{PHONE}\r\n"));
    browser.goto(&format!("{}/refused", scene.page));
    browser.wait_until("document.querySelectorAll('tbody tr').length === 2");
    for provider in ["waping", "wazapin"] {
        browser.goto(&format!("{}/refused", scene.page));
        browser.wait_for("tbody a");
        browser.mark(&format!(
            "[...document.querySelectorAll('tbody tr')].find((row) => row.innerText.includes('{provider}')).querySelector('a')"
        ));
        browser.click("#marked");
        browser.wait_for_text("h1", "Refused request");
        browser.wait_for_text("main", &format!("POST /hooks/{provider}"));
        judge(&browser, &scene);
    }
}

#[test]
#[ignore = "needs Chromium: cargo xtask test"]
fn p_pictures_are_drawn_and_their_figures_are_written_beside_them() {
    let (scene, browser) = (Scene::new("pictures"), Browser::start());
    browser.goto(&scene.with_token("/pictures"));
    browser.wait_for_text("h1", "Pictures");
    scene.traffic();
    // A slot is shown when it is whole, and a picture has two of them.
    browser.wait_for(".plot canvas");
    browser.wait_until(
        "[...document.querySelectorAll('.card')].find((card) => card.innerText.includes('by outcome')).querySelector('canvas') !== null",
    );
    let figures = browser.texts(".card dl");
    assert!(
        figures
            .iter()
            .any(|one| one.contains("stored") && one.contains("refused")),
        "{figures:#?}"
    );
    let blank = browser.js("const canvas = document.querySelector('.plot canvas');
         const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
         return data.every((value) => value === 0)");
    assert_eq!(blank, false, "something is drawn");
    judge(&browser, &scene);
    browser.screenshot("pictures");
}

//! A server that lost what it had acknowledged, as after a loss of power: whoever was ahead of it notices.

use std::{fs, path::Path};

use wahook_services::Nats;

use super::kit::{DUPLICATE, READER, STORED, hand_over, open, options, read, shop, until};

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn back_to_the_first(others_go_on: bool) {
    let server = Nats::start(&[]).unwrap();
    let (url, options) = (server.url(), options());
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let [first, second, third] =
        [1, 2, 3].map(|number| shop.body(&format!("evt_{number}"), format!("chat {number}")));
    assert_eq!(inbox.accept(first.clone()).await.unwrap(), STORED);
    let (store, kept) = (
        server.data_dir().join("jetstream"),
        server.data_dir().join("kept"),
    );
    server.kill();
    copy(&store, &kept);
    server.restart().unwrap();
    until("it is back", async || inbox.accept(second.clone()).await.is_ok()).await;
    until("it is back", async || inbox.accept(third.clone()).await.is_ok()).await;

    server.kill();
    fs::remove_dir_all(&store).unwrap();
    copy(&kept, &store);
    server.restart().unwrap();
    if others_go_on {
        // Their records get the numbers of those that are lost.
        let other = open(&url, options.clone()).await;
        for number in 10..16 {
            let incoming = shop.body(&format!("evt_{number}"), format!("other {number}"));
            assert_eq!(other.accept(incoming).await.unwrap(), STORED);
        }
    }
    let more = if others_go_on { 6 } else { 0 };
    until("what is lost is known to be", async || {
        inbox
            .status()
            .await
            .is_ok_and(|status| status.deliveries == 1 + more)
    })
    .await;
    assert_eq!(inbox.accept(first).await.unwrap(), DUPLICATE);
    assert_eq!(
        inbox.accept(second).await.unwrap(),
        STORED,
        "it is lost, and taken anew"
    );
    read(&*inbox, READER).await.unwrap().unwrap();
    let mut bodies = hand_over(&*inbox).await;
    bodies.retain(|body| body.starts_with("chat"));
    assert_eq!(bodies, ["chat 1", "chat 2"]);
    assert_eq!(
        open(&url, options).await.status().await.unwrap().deliveries,
        2 + more
    );
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_what_a_server_lost_is_no_duplicate_at_any_moment() {
    let server = Nats::start(&[]).unwrap();
    let (url, options) = (server.url(), options());
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let (store, kept) = (
        server.data_dir().join("jetstream"),
        server.data_dir().join("kept"),
    );
    assert_eq!(inbox.accept(shop.body("evt_0", "chat 0")).await.unwrap(), STORED);
    for round in 1..6 {
        server.kill();
        let _ = fs::remove_dir_all(&kept);
        copy(&store, &kept);
        server.restart().unwrap();
        let lost = shop.body(&format!("evt_{round}"), format!("chat {round}"));
        until("it is back", async || inbox.accept(lost.clone()).await.is_ok()).await;
        server.kill();
        fs::remove_dir_all(&store).unwrap();
        copy(&kept, &store);
        server.restart().unwrap();
        // Again and again, without a pause: from the first moment on.
        let answer = loop {
            match inbox.accept(lost.clone()).await {
                Ok(answer) => break answer,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        assert_eq!(answer, STORED, "in round {round}");
    }
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_what_a_server_lost_is_not_taken_for_known() {
    back_to_the_first(false).await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_what_came_in_place_of_what_a_server_lost_is_not_taken_for_it() {
    back_to_the_first(true).await;
}

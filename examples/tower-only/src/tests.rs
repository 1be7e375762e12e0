//! The service without a server.

use http_body_util::Full;
use tower::ServiceExt;
use wahook::{Clock, Secret, tower::SystemClock, wazapin};
use wahook_testkit::{Fault, Outgoing, Sender, sample};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[tokio::test]
async fn every_answer_is_the_one_that_is_promised() {
    let service = super::service(SECRET.to_owned()).unwrap();
    let endpoint = wazapin::endpoint("shop", SECRET).unwrap();
    let sender = Sender::new(endpoint, Secret::new(SECRET).unwrap(), "/".parse().unwrap()).cap_bytes(1 << 20);
    let outgoing = Outgoing::personalise(&sample("wazapin", "message.new").unwrap(), 1);
    for fault in Fault::ALL.iter().copied().filter(|fault| *fault != Fault::Slow) {
        for shot in sender
            .plan(Some(fault), &outgoing, SystemClock::new().now())
            .unwrap()
            .shots
        {
            let answer = service
                .clone()
                .oneshot(shot.request.map(Full::new))
                .await
                .unwrap();
            assert!(
                shot.expected.takes(answer.status()),
                "{fault:?}: {}",
                answer.status()
            );
        }
    }
}

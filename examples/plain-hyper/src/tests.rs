//! The server over a real socket.

use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use wahook::{Clock, Secret, tower::SystemClock, wazapin};
use wahook_testkit::{Fault, Outgoing, Sender, sample};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[tokio::test]
async fn signed_deliveries_are_taken_and_forged_ones_refused() {
    let endpoint = wazapin::endpoint("shop", SECRET).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(super::serve(listener, endpoint.clone()));
    let sender = Sender::new(
        endpoint,
        Secret::new(SECRET).unwrap(),
        format!("http://{address}/").parse().unwrap(),
    );
    let outgoing = Outgoing::personalise(&sample("wazapin", "message.new").unwrap(), 1);
    for fault in [
        None,
        Some(Fault::Duplicate),
        Some(Fault::Reencode),
        Some(Fault::Stale),
        Some(Fault::Oversize),
    ] {
        for shot in sender
            .plan(fault, &outgoing, SystemClock::new().now())
            .unwrap()
            .shots
        {
            let stream = TcpStream::connect(address).await.unwrap();
            let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            let connection = tokio::spawn(connection);
            let answer = client.send_request(shot.request.map(Full::new)).await.unwrap();
            assert!(
                shot.expected.takes(answer.status()),
                "{fault:?}: {}",
                answer.status()
            );
            if answer.status().is_success() {
                assert_eq!(
                    answer.into_body().collect().await.unwrap().to_bytes(),
                    r#"{"received":true}"#
                );
            }
            connection.abort();
        }
    }
    server.abort();
}

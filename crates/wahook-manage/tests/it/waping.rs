//! WAPing: its devices.

use serde_json::json;
use wahook_core::Secret;
use wahook_manage::{
    ErrorKind,
    waping::{Waping, code},
};
use wahook_testkit::stand_in::{self, Forced, Form, StandIn};

use crate::pauses::options;

#[tokio::test]
async fn devices_are_listed_in_every_likely_form() {
    let device = json!({"id": "dev_1", "status": "connected", "name": "Shop"});
    for answer in [
        json!([device]),
        json!({"data": [device]}),
        json!({"devices": [device], "total": 1}),
        json!({"data": {"devices": [device]}}),
        json!({"data": {"0": device}}),
    ] {
        let play = stand_in::Waping::new("wap_key").answering(answer.clone());
        let stand_in = StandIn::start(play).await.unwrap();
        let (options, _) = options(stand_in.url());
        let waping = Waping::new(Secret::new("wap_key").unwrap(), options).unwrap();
        let devices = waping.devices().await.unwrap();
        assert_eq!(devices.devices.len(), 1, "{answer}");
        assert_eq!(devices.devices[0].id, "dev_1");
        assert_eq!(devices.devices[0].status.as_deref(), Some("connected"));
        assert_eq!(devices.devices[0].rest.get("name"), Some(&json!("Shop")));
        assert!(devices.unread.is_empty());
        let request = stand_in.requests().pop().unwrap();
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/v1/devices")
        );
    }
}

#[tokio::test]
async fn its_codes_are_told() {
    let stand_in = StandIn::start(stand_in::Waping::new("wap_key")).await.unwrap();
    let (options, _) = options(stand_in.url());
    let waping = Waping::new(Secret::new("wap_key").unwrap(), options.clone()).unwrap();
    stand_in.answer_next(Forced::saying(
        424,
        Form::Envelope,
        code::SESSION_DISCONNECTED,
        "Scan again.",
    ));
    let error = waping.devices().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.code(), Some(code::SESSION_DISCONNECTED));
    let waping = Waping::new(Secret::new("other").unwrap(), options).unwrap();
    let error = waping.devices().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Unauthorized, Some(code::UNAUTHORIZED))
    );
}

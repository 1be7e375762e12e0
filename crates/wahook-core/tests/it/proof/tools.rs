//! Requests without a server, and signatures made without the code under test.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Request, request::Parts};
use jiff::Timestamp;
use sha2::Sha256;
use wahook_core::{
    Delivery, DeliveryKey, Endpoint, Habits, Keyed, Parsed, Provider, Secret, Secrets,
    model::Draft,
    proof::{Proof, Refusal, RefusalKind, StandardWebhooks, Verifier},
};

/// A provider that says nothing.
#[derive(Debug)]
pub(crate) struct Mute;

#[derive(Clone, Debug)]
pub(crate) enum Never {}

impl Provider for Mute {
    type Event = Never;
    const ID: &'static str = "mute";

    fn habits(&self) -> Habits {
        Habits::new(
            Duration::from_secs(60),
            Duration::from_secs(60),
            Duration::from_secs(5),
        )
    }

    fn key(&self, _: &Proof, _: &HeaderMap, body: &Bytes) -> Keyed {
        Keyed::new(DeliveryKey::digest(body), None)
    }

    fn parse(&self, _: &Delivery) -> Vec<Parsed<Never>> {
        Vec::new()
    }

    fn normalise(&self, item: Parsed<Never>, _: &Delivery) -> Draft {
        match item {
            Parsed::Known { event, .. } => match event {},
            Parsed::Unknown(unknown) => Draft::unknown(unknown),
            Parsed::Malformed(malformed) => Draft::malformed(malformed),
        }
    }
}

pub(crate) fn endpoint(verifier: impl Into<Verifier>) -> Endpoint {
    Endpoint::new("mute", Mute, verifier).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// A POST with these headers, in this order; names may repeat.
pub(crate) fn head<N: AsRef<str>, V: AsRef<[u8]>>(headers: impl IntoIterator<Item = (N, V)>) -> Parts {
    head_to("/hook", headers)
}

pub(crate) fn head_to<N: AsRef<str>, V: AsRef<[u8]>>(
    uri: &str,
    headers: impl IntoIterator<Item = (N, V)>,
) -> Parts {
    let mut request = Request::post(uri);
    for (name, value) in headers {
        request = request.header(name.as_ref(), value.as_ref());
    }
    request.body(()).unwrap().into_parts().0
}

pub(crate) fn bare() -> Parts {
    head(std::iter::empty::<(&str, &str)>())
}

/// The verdict over a body that arrives in these frames.
pub(crate) fn judge<'a>(
    endpoint: &Endpoint,
    head: &Parts,
    frames: impl IntoIterator<Item = &'a [u8]>,
    now: Timestamp,
) -> Result<Proof, Refusal> {
    let mut check = endpoint.begin(head, now)?;
    for frame in frames {
        check.update(Bytes::copy_from_slice(frame));
    }
    match check.finish() {
        Ok(verified) => Ok(verified.proof().clone()),
        Err((refusal, _)) => Err(refusal),
    }
}

pub(crate) fn verify(
    verifier: impl Into<Verifier>,
    head: &Parts,
    body: &[u8],
    now: i64,
) -> Result<Proof, RefusalKind> {
    judge(&endpoint(verifier), head, [body], at(now)).map_err(|refusal| refusal.kind())
}

pub(crate) fn published(text: &str) -> Secrets {
    Secret::dangerous_published(text).unwrap().into()
}

pub(crate) fn several(texts: &[&str]) -> Secrets {
    Secrets::new(
        texts
            .iter()
            .map(|text| Secret::dangerous_published(*text).unwrap())
            .collect(),
    )
    .unwrap()
}

pub(crate) fn standard(secret: &str) -> StandardWebhooks {
    StandardWebhooks::new(published(secret)).unwrap()
}

/// `v1,…` over exactly these texts.
pub(crate) fn v1(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A Standard Webhooks head.
pub(crate) fn signed(family: &str, id: &str, timestamp: &str, signature: &str) -> Parts {
    head([
        (format!("{family}-id"), id),
        (format!("{family}-timestamp"), timestamp),
        (format!("{family}-signature"), signature),
    ])
}

/// Fixed inputs of the official suites.
pub(crate) struct Vector {
    pub(crate) secret: &'static str,
    pub(crate) id: &'static str,
    pub(crate) time: i64,
    pub(crate) body: &'static [u8],
    pub(crate) signature: &'static str,
}

impl Vector {
    pub(crate) fn key(&self) -> Vec<u8> {
        STANDARD.decode(self.secret.trim_start_matches("whsec_")).unwrap()
    }

    pub(crate) fn head(&self, family: &str) -> Parts {
        signed(family, self.id, &self.time.to_string(), self.signature)
    }

    /// Signed anew for another time.
    pub(crate) fn sign(&self, time: i64) -> String {
        v1(&self.key(), self.id, &time.to_string(), self.body)
    }
}

/// Standard Webhooks and Svix libraries, 2026-08.
pub(crate) const V1: Vector = Vector {
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    time: 1_614_265_330,
    body: br#"{"test": 2432232314}"#,
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

pub(crate) const V2: Vector = Vector {
    secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    time: 1_649_367_553,
    body: br#"{"email":"test@example.com","username":"test_user"}"#,
    signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
};

pub(crate) const V4_PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
pub(crate) const V4_PRIVATE: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
pub(crate) const V4_SIGNATURE: &str =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

/// Bytes 0…31 and 32…63.
pub(crate) const K1: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const K2: &str = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

//! Several schemes on one endpoint.

use ipnet::IpNet;
use wahook_core::proof::{
    Algorithm, Allowlist, BodyHmac, ClientAddr, CombineErrorKind, RefusalKind, StaticToken, Verifier,
};

use super::tools::*;

const SHA256: &str = "46270e6ad829217a54d67026afb4ef20e76d3a4ea36d64b140834b5fb3e8b83a";
const BODY: &[u8] = br#"{"event":"message","session":"default","engine":"WEBJS"}"#;

fn hmac() -> Verifier {
    BodyHmac::new(
        "x-signature".parse().unwrap(),
        Algorithm::Sha256,
        published("my-secret-key"),
    )
    .unwrap()
    .into()
}

fn token() -> Verifier {
    StaticToken::header("x-token".parse().unwrap(), published("a-long-token"))
        .unwrap()
        .into()
}

fn allowlist() -> Allowlist {
    Allowlist::new(vec!["203.0.113.0/24".parse::<IpNet>().unwrap()])
}

fn address() -> Verifier {
    Verifier::dangerous_allowlist_alone(allowlist())
}

#[test]
fn v3_only_one_class_can_be_an_alternative() {
    use CombineErrorKind::{Empty, Mixed, ProvesNothing};
    let any = |parts: Vec<Verifier>| Verifier::any_of(parts).map(drop).map_err(|error| error.kind());
    let all = |parts: Vec<Verifier>| Verifier::all_of(parts).map(drop).map_err(|error| error.kind());
    assert_eq!(any(vec![hmac(), standard(K1).into()]), Ok(()));
    assert_eq!(
        any(vec![
            token(),
            StaticToken::bearer(published("b-long-token")).unwrap().into()
        ]),
        Ok(())
    );
    assert_eq!(any(vec![hmac(), hmac().and_allowlist(allowlist())]), Ok(()));
    assert_eq!(
        any(vec![hmac(), Verifier::all_of([hmac(), token()]).unwrap()]),
        Ok(())
    );
    assert_eq!(any(vec![]), Err(Empty));
    assert_eq!(any(vec![hmac(), token()]), Err(Mixed));
    assert_eq!(any(vec![token().and_allowlist(allowlist()), hmac()]), Err(Mixed));
    assert_eq!(any(vec![hmac(), address()]), Err(Mixed));
    assert_eq!(any(vec![hmac(), Verifier::dangerous_unverified()]), Err(Mixed));
    assert_eq!(any(vec![address()]), Err(ProvesNothing));
    assert_eq!(any(vec![Verifier::dangerous_unverified()]), Err(ProvesNothing));
    // A nested mixture is as weak as its weakest.
    assert_eq!(
        any(vec![hmac(), Verifier::dangerous_any_of([hmac(), token()])]),
        Err(Mixed)
    );
    assert_eq!(
        any(vec![Verifier::dangerous_any_of([hmac(), address()])]),
        Err(ProvesNothing)
    );
    assert_eq!(all(vec![hmac(), address(), token()]), Ok(()));
    assert_eq!(all(vec![]), Err(Empty));
    assert_eq!(all(vec![address()]), Err(ProvesNothing));
    assert_eq!(
        all(vec![Verifier::dangerous_unverified(), address()]),
        Err(ProvesNothing)
    );
}

#[test]
fn v3_each_alternative_is_judged_for_itself() {
    let verifier = Verifier::any_of([standard(K1).into(), hmac()]).unwrap();
    assert_eq!(verifier.names(), ["standard-webhooks", "body-hmac"]);
    assert_eq!(verifier.keyrings().len(), 2);
    let good = head([("x-signature", SHA256)]);
    assert_eq!(
        verify(verifier.clone(), &good, BODY, 0).unwrap().scheme(),
        "body-hmac"
    );
    // The alternative that came furthest is reported.
    assert_eq!(
        verify(verifier.clone(), &good, b"{}", 0).unwrap_err(),
        RefusalKind::SignatureMismatch
    );
    assert_eq!(
        verify(verifier.clone(), &bare(), BODY, 0).unwrap_err(),
        RefusalKind::HeaderMissing
    );
    let stale = signed("svix", "id", "1", &v1(&[0; 32], "id", "1", BODY));
    assert_eq!(
        verify(verifier, &stale, BODY, 1_000).unwrap_err(),
        RefusalKind::TimestampTooOld
    );
    // A token does not help on a body-binding endpoint.
    let verifier = Verifier::any_of([hmac()]).unwrap();
    assert!(verify(verifier, &head([("x-token", "a-long-token")]), BODY, 0).is_err());
    // Explicitly asked for, it does.
    let verifier = Verifier::dangerous_any_of([hmac(), token()]);
    verify(verifier, &head([("x-token", "a-long-token")]), BODY, 0).unwrap();
    assert!(verify(Verifier::dangerous_any_of([]), &good, BODY, 0).is_err());
}

#[test]
fn v3_all_must_hold() {
    let verifier = Verifier::all_of([token(), hmac()])
        .unwrap()
        .and_allowlist(allowlist());
    assert_eq!(verifier.names(), ["allowlist", "static-token", "body-hmac"]);
    let full = || {
        let mut head = head([("x-signature", SHA256), ("x-token", "a-long-token")]);
        head.extensions.insert(ClientAddr("203.0.113.9".parse().unwrap()));
        head
    };
    verify(verifier.clone(), &full(), BODY, 0).unwrap();
    assert_eq!(
        verify(verifier.clone(), &full(), b"{}", 0).unwrap_err(),
        RefusalKind::SignatureMismatch
    );
    for (name, kind) in [
        ("x-signature", RefusalKind::HeaderMissing),
        ("x-token", RefusalKind::TokenMissing),
    ] {
        let mut head = full();
        head.headers.remove(name);
        assert_eq!(verify(verifier.clone(), &head, BODY, 0).unwrap_err(), kind);
    }
    let mut head = full();
    head.extensions
        .insert(ClientAddr("198.51.100.9".parse().unwrap()));
    assert_eq!(
        verify(verifier.clone(), &head, BODY, 0).unwrap_err(),
        RefusalKind::AddressNotAllowed
    );
    head.extensions.clear();
    assert_eq!(
        verify(verifier, &head, BODY, 0).unwrap_err(),
        RefusalKind::AddressUnknown
    );
}

#[test]
fn v3_a_proof_vouches_for_what_any_part_signed() {
    let verifier = Verifier::all_of([token(), standard(V1.secret).into()]).unwrap();
    let mut head = V1.head("svix");
    head.headers.insert("x-token", "a-long-token".parse().unwrap());
    let proof = verify(verifier, &head, V1.body, V1.time).unwrap();
    assert_eq!(proof.id(), Some(V1.id));
    assert_eq!(proof.signed_at(), Some(at(V1.time)));
}

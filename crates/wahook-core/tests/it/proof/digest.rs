//! By what the bodies under one key are told apart.

use bytes::Bytes;
use wahook_core::{
    guard::{Digest, Prepared},
    proof::{Allowlist, ClientAddr, StaticToken, Verifier},
};

use super::tools::{at, endpoint, head, published, signed, standard, v1};

const BODY: &[u8] = b"{\"a\":1}";
const KEY: &[u8] = &[7; 32];

/// The digest with which a body is claimed that this verifier lets in; the request brings what each of them wants.
fn digest(verifier: impl Into<Verifier>) -> Digest {
    let mut request = signed(
        "webhook",
        "msg_1",
        "1700000000",
        &v1(KEY, "msg_1", "1700000000", BODY),
    );
    request
        .headers
        .extend(head([("x-token", "a-long-token")]).headers);
    request.extensions.insert(ClientAddr([127, 0, 0, 1].into()));
    let mut check = endpoint(verifier).begin(&request, at(1_700_000_000)).unwrap();
    check.update(Bytes::from_static(BODY));
    let verified = check.finish().map_err(|(refusal, _)| refusal).unwrap();
    Prepared::new(verified, &request.headers, [0; 10]).digest()
}

#[test]
fn g7_what_a_token_vouches_for_is_told_apart_by_sha_256() {
    let hmac = || standard("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    let token = || StaticToken::header("x-token".parse().unwrap(), published("a-long-token")).unwrap();
    let local = || Verifier::dangerous_allowlist_alone(Allowlist::new(vec!["127.0.0.0/8".parse().unwrap()]));
    for of_anybody in [
        digest(token()),
        digest(local()),
        digest(Verifier::dangerous_unverified()),
    ] {
        assert_eq!(of_anybody, Digest::of(BODY));
    }
    for of_a_secret in [
        digest(hmac()),
        digest(Verifier::all_of([token().into(), hmac().into()]).unwrap()),
    ] {
        assert_eq!(of_a_secret, Digest::of_signed(BODY));
    }
}

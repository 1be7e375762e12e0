//! Parse and normalise: the body is what a stranger with a good secret sends (N1, N2, N4, G6).

use std::sync::LazyLock;

use wahook_core::{Secret, Secrets};
use wahook_providers::{Options, provider};
use wahook_testkit::{
    provider::{Contract, n1_this_body_breaks_nothing},
    samples,
};

use super::Target;

macro_rules! provider_target {
    ($constant:ident, $id:literal) => {
        pub(super) const $constant: Target = Target {
            name: $id,
            run: |body| {
                static CONTRACT: LazyLock<Contract> = LazyLock::new(|| contract($id));
                n1_this_body_breaks_nothing(&CONTRACT, body).unwrap_or_else(|broken| panic!("{broken}"));
            },
            seeds: || {
                let bodies = samples($id).into_iter().map(|sample| sample.body.to_vec());
                bodies.collect()
            },
            longest: 8 * 1024,
        };
    };
}

provider_target!(GENERIC, "generic");
provider_target!(META, "meta");
provider_target!(WAPING, "waping");
provider_target!(WAWP, "wawp");
provider_target!(WAZAPIN, "wazapin");

/// The provider as it is configured by default, with a secret of its own form.
fn contract(id: &str) -> Contract {
    let row = provider(id).expect("the provider is in the table");
    let secret = Secret::new((row.make_secret)([7; 32])).expect("it makes good secrets");
    let endpoint = (row.build)("contract", Secrets::from(secret.clone()), &Options::default());
    Contract::of(endpoint.expect("the defaults are good"), secret, samples(id))
}

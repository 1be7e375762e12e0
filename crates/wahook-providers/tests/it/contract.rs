//! Every provider of the table keeps the contract of all providers.

use wahook_core::{Secret, Secrets};
use wahook_providers::{Options, PROVIDERS};
use wahook_testkit::{provider::Contract, samples};

fn contracts() -> Vec<Contract> {
    PROVIDERS
        .iter()
        .map(|row| {
            let secret = Secret::new((row.make_secret)([7; 32])).expect("the test is sound");
            let endpoint = (row.build)("contract", Secrets::from(secret.clone()), &Options::default())
                .expect("the test is sound");
            Contract::of(endpoint, secret, samples(row.id))
        })
        .collect()
}

wahook_testkit::provider_contract!(contracts);

//! The inbox of a configuration.

use std::sync::Arc;

use wahook_core::{Assurance, Guarantee, inbox::Desk};

use crate::{
    Failure,
    failure::chain,
    stores::{InboxMeans, StoreAddress},
};

/// An inbox that answers.
#[derive(Clone, Debug)]
pub(crate) struct InboxOpened {
    pub(crate) name: &'static str,
    /// Where it is, without a credential.
    pub(crate) place: String,
    pub(crate) desk: Arc<dyn Desk>,
}

impl InboxOpened {
    pub(crate) fn assurance(&self) -> &Assurance {
        self.desk.assurance()
    }
}

/// Opens it, or says why not and what to do, without a credential.
pub(crate) async fn open(
    address: &StoreAddress,
    means: &InboxMeans,
    required: Option<Guarantee>,
) -> Result<InboxOpened, Failure> {
    let row = address.row();
    let place = place(address);
    let open = row
        .inbox
        .ok_or_else(|| Failure::wrong_use(format!("{} cannot be an inbox", row.name)))?;
    let desk = open(address, means).await.map_err(|error| {
        let advice = (row.advice)(error.kind());
        Failure::io(format!(
            "cannot open the inbox {place}: {}{advice}",
            chain(&error)
        ))
    })?;
    let assurance = desk.assurance();
    if let Some(required) = required.filter(|required| assurance.guarantee < *required) {
        return Err(Failure::wrong_use(format!(
            "the inbox gives `{}` ({}), and required_guarantee is `{required}`: {}, or require less",
            assurance.guarantee, assurance.because, row.stronger
        )));
    }
    Ok(InboxOpened {
        name: row.name,
        place,
        desk,
    })
}

/// The file, or the address without what may be a credential.
fn place(address: &StoreAddress) -> String {
    match address.file() {
        Some(file) => file.display().to_string(),
        None => address.to_string(),
    }
}

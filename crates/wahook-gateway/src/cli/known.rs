//! Which deliveries are in the inbox, by the ids that their provider gave them.

use serde::Deserialize;

use crate::{Failure, admin::client::Client, config::Route};

#[derive(Deserialize)]
struct Known {
    known: Vec<bool>,
}

/// Whether each of them came, in their order.
pub(super) async fn known(client: &Client, route: &Route, ids: &[&str]) -> Result<Vec<bool>, Failure> {
    let mut all = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("endpoint", route.endpoint.name());
        for id in some {
            query.append_pair("id", id);
        }
        let path = format!("/api/v1/known?{}", query.finish());
        let answer = client.look::<Known>(&path).await?;
        let known = answer
            .map(|answer| answer.known)
            .filter(|known| known.len() == some.len());
        all.extend(known.ok_or_else(|| {
            Failure::io("the gateway that answers has another configuration, or is of an earlier release")
        })?);
    }
    Ok(all)
}

const AT_ONCE: usize = 50;

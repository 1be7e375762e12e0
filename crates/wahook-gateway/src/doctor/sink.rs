//! A sink: whether it can be written, and who can read or forge what it sends.

use http::Uri;

use super::{network::is_near, report::Finding};
use crate::config::{self, SinkPlan, SinkTo};

/// An endpoint whose events come to nobody.
pub(super) fn none_takes(sinks: &[SinkPlan], endpoint: &str) -> Option<Finding> {
    let text = "no sink takes what it receives: it is answered with 200 and comes to nobody";
    let advice = "add its name to the `endpoints` of a sink, or leave them out there";
    (!config::any_sink_takes(sinks, endpoint))
        .then(|| Finding::warning(Some(endpoint.to_owned()), text.to_owned()).advise(advice))
}

pub(super) fn look(sink: &SinkPlan) -> Option<Finding> {
    let name = &sink.name;
    match &sink.to {
        SinkTo::File(options) => {
            let folder = options.path.parent()?;
            (!folder.is_dir()).then(|| {
                let text = format!(
                    "the directory of the sink `{name}`, {}, does not exist",
                    folder.display()
                );
                Finding::error(None, text).advise("make it, for the user that runs wahook")
            })
        }
        SinkTo::Http(url, _) | SinkTo::Meta(url, ..) => {
            let uri: Uri = url.expose().parse().ok()?;
            let is_clear = uri.scheme_str() == Some("http") && !uri.host().is_some_and(is_near);
            is_clear.then(|| clear(name).advise("begin its `url` with https://"))
        }
        SinkTo::Broker(broker) => {
            let scheme = broker.shown.split_once("://").map_or("", |(scheme, _)| scheme);
            let uri = broker.shown.parse::<Uri>().ok();
            let is_near = uri.as_ref().and_then(Uri::host).is_some_and(is_near);
            let is_clear = !broker.private.contains(&scheme);
            (is_clear && !is_near)
                .then(|| clear(name).advise("take an address of its broker that speaks TLS"))
        }
        SinkTo::Sql(..) | SinkTo::Stdout(_) => None,
    }
}

/// Who listens on the way can read.
fn clear(name: &str) -> Finding {
    let text = format!("the sink `{name}` sends messages over the network unencrypted");
    Finding::warning(None, text)
}

//! A stream of NATS as an inbox.

use std::sync::Arc;

use wahook_core::{Secret, guard::OpenError};
use wahook_nats::{NatsInbox, NatsInboxOptions};

use super::{
    StoreAddress,
    open::{bad, split},
    open_inbox::{DEADLINE, InboxMeans, Opening},
};

pub(super) fn inbox<'a>(address: &'a StoreAddress, means: &'a InboxMeans) -> Opening<'a> {
    Box::pin(async move {
        let (servers, mut options) = nats_options(address)?;
        options.deadline = DEADLINE;
        options.max_waiting = means.waiting;
        Ok(Arc::new(NatsInbox::connect(&servers, options).await?) as _)
    })
}

/// The servers, and what our own parameters say of the stream.
fn nats_options(address: &StoreAddress) -> Result<(String, NatsInboxOptions), OpenError> {
    let ours = ["credentials", "max_bytes", "replicas", "stream", "sync"];
    let (servers, parameters) = split(address.expose(), &ours)?;
    if servers.contains('?') {
        return Err(bad(
            "after the servers there may be ?stream, ?replicas, ?sync, ?max_bytes and ?credentials",
        ));
    }
    let mut options = NatsInboxOptions::default();
    for (name, value) in parameters {
        match (name, value.as_str()) {
            ("stream", stream) => options.stream = stream.to_owned(),
            ("sync", "always") => options.syncs_always = true,
            ("sync", _) => {
                return Err(bad(
                    "?sync is `always`, where all servers have sync_interval: always; else leave it out",
                ));
            }
            ("replicas", number) => {
                let replicas = number.parse().ok().filter(|replicas| (1..=5).contains(replicas));
                options.replicas = replicas.ok_or_else(|| bad("?replicas is a number from 1 to 5"))?;
            }
            ("max_bytes", number) => {
                let bytes = number
                    .parse()
                    .map_err(|_| bad("?max_bytes is a number of bytes"))?;
                options.max_bytes = Some(bytes);
            }
            (_, file) => {
                let file = address.folder().join(file);
                let read = std::fs::read_to_string(&file)
                    .ok()
                    .and_then(|text| Secret::new(text).ok());
                options.credentials =
                    Some(read.ok_or_else(|| bad("the file that ?credentials names cannot be read"))?);
            }
        }
    }
    Ok((servers, options))
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU64, path::Path};

    use super::*;

    fn read(text: &str) -> Result<(String, NatsInboxOptions), String> {
        let address = StoreAddress::parse(text, Path::new("/etc/wahook")).unwrap();
        nats_options(&address).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_said_of_a_stream_is_read_and_what_is_wrong_is_told_without_a_credential() {
        let (servers, options) =
            read("nats://u:hunter2@a:4222,b:4222?stream=IN&replicas=3&sync=always&max_bytes=1000000")
                .unwrap();
        assert_eq!(servers, "nats://u:hunter2@a:4222,b:4222");
        assert_eq!(
            (options.stream.as_str(), options.replicas, options.syncs_always),
            ("IN", 3, true)
        );
        assert_eq!(options.max_bytes.map(NonZeroU64::get), Some(1_000_000));
        assert_eq!(read("nats://h").unwrap().1.stream, "WAHOOK_INBOX");
        for (text, said) in [
            ("nats://u:hunter2@h?replicas=0", "from 1 to 5"),
            ("nats://u:hunter2@h?sync=never", "sync_interval"),
            ("nats://u:hunter2@h?max_bytes=0", "a number of bytes"),
            ("nats://u:hunter2@h?credentials=hunter2", "cannot be read"),
            ("nats://u:hunter2@h?password=hunter2", "there may be"),
        ] {
            let error = read(text).unwrap_err();
            assert!(
                error.contains(said) && !error.contains("hunter2"),
                "{text}: {error}"
            );
        }
    }
}

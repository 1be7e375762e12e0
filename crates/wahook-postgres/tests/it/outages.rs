//! Ways in which a server of one's own is out of reach.

use std::sync::Arc;

use wahook_services::{Postgres, Proxy};

/// A server, and how it goes out of reach and comes back.
pub(crate) struct Outage {
    pub(crate) url: String,
    pub(crate) begin: Box<dyn Fn() + Send + Sync>,
    pub(crate) end: Box<dyn Fn() + Send + Sync>,
}

fn server() -> Arc<Postgres> {
    Arc::new(Postgres::start(&[]).expect("a server"))
}

impl Outage {
    pub(crate) fn killed() -> Self {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        Self {
            url: server.url(),
            begin: Box::new(move || gone.kill()),
            end: Box::new(move || back.restart().expect("it comes back")),
        }
    }

    pub(crate) fn frozen() -> Self {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        Self {
            url: server.url(),
            begin: Box::new(move || gone.freeze()),
            end: Box::new(move || back.thaw()),
        }
    }

    /// Behind a wire that `fault` puts out of use.
    pub(crate) fn wired(fault: fn(&Proxy)) -> Self {
        let server = server();
        let proxy = Arc::new(Proxy::to(&server.address()).expect("a wire"));
        let (gone, url) = (proxy.clone(), server.url_at(&proxy.address()));
        Self {
            url,
            begin: Box::new(move || fault(&gone)),
            end: Box::new(move || {
                // It lasts as long as the wire to it.
                let _ = &server;
                proxy.heal();
            }),
        }
    }
}

//! The servers that all tests of a run share, from nothing.

use std::io;

use crate::{docker, kept::Kept, programs, server::Server, service::Service};

/// A server for all tests of a run. It ends with this value, unless it is kept.
#[derive(Debug)]
pub struct Shared {
    body: Option<Body>,
    installed: Option<&'static str>,
}

#[derive(Debug)]
enum Body {
    Own(Server),
    Container(Kept),
}

impl Shared {
    /// Starts one: with what is installed, else with what can be installed (Debian and its children, as root), else in
    /// Docker.
    ///
    /// # Errors
    ///
    /// When none of that is possible, in one line that says what to install; when the server does not come up, with
    /// the end of its log.
    pub fn start(service: Service) -> io::Result<Self> {
        let row = service.row();
        let (body, installed) = match programs::install_missing(service) {
            Ok(installed) => (Body::Own((row.start)()?), installed),
            Err(_) if docker::works() => (Body::Container((row.in_docker)()?), None),
            Err(error) => return Err(error),
        };
        Ok(Self {
            body: Some(body),
            installed,
        })
    }

    /// The package that was installed for it.
    #[must_use]
    pub fn installed(&self) -> Option<&'static str> {
        self.installed
    }

    /// How clients reach it.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.body {
            Some(Body::Own(server)) => server.url(),
            Some(Body::Container(kept)) => kept.url().to_owned(),
            None => String::new(),
        }
    }

    /// Lets it run on after us: what is returned can end it.
    ///
    /// # Errors
    ///
    /// When it does not run any more.
    pub fn keep(mut self) -> io::Result<Kept> {
        match self.body.take() {
            Some(Body::Own(server)) => server.keep(),
            Some(Body::Container(kept)) => Ok(kept),
            None => Err(io::Error::other("there is no server")),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(Body::Container(kept)) = &self.body {
            let _ = kept.end();
        }
    }
}

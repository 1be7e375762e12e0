//! What takes the place of what is open when the configuration is read again.

use tokio::{
    task::spawn_blocking,
    time::{Duration, Instant, interval_at, sleep},
};

use super::{Gateway, Opened, Way};
use crate::{
    Failure,
    cli::{
        serve::Plan,
        signals::Signals,
        watch::{EVERY, Watch},
    },
    inbox,
    stores::Stores,
};

/// How often it is said again what an operator should see to: a log of last month is read by nobody.
const DAY: Duration = Duration::from_secs(86_400);

impl Gateway {
    /// Reads the configuration again when it is asked to, or when a file of it was written; never ends.
    pub(in crate::cli) async fn follow(&self, mut signals: Signals) {
        let mut watch = self.changing.lock().await.plan.watch.clone();
        let mut daily = interval_at(Instant::now() + DAY, DAY);
        loop {
            tokio::select! {
                () = signals.reload_asked() => {}
                () = self.operators_ask() => {}
                () = sleep(EVERY) => {
                    let mut looked = watch.clone();
                    let look = aside(move || (looked.settled(), looked)).await;
                    self.drop_ended_secrets().await;
                    let Some((true, _)) = look else {
                        watch = look.map_or(watch, |(_, looked)| looked);
                        continue;
                    };
                }
                _ = daily.tick() => {
                    self.remind().await;
                    continue;
                }
            }
            watch = self.reload().await.unwrap_or(watch);
        }
    }

    /// Secrets of before a rotation whose time is over verify nothing more.
    async fn drop_ended_secrets(&self) {
        let mut changing = self.changing.lock().await;
        for name in changing.plan.built.drop_ended_secrets(self.clock.now()) {
            tracing::info!(target: "wahook", endpoint = name, "the secret of before its rotation is valid no longer");
        }
    }

    /// An operator wants it to be read again.
    async fn operators_ask(&self) {
        match &self.way {
            Way::Inbox(boxed) => boxed.operators.reload.notified().await,
            Way::HandOver(_) => std::future::pending().await,
        }
    }

    /// Says again what lasts.
    async fn remind(&self) {
        let changing = self.changing.lock().await;
        changing.plan.warn_of_certificate(&*self.clock);
        if let Some(why) = &changing.refused {
            tracing::error!(target: "wahook", "the configuration still cannot be used; the old one stays: {why}");
        }
    }

    /// Reads the configuration again, and tells what to watch; one that cannot be used changes nothing.
    async fn reload(&self) -> Option<Watch> {
        let Some(file) = self.changing.lock().await.plan.file.clone() else {
            tracing::info!(target: "wahook", "development mode has no configuration that could be read again");
            return None;
        };
        let tell = |problem: &str| tracing::error!(target: "wahook", "{problem}");
        let (watch, next) = aside(move || Plan::from_file(&file, &tell)).await?;
        let outcome = match next {
            Ok(next) => self.exchange(next).await,
            Err(failure) => Err(failure),
        };
        let refused = outcome.as_ref().err().map(ToString::to_string);
        if let Way::Inbox(boxed) = &self.way {
            boxed.operators.read(refused.as_deref());
        }
        self.changing.lock().await.refused = refused;
        match outcome {
            Ok(restart) => {
                tracing::info!(target: "wahook", "the configuration was read again and is in effect");
                for key in restart {
                    tracing::warn!(target: "wahook", "`{key}` was changed and takes effect at the next start");
                }
            }
            Err(failure) => {
                tracing::error!(target: "wahook", "the configuration was read again and cannot be used; the old one stays: {failure}");
            }
        }
        Some(watch)
    }

    async fn exchange(&self, mut next: Plan) -> Result<Vec<&'static str>, Failure> {
        let mut changing = self.changing.lock().await;
        let restart = changing.plan.needs_restart(&next);
        if changing.plan.built.inbox.is_some() != next.built.inbox.is_some() {
            // Everything else hangs on it.
            return Err(Failure::wrong_use(
                "whether there is an inbox can be changed by a restart only",
            ));
        }
        // What is mounted has the limits that take effect, not those of the file.
        next.config.limits = changing.plan.config.limits.with_bodies_of(&next.config.limits);
        let there = &changing.open;
        let desk = match &self.way {
            Way::Inbox(boxed) => Some(&boxed.opened.desk),
            Way::HandOver(_) => None,
        };
        let (sinks, routes) = there.sinks.and_now(&next.built, desk, &self.clock).await?;
        let stores = match &self.way {
            Way::Inbox(_) => Stores::default(),
            Way::HandOver(means) => Stores::open(&next.built.routes, means, &there.stores).await?,
        };
        let rates = there.rates.and_now(&next.built.routes, &self.clock);
        let open = Opened { sinks, stores, rates };
        let mounted = self.mounted(&next, &open)?;
        // Nothing fails from here on, and nothing is waited for: all of it takes effect, or nothing did.
        if let (Some(tls), Some(certificate)) = (&self.tls, &next.built.tls) {
            tls.show(certificate);
            if let Way::Inbox(boxed) = &self.way {
                boxed.operators.shows(certificate);
            }
        }
        // The readers first: what comes in at a new endpoint can be read.
        if let Way::Inbox(boxed) = &self.way {
            let public_url = next.config.public_url.as_deref();
            boxed.operators.work_with(&next.built, public_url);
            boxed.workers.swap(inbox::plan(&next.built.routes, routes));
        }
        self.router.swap(mounted);
        self.stdout.send_replace(open.sinks.stdout());
        next.warn();
        next.warn_of_certificate(&*self.clock);
        changing.open.sinks.warn_of_those_gone(&open.sinks);
        changing.plan.take_over(next);
        changing.open = open;
        if let Way::Inbox(boxed) = &self.way {
            boxed.reread.notify_one();
        }
        Ok(restart)
    }
}

/// Does what touches files where nobody is held up: on a network, or as a pipe, they may hang for ever.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use tracing_subscriber::{Registry, layer::SubscriberExt};
    use wahook_testkit::ManualClock;

    use super::*;
    use crate::log::tests::Written;

    #[tokio::test]
    async fn v5_a_secret_of_before_ends_also_where_the_configuration_cannot_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wahook.toml");
        let (old, new) = (
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        );
        fs::write(
            folder.path().join("shop"),
            format!("{new}\nprevious 2999-01-01T00:00:00Z {old}\n"),
        )
        .unwrap();
        let toml = "inbox = \"none\"\n[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret_file = \"shop\"\n";
        fs::write(&file, toml).unwrap();
        let plan = Plan::from_file(&file, &|problem| panic!("{problem}")).1.unwrap();
        let keyring = plan.built.routes[0].endpoint.verifier().keyrings()[0].clone();
        let clock = Arc::new(ManualClock::new("2998-12-31T23:59:59Z".parse().unwrap()));
        let gateway = Gateway::open(plan, clock.clone()).await.unwrap();
        fs::write(&file, "no configuration").unwrap();
        gateway.reload().await;
        gateway.drop_ended_secrets().await;
        assert_eq!(keyring.len(), 2);
        clock.advance(Duration::from_secs(1));
        gateway.drop_ended_secrets().await;
        assert_eq!(keyring.len(), 1);
    }

    #[tokio::test]
    async fn what_lasts_is_said_again_and_what_is_over_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wahook.toml");
        let good = "inbox = \"none\"\n[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\n\
                    secret = \"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"\n";
        fs::write(&file, good).unwrap();
        let plan = Plan::from_file(&file, &|problem| panic!("{problem}")).1;
        let clock = Arc::new(ManualClock::default());
        let gateway = Gateway::open(plan.unwrap(), clock).await.unwrap();
        let written = Written::default();
        let lines = tracing_subscriber::fmt::layer().with_writer(written.clone());
        let _log = tracing::subscriber::set_default(Registry::default().with(lines));

        gateway.remind().await;
        assert_eq!(written.take(), "");
        fs::write(&file, good.replace("secret", "secert")).unwrap();
        gateway.reload().await;
        assert!(written.take().contains("cannot be used; the old one stays"));
        for _ in 0..2 {
            gateway.remind().await;
            let said = written.take();
            assert!(
                said.contains("ERROR") && said.contains("unknown key `secert`"),
                "{said}"
            );
        }
        fs::write(&file, good).unwrap();
        gateway.reload().await;
        assert!(written.take().contains("is in effect"));
        gateway.remind().await;
        assert_eq!(written.take(), "");
    }
}

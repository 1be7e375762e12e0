//! A mock cluster on a thread of its own: it is not one to be moved between threads.

use std::{
    fmt,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};

pub(crate) type Mock = MockCluster<'static, DefaultProducerContext>;
type Work = Box<dyn FnOnce(&Mock) + Send>;

/// Three brokers, until the last of them is dropped.
#[derive(Clone)]
pub(crate) struct Cluster {
    brokers: String,
    work: Arc<Mutex<mpsc::Sender<Work>>>,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let (tell, told) = mpsc::channel();
        let (work, waiting) = mpsc::channel::<Work>();
        thread::spawn(move || {
            let mock = MockCluster::new(3).unwrap();
            tell.send(mock.bootstrap_servers()).unwrap();
            for work in waiting {
                work(&mock);
            }
        });
        Self {
            brokers: told.recv().unwrap(),
            work: Arc::new(Mutex::new(work)),
        }
    }

    pub(crate) fn brokers(&self) -> &str {
        &self.brokers
    }

    pub(crate) fn url(&self) -> String {
        format!("kafka://{}", self.brokers)
    }

    /// Has something done to it, and waits until it is.
    pub(crate) fn with(&self, work: impl FnOnce(&Mock) + Send + 'static) {
        let (tell, told) = mpsc::channel();
        let work: Work = Box::new(move |mock| {
            work(mock);
            tell.send(()).unwrap();
        });
        self.work.lock().unwrap().send(work).unwrap();
        told.recv().unwrap();
    }

    pub(crate) fn make(&self, topic: &str) {
        let topic = topic.to_owned();
        self.with(move |mock| mock.create_topic(&topic, 4, 3).unwrap());
    }

    /// Every broker breaks off, and takes no connection.
    pub(crate) fn go_down(&self) {
        self.with(|mock| mock.broker_down(-1).unwrap());
    }

    pub(crate) fn come_up(&self) {
        self.with(|mock| mock.broker_up(-1).unwrap());
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").finish_non_exhaustive()
    }
}

//! Several gateways at work while their server is killed again and again.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use wahook_core::{
    guard::{Settled, StoreErrorKind},
    inbox::{Desk, Inbox as _, Status},
};
use wahook_nats::{NatsInbox, NatsInboxOptions};
use wahook_services::Nats;

use super::kit::{DUPLICATE, done, open, options, read, shop, token, until};

const CHATS: usize = 6;
const EACH: usize = 60;

/// What a sink confirmed, by chat; written down only once its settlement was done.
type Book = Mutex<BTreeMap<String, Vec<String>>>;

/// Reads, takes and settles, as a gateway's workers do.
async fn gateway(inbox: Arc<dyn Desk>, book: Arc<Book>, over: Arc<AtomicBool>) {
    let lease = Duration::from_millis(500);
    while !over.load(Ordering::Relaxed) {
        // What fails is tried again.
        let _ = read(&*inbox, token()).await;
        let token = token();
        let want = wahook_core::inbox::Want {
            lanes: 3,
            events: 5,
            bytes: 1 << 20,
        };
        let Ok(taken) = inbox.take("till", token, want, lease).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        for lane in &taken.lanes {
            let bodies = lane
                .entries
                .iter()
                .map(|entry| entry.stored.delivery.body.to_vec());
            let bodies: Vec<_> = bodies.map(|body| String::from_utf8(body).unwrap()).collect();
            // Written down before it is settled, as a sink does: what comes again after that is a repeat, never a gap.
            let chat = bodies[0].split(' ').next().unwrap().to_owned();
            book.lock().unwrap().entry(chat).or_default().extend(bodies);
            let _: Result<Settled, _> = inbox.settle(token, done(lane)).await;
        }
        if taken.lanes.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A leader that was just elected may have yet to apply what the one before had told: until then nobody is told anything.
async fn status_of(inbox: &Arc<dyn Desk>) -> Status {
    for _ in 0..10 {
        match inbox.status().await {
            Ok(status) => return status,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Slow),
        }
    }
    panic!("it never knew");
}

/// Two gateways at work while `faults` happen, and for some time after.
async fn crowd(url: &str, mut options: NatsInboxOptions, faults: impl Future<Output = ()>) {
    options.deadline = Duration::from_secs(1);
    options.snapshot_bytes = 30_000;
    let inboxes = [open(url, options.clone()).await, open(url, options.clone()).await];
    let (book, over) = (Arc::new(Book::default()), Arc::new(AtomicBool::new(false)));
    let gateways = inboxes
        .clone()
        .map(|inbox| tokio::spawn(gateway(inbox, book.clone(), over.clone())));

    // Each delivery through both at once, again and again until both said that they have it: one stored it.
    let stored = Arc::new(Mutex::new(Vec::new()));
    let chat = async |chat: usize| {
        let mut shop = shop();
        for number in 0..EACH {
            let name = format!("chat{chat} {number:03}");
            let incoming = shop.body(&format!("evt_{chat}_{number}"), name.clone());
            let send = async |inbox: &Arc<dyn Desk>| {
                let mut tries = 0;
                loop {
                    tries += 1;
                    match inbox.accept(incoming.clone()).await {
                        Ok(accepted) => return (accepted != DUPLICATE, tries),
                        Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
            };
            let answers = join_all(inboxes.iter().map(send)).await;
            let fresh = answers.iter().filter(|(is_stored, _)| *is_stored).count();
            let tries: u32 = answers.iter().map(|(_, tries)| tries).sum();
            // An answer may have got lost, and with it that it was stored; twice it never is.
            assert!(fresh == 1 || (fresh == 0 && tries > 2), "{name}: {answers:?}");
            stored.lock().unwrap().push(name);
        }
    };
    tokio::join!(join_all((0..CHATS).map(chat)), faults);
    let total = CHATS * EACH;
    let handed = || {
        let book = book.lock().unwrap();
        let distinct = book.values().map(|all| {
            let mut all = all.clone();
            all.sort();
            all.dedup();
            all.len()
        });
        distinct.sum::<usize>()
    };
    for _ in 0..1_500 {
        if handed() == total {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(handed(), total, "all that was acknowledged arrived");
    tokio::time::sleep(Duration::from_millis(700)).await;
    over.store(true, Ordering::Relaxed);
    join_all(gateways).await;
    for (chat, handed) in book.lock().unwrap().iter() {
        // A repeat goes back to what was not settled, and on from there: nothing is passed over.
        let mut next = 0;
        for body in handed {
            let number: usize = body.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(number <= next, "{chat}: {number} came before {next}");
            next = next.max(number + 1);
        }
        assert_eq!(next, EACH, "{chat}");
    }
    let status = status_of(&inboxes[0]).await;
    assert_eq!((status.deliveries, status.unread), (total as u64, 0), "each once");
    // And whoever opens it now finds the same.
    let again = status_of(&open(url, options).await).await;
    assert_eq!((again.deliveries, again.sinks), (status.deliveries, status.sinks));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs NATS: cargo xtask test"]
async fn i1_to_i6_nothing_acknowledged_is_lost_and_lanes_keep_their_order_while_the_server_is_killed() {
    let server = Nats::start(&[]).unwrap();
    let faults = async {
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(400)).await;
            server.kill();
            tokio::time::sleep(Duration::from_millis(150)).await;
            server.restart().unwrap();
        }
    };
    crowd(&server.url(), options(), faults).await;
}

/// Three servers that know each other.
fn cluster() -> Vec<Nats> {
    let ports: Vec<u16> = (0..3)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect::<Vec<_>>()
        .iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect();
    let routes: Vec<_> = ports
        .iter()
        .map(|port| format!("nats://127.0.0.1:{port}"))
        .collect();
    let start = |(number, port): (usize, &u16)| {
        let routes = routes.join(", ");
        let name = format!("server_name: n{number}");
        let cluster = format!("cluster {{ name: C, listen: 127.0.0.1:{port}, routes: [{routes}] }}");
        Nats::start(&[&name, &cluster]).unwrap()
    };
    ports.iter().enumerate().map(start).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs NATS: cargo xtask test"]
async fn i1_to_i6_hold_with_three_replicas_while_each_server_in_turn_is_killed() {
    let servers = cluster();
    let urls: Vec<_> = servers.iter().map(|server| server.url()).collect();
    let mut options = options();
    options.replicas = 3;
    let url = urls.join(",");
    until("they elected who leads", async || {
        let inbox = NatsInbox::connect(&url, options.clone()).await;
        inbox.is_ok_and(|inbox| inbox.assurance().because.contains("3 replicas"))
    })
    .await;
    let faults = async {
        for server in &servers {
            tokio::time::sleep(Duration::from_millis(700)).await;
            server.kill();
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            server.restart().unwrap();
            // Two of three have to be there when the next one goes.
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    };
    crowd(&url, options, faults).await;
}

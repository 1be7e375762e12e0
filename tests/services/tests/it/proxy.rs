//! A wire that is cut, stalled, healed. An echo stands for the server.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use wahook_services::Proxy;

use crate::wire::connect;

/// Answers each byte with itself, and tells what it heard.
fn echo() -> (String, std::sync::mpsc::Receiver<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heard, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, heard) = (stream.unwrap(), heard.clone());
            std::thread::spawn(move || {
                let mut byte = [0];
                while stream.read_exact(&mut byte).is_ok() {
                    let _ = heard.send(byte[0]);
                    let _ = stream.write_all(&byte);
                }
            });
        }
    });
    (address, receiver)
}

fn say(stream: &mut TcpStream, byte: u8) -> std::io::Result<u8> {
    stream.write_all(&[byte])?;
    hear(stream)
}

fn hear(stream: &mut TcpStream) -> std::io::Result<u8> {
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    Ok(answer[0])
}

fn is_silent(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let kind = hear(stream).map_err(|error| error.kind());
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    matches!(kind, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[test]
fn a_cut_ends_connections_and_refuses_new_ones_until_it_is_healed() {
    let (server, _heard) = echo();
    let proxy = Proxy::to(&server).unwrap();
    for _ in 0..3 {
        let mut stream = connect(&proxy.address()).unwrap();
        assert_eq!(say(&mut stream, 1).unwrap(), 1);
        proxy.cut();
        proxy.cut();
        assert!(say(&mut stream, 2).is_err());
        assert_eq!(
            connect(&proxy.address()).unwrap_err().kind(),
            ErrorKind::ConnectionRefused
        );
        proxy.heal();
        let mut stream = connect(&proxy.address()).unwrap();
        assert_eq!(say(&mut stream, 3).unwrap(), 3);
    }
}

#[test]
fn a_stall_holds_what_was_said_and_healing_lets_it_go() {
    let (server, heard) = echo();
    let proxy = Proxy::to(&server).unwrap();
    let mut old = connect(&proxy.address()).unwrap();
    assert_eq!(say(&mut old, 1).unwrap(), 1);
    proxy.stall();
    let mut new = connect(&proxy.address()).unwrap();
    new.write_all(&[2]).unwrap();
    old.write_all(&[3]).unwrap();
    assert!(is_silent(&mut old) && is_silent(&mut new));
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [1], "nothing passes");
    proxy.heal();
    assert_eq!((hear(&mut new).unwrap(), hear(&mut old).unwrap()), (2, 3));
    // A stall that ends in a cut leaves nobody waiting.
    proxy.stall();
    old.write_all(&[4]).unwrap();
    proxy.cut();
    assert!(hear(&mut old).is_err());
}

#[test]
fn a_delay_is_one_both_ways_and_healing_ends_it() {
    let (server, _heard) = echo();
    let proxy = Proxy::to(&server).unwrap();
    let mut stream = connect(&proxy.address()).unwrap();
    let by = Duration::from_millis(50);
    proxy.delay(by);
    let began = Instant::now();
    assert_eq!(say(&mut stream, 1).unwrap(), 1);
    assert!(began.elapsed() >= 2 * by);
    // What waits goes on at once.
    proxy.delay(Duration::from_secs(3_600));
    stream.write_all(&[2]).unwrap();
    assert!(is_silent(&mut stream));
    proxy.heal();
    assert_eq!(hear(&mut stream).unwrap(), 2);
}

#[test]
fn a_lost_answer_is_one_to_a_request_that_was_heard() {
    let (server, heard) = echo();
    let proxy = Proxy::to(&server).unwrap();
    let mut stream = connect(&proxy.address()).unwrap();
    let mut idle = connect(&proxy.address()).unwrap();
    assert_eq!(say(&mut idle, 1).unwrap(), 1);
    proxy.drop_answers();
    stream.write_all(&[7]).unwrap();
    assert!(is_silent(&mut stream));
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), [1, 7]);
    proxy.heal();
    assert!(
        say(&mut stream, 8).is_err(),
        "the next answer would be taken for the lost one"
    );
    assert_eq!(say(&mut idle, 9).unwrap(), 9, "who lost nothing goes on");
}

#[test]
fn a_server_that_is_gone_ends_the_connection() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let proxy = Proxy::to(&address).unwrap();
    let mut stream = connect(&proxy.address()).unwrap();
    assert!(say(&mut stream, 1).is_err());
}

#[test]
fn a_proxy_that_is_dropped_gives_its_port_back() {
    let (server, _heard) = echo();
    let proxy = Proxy::to(&server).unwrap();
    let address = proxy.address();
    let mut stream = connect(&address).unwrap();
    assert_eq!(say(&mut stream, 1).unwrap(), 1);
    drop(proxy);
    assert!(hear(&mut stream).is_err());
    TcpListener::bind(&address).unwrap();
}

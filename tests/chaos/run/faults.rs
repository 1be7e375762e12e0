//! What fails is made to fail here, and mended.

#![expect(
    clippy::disallowed_methods,
    reason = "faults last as long as they last, in real time"
)]

use std::{
    process::Command,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use wahook_chaos::{
    history::What,
    plan::{Fault, Kind},
};

use crate::scene::{Gateway, World};

/// How much longer what passes a slow wire takes.
const SLOW_WIRE: Duration = Duration::from_millis(120);

/// How long a gateway may take to end before it is killed.
const END: Duration = Duration::from_secs(15);

pub(crate) fn wait(time: Duration) {
    thread::sleep(time);
}

pub(crate) fn wait_until(when: Instant) {
    wait(when.saturating_duration_since(Instant::now()));
}

/// The faults of a layer, one after the other. What one takes longer than planned, the next are later.
pub(crate) fn carry_out(world: &World, layer: &[Fault], began: Instant) {
    for fault in layer {
        wait_until(began + fault.at);
        let number = world.recorder.number();
        let gateway = &world.gateways[fault.node];
        let detail = match fault.kind {
            Kind::ClockMoved => format!("{} by {} s", gateway.name, fault.by),
            _ => gateway.name.clone(),
        };
        world.recorder.say(What::FaultBegan {
            fault: number,
            kind: fault.kind.name().to_owned(),
            detail,
        });
        happen(world, gateway, fault);
        world.recorder.say(What::FaultEnded { fault: number });
    }
}

/// From its beginning to its end.
fn happen(world: &World, gateway: &Gateway, fault: &Fault) {
    let lasts = || wait(fault.lasts);
    match fault.kind {
        Kind::Kill | Kind::PowerLoss | Kind::Restart => {
            let (how, killed) = end(world, gateway, fault.kind);
            world.recorder.say(What::ProcessEnded {
                process: gateway.name.clone(),
                how,
                killed,
            });
            lasts();
            world.start(gateway);
        }
        Kind::Freeze => {
            signal(gateway, "STOP");
            lasts();
            signal(gateway, "CONT");
        }
        Kind::DiskFull | Kind::DiskBroken | Kind::DiskHanging | Kind::DiskSlow => {
            let disk = world.disk.as_ref().unwrap();
            let set = |on| match fault.kind {
                Kind::DiskFull => disk.set_full(on),
                Kind::DiskBroken => disk.set_broken(on),
                Kind::DiskHanging => disk.set_hanging(on),
                _ => disk.set_slow(on),
            };
            set(true).unwrap();
            lasts();
            set(false).unwrap();
        }
        Kind::ClockMoved => {
            gateway.clock.set(fault.by).unwrap();
            lasts();
            gateway.clock.set(0).unwrap();
        }
        Kind::ServerKill => {
            world.database().kill();
            lasts();
            world.database().restart().unwrap();
        }
        Kind::ServerFreeze => {
            world.database().freeze();
            lasts();
            world.database().thaw();
        }
        Kind::WireCut | Kind::WireStalls | Kind::WireDeaf | Kind::WireSlow => {
            let wire = gateway.wire.as_ref().unwrap();
            match fault.kind {
                Kind::WireCut => wire.cut(),
                Kind::WireStalls => wire.stall(),
                Kind::WireDeaf => wire.drop_answers(),
                _ => wire.delay(SLOW_WIRE),
            }
            lasts();
            wire.heal();
        }
        Kind::SinkFails | Kind::SinkHangs | Kind::SinkCloses | Kind::SinkBusy | Kind::SinkForgets => {
            let receiver = world.receiver.as_ref().unwrap();
            receiver.fail(Some(fault.kind));
            lasts();
            receiver.fail(None);
        }
        Kind::OutputUnread => {
            world.unread.store(true, Ordering::Relaxed);
            lasts();
            world.unread.store(false, Ordering::Relaxed);
        }
    }
}

/// Ends a gateway, and tells how, and whether it was killed.
fn end(world: &World, gateway: &Gateway, kind: Kind) -> (String, bool) {
    let mut node = gateway.node();
    if kind == Kind::Restart {
        drop(node);
        signal(gateway, "TERM");
        let deadline = Instant::now() + END;
        node = gateway.node();
        loop {
            if let Some(status) = node.child().unwrap().try_wait().unwrap() {
                node.kill();
                return (format!("ended by SIGTERM: {status}"), false);
            }
            if Instant::now() > deadline {
                node.kill();
                return ("killed, since it did not end by SIGTERM".to_owned(), true);
            }
            wait(Duration::from_millis(10));
        }
    }
    node.kill();
    if kind == Kind::PowerLoss {
        let lose_power = || world.disk.as_ref().unwrap().lose_power().unwrap();
        let lost = match &gateway.watch {
            Some(watch) => watch.unseen(lose_power),
            None => lose_power(),
        };
        return (format!("power was lost, {lost} writes with it"), true);
    }
    ("killed".to_owned(), true)
}

fn signal(gateway: &Gateway, signal: &str) {
    let id = gateway.node().child().unwrap().id().to_string();
    let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status();
    assert!(sent.unwrap().success());
}

//! A clock that is moved while a process looks at it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use wahook_services::Clock;

/// For each line it hears: the wall clock, in whole seconds by three functions, and the monotonic one.
const WATCHER: &str = r#"
import sys, time, datetime
for line in sys.stdin:
    wall = [int(time.time()), time.clock_gettime_ns(time.CLOCK_REALTIME) // 10**9, int(datetime.datetime.now().timestamp())]
    print(*wall, int(time.monotonic()), flush=True)
"#;

#[test]
fn r2_a_wall_clock_is_moved_both_ways_under_a_process_that_runs_and_the_monotonic_one_is_not() {
    let clock = Clock::new().unwrap();
    let mut command = Command::new("python3");
    command
        .args(["-c", WATCHER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = clock.on(&mut command).spawn().unwrap();
    let (mut ask, mut said) = (
        child.stdin.take().unwrap(),
        BufReader::new(child.stdout.take().unwrap()),
    );
    let mut look = || {
        ask.write_all(b"look\n").unwrap();
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let times = line.split_whitespace().map(|word| word.parse::<i64>().unwrap());
        times.collect::<Vec<_>>()
    };
    let right = look();
    for by in [90_000, -90_000, 1, 0] {
        clock.set(by).unwrap();
        let wrong = look();
        for (wrong, right) in wrong.iter().zip(&right).take(3) {
            let moved = wrong - right - by;
            assert!((0..10).contains(&moved), "by {by}: {moved}");
        }
        assert!((0..10).contains(&(wrong[3] - right[3])));
    }
    drop(ask);
    child.wait().unwrap();
}

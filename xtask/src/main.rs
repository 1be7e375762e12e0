//! What the project runs on itself: `cargo xtask <verb>`.
//!
//! One line for each step: `ok`, `FAILED` or `not run`, and how long it took. The output of a command is shown only
//! where the command fails. A step that needs the network or another toolchain, and has not got it, says so.

mod arrows;
mod bench;
mod beside;
mod breaks;
mod cargo;
mod chaos;
mod check;
mod claims;
mod concurrency;
mod dist;
mod fuzz;
mod house;
mod licences;
mod markers;
mod page;
mod public_types;
mod readme;
mod schema;
mod services;
mod step;
mod supply;
mod test;
mod tools;

use std::process::ExitCode;

use self::step::Steps;

const USAGE: &str = "\
cargo xtask <verb>

  ci [--no-services]  everything: `check`, then `test`
  check               everything but the tests
  test                all tests: unit, integration, documentation, examples, end to end. Redis, PostgreSQL, NATS and
                      RabbitMQ are those that WAHOOK_TEST_REDIS, WAHOOK_TEST_POSTGRES, WAHOOK_TEST_NATS and
                      WAHOOK_TEST_RABBITMQ name, else those of `services up`, else new ones that end with the tests
  test --no-services  the same without what needs one of these servers; says how many tests that leaves out
  services up         start a private server of each sort that runs on, on free ports, with temporary data
  services down       end what `services up` started
  services status     what of it runs
  deps                the arrows between the crates, the reasons of dependencies, the length of files
  licences            licences and duplicate versions of dependencies
  schema [--check]    write (or compare) schema/ from the event model
  readme [--check]    write (or compare) the generated parts of README.md
  dist                the program as one static file for Linux, in target/dist/
  breaks [filter]     breaks one promise after the other in a copy of the source, and has its tests notice
  chaos               a minute of traffic while processes, disks, clocks, databases, wires and sinks fail, and a proof from
                      its history that nothing was lost, doubled or out of order; `test` does it as well. `--long`: ten
                      minutes; `--seed N`: the same faults again; `--no-services`: without Redis and PostgreSQL;
                      `--keep`: leave the history there; `--check FILE`: the proof alone; `--break NAME|all`: with a promise
                      broken, which must be found
  attack [--debug]    a gateway under seventeen attacks while good traffic goes on: its memory, the time of good answers, what
                      it is afterwards; some minutes. `--only NAME`, `--seconds N` for each
  watched             the inspector's page over an inbox of 100,000 deliveries while 500 a second come: how soon it is there,
                      how fluid it stays, what page and gateway take; a minute, with Chromium
  supply [--install]  dependencies, features, the oldest compiler, types of others in our APIs, semver, a bill of materials;
                      `--install` builds the tools that it needs into target/tools
  concurrency [N]     every order of threads in the guard stores, and N random schedules of claims and of inboxes
  fuzz [TARGET]       look for input that breaks a promise; `--minutes N`, split among all targets if none is named
  bench [filter]      measure against other libraries, and judge the goals; `--quick` for a look, `--list` for the groups.
                      `--count`: instructions of what only computes, with valgrind; `--check`: fails where there are more than
                      recorded; `--record`: writes benches/recorded.toml; `--page`: everything, and docs/performance.md with its
                      goals and tables; `--page FILE`: the page of an output that was kept
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut steps = Steps::new();
    match *arguments.as_slice() {
        ["ci"] => {
            check::run(&mut steps);
            test::run(&mut steps, test::Services::Used);
        }
        ["ci", "--no-services"] => {
            check::run(&mut steps);
            test::run(&mut steps, test::Services::LeftOut);
        }
        ["check"] => check::run(&mut steps),
        ["test"] => test::run(&mut steps, test::Services::Used),
        ["test", "--no-services"] => test::run(&mut steps, test::Services::LeftOut),
        ["services", verb] => {
            return services::run(verb).unwrap_or_else(|| {
                eprint!("{USAGE}");
                ExitCode::from(2)
            });
        }
        ["dist"] => dist::run(&mut steps),
        ["deps"] => check::deps(&mut steps),
        ["licences"] => check::licences(&mut steps),
        ["readme"] => steps.step("readme", || readme::run(readme::Mode::Write)),
        ["readme", "--check"] => steps.step("readme", || readme::run(readme::Mode::Check)),
        ["schema"] => steps.step("schema", || schema::run(readme::Mode::Write)),
        ["schema", "--check"] => steps.step("schema", || schema::run(readme::Mode::Check)),
        ["breaks"] => breaks::run(&mut steps, ""),
        ["breaks", filter] => breaks::run(&mut steps, filter),
        ["chaos", ref rest @ ..] => {
            return chaos::run(rest).unwrap_or_else(|| {
                eprint!("{USAGE}");
                ExitCode::from(2)
            });
        }
        ["attack", ref rest @ ..] => return beside::attack(rest),
        ["watched", ref rest @ ..] => return beside::watched(rest),
        ["supply"] => supply::run(&mut steps, false),
        ["supply", "--install"] => supply::run(&mut steps, true),
        ["concurrency"] => concurrency::run(&mut steps, concurrency::SCHEDULES),
        ["concurrency", schedules] => concurrency::run(&mut steps, schedules),
        ["fuzz", ref rest @ ..] => return fuzz::run(rest),
        ["bench", ref rest @ ..] => return bench::run(rest),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    steps.finish()
}

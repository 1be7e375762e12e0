//! The program `wahook`; `wahook --help` tells what it does.
use std::process::ExitCode;

fn main() -> ExitCode {
    wahook_gateway::main()
}

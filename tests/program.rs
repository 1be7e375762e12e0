//! The program, once more: a test finds only binaries of its own package.
use std::process::ExitCode;

fn main() -> ExitCode {
    wahook_gateway::main()
}

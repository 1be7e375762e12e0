//! The program, once more: a test finds only binaries of its own package.
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    wahook_gateway::main()
}

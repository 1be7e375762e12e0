//! The program `wahook`; `wahook --help` tells what it does.
use std::process::ExitCode;

// What is accepted on one thread is freed on another, which this allocator is made for; the one of musl, which static
// builds would have, is made for small size.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    wahook_gateway::main()
}

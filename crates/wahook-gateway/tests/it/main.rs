//! The program, driven as its users drive it: arguments, files, signals and sockets.

mod config;
mod program;
mod serve;
mod verbs;

//! Every order in which threads can meet in a guard store: of concurrent claims one is fresh, nobody completes twice,
//! nothing that is held is lost, and whoever comes late changes nothing (G1–G5).
//!
//! The usual run tries all orders with up to two forced switches of threads, which is where nearly all faults show;
//! `WAHOOK_INTERLEAVINGS=all` tries every order there is, but for one test that has too many (`cargo xtask concurrency`).

mod memory;
mod remembering;
mod rig;

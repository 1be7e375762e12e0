//! What each provider's samples become, and that nothing breaks the readers.

mod contract;
mod generic;
mod generic_manual;
mod meta;
mod meta_batch;
mod meta_split;
mod meta_who;
mod support;
mod waping;
mod wawp;
mod wazapin;

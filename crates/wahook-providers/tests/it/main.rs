//! What each provider's samples become, and that nothing breaks the readers.

mod contract;
mod meta;
mod meta_batch;
mod meta_who;
mod support;
mod waping;
mod wawp;
mod wazapin;

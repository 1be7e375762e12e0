//! What each provider's samples become, and that nothing breaks the readers.

mod contract;
mod generic;
mod generic_manual;
mod meta;
mod support;
mod waping;
mod wawp;
mod wazapin;

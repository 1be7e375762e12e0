//! The contract of providers.

//! The rules. Each takes a harness with an empty inbox, and panics where the inbox breaks it.

use wahook_core::inbox::Accepted;

use super::{
    harness::{ALL, Harness, Hold},
    letters::{NOTE, Said, all_dead, all_events, bodies, reading, reading_for, said, unreadable},
};
use crate::contract::{LONG, POLLS, SHORT, at_once, token};

pub(super) mod accepting;
pub(super) mod attempts;
pub(super) mod crowds;
pub(super) mod dead;
pub(super) mod events;
pub(super) mod filing;
pub(super) mod full;
pub(super) mod known;
pub(super) mod lanes;
pub(super) mod late;
pub(super) mod leases;
pub(super) mod outages;
pub(super) mod questions;
pub(super) mod readers;
pub(super) mod reopening;
pub(super) mod replays;
pub(super) mod rereading;
pub(super) mod schedules;
pub(super) mod setbacks;
pub(super) mod stirring;
pub(super) mod sweeping;

const STORED: Accepted = Accepted::Stored { conflict: false };
const DUPLICATE: Accepted = Accepted::Duplicate { conflict: false };

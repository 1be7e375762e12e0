//! The call.

use reqwest::{Method, header::AUTHORIZATION};
use serde_json::Value;
use wahook_core::Secret;

use super::BASE_URL;
use crate::{
    Error, Options, Rest,
    call::{Call, Caller},
    read::{Members, Unread, items},
};

/// WAPing's API, for one workspace.
#[derive(Debug)]
pub struct Waping {
    caller: Caller,
}

/// The devices of a workspace. The form is inferred.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Devices {
    /// The devices.
    pub devices: Vec<Device>,
    /// Items of the list that are no devices, as they came.
    pub unread: Unread,
    /// All else.
    pub rest: Rest,
}

/// A WhatsApp session. The form is inferred from webhooks, which call it `deviceId`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Device {
    /// Its id, as webhooks have it.
    pub id: String,
    /// How it stands. The page on sessions has four states in prose and no words for them (WAPing, docs: QR session
    /// lifecycle, 2026-08).
    pub status: Option<String>,
    /// All else.
    pub rest: Rest,
}

impl Waping {
    /// A client; nothing is sent yet. The key travels as `Authorization: Bearer` (WAPing, docs: authentication, 2026-08).
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) for a base URL or a key that cannot be used, or if TLS cannot be set up.
    pub fn new(api_key: Secret, options: Options) -> Result<Self, Error> {
        let caller = Caller::new(BASE_URL, Vec::new(), options)?.with_bearer(AUTHORIZATION, &api_key)?;
        Ok(Self { caller })
    }

    /// The devices: `GET /v1/devices`. The route is documented (WAPing, docs: authentication, 2026-08); the answer is
    /// inferred: a list, bare or in `data` or `devices`.
    ///
    /// # Errors
    ///
    /// Of every kind; [`Unreadable`](crate::ErrorKind::Unreadable) for an answer without a list.
    pub async fn devices(&self) -> Result<Devices, Error> {
        let answer = self
            .caller
            .call(Call::new(Method::GET, &["v1", "devices"]))
            .await?;
        Devices::read(answer.json()?).ok_or_else(|| answer.unreadable("the answer has no list of devices"))
    }
}

impl Devices {
    fn read(value: Value) -> Option<Self> {
        let mut devices = Self::default();
        let list = match items(&value).filter(|_| !value.is_null()) {
            Some(list) => list.into_iter().cloned().collect(),
            None => {
                let mut members = Members::unwrapped(value).ok()?;
                let list = members.list(&["devices", "data", "items"])?;
                devices.rest = members.rest();
                list
            }
        };
        for item in list {
            match Device::read(item) {
                Ok(device) => devices.devices.push(device),
                Err(item) => devices.unread.push(item),
            }
        }
        Some(devices)
    }
}

impl Device {
    fn read(value: Value) -> Result<Self, Value> {
        let mut members = Members::of(value)?;
        let Some(id) = members.text(&["id", "deviceId", "device_id"]) else {
            return Err(Value::Object(members.rest().into_map()));
        };
        Ok(Self {
            id,
            status: members.text(&["status", "state"]),
            rest: members.rest(),
        })
    }
}

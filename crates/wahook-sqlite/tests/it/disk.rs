//! A disk that is really full, or read-only: needs a small file system of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use wahook_core::guard::{GuardStore, OpenErrorKind, StoreErrorKind};
use wahook_sqlite::SqliteStore;

use crate::kit::{DUPLICATE, FRESH, LONG, Place, body, claim, key, token};

/// A small disk, unmounted when it is dropped.
struct Disk(TempDir);

impl Disk {
    fn new() -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        mount("size=1m", disk.0.path());
        disk
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("guard.db")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn mount(options: &str, at: &Path) {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", options, "wahook-test"]).arg(at);
    let done = mount.status().is_ok_and(|status| status.success());
    assert!(done, "cannot mount a small file system: run this test as root");
}

#[tokio::test]
#[ignore = "needs root, to mount a small disk: cargo xtask test"]
async fn i5_a_full_disk_is_full_loses_nothing_and_is_well_again_when_there_is_room() {
    let disk = Disk::new();
    let place = Place::new();
    let store = SqliteStore::open(disk.path(), place.options()).await.unwrap();
    let name = |number: u32| key(format!("{number:0>400}"));
    let done = key("done");
    store.claim(&done, body(), token(1), LONG).await.unwrap();
    store.complete(&done, body(), token(1), LONG).await.unwrap();
    // Somebody else's file takes the room while claims come in.
    let ballast = disk.path().with_file_name("ballast");
    fs::write(&ballast, vec![0; 500_000]).unwrap();
    let mut taken = 0;
    let full = loop {
        match claim(&store, &name(taken)).await {
            Ok(claim) => assert_eq!(claim, FRESH),
            Err(error) => break error,
        }
        taken += 1;
        assert!(taken < 10_000, "the disk never fills");
    };
    assert_eq!(full.kind(), StoreErrorKind::Full, "{full:?}");
    let refused = taken;
    for _ in 0..20 {
        // A log that began again may have room for one more; what is refused is refused as full.
        match claim(&store, &name(taken)).await {
            Ok(_) => taken += 1,
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}"),
        }
    }
    fs::remove_file(&ballast).unwrap();
    assert!(
        claim(&store, &key("room")).await.is_ok(),
        "it is well again by itself"
    );
    for number in 0..refused {
        assert_ne!(
            claim(&store, &name(number)).await.unwrap(),
            FRESH,
            "{number} was acknowledged"
        );
    }
    assert_eq!(claim(&store, &done).await.unwrap(), DUPLICATE);
    drop(store);
    let store = SqliteStore::open(disk.path(), place.options()).await.unwrap();
    assert_eq!(claim(&store, &done).await.unwrap(), DUPLICATE);
    assert_ne!(claim(&store, &name(refused - 1)).await.unwrap(), FRESH);
}

#[tokio::test]
#[ignore = "needs root, to mount a small disk: cargo xtask test"]
async fn i5_a_disk_that_becomes_read_only_is_unavailable_and_refuses_to_open() {
    let disk = Disk::new();
    let place = Place::new();
    drop(SqliteStore::open(disk.path(), place.options()).await.unwrap());
    mount("remount,ro", disk.0.path());
    let error = SqliteStore::open(disk.path(), place.options())
        .await
        .expect_err("it is refused");
    assert_eq!(error.kind(), OpenErrorKind::Refused, "{error}");
    let new = disk.path().with_file_name("new.db");
    let error = SqliteStore::open(new, place.options())
        .await
        .expect_err("it is refused");
    assert_eq!(error.kind(), OpenErrorKind::Refused, "{error}");
    mount("remount,rw", disk.0.path());
    let store = SqliteStore::open(disk.path(), place.options()).await.unwrap();
    assert_eq!(claim(&store, &key("one")).await.unwrap(), FRESH);
}

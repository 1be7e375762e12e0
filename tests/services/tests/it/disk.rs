use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use wahook_services::Disk;

const WRITER: &str = r#"
import os, sys
folder = sys.argv[1]
def write(name, text, flush, how="ab"):
    with open(f"{folder}/{name}", how, buffering=0) as file:
        file.write(text)
        if flush:
            os.fsync(file.fileno())
write("flushed", b"one ", True)
write("flushed", b"two ", True)
write("late", b"one ", True)
write("late", b"two ", False)
write("never", b"one", False)
write("before", b" more", False)
write("cut", b"", True, "wb")
write("torn", b"", False, "wb")
"#;

#[test]
fn i1_what_was_flushed_is_there_and_nothing_else() {
    let folder = tempfile_folder("flushed");
    for name in ["before", "cut", "torn"] {
        fs::write(folder.join(name), "old").unwrap();
    }
    let disk = Disk::over(&folder).unwrap();
    let done = run(&disk, WRITER, &folder);
    assert!(done.status.success(), "{done:?}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read("late"), "one two ");
    assert_eq!(disk.lose_power().unwrap(), 4);
    assert_eq!(
        ["flushed", "late", "never", "before", "cut", "torn"].map(read),
        ["one two ", "one ", "", "old", "", "old"]
    );
    assert_eq!(disk.lose_power().unwrap(), 0, "what was lost is lost once");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn i5_a_full_or_broken_disk_says_so_until_it_is_well() {
    let folder = tempfile_folder("full");
    let disk = Disk::over(&folder).unwrap();
    // After the first line it ends with a block, and there is no room left in it.
    fs::write(folder.join("file"), "-".repeat(4091)).unwrap();
    let write = || {
        let script = r#"
import os, sys
with open(sys.argv[1] + "/file", "ab", buffering=0) as file:
    file.write(b"line\n")
    os.fsync(file.fileno())
"#;
        String::from_utf8(run(&disk, script, &folder).stderr).unwrap()
    };
    assert_eq!(write(), "");
    disk.set_full(true).unwrap();
    assert!(write().contains("No space left"));
    disk.set_full(false).unwrap();
    disk.set_broken(true).unwrap();
    assert!(write().contains("Input/output error"));
    disk.set_broken(false).unwrap();
    assert_eq!(write(), "");
    assert_eq!(
        fs::read_to_string(folder.join("file")).unwrap(),
        "-".repeat(4091) + "line\nline\nline\n"
    );
    fs::remove_dir_all(folder).unwrap();
}

/// Without that nobody would see what a half-written line does.
#[test]
fn i5_a_full_disk_cuts_what_is_written_at_the_end_of_a_block() {
    let folder = tempfile_folder("cut");
    let disk = Disk::over(&folder).unwrap();
    disk.set_full(true).unwrap();
    fs::write(folder.join("file"), "-".repeat(4094)).unwrap();
    let script = r#"
import os, sys
file = os.open(sys.argv[1] + "/file", os.O_WRONLY | os.O_APPEND)
print(os.write(file, b"line\n"))
try:
    os.write(file, b"line\n")
except OSError as error:
    print(error.strerror)
"#;
    let said = String::from_utf8(run(&disk, script, &folder).stdout).unwrap();
    assert_eq!(said, "2\nNo space left on device\n");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn i5_a_hanging_disk_comes_back_with_all_it_was_given() {
    let folder = tempfile_folder("hanging");
    let disk = Disk::over(&folder).unwrap();
    disk.set_hanging(true).unwrap();
    let script = r#"
import os, sys
file = os.open(sys.argv[1] + "/file", os.O_WRONLY | os.O_CREAT)
os.write(file, b"line\n")
print("written", flush=True)
os.fsync(file)
print("flushed", flush=True)
"#;
    let mut python = Command::new("python3");
    let python = disk.on(python.args(["-c", script]).arg(&folder));
    let mut child = python.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "written");
    assert!(child.try_wait().unwrap().is_none(), "it waits for its flush");
    disk.set_hanging(false).unwrap();
    assert_eq!(said.next().unwrap().unwrap(), "flushed");
    assert!(child.wait().unwrap().success());
    fs::remove_dir_all(folder).unwrap();
}

/// Runs a script on the disk; it is told its folder.
fn run(disk: &Disk, script: &str, folder: &Path) -> Output {
    let mut python = Command::new("python3");
    disk.on(python.args(["-c", script]).arg(folder)).output().unwrap()
}

fn tempfile_folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("wahook-disk-test-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

//! Files of records: written and read again, broken, newer, of another machine, shared.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;
use crate::rule::{Run, Settings};

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(8))
}

/// A folder of this user's alone, and a file in it.
fn own_folder() -> (TempDir, PathBuf) {
    own_folder_of_mode(0o700)
}

fn own_folder_of_mode(mode: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    let file = folder.path().join("paths.json");
    (folder, file)
}

/// Writes a file of this user's alone.
fn write(file: &FilePath, content: &str) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn open(file: &FilePath) -> Result<Store, String> {
    Store::open(Some(file), true, &deadline()).map_err(|error| error.to_string())
}

fn judged(at: u64) -> Box<Path> {
    let mut path = Box::<Path>::default();
    path.judge(Run::new(at, 20, 1, Some(61_000)), &Settings::default());
    path
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let (_folder, file) = own_folder();
    let mut store = open(&file).unwrap();
    assert!(store.records.targets.is_empty() && store.anew.is_none());
    store.records.targets.insert("proxy7 192.0.2.7".to_owned(), judged(1_790_000_000));
    store.write().unwrap();
    let written = serde_json::to_string(&store.records).unwrap();
    drop(store);
    let store = open(&file).unwrap();
    assert_eq!(serde_json::to_string(&store.records).unwrap(), written);
    assert_eq!(store.records.targets.keys().collect::<Vec<_>>(), ["proxy7 192.0.2.7"]);
    assert!(file.with_extension("lock").exists());
}

#[test]
fn a_target_that_was_long_not_pinged_is_forgotten() {
    const NOW: u64 = 1_790_000_000;
    let mut records = Records::new(String::new());
    let seen = [("ahead", NOW + 9), ("a", NOW), ("b", NOW - UNSEEN), ("c", NOW - UNSEEN - 1)];
    records.targets = seen.map(|(key, at)| (key.to_owned(), judged(at))).into();
    records.forget_unseen(NOW);
    assert_eq!(records.targets.keys().collect::<Vec<_>>(), ["a", "ahead", "b"]);
}

#[test]
fn a_broken_file_is_set_aside() {
    let (_folder, file) = own_folder();
    let impossible = r#"{"version":1,"monitor":"","targets":{"192.0.2.1":{"loss":[1,2,0]}}}"#;
    let old = r#"{"version":0,"monitor":"","targets":{}}"#;
    for content in ["", "{", "null", "[]", r#"{"version":1}"#, r#"{"version":-1}"#, impossible, old] {
        write(&file, content);
        let store = open(&file).unwrap();
        assert_eq!(store.anew.as_deref(), Some("paths.json was broken: learning anew"), "{content}");
        assert_eq!(fs::read_to_string(file.with_extension("json.broken")).unwrap(), content);
    }
}

/// One wrong number costs one target its record.
#[test]
fn a_record_that_is_broken_leaves_the_others() {
    let (_folder, file) = own_folder();
    let mut store = open(&file).unwrap();
    for key in ["a 192.0.2.1", "b 192.0.2.2", "c 192.0.2.3"] {
        store.records.targets.insert(key.to_owned(), judged(1_790_000_000));
    }
    let whole = serde_json::to_value(&store.records).unwrap();
    drop(store);
    for wrong in [serde_json::json!([1, 2, 0]), serde_json::json!("x"), serde_json::json!([])] {
        let mut value = whole.clone();
        value["targets"]["b 192.0.2.2"]["loss"] = wrong.clone();
        let content = value.to_string();
        write(&file, &content);
        let store = open(&file).unwrap();
        assert_eq!(store.records.targets.keys().collect::<Vec<_>>(), ["a 192.0.2.1", "c 192.0.2.3"]);
        assert_eq!(store.anew.as_deref(), Some("paths.json was broken: learning b 192.0.2.2 anew"));
        assert_eq!(fs::read_to_string(file.with_extension("json.broken")).unwrap(), content);
        drop(store);
        value["targets"]["c 192.0.2.3"]["seen"] = wrong;
        write(&file, &value.to_string());
        let anew = open(&file).unwrap().anew;
        assert_eq!(anew.as_deref(), Some("paths.json was broken: learning b 192.0.2.2 and 1 more anew"));
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read_and_stays() {
    let (_folder, file) = own_folder();
    let large = format!("{{\"version\":1,\"monitor\":\"\",\"targets\":{{}}}}{}", " ".repeat(16 << 20));
    write(&file, &large);
    let error = open(&file).unwrap_err();
    assert!(error.ends_with("/paths.json: larger than 16777216 octets"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap().len(), large.len());
}

#[test]
fn a_newer_file_and_that_of_another_machine() {
    let (_folder, file) = own_folder();
    write(&file, r#"{"version":2,"all":"different"}"#);
    let newer = "paths.json: written by a newer version of check_latency, version 2 of the file";
    assert!(open(&file).unwrap_err().ends_with(newer));
    fs::remove_file(&file).unwrap();
    let mut store = open(&file).unwrap();
    store.records = Records::new("this one".to_owned());
    store.take(br#"{"version":1,"monitor":"of another","targets":{"192.0.2.1":{}}}"#).unwrap();
    assert_eq!(store.anew.as_deref(), Some("paths.json is of another machine: learning anew"));
    assert!(store.records.targets.is_empty());
    // A machine that had no machine-id then, or has none now, may be the same.
    store.take(br#"{"version":1,"monitor":"","targets":{"192.0.2.1":{}}}"#).unwrap();
    assert_eq!((store.records.targets.len(), store.records.monitor.as_str()), (1, "this one"));
    store.records = Records::new(String::new());
    store.take(br#"{"version":1,"monitor":"of another","targets":{"192.0.2.1":{}}}"#).unwrap();
    assert_eq!((store.records.targets.len(), store.records.monitor.as_str()), (1, "of another"));
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let (_folder, file) = own_folder();
    write(&file, r#"{"version":1,"monitor":"","targets":{}}"#);
    assert!(open(&file).is_ok());
    for mode in [0o644, 0o640, 0o604] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let advice = format!("chmod 0600 {}: others have access to it", file.display());
        assert_eq!(open(&file).unwrap_err(), advice, "{mode:o}");
    }
}

#[test]
fn one_target_too_many_is_told_and_nothing_is_dropped() {
    let (_folder, file) = own_folder();
    let mut store = open(&file).unwrap();
    let path = judged(1_790_000_000);
    store.records.targets = (0..MOST_TARGETS).map(|number| (number.to_string(), path.clone())).collect();
    store.write().unwrap();
    assert!(fs::metadata(&file).unwrap().len() < LARGEST);
    let before = fs::read(&file).unwrap();
    store.records.targets.insert("one more".to_owned(), path);
    let full = store.write().unwrap_err().to_string();
    assert_eq!(full, format!("{}: full, it may hold 20000 targets", file.display()));
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_target_is_forgotten_by_label_address_or_both() {
    let keys = [
        "proxy7 192.0.2.7",
        "proxy7 2001:db8::7",
        "proxy8 192.0.2.8",
        "192.0.2.9",
        "gateway 192.0.2.254",
        "default gateway 192.0.2.254",
    ];
    for (target, gone) in [
        ("proxy7", 2),
        ("192.0.2.8", 1),
        ("proxy8 192.0.2.8", 1),
        ("192.0.2.9", 1),
        ("gateway", 1),
        ("default gateway", 1),
        ("192.0.2.254", 2),
        ("proxy", 0),
        ("", 0),
    ] {
        let mut records = Records::new(String::new());
        records.targets = keys.iter().map(|key| ((*key).to_owned(), Box::default())).collect();
        assert_eq!(records.forget(target).len(), gone, "{target}");
        assert_eq!(records.targets.len(), keys.len() - gone, "{target}");
    }
}

#[test]
fn an_address_is_forgotten_in_any_spelling() {
    for target in [
        "FD18::2",
        "fd18:0::2",
        "fd18:0:0:0:0:0:0:2",
        "proxy7 FD18::2",
        "px 2001:DB8::0",
        "2001:db8:0::",
        "FE80::1%eth0",
    ] {
        let keys = ["proxy7 fd18::2", "px 2001:db8::", "fe80::1%eth0", "fd18::20"];
        let mut records = Records::new(String::new());
        records.targets = keys.iter().map(|key| ((*key).to_owned(), Box::default())).collect();
        assert_eq!(records.forget(target).len(), 1, "{target}");
    }
}

/// What is written must be readable: long labels fill the file before its targets do.
#[test]
fn a_file_too_large_to_be_read_is_not_written() {
    let (_folder, file) = own_folder();
    let mut store = open(&file).unwrap();
    let path = judged(1_790_000_000);
    let key = |number: usize| format!("{} {number}", "x".repeat(4_000));
    store.records.targets = (0..3_500).map(|number| (key(number), path.clone())).collect();
    store.write().unwrap();
    let before = fs::read(&file).unwrap();
    store.records.targets.extend((3_500..4_200).map(|number| (key(number), path.clone())));
    let full = store.write().unwrap_err().to_string();
    let expected =
        "paths.json: full, it may hold 16777216 octets: use shorter labels, or a file for each list";
    assert!(full.ends_with(expected), "{full}");
    assert_eq!(fs::read(&file).unwrap(), before);
    drop(store);
    assert_eq!(open(&file).unwrap().records.targets.len(), 3_500);
}

#[test]
fn a_state_file_needs_a_name_and_a_folder_of_ones_own() {
    let (folder, _) = own_folder_of_mode(0o700);
    let private = folder.path().display();
    for file in ["/", "..", &format!("{private}"), &format!("{private}/"), &format!("{private}/none/")] {
        let advice = format!("--state-file {file}: a folder, name a file in it");
        assert_eq!(open(FilePath::new(file)).unwrap_err(), advice);
    }
    let uid = rustix::process::geteuid().as_raw();
    let (folder, _) = own_folder_of_mode(0o755);
    let own = format!("{}/p.json", folder.path().display());
    let rows = [
        ("/tmp/p.json", "/tmp/check_latency"),
        ("/p.json", "/var/lib/check_latency"),
        ("/dev/null", "/var/lib/check_latency"),
        ("/dev/p.json", "/var/lib/check_latency"),
        ("/proc/p.json", "/var/lib/check_latency"),
        ("/sys/p.json", "/var/lib/check_latency"),
        ("/etc/p.json", "/etc/check_latency"),
        (&own, &format!("{}/check_latency", folder.path().display())),
    ];
    for (file, folder) in rows {
        let advice =
            format!("--state-file {file} needs a folder of its own: install -d -m 0700 -o {uid} {folder}");
        assert_eq!(open(FilePath::new(file)).unwrap_err(), advice);
    }
    let (folder, _) = own_folder_of_mode(0o700);
    let named = folder.path().join("check_latency");
    fs::create_dir(&named).unwrap();
    fs::set_permissions(&named, fs::Permissions::from_mode(0o750)).unwrap();
    let advice = open(&named.join("p.json")).unwrap_err();
    assert!(advice.ends_with(&format!(": install -d -m 0700 -o {uid} {}", named.display())), "{advice}");
}

//! What is wrong is said in one clear line, and the old pages stay as they were.

use std::fs;

use crate::site::{Site, TWO, now, two};

/// A site that was published once.
fn published() -> Site {
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    assert_eq!(site.run(&[]).code, Some(0));
    site
}

/// Asserts that a run says this and leaves the pages alone.
fn refused(site: &Site, code: i32, line: &str) {
    let before = site.published();
    let (seen_code, seen) = site.line(&[]);
    assert_eq!((seen_code, seen.as_str()), (code, line));
    assert_eq!(site.published(), before, "{line}");
}

#[test]
fn a_monitor_state_that_is_not_whole() {
    let rows: [(&[u8], &str); 6] = [
        (b"", "reading @/status.dat: it is empty, perhaps the disk of the monitor is full"),
        (b"<html>\n", "reading @/status.dat: octet 0 starts no block and no comment"),
        (b"info {\n\tcreated=1", "reading @/status.dat: cut after 17 octets, in the middle of a block"),
        (
            b"info {\n\tcreated=x\n\t}\n",
            "reading @/status.dat: the info block that ends at octet 21 has no valid created",
        ),
        (
            b"info {\n\tcreated=1\n\t}\nprogramstatus {\n\t}\n",
            "component London: no source is called lon-*!proxy, nothing published",
        ),
        (b"\xff\xfe\n", "reading @/status.dat: octet 0 starts no block and no comment"),
    ];
    let site = published();
    for (content, line) in rows {
        site.write("status.dat", content);
        refused(&site, 3, &format!("STATUS UNKNOWN - {line}"));
    }
    fs::remove_file(site.path("status.dat")).unwrap();
    refused(&site, 3, "STATUS UNKNOWN - reading @/status.dat: no such file or directory");
    // Names that are not UTF-8 and markup are of no concern.
    site.services(&[&two([0, 0, 0, 0])[..], &[("<script>", "x; y", 2)]].concat(), 0);
    let hostile = [
        site.read("status.dat").as_bytes(),
        b"servicestatus {\n\thost_name=\xff\n\tservice_description=\xfe\n\tnew=1\n\t}\n",
    ]
    .concat();
    site.write("status.dat", hostile);
    assert_eq!(site.line(&[]).0, 0);
}

#[test]
fn a_pattern_that_meets_nothing_is_no_operational_component() {
    let site = published();
    site.services(&[("lon-1", "proxy", 0), ("par-1", "web", 0)], 0);
    refused(&site, 3, "STATUS UNKNOWN - component Paris: no source is called par-*!proxy, nothing published");
}

#[test]
fn a_host_or_service_that_stands_twice() {
    let site = published();
    let text = site.read("status.dat");
    for (kind, name) in [("hoststatus", "lon-1"), ("servicestatus", "lon-1!proxy")] {
        let start = text.find(&format!("{kind} {{\n\thost_name=lon-1\n")).unwrap();
        let end = start + text[start..].find("\t}\n").unwrap() + 3;
        site.write("status.dat", [&text, &text[start..end]].concat());
        let line =
            format!("STATUS UNKNOWN - {name} stands twice in the state of the monitor, nothing published");
        refused(&site, 3, &line);
    }
    site.write("status.dat", [text.as_str(), &text].concat());
    let line =
        "STATUS UNKNOWN - reading @/status.dat: it has two blocks info, so it is more than one status.dat";
    refused(&site, 3, line);
}

#[test]
fn a_configuration_that_is_not_understood() {
    let site = published();
    site.write("config.toml", TWO.replace("from", "form"));
    refused(&site, 3, "STATUS UNKNOWN - @/config.toml line 8: unknown setting form, see the manual page");
    fs::remove_file(site.path("config.toml")).unwrap();
    refused(&site, 3, "STATUS UNKNOWN - reading @/config.toml: no such file or directory");
}

#[test]
fn a_history_that_is_not_ours() {
    let site = published();
    let whole = site.read("state/history.jsonl");
    let rows = [
        ("", "@/state/history.jsonl line 1 is damaged, move the file away to begin anew"),
        (&whole[..60], "@/state/history.jsonl line 1 is damaged, move the file away to begin anew"),
        ("{\"publish_status\":2,\"more\":1}\n", "@/state/history.jsonl has version 2, this program knows 1"),
        ("{\"publish_status\":0}\n", "@/state/history.jsonl has version 0, this program knows 1"),
        ("\u{0}\n", "@/state/history.jsonl line 1 is damaged, move the file away to begin anew"),
    ];
    for (content, line) in rows {
        site.write("state/history.jsonl", content);
        refused(&site, 3, &format!("STATUS UNKNOWN - history: {line}"));
    }
    for middle in ["x\n", "{\"t\":1,\"s\":\"o\"}\n", "{\"t\":-1}\n", "{\"t\":1,\"s\":\"zz\"}\n", "\n"] {
        site.write("state/history.jsonl", format!("{whole}{middle}{{\"t\":1}}\n"));
        refused(
            &site,
            3,
            "STATUS UNKNOWN - history: @/state/history.jsonl line 2 is damaged, move the file away to begin anew",
        );
    }
    // Half a line at the end is what a killed run leaves: a minute is lost, and no more.
    site.write("state/history.jsonl", format!("{whole}{{\"t\":17"));
    assert_eq!(site.line(&[]).0, 0);
    assert!(site.read("state/history.jsonl").ends_with("}\n"));

    site.write("state/machine", "0123456789abcdef0123456789abcdef");
    refused(
        &site,
        3,
        "STATUS UNKNOWN - history: @/state/history.jsonl is of another machine, remove machine beside it to go on with it here",
    );
    fs::remove_file(site.path("state/machine")).unwrap();
    assert_eq!(site.line(&[]).0, 0);
}

#[test]
fn a_clock_that_was_set_back() {
    let site = published();
    let whole = site.read("state/history.jsonl");
    let last = whole.split("\"last\":").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    site.write(
        "state/history.jsonl",
        whole.replace(&format!("\"last\":{last}"), &format!("\"last\":{}", now() + 7_230)),
    );
    refused(
        &site,
        3,
        "STATUS UNKNOWN - the clock was set back: the last run was 2 h later than now, move the history away if that was wrong",
    );
    site.write(
        "state/history.jsonl",
        whole.replace(&format!("\"last\":{last}"), &format!("\"last\":{}", now() + 30)),
    );
    assert_eq!(site.line(&[]).0, 0, "adjusted by some seconds");
}

#[test]
fn a_style_or_a_logo_that_is_another_file() {
    let site = published();
    let rows = [
        ("style", "/etc/passwd", "/etc/passwd does not end in .css"),
        ("style", "site.css", "@/site.css is no style sheet, its rules have no end"),
        ("style", "load.css", "@/load.css contains url(, and the page loads nothing"),
        ("logo", "/etc/passwd", "/etc/passwd ends neither in .svg nor in .png, .webp or .jpg"),
        ("logo", "logo.svg", "@/logo.svg is no picture of the kind that its name tells"),
    ];
    for link in ["site.css", "logo.svg"] {
        std::os::unix::fs::symlink("/etc/passwd", site.path(link)).unwrap();
    }
    site.write("load.css", "body { background: url(https://example.com/x.png) }");
    for (key, file, why) in rows {
        site.write("config.toml", format!("{key} = \"{file}\"\n{TWO}"));
        refused(&site, 3, &format!("STATUS UNKNOWN - @/config.toml: {key}: {why}"));
    }
    site.write("good.css", "\u{feff}h1 { color: red }\r\n");
    site.write("config.toml", format!("style = \"good.css\"\n{TWO}"));
    assert_eq!(site.line(&[]).0, 0);
    let page = site.read("out/index.html");
    assert!(page.contains("h1 { color: red }\n</style>"), "{page}");
}

#[test]
fn a_history_where_the_page_is_served() {
    let site = published();
    let refused = |state: &str, code: i32| {
        let (seen, line) = site.line_in(state);
        let expected = format!(
            "--state @/{state} is in the folder of --output, which is served: choose another, see --help"
        );
        assert_eq!((seen, line.contains(&expected)), (code, code == 3), "{line}");
    };
    std::os::unix::fs::symlink("out", site.path("link")).unwrap();
    for state in ["out", "out/", "out/history", "link", "link/history", "state/../out"] {
        refused(state, 3);
    }
    assert!(!site.path("out/history").exists());
    refused("other", 0);
    refused("out-history", 0);
}

#[test]
fn root_in_the_place_of_another_user() {
    if suite::needs::missing(&[suite::needs::Need::Root]) {
        return;
    }
    let site = Site::new(TWO);
    site.services(&two([0, 0, 0, 0]), 0);
    std::os::unix::fs::chown(site.path("out"), Some(64_999), None).unwrap();
    let line = "STATUS UNKNOWN - @/out belongs to uid 64999, run this as that user, not as root";
    refused(&site, 3, line);
    assert!(!site.path("state").exists(), "its history would be root's");
}

#[test]
fn a_folder_that_cannot_be_written() {
    let site = published();
    fs::rename(site.path("out"), site.path("elsewhere")).unwrap();
    let (code, line) = site.line(&[]);
    assert_eq!(
        (code, line.as_str()),
        (2, "STATUS CRITICAL - page not written: opening @/out: no such file or directory")
    );
    fs::write(site.path("out"), "").unwrap();
    let (code, line) = site.line(&[]);
    assert_eq!((code, line.as_str()), (2, "STATUS CRITICAL - page not written: @/out: not a folder"));
    fs::remove_file(site.path("out")).unwrap();
    std::os::unix::fs::symlink("elsewhere", site.path("out")).unwrap();
    let link = "STATUS CRITICAL - page not written: @/out: a symbolic link, name the folder itself";
    assert_eq!(site.line(&[]), (2, link.to_owned()));
    fs::remove_file(site.path("out")).unwrap();
    fs::rename(site.path("elsewhere"), site.path("out")).unwrap();
    assert_eq!(site.line(&[]).0, 0);
}

#[test]
fn a_history_that_others_may_read_is_no_fault_of_the_page() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = published();
    let history = site.path("state/history.jsonl");
    let mode = |mode| fs::set_permissions(&history, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let line = "STATUS UNKNOWN - history: chmod 0600 @/state/history.jsonl: others have access to it";
    refused(&site, 3, line);
    mode(0o600);
    assert_eq!(site.line(&[]).0, 0);
    fs::hard_link(&history, site.path("state/another")).unwrap();
    let (code, line) = site.line(&[]);
    assert!(code == 3 && line.starts_with("STATUS UNKNOWN - history: "), "{line}");
}

#[test]
fn a_run_that_ends_early_has_all_performance_data() {
    let site = published();
    let labels = |outcome: &suite::process::Outcome| {
        let (_, data) = outcome.first_line().split_once(" | ").unwrap_or_else(|| panic!("{outcome:?}"));
        data.split(' ').map(|one| one.split_once('=').unwrap().0.to_owned()).collect::<Vec<_>>()
    };
    let all = labels(&site.run(&[]));
    assert_eq!(all.len(), 9);
    let none = " | components=U;;;0 operational=U;;;0 degraded=U;;;0 outages=U;;;0 maintenance=U;;;0 unknown=U;;;0 \
                sources=U;;;0 age=U;;0:120;0 written=U;;;0";
    let status = site.read("status.dat");
    let config = site.read("config.toml");
    let ends_early = |code: i32| {
        let outcome = site.run(&[]);
        let line = outcome.first_line();
        assert!(outcome.code == Some(code) && line.ends_with(none), "{outcome:?}");
    };
    site.write("status.dat", "");
    ends_early(3);
    site.write("status.dat", &status);
    site.write("config.toml", "x");
    ends_early(3);
    site.write("config.toml", &config);
    let lock = fs::File::open(site.path("state/lock")).unwrap();
    lock.lock().unwrap();
    ends_early(0);
    drop(lock);
    fs::rename(site.path("out"), site.path("elsewhere")).unwrap();
    assert_eq!(labels(&site.run(&[])), all, "the page cannot be written");
    fs::rename(site.path("elsewhere"), site.path("out")).unwrap();
    site.write("state/history.jsonl", "x");
    ends_early(3);
}

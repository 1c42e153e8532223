//! The command `check_ip_bound` as a user runs it: an answer, an alarm, and every kind of bad input. What
//! holds for all plugins is in the suite's conformance test; what needs other hosts is in its system tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use suite::needs::{Need, missing};
use suite::process::{Outcome, in_time, run};
use tempfile::TempDir;

#[path = "cli/threads.rs"]
mod threads;
#[path = "cli/unreadable.rs"]
mod unreadable;
#[path = "cli/unusable.rs"]
mod unusable;

const BINARY: &str = env!("CARGO_BIN_EXE_check_ip_bound");

fn check(arguments: &[&str]) -> Outcome {
    let outcome = run(Command::new(BINARY).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

/// A folder with a list in it.
fn list(content: &[u8]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ips");
    fs::write(&path, content).unwrap();
    (folder, path.display().to_string())
}

/// The line without its performance data.
fn text(outcome: &Outcome) -> (i32, &str) {
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap())
}

#[test]
fn a_bound_address_is_fine() {
    let outcome = check(&["--ip", "127.0.0.1"]);
    assert_eq!(text(&outcome), (0, "IP_BOUND OK - 1 address bound and usable"));
    assert!(
        outcome.first_line().contains(" | missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound="),
        "{}",
        outcome.first_line()
    );
}

#[test]
fn addresses_are_compared_as_numbers() {
    for same in ["127.0.0.1/8", "::ffff:127.0.0.1", "::ffff:7f00:1"] {
        assert_eq!(text(&check(&["--ip", same])).0, 0, "{same}");
    }
    for other in ["127.0.0.10", "127.0.0.11", "27.0.0.1"] {
        let line = format!("IP_BOUND CRITICAL - 1 of 1 address missing: {other}");
        assert_eq!(text(&check(&["--ip", other])), (2, line.as_str()));
    }
}

#[test]
fn lists_and_single_addresses_go_together() {
    let (_folder, path) =
        list(b"# main\r\n127.0.0.1\t255.0.0.0\r\n192.0.2.249:255.255.255.0:192.0.2.255\r\n");
    let outcome = check(&["--file", &path, "--ip", "192.0.2.248", "--ip", "127.0.0.1"]);
    // This machine may have an address of that subnet, and then a cause stands after the addresses.
    let (code, line) = text(&outcome);
    assert_eq!(code, 2);
    assert!(line.starts_with("IP_BOUND CRITICAL - 2 of 3 addresses missing: 192.0.2.248-249"), "{line}");
    assert_eq!(
        outcome.stdout.lines().find(|line| line.ends_with(": not bound")),
        None,
        "the first line says it all"
    );
    let verbose = check(&["--file", &path, "--ip", "192.0.2.248", "-v"]).stdout;
    assert!(verbose.contains(&format!("\n192.0.2.249: not bound ({path} line 3)\n")), "{verbose}");
    assert!(verbose.contains("\n192.0.2.248: not bound (--ip)\n"), "{verbose}");
}

#[test]
fn thresholds_decide() {
    let warn = check(&["--ip", "192.0.2.249", "--warning=0"]);
    assert_eq!(warn.verdict().0, 1);
    assert!(warn.first_line().contains(" | missing=1;0;;0;1 "), "{}", warn.first_line());
    let absent = check(&["--ip", "192.0.2.249", "--warning=1:"]);
    assert_eq!(absent.verdict().0, 0);
    assert!(absent.first_line().contains(" | missing=1;1:;;0;1 "), "{}", absent.first_line());
    assert_eq!(check(&["--ip", "192.0.2.249", "-c", "1"]).verdict().0, 0);
    assert_eq!(check(&["--ip", "192.0.2.249", "-c", "-5:0"]).verdict().0, 2);
}

#[test]
fn on_a_terminal_verbose_output_is_a_table() {
    if missing(&[Need::Program("script")]) {
        return;
    }
    let arguments = "--ip=127.0.0.1 --ip=192.0.2.249 -v";
    let typescript = format!("{BINARY} {arguments}");
    let outcome = run(Command::new("script").args(["-qec", &typescript, "/dev/null"]));
    let shown = outcome.stdout.replace('\r', "");
    let table = "ADDRESS      INTERFACE  SOURCE  STATE\n127.0.0.1    lo         --ip    usable\n192.0.2.249  -          --ip    not bound\n";
    assert!(shown.contains(table), "{shown}");
    assert!(!shown.contains("192.0.2.249: not bound"), "{shown}");
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let piped = check(&arguments).stdout;
    assert!(!piped.contains("ADDRESS") && piped.contains("\n192.0.2.249: not bound (--ip)\n"), "{piped}");
}

#[test]
fn the_interface_counts_where_it_is_named() {
    let outcome = check(&["--ip", "127.0.0.1", "--interface", "nosuch0"]);
    assert_eq!(
        text(&outcome),
        (2, "IP_BOUND CRITICAL - 127.0.0.1 bound but unusable: on lo, not on nosuch0")
    );
    assert_eq!(text(&check(&["--ip", "127.0.0.1", "--interface", "lo"])).0, 0);
    let prefix = check(&["--ip", "127.0.0.1/32"]);
    assert_eq!(
        text(&prefix),
        (2, "IP_BOUND CRITICAL - 127.0.0.1 bound but unusable: on lo with prefix 8, not 32")
    );
}

/// Each bad input ends in time, UNKNOWN, with one line that names the thing.
#[test]
fn bad_arguments_are_named() {
    let rows: [(&[&str], &str); 11] = [
        (
            &["--warning", "abc"],
            "--warning: abc is not a plain decimal number, write a range as in 0:10, see --help",
        ),
        (&["-c", "20:10"], "--critical=20:10: the start of the range is greater than its end, see --help"),
        (&["--nonsense"], "--nonsense is not an option, see --help"),
        (&["127.0.0.1"], "127.0.0.1 belongs to no option, did you mean --ip=127.0.0.1, see --help"),
        (&["--ip", "010.1.1.1"], "--ip: 010.1.1.1 is not an IP address: leading zero, see --help"),
        (
            &["--ip", "fe80::1%eth0"],
            "--ip: fe80::1%eth0 has a zone: give the address without it, \
             and the interface by --interface, see --help",
        ),
        (&["--ip"], "--ip needs a value, see --help"),
        (&["--timeout", "0"], "--timeout=0: not a time in seconds from 0.001 to 86400, see --help"),
        (&["--timeout", "1e30"], "--timeout=1e30: not a time in seconds from 0.001 to 86400, see --help"),
        (&["--file", "/nonexistent/ips"], "reading /nonexistent/ips: no such file or directory"),
        (&["--file", "/"], "reading /: is a directory"),
    ];
    for (arguments, message) in rows {
        let outcome = check(arguments);
        assert_eq!(outcome.verdict(), (3, format!("IP_BOUND UNKNOWN - {message}").as_str()), "{arguments:?}");
        assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
    }
}

#[test]
fn bad_lists_are_named() {
    let rows: [(&[u8], &str); 10] = [
        (b"", ": no address in it"),
        (b"127.0.0.1\n\"192.0.2.1\"\n", " line 2: 192.0.2.1 is not an IP address (with quotes)"),
        (b"\"192.0.2.1\"\n", " line 1: 192.0.2.1 is not an IP address (with quotes)"),
        (b"# nothing\n\n", ": no address in it"),
        (b"127.0.0.1\n010.1.1.1\n", " line 2: 010.1.1.1 is not an IP address: leading zero"),
        (b"127.0.0.1\n\xff\xfe\n", " line 2: ?? is not an IP address"),
        (
            b"127.0.0.1\nfe80::1%lo\n",
            " line 2: fe80::1%lo has a zone: give the address without it, and the interface by --interface",
        ),
        (
            b"127.0.0.1\n192.0.2.1/33\n",
            " line 2: 192.0.2.1/33 has no prefix length of 0 to 32 behind its slash",
        ),
        (b"127.0.0.1\n0.0.0.0\n", " line 2: 0.0.0.0 is not an address that a host can have"),
        (b"127.0.0.1\nexample.com|<b>\n", " line 2: example.com/[b] is not an IP address"),
    ];
    for (content, message) in rows {
        let (_folder, path) = list(content);
        let outcome = check(&["--file", &path]);
        assert_eq!(text(&outcome), (3, format!("IP_BOUND UNKNOWN - {path}{message}").as_str()));
    }
    let (_folder, path) = list(b"a\n127.0.0.1\nb\nc\n");
    let lines = check(&["--file", &path]).stdout;
    let expected = [
        format!("IP_BOUND UNKNOWN - {path} line 1: a is not an IP address (and 2 more bad lines)"),
        format!("{path} line 3: b is not an IP address"),
        format!("{path} line 4: c is not an IP address"),
    ];
    let lines = lines.lines().map(|line| line.split(" | ").next().unwrap());
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn a_configuration_that_takes_too_long_is_named() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/network")).unwrap();
    let add = |net| {
        format!(
            " up for i in {{0..250}}; do for j in {{0..255}}; do ip addr add 10.{net}.$i.$j/8 dev eth0; done; done\n"
        )
    };
    let text = format!("auto eth0\niface eth0 inet manual\n{}", (0..12).map(add).collect::<String>());
    fs::write(root.path().join("etc/network/interfaces"), text).unwrap();
    let outcome = check(&["--root", root.path().to_str().unwrap(), "--timeout", "0.1"]);
    let line = "IP_BOUND UNKNOWN - no result within 0.1 s: understanding the configuration of ifupdown";
    assert_eq!(outcome.verdict(), (3, line));
}

#[test]
fn a_gigabyte_of_zeros_ends_at_once() {
    let (_folder, path) = list(b"");
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 30).unwrap();
    let outcome = in_time(Duration::from_secs(2), || check(&["--file", &path]));
    let line = format!("IP_BOUND UNKNOWN - reading {path}: larger than 16777216 octets");
    assert_eq!(outcome.verdict(), (3, line.as_str()));
    assert_eq!(check(&["--file", "/dev/zero"]).verdict().0, 3);
}

#[test]
fn a_list_that_was_written_in_part_is_never_ok() {
    let (_folder, path) = list(b"127.0.0.1\n# not understood: /etc/a line 4: x\n");
    let told = "line 2: incomplete list, not understood: /etc/a line 4: x: complete it and delete this line";
    let line = format!("IP_BOUND UNKNOWN - {path} {told}");
    assert_eq!(check(&["--file", &path]).summary(), (3, line.as_str()));
    assert_eq!(check(&["--file", &path, "--ip=192.0.2.254"]).code, Some(2));
}

#[test]
fn a_fifo_is_waited_for_until_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let read = || check(&["--file", path.to_str().unwrap(), "--timeout", "0.3"]);
    let outcome = in_time(Duration::from_millis(550), read);
    let line = format!("IP_BOUND UNKNOWN - reading {}: it did not end within 0.3 s", path.display());
    assert_eq!(outcome.verdict(), (3, line.as_str()));
    let written = run(Command::new("bash").arg("-c").arg(format!("{BINARY} --file <(echo 127.0.0.1)")));
    assert_eq!(written.verdict().0, 0, "{}", written.stdout);
}

/// The program of the source ignores the line, so nothing is expected: the line says why.
#[test]
fn the_only_line_that_is_not_taken_is_named() {
    let rows = [
        (
            "networkd",
            "etc/systemd/network/a.network",
            "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.1/33\nAddress=foo\n",
            "/etc/systemd/network/a.network line 4: 192.0.2.1/33 has no prefix length of 0 to 32 behind its slash: networkd ignores the line",
            "note: /etc/systemd/network/a.network line 5: foo is not an IP address: networkd ignores the line",
        ),
        (
            "ifupdown",
            "etc/network/interfaces",
            "auto eth0\niface eth0 inet static\n netmask 24\n",
            "/etc/network/interfaces line 2: eth0: inet static: no address, ifup stops there",
            "",
        ),
    ];
    for (source, path, content, why, rest) in rows {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
        let named = format!("no static address in the configuration of {source}");
        for (from, what) in [("auto", "no address is expected"), (source, &named)] {
            let outcome = check(&["--root", root.path().to_str().unwrap(), "--from", from]);
            assert_eq!(outcome.verdict(), (3, format!("IP_BOUND UNKNOWN - {what}: {why}").as_str()));
            assert!(rest.is_empty() || outcome.stdout.lines().nth(1) == Some(rest), "{}", outcome.stdout);
            let advised =
                outcome.stdout.contains("\nnote: name the addresses by --ip or --file, or add --bound");
            assert_eq!(advised, from == "auto");
        }
    }
}

#[test]
fn the_configuration_of_another_tree_can_be_checked_and_listed() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("etc/network")).unwrap();
    let content = "auto lo eth0\niface lo inet loopback\niface eth0 inet static\n  address 192.0.2.249/24\niface eth1 inet dhcp\n";
    fs::write(root.path().join("etc/network/interfaces"), content).unwrap();
    let tree = root.path().to_str().unwrap();
    let listed = check(&["--root", tree, "--list"]);
    assert_eq!(listed.code, Some(0));
    assert!(
        listed.stdout.starts_with(
            "# 1 address from ifupdown\n192.0.2.249/24 # on: eth0 # /etc/network/interfaces line 3\n"
        ) || listed.stdout.starts_with(
            "# 1 address from ifupdown\n192.0.2.249/24 # on: eth0 # /etc/network/interfaces line 4\n"
        ),
        "{}",
        listed.stdout
    );
    let checked = check(&["--root", tree, "--from", "ifupdown", "-v"]);
    let (code, line) = text(&checked);
    // The cause depends on the machine: it may have an eth0 or not.
    let missing = line.strip_prefix("IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.249");
    let causes = ["", ", there is no eth0 here", ", eth0 has no address at all", ", eth0 is down"];
    assert!(code == 2 && missing.is_some_and(|cause| causes.contains(&cause)), "{line}");
    assert!(checked.stdout.contains("eth1"), "the DHCP stanza is a remark: {}", checked.stdout);
    let absent = check(&["--root", tree, "--from", "netplan"]);
    assert_eq!(absent.verdict(), (3, "IP_BOUND UNKNOWN - no configuration of netplan here"));
    let wrong = check(&["--root", "/nonexistent/tree"]);
    assert_eq!(
        wrong.verdict(),
        (3, "IP_BOUND UNKNOWN - reading /nonexistent/tree: no such file or directory")
    );
    let unknown = check(&["--from", "netplam"]);
    let line = "IP_BOUND UNKNOWN - --from=netplam: the sources are hsphere, cpanel, ifupdown, ifcfg, suse, \
                networkd, networkmanager, netplan, dhcpcd, wireguard, keepalived, and auto for all of them, \
                see --help";
    assert_eq!(unknown.verdict(), (3, line));
}

#[test]
fn a_list_may_ask_for_dynamic_addresses() {
    for content in
        ["127.0.0.1\n# dynamic: nosuch0 ipv4 # /etc/netplan/a.yaml line 4\n", "# dynamic: nosuch0 ipv4\n"]
    {
        let (_folder, path) = list(content.as_bytes());
        let outcome = check(&["--file", &path]);
        // Whether that is a note or an alarm depends on what else this machine has.
        let told = outcome.stdout.contains("nosuch0 has no IPv4 address (DHCP)");
        assert!(told || outcome.stdout.contains("no address is expected"), "{content:?}: {}", outcome.stdout);
        let off = check(&["--file", &path, "--no-dynamic"]);
        assert!(!off.stdout.contains("nosuch0"), "{content:?}: {}", off.stdout);
        // With nothing left to check, no source that was not named is named either.
        assert!(!off.stdout.contains("configuration of :"), "{content:?}: {}", off.stdout);
    }
}

#[test]
fn a_list_that_nothing_renews_is_unknown() {
    let (_folder, path) = list(b"127.0.0.1\n");
    assert_eq!(check(&["--file", &path, "--file-max-age=3600"]).code, Some(0));
    let written = std::time::SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    let outcome = check(&["--file", &path, "--file-max-age=3600"]);
    let (_, line) = text(&outcome);
    let start = format!("IP_BOUND UNKNOWN - {path} was written 720");
    assert!(
        line.starts_with(&start) && line.ends_with(" s ago, allowed 3600 s: renew it by --list"),
        "{line}"
    );
    assert_eq!(outcome.code, Some(3));
}

#[test]
fn the_age_of_a_list_from_the_future_is_not_known() {
    let (_folder, path) = list(b"127.0.0.1\n");
    let age = |seconds: u64| {
        let written = std::time::SystemTime::now() + Duration::from_secs(seconds);
        fs::File::options().append(true).open(&path).unwrap().set_modified(written).unwrap();
        check(&["--file", &path, "--file-max-age=3600"])
    };
    assert_eq!(age(5).code, Some(0), "a file server's clock may be ahead");
    let outcome = age(86_400);
    let (_, line) = text(&outcome);
    assert!(line.starts_with(&format!("IP_BOUND UNKNOWN - {path} is dated in the future, by ")), "{line}");
    let (code, line) = (outcome.code, line.to_owned());
    assert!(code == Some(3) && line.ends_with(" s: set the clock, or renew the list by --list"), "{line}");
}

#[test]
fn a_list_gives_its_floating_addresses_back() {
    let (_folder, path) = list(b"# 1 address\n127.0.0.1\n# floating: 192.0.2.100 # keepalived.conf line 4\n");
    let outcome = check(&["--file", &path]);
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.first_line().ends_with("holds_192_0_2_100=0;;;0;1"), "{}", outcome.first_line());
}

#[test]
fn an_option_that_would_do_nothing_is_refused() {
    for arguments in [&["--file-max-age=60"][..], &["--interface="], &["--ignore="]] {
        let outcome = check(arguments);
        assert_eq!(outcome.code, Some(3), "{arguments:?}");
        assert!(
            outcome.first_line().contains(arguments[0].split('=').next().unwrap()),
            "{}",
            outcome.first_line()
        );
    }
}

#[test]
fn a_range_that_no_missing_address_meets_has_a_reason() {
    let outcome = check(&["--ip=127.0.0.1", "--critical=@0"]);
    assert_eq!(text(&outcome), (2, "IP_BOUND CRITICAL - 0 of 1 address missing, limit @0"));
    let outcome = check(&["--ip=127.0.0.1", "--warning=1:"]);
    assert_eq!(text(&outcome), (1, "IP_BOUND WARNING - 0 of 1 address missing, limit 1:"));
}

#[test]
fn a_list_of_nothing_is_no_success() {
    let root = tempfile::tempdir().unwrap();
    let outcome = check(&["--list", "--root", root.path().to_str().unwrap()]);
    assert_eq!((outcome.code, outcome.first_line()), (Some(3), "# 0 addresses"));
}

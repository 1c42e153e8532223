//! What options choose: families, networks, standard input, closed ports, connections that must stay.

use super::*;

#[test]
fn a_port_may_have_to_be_closed() {
    let (open, closed) = (service(drop), closed_port());
    let outcome = check(&["--ip=127.0.0.1", "--ip=127.0.0.2", "--port", &closed, "--closed"]);
    let line = format!("TCP_EACH_IP OK - 2 addresses are closed on port {closed}");
    assert_eq!(text(&outcome), (0, line.as_str()));
    assert!(outcome.first_line().ends_with("slowest=U;;;0 silent=0;;;0;2"), "{}", outcome.first_line());
    let outcome = check(&["--ip=127.0.0.1", "--ip=127.0.0.2", "--port", &open, "--closed"]);
    let line = format!("TCP_EACH_IP CRITICAL - 2 of 2 fail, port {open}: 127.0.0.1-2 open");
    assert_eq!(text(&outcome), (2, line.as_str()));
    // Silence is told, and proves nothing alone unless the host is known to be there.
    let (full, _taken, _socket) = full_port();
    let silent = ["--ip=127.0.0.1", "--port", &full, "--closed", "--connect-timeout=0.3"];
    let outcome = check(&[&silent[..], &["--port", &closed]].concat());
    assert_eq!(text(&outcome), (0, "TCP_EACH_IP OK - 2 targets are closed: 1 refused, 1 silent"));
    let alone = check(&silent);
    let pinged = format!("TCP_EACH_IP OK - 1 address is closed on port {full}: 0 refused, 1 silent");
    let not = format!("TCP_EACH_IP UNKNOWN - 1 of 1 unproven, port {full}: 127.0.0.1 silent");
    assert!([(0, pinged.as_str()), (3, not.as_str())].contains(&text(&alone)), "{}", alone.stdout);
}

#[test]
fn what_a_closed_port_cannot_show_is_refused_with_it() {
    let closed = closed_port();
    for more in
        ["--starttls=smtp", "--sni=www.example.com", "--certificate-days=14:", "--any", "--mismatch=ok"]
    {
        let outcome = check(&["--ip=127.0.0.1", "--port", &closed, "--closed", more]);
        assert_eq!(outcome.code, Some(3), "{more}: {}", outcome.stdout);
        let option = more.split('=').next().unwrap();
        assert!(outcome.first_line().contains(option), "{more}: {}", outcome.stdout);
    }
}

#[test]
fn times_that_fit_nothing_are_refused() {
    let closed = closed_port();
    let rows: [(&[&str], &str); 11] = [
        (
            &["--connect-timeout=9"],
            "--connect-timeout=9 does not fit --timeout=8: a silent address needs it --tries times, see --help",
        ),
        (
            &["--connect-timeout=8"],
            "--connect-timeout=8 does not fit --timeout=8: a silent address needs it --tries times, see --help",
        ),
        (
            &["--connect-timeout=10", "-t10"],
            "--connect-timeout=10 does not fit --timeout=10: a silent address needs it --tries times, see --help",
        ),
        (
            &["--stay=8"],
            "--stay=8 does not fit --timeout=8: a connection that stands would never be known as one, see --help",
        ),
        (
            &["--stay=20"],
            "--stay=20 does not fit --timeout=8: a connection that stands would never be known as one, see --help",
        ),
        (
            &["--stay=5", "--connect-timeout=3"],
            "--stay=5 does not fit --timeout=8: it comes after the time of --connect-timeout, see --help",
        ),
        (
            &["--stay=7"],
            "--stay=7 does not fit --timeout=8: it comes after a try of 1.2 s, unless --connect-timeout is less, see --help",
        ),
        (
            &["-t1"],
            "--timeout=1 leaves no time for a try of 1.2 s: raise it, or give --connect-timeout, see --help",
        ),
        (
            &["-t1.29", "--tries=1"],
            "--timeout=1.29 leaves no time for a try of 1.2 s: raise it, or give --connect-timeout, see --help",
        ),
        (
            &["-t0.01"],
            "--timeout=0.01 leaves no time for a try of 1.2 s: raise it, or give --connect-timeout, see --help",
        ),
        (
            &["-t0.2", "--stay=0.1"],
            "--timeout=0.2 leaves no time for a try of 1.2 s: raise it, or give --connect-timeout, see --help",
        ),
    ];
    for (arguments, message) in rows {
        let all = [&["--ip=127.0.0.1", "--port", &closed], arguments].concat();
        let outcome = in_time(Duration::from_secs(2), || check(&all));
        assert_eq!(outcome.verdict(), (3, format!("TCP_EACH_IP UNKNOWN - {message}").as_str()));
    }
    assert_eq!(check(&["--ip=127.0.0.1", "--port", &closed, "--connect-timeout=7.9"]).code, Some(2));
    for fitting in [&["-t1.3"][..], &["-t0.5", "--connect-timeout=0.1"], &["--stay=6"]] {
        let outcome = check(&[&["--ip=127.0.0.1", "--port", &closed], fitting].concat());
        assert_eq!(outcome.code, Some(2), "{fitting:?} {}", outcome.stdout);
    }
}

#[test]
fn a_connection_may_have_to_stay() {
    let shutting = service(|stream| {
        thread::sleep(Duration::from_millis(100));
        drop(stream);
    });
    let staying = saying(b"220 mail.example.com\r\n");
    let ask = |port: &str, more: &[&str]| check(&[&["--ip=127.0.0.1", "--port", port], more].concat());
    assert_eq!(ask(&shutting, &[]).code, Some(0));
    let outcome = ask(&shutting, &["--stay=2"]);
    let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {shutting}: 127.0.0.1 closed early");
    assert_eq!(text(&outcome), (2, line.as_str()));
    for more in [&["--stay=0.3"][..], &["--stay=0.3", "--expect=220"]] {
        let outcome = ask(&staying, more);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        assert!(outcome.elapsed >= Duration::from_millis(300), "{:?}", outcome.elapsed);
        // The time of the connection is not that for which it stands.
        let (_, slowest) = outcome.first_line().split_once("slowest=").unwrap();
        let seconds: f64 = slowest.split('s').next().unwrap().parse().unwrap();
        assert!(seconds < 0.3, "{}", outcome.first_line());
    }
}

#[test]
fn several_texts_are_expected_and_a_goodbye_is_said() {
    let (told, said) = std::sync::mpsc::channel();
    let port = service(move |mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        let _ = told.send(text);
    });
    let ask = |more: &[&str]| check(&[&["--ip=127.0.0.1", "--port", &port], more].concat()).code;
    assert_eq!(ask(&["--expect=SSH-2.0", "--expect=OpenSSH"]), Some(0));
    let missing = ["--expect=SSH-2.0", "--expect=dropbear", "--tries=1", "--connect-timeout=0.3"];
    let missing = check(&[&["--ip=127.0.0.1", "--port", &port], &missing[..]].concat());
    assert!(
        text(&missing).1.ends_with(" 127.0.0.1 unexpected answer without dropbear"),
        "{}",
        missing.stdout
    );
    assert_eq!(ask(&["--expect=SSH-2.0", "--expect=dropbear", "--any", "--quit", r"BYE\r\n"]), Some(0));
    let texts: Vec<String> = (0..3).map(|_| said.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
    assert_eq!(texts, ["", "", "BYE\r\n"]);
    let mismatch = ["--expect=dropbear", "--tries=1", "--connect-timeout=0.3", "--mismatch=warning"];
    assert_eq!(ask(&mismatch), Some(1));
}

#[test]
fn a_list_may_come_from_standard_input() {
    let port = service(drop);
    let read = |input: &str| {
        let script = format!("printf '{input}' | {BINARY} --file=- --port={port}");
        run(Command::new("sh").args(["-c", &script]))
    };
    let outcome = read("127.0.0.1\\n127.0.0.2\\n");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.first_line().contains("2 addresses answer"), "{}", outcome.stdout);
    let outcome = read("127.0.0.1\\nnonsense\\n");
    let line = "TCP_EACH_IP UNKNOWN - standard input line 2: nonsense is not an IP address";
    assert_eq!(text(&outcome), (3, line));
    assert_eq!(text(&read("")), (3, "TCP_EACH_IP UNKNOWN - standard input: no address in it"));
    let twice = check(&["--file=-", "--file=-", "--port", &port]);
    let line = "TCP_EACH_IP UNKNOWN - --file=- is given twice: the standard input is one list, see --help";
    assert_eq!(twice.verdict(), (3, line));
}

#[test]
fn a_network_is_no_address_unless_it_is_expanded() {
    let port = service(drop);
    let outcome = check(&["--ip=127.0.4.0/24", "--port", &port]);
    let line = "TCP_EACH_IP UNKNOWN - 127.0.4.0/24 is a network: name its addresses, or say --expand";
    assert_eq!(text(&outcome), (3, line));
    let (_folder, path) = list("127.0.4.0/28\n127.0.5.8/31\n127.0.5.9\n");
    let outcome = check(&["--file", &path, "--port", &port]);
    let line = format!(
        "TCP_EACH_IP UNKNOWN - {path} line 1: 127.0.4.0/28 is a network: name its addresses, or say --expand"
    );
    assert_eq!(text(&outcome), (3, line.as_str()));
    let outcome = check(&["--file", &path, "--port", &port, "--expand"]);
    assert!(outcome.first_line().contains("OK - 16 addresses answer"), "{}", outcome.stdout);
    // A netmask in the next field says the same, and of a host nothing.
    for network in ["127.0.6.0 255.255.255.240", "127.0.6.0 0xfffffff0", "127.0.6.0 /28"] {
        let (_folder, path) = list(&format!("{network}\n127.0.7.1 255.255.255.0\n"));
        let outcome = check(&["--file", &path, "--port", &port]);
        let line = format!(
            "TCP_EACH_IP UNKNOWN - {path} line 1: 127.0.6.0/28 is a network: name its addresses, or say --expand"
        );
        assert_eq!(text(&outcome), (3, line.as_str()));
        let outcome = check(&["--file", &path, "--port", &port, "--expand"]);
        assert!(outcome.first_line().contains("OK - 15 addresses answer"), "{}", outcome.stdout);
    }
    let within = check(&["--ip=127.0.4.1/24", "--port", &port, "--expand"]);
    let what = "127.0.4.1/24 is one address of a network: with --expand write 127.0.4.0/24 for all of them, or 127.0.4.1 alone";
    assert_eq!(text(&within), (3, format!("TCP_EACH_IP UNKNOWN - {what}").as_str()));
}

#[test]
fn ports_of_lists_and_options_have_one_grammar() {
    let open: u16 = service(drop).parse().unwrap();
    // A range with the open one in the middle: each of it is tried, by option and by list.
    let range = format!("{}-{}", open - 1, open + 1);
    let (_folder, path) = list(&format!("127.0.0.1 {range}\n"));
    for arguments in [["--ip=127.0.0.1", "--port", &range], ["--port=1", "--file", &path]] {
        let outcome = check(&arguments);
        assert!(outcome.first_line().contains(" of 3 targets fail"), "{}", outcome.stdout);
    }
    let rows = [
        ("127.0.0.1 tcp/81", "tcp/81 is not a port of 1 to 65535"),
        ("127.0.0.1 smtp,mail", "mail is not a service known here: write its port, as in 443 or https"),
    ];
    for (line, why) in rows {
        let (_folder, path) = list(&format!("{line}\n"));
        let outcome = check(&["--file", &path, "--port=80"]);
        let line = format!("TCP_EACH_IP UNKNOWN - {path} line 1: {why}");
        assert_eq!(outcome.verdict(), (3, line.as_str()));
    }
    // A service in the place of the ports is tried in place of that of the option.
    let (_folder, path) = list("127.0.0.1 mongodb\n");
    let outcome = check(&["--file", &path, "--port", &open.to_string()]);
    assert_eq!(text(&outcome), (2, "TCP_EACH_IP CRITICAL - 1 of 1 fails, port 27017: 127.0.0.1 refused"));
}

#[test]
fn a_family_may_be_chosen() {
    let port = service(drop);
    let both = |more: &str| check(&["--ip=127.0.0.1", "--ip=::1", "--port", &port, more]);
    assert!(both("-4").first_line().contains("OK - 1 address answers"), "{}", both("-4").stdout);
    assert!(both("-6").first_line().contains("1 of 1 fails"), "{}", both("-6").stdout);
    assert!(both("-4").stdout.ends_with("\nnote: 1 IPv6 target left out by -4\n"), "{}", both("-4").stdout);
    let none = check(&["--ip=127.0.0.1", "--port", &port, "-6"]);
    let line = "TCP_EACH_IP UNKNOWN - the only address is not an IPv6 address: nothing to check by -6";
    assert_eq!(text(&none), (3, line));
}

#[test]
fn an_interface_must_be_there() {
    let port = service(drop);
    let by = |name: &str| check(&["--ip=127.0.0.1", "--port", &port, "--interface", name]);
    assert_eq!(by("lo").code, Some(0), "{}", by("lo").stdout);
    let empty = by("");
    assert_eq!(empty.code, Some(3), "{}", empty.stdout);
    assert!(empty.first_line().contains("--interface"), "{}", empty.stdout);
    assert_eq!(text(&by("nosuch0")), (3, "TCP_EACH_IP UNKNOWN - --interface nosuch0: no such device"));
}

/// Where memory is short, the list is refused before anything is sent, and no signal ends the run.
#[test]
fn too_little_memory_is_said() {
    let closed = closed_port();
    let addresses: String =
        (0..60_000).map(|number| format!("127.{}.{}.1\n", 1 + number / 250, number % 250)).collect();
    let (_folder, path) = list(&addresses);
    let command = format!("ulimit -v 24000; exec {BINARY} --file {path} --port {closed} --refused-ok");
    let outcome = run(Command::new("bash").args(["-c", &command]));
    assert_eq!(outcome.code, Some(3), "{} {}", outcome.stdout, outcome.stderr);
    let line = outcome.first_line();
    assert!(line.contains(" MiB of memory, more than this process may have: "), "{line}");
    assert_eq!(outcome.stderr, "");
}

/// No source is passed over in silence.
#[test]
fn each_source_is_for_some_target() {
    let port = service(drop);
    let from = |more: &[&str]| check(&[&["--ip=127.0.0.1", "--port", &port], more].concat());
    let rows: [(&[&str], &str); 2] = [
        (&["--source=::1"], "--source ::1: no target has an IPv6 address"),
        (
            &["--source=127.0.0.1", "--source=127.0.0.2"],
            "--source 127.0.0.2: for IPv4 it is 127.0.0.1 already, see --help",
        ),
    ];
    for (more, why) in rows {
        assert_eq!(from(more).verdict(), (3, format!("TCP_EACH_IP UNKNOWN - {why}").as_str()));
    }
    assert_eq!(from(&["--source=127.0.0.1", "--source=::1"]).code, Some(0));
    let mixed = from(&["--ip=::1", "--source=127.0.0.1"]).stdout;
    let note = "\nnote: 1 IPv6 target goes out from an address that the system chooses: --source names none for it\n";
    assert!(mixed.ends_with(note), "{mixed}");
}

#[test]
fn the_zone_of_a_link_local_address_is_an_interface() {
    let missing = check(&["--ip=fe80::1%nosuch0", "--port=80"]);
    let line = "TCP_EACH_IP UNKNOWN - fe80::1%nosuch0: there is no interface nosuch0 on this machine";
    assert_eq!(missing.verdict(), (3, line));
    let (_folder, path) = list("# gateways\nfe80::1\nfe80::2%4711\n127.0.0.1\n");
    let listed = check(&["--file", &path, "--port=9"]);
    let line = "TCP_EACH_IP CRITICAL - 1 of 1 fails, port 9: 127.0.0.1 refused, 1 more fault";
    assert!(listed.first_line().starts_with(line), "{}", listed.stdout);
    let details = format!(
        "\n{path} line 2: fe80::1 needs its interface: write fe80::1%eth0\n\
         {path} line 3: fe80::2%4711: there is no interface 4711 on this machine\n"
    );
    assert!(listed.stdout.ends_with(&details), "{}", listed.stdout);
    let bare = check(&["--ip=fe80::1", "--port=80"]);
    let line = "TCP_EACH_IP UNKNOWN - fe80::1 needs its interface: write fe80::1%eth0";
    assert_eq!(bare.verdict(), (3, line));
    let other = check(&["--ip=fe80::1", "--port=80", "--interface=nosuch0"]);
    let line = "TCP_EACH_IP UNKNOWN - fe80::1%nosuch0: there is no interface nosuch0 on this machine";
    assert_eq!(other.verdict(), (3, line));
    let global = check(&["--ip=2001:db8::1%lo", "--port=80"]);
    let line = "TCP_EACH_IP UNKNOWN - --ip: 2001:db8::1%lo: only link-local addresses (fe80::/10) have a zone, see --help";
    assert_eq!(global.verdict(), (3, line));
}

/// What the configuration promises is on an interface.
#[test]
fn a_promised_link_local_address_has_its_interface() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("etc/network")).unwrap();
    let interfaces = "auto lo\niface lo inet6 static\n  address fe80::7/64\n";
    std::fs::write(root.path().join("etc/network/interfaces"), interfaces).unwrap();
    let tree = format!("--root={}", root.path().display());
    let outcome = check(&["--from=ifupdown", &tree, "--port=80"]);
    assert!(outcome.first_line().contains(": fe80::7 on lo "), "{}", outcome.stdout);
}

/// The limit of open files is named where it, and not the time, leaves targets untested.
#[test]
fn too_few_descriptors_are_named() {
    let mute = saying(b"");
    let addresses: String = (1..=20).map(|number| format!("127.0.0.{number}\n")).collect();
    let (_folder, path) = list(&addresses);
    let options = format!("--port {mute} --expect x --tries 1 --connect-timeout 0.4 --timeout 1");
    let command = format!("ulimit -n 45; exec {BINARY} --file {path} {options}");
    let outcome = run(Command::new("bash").args(["-c", &command]));
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(" of 20 untested, 5 at once by open files, port "), "{}", outcome.stdout);
    let first = outcome.first_line();
    assert!(
        first.contains(" of 20 fail, ") && first.contains(" untested, 5 at once by open files, port "),
        "{first}"
    );
    assert!(
        outcome.stdout.contains("the limit of open files allows too few connections"),
        "{}",
        outcome.stdout
    );
}

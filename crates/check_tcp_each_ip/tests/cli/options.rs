//! What options choose: families, networks, standard input, closed ports, connections that must stay.

use super::*;

#[test]
fn a_port_may_have_to_be_closed() {
    let (open, closed) = (service(drop), closed_port());
    let outcome = check(&["--ip=127.0.0.1", "--ip=127.0.0.2", "--port", &closed, "--closed"]);
    let line = format!("TCP_EACH_IP OK - 2 addresses are closed on port {closed}");
    assert_eq!(text(&outcome), (0, line.as_str()));
    assert!(outcome.first_line().ends_with("slowest=U;;;0"), "{}", outcome.first_line());
    let outcome = check(&["--ip=127.0.0.1", "--ip=127.0.0.2", "--port", &open, "--closed"]);
    let line = format!("TCP_EACH_IP CRITICAL - 2 of 2 fail, port {open}: 127.0.0.1-2 open");
    assert_eq!(text(&outcome), (2, line.as_str()));
    // Silence is closed too.
    let (full, _taken, _socket) = full_port();
    let outcome = check(&["--ip=127.0.0.1", "--port", &full, "--closed", "--connect-timeout=0.3"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
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
    assert_eq!(
        ask(&["--expect=SSH-2.0", "--expect=dropbear", "--tries=1", "--connect-timeout=0.3"]),
        Some(2)
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
}

#[test]
fn a_network_is_no_address_unless_it_is_expanded() {
    let port = service(drop);
    let outcome = check(&["--ip=127.0.4.0/24", "--port", &port]);
    let line = "TCP_EACH_IP UNKNOWN - 127.0.4.0/24 is a network: name its addresses, or say --expand";
    assert_eq!(text(&outcome), (3, line));
    let (_folder, path) = list("127.0.4.0/28\n127.0.5.9/24\n");
    let outcome = check(&["--file", &path, "--port", &port]);
    let line = format!(
        "TCP_EACH_IP UNKNOWN - {path} line 1: 127.0.4.0/28 is a network: name its addresses, or say --expand"
    );
    assert_eq!(text(&outcome), (3, line.as_str()));
    let outcome = check(&["--file", &path, "--port", &port, "--expand"]);
    assert!(outcome.first_line().contains("OK - 15 addresses answer"), "{}", outcome.stdout);
}

#[test]
fn a_family_may_be_chosen() {
    let port = service(drop);
    let both = |more: &str| check(&["--ip=127.0.0.1", "--ip=::1", "--port", &port, more]);
    assert!(both("-4").first_line().contains("OK - 1 address answers"), "{}", both("-4").stdout);
    assert!(both("-6").first_line().contains("1 of 1 fails"), "{}", both("-6").stdout);
    let none = check(&["--ip=127.0.0.1", "--port", &port, "-6"]);
    let line = "TCP_EACH_IP UNKNOWN - none of the 1 addresses is an IPv6 address: nothing to check by -6";
    assert_eq!(text(&none), (3, line));
}

#[test]
fn an_interface_must_be_there() {
    let port = service(drop);
    let by = |name: &str| check(&["--ip=127.0.0.1", "--port", &port, "--interface", name]);
    assert_eq!(by("lo").code, Some(0), "{}", by("lo").stdout);
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

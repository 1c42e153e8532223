//! What services say, and arguments that are refused.

use super::*;

#[test]
fn what_a_service_says_must_contain_the_text() {
    let port = saying(b"220 mail.example.com ESMTP\r\n");
    let ask = |options: &[&str]| {
        check(&[&["--ip", "127.0.0.1", "--port", &port, "--connect-timeout", "0.3"], options].concat())
    };
    assert_eq!(ask(&["--expect", "220 "]).code, Some(0));
    assert_eq!(ask(&["--expect", r"ESMTP\r\n"]).code, Some(0));
    let other = ask(&["--expect", "SSH-"]);
    let line =
        format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 unexpected answer without SSH-");
    assert_eq!(text(&other), (2, line.as_str()));
    assert_eq!(
        other.stdout.lines().nth(1),
        Some("127.0.0.1: unexpected answer without SSH-: 220 mail.example.com ESMTP")
    );

    let echo = service(|mut stream| {
        let mut room = [0; 64];
        let length = stream.read(&mut room).unwrap_or(0);
        let _ = stream.write_all(&room[..length]);
    });
    let ask = |options: &[&str]| {
        check(&[&["--ip", "127.0.0.1", "--port", &echo, "--connect-timeout", "0.5"], options].concat())
    };
    assert_eq!(ask(&["--send", r"PING\r\n"]).code, Some(0));
    assert_eq!(ask(&["--send", r"PING\r\n", "--expect", "PING"]).code, Some(0));
    assert_eq!(ask(&["--send", r"PING\r\n", "--expect", "PONG"]).code, Some(2));
}

/// Each fault of a service, the words for it, and the detail; `SECONDS` bounds its two tries.
#[test]
fn faults_of_services_have_their_words() {
    let endless = service(|mut stream| while stream.write_all(&[b'a'; 4096]).is_ok() {});
    let dribbling = service(|mut stream| {
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let hanging = service(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    let rows = [
        (service(drop), "closed without a word", "closed without a word".to_owned()),
        (
            hanging,
            "no banner",
            "connected, but no banner: the service hangs, or it waits for the client to speak first: --send, --tls"
                .to_owned(),
        ),
        (endless, "unexpected answer without nonsense", format!("unexpected answer without nonsense: {}...", "a".repeat(60))),
        (dribbling, "unexpected answer without nonsense", "unexpected answer without nonsense: x".to_owned()),
        (
            saying(b"\x1b[2J\x07|a=1;<b>\r\nsecond\x00\n"),
            "unexpected answer without nonsense",
            "unexpected answer without nonsense: [2J /a=1;[b]  second".to_owned(),
        ),
        (saying(b"\xff\xfe\xc3(\x80"), "unexpected answer without nonsense", "unexpected answer without nonsense: ???(?".to_owned()),
    ];
    for (port, brief, full) in rows {
        let arguments = ["--ip=127.0.0.1", "--port", &port, "--expect=nonsense", "--connect-timeout=0.4"];
        let outcome = in_time(Duration::from_millis(1_600), || check(&arguments));
        let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 {brief}");
        assert_eq!(text(&outcome), (2, line.as_str()));
        // Where the first line says all of it there is no detail.
        let detail = outcome.stdout.lines().nth(1).unwrap_or_default();
        let expected = if full == brief { String::new() } else { format!("127.0.0.1: {full}") };
        assert!(detail.starts_with(&expected) && detail.is_empty() == expected.is_empty(), "{detail}");
        assert!(!outcome.stdout.contains(|c: char| c.is_control() && c != '\n'), "{:?}", outcome.stdout);
        assert_eq!(outcome.stdout.lines().count(), if full == brief { 1 } else { 2 }, "{}", outcome.stdout);
    }
}

#[test]
fn a_service_that_closes_after_what_is_sent_is_told() {
    let port = service(|mut stream| drop(stream.read(&mut [0; 64])));
    for more in [&[][..], &["--expect=250"]] {
        let outcome = check(&[&["--ip=127.0.0.1", "--port", &port, r"--send=LHLO a\r\n"], more].concat());
        let line = format!("TCP_EACH_IP CRITICAL - 1 of 1 fails, port {port}: 127.0.0.1 closed after --send");
        assert_eq!(text(&outcome), (2, line.as_str()));
        assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
    }
}

#[test]
fn a_source_must_be_bound_here() {
    let port = service(|mut stream| {
        let peer = stream.peer_addr().unwrap().ip().to_string();
        let _ = stream.write_all(peer.as_bytes());
    });
    let from =
        check(&["--ip", "127.0.0.1", "--port", &port, "--source", "127.0.0.9", "--expect", "127.0.0.9"]);
    assert_eq!(from.code, Some(0), "{}", from.stdout);
    let foreign = check(&["--ip", "127.0.0.1", "--port", &port, "--source", "192.0.2.1"]);
    assert_eq!(
        text(&foreign),
        (3, "TCP_EACH_IP UNKNOWN - --source 192.0.2.1: cannot assign requested address")
    );
}

#[test]
fn bad_arguments_are_named() {
    let rows: [(&[&str], &str); 16] = [
        (
            &["--ip=127.0.0.1", "--port=80", "--quit=QUIT"],
            "--quit needs --send, --expect or --tls, see --help",
        ),
        (&[], "no address to check: give --ip, --file, --from, --hostname or --bound, see --help"),
        (&["--ip", "127.0.0.1"], "no port for 127.0.0.1: give --port, see --help"),
        (&["--ip", "127.0.0.1", "--port", "0"], "--port: 0 is not a port of 1 to 65535, see --help"),
        (
            &["--ip", "127.0.0.1", "--port", "80,x"],
            "--port=80,x: x is not a service known here: write its port, as in 443 or https, see --help",
        ),
        (&["--ip", "010.1.1.1"], "--ip: 010.1.1.1 is not an IP address: leading zero, see --help"),
        (
            &["--critical", "5%%"],
            "--critical=5%%: 5% is not a plain decimal number, write a range as in 0:10, see --help",
        ),
        (
            &["--connect-timeout", "0"],
            "--connect-timeout=0: not a time in seconds from 0.01 to 600, see --help",
        ),
        (&["--tries", "0"], "--tries=0: not a whole number from 1 to 5, see --help"),
        (
            &["--send", ""],
            "--send with an empty value: the text has 0 octets, 1 to 2048 are possible, see --help",
        ),
        (&["--rate", "0"], "--rate=0: not a whole number from 1 to 4294967295, see --help"),
        (
            &["--hostname", "a/b", "--port", "80"],
            "--hostname=a/b: a host name has only ASCII letters, digits, dots, hyphens and underscores, see --help",
        ),
        (&["--hostname", "db-01:80"], "--hostname=db-01:80: no port is taken here: write db-01, see --help"),
        (&["-H", "[::1]:80"], "--hostname=[::1]:80: no port is taken here: write ::1, see --help"),
        (
            &["-H", "fe80::1%nosuch0", "--port", "80"],
            "fe80::1%nosuch0: there is no interface nosuch0 on this machine",
        ),
        (
            &["--file", "/nonexistent/ips", "--port", "80"],
            "reading /nonexistent/ips: no such file or directory",
        ),
    ];
    for (arguments, message) in rows {
        let outcome = check(arguments);
        assert_eq!(
            outcome.verdict(),
            (3, format!("TCP_EACH_IP UNKNOWN - {message}").as_str()),
            "{arguments:?}"
        );
        assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
    }
    let (_folder, path) = list("127.0.0.1 80\n127.0.0.2 99999\nexample.com\n");
    let lines = check(&["--file", &path]).stdout;
    let expected = [
        format!(
            "TCP_EACH_IP UNKNOWN - {path} line 2: 99999 is not a port of 1 to 65535 (and 1 more bad lines)"
        ),
        format!("{path} line 3: example.com is not an IP address"),
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}

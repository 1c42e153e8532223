//! Every kind of bad input is UNKNOWN, in one line that names it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fake;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use fake::Origin;
use suite::process::run;

#[test]
fn bad_input_is_unknown() {
    let origin = Origin::start();
    let (login, url) = (origin.login(), origin.url("pong"));
    let expect = "--expect=pong NONCE";
    let ca = |file: &str| format!("--tls-ca={file}");
    let (missing, empty, folder) = (ca("/nonexistent/ca.pem"), ca("/dev/null"), ca("/"));
    let files = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = files.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file.display().to_string()
    };
    let no_password =
        format!("--extra-opts=@{}", write("login.ini", "[check_proxy]\nusername = cust\npassword =\n"));
    let network = format!("--file={}", write("proxies", "192.0.2.9\n192.0.2.0/30\n"));
    let key = ca(&write("key.pem", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"));
    let rows: [(&[&str], &str); 24] = [
        (&["--ip=127.0.0.1", &url, expect, &login, &missing], "reading /nonexistent/ca.pem: no such file"),
        (&["--ip=127.0.0.1", &url, expect, &login, &empty], "/dev/null"),
        (&["--ip=127.0.0.1", &url, expect, &login, &folder], "reading /: "),
        (&["--ip=127.0.0.1", &url, expect, &login, &key], "key.pem: no certificate in it"),
        (&["--ip=127.0.0.1", &url, expect, &no_password], "--password is empty, see --help"),
        (
            &[
                "--ip=127.0.0.1",
                &url,
                expect,
                &login,
                "--source=127.0.0.1",
                "--source=::1",
                "--source=127.0.0.2",
            ],
            "--source 127.0.0.1 and 127.0.0.2 are of one family: give one for IPv4, one for IPv6, see --help",
        ),
        (&[&network, &url, expect, &login], "proxies line 2: 192.0.2.0/30 is a network: name its addresses"),
        (&["--ip=192.0.2.0/30", &url, expect, &login], "192.0.2.0/30 is a network: name its addresses"),
        (
            &[&url, expect, &login],
            "no proxy: name it by --ip, --file or --hostname, as in --ip=192.0.2.1, see --help",
        ),
        (
            &["--ip=127.0.0.1", expect, &login],
            "no page: name it by --url, as in --url=http://www.example.com/pong?n=NONCE, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, &login],
            "no --expect: without the text of the page a block page would pass, as in --expect=pong NONCE from PROXY, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, "--expect=pong", &login],
            "--expect has no word NONCE, without which an old copy of the page would pass, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, "--expect=NONCE", &login],
            "--expect needs words before NONCE that are not in --url: error pages show the URL, and so the bare NONCE, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, "--expect=n=NONCE", &login],
            "--expect needs words before NONCE that are not in --url: error pages show the URL, and so the bare NONCE, see --help",
        ),
        (
            &["--ip=127.0.0.1", "--url=http://192.0.2.1/?q=%70ong+NONCE", "--expect=pong NONCE", &login],
            "--expect needs words before NONCE that are not in --url: error pages show the URL, and so the bare NONCE, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, expect],
            "no --username: give the login of a customer, or --strangers=allow or only, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, expect, "--username=cust"],
            "no password: write it to a file that --extra-opts names, as password = ..., see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, expect, &login, "--username=a\r\nb"],
            "--username has a line end or a NUL in it, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, expect, &login, "--protocol=socks5", "--username="],
            "--username has 0 octets, SOCKS5 takes 1 to 255, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, expect, &login, "--forbid=mail.example.com"],
            "--forbid mail.example.com has no port: write HOST:PORT, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, expect, &login, "--not-expect="],
            "--not-expect is empty, which every page has, see --help",
        ),
        (
            &["--ip=127.0.0.1", &url, expect, "--password=x"],
            "--password on the command line is no secret: give it by --extra-opts, see --help",
        ),
        (
            &["--ip=127.0.0.1", "--url=ftp://example.com/NONCE", expect],
            "--url=ftp://example.com/NONCE: begins with neither http:// nor https://",
        ),
        (
            &["--ip=127.0.0.1", "--url=http://example.com/pong", expect],
            "--url=http://example.com/pong: has no word NONCE, which becomes a random text: http://www.example.com/pong?n=NONCE",
        ),
    ];
    for (arguments, why) in rows {
        let outcome = run(Command::new(fake::BINARY).args(arguments));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(3), ""), "{arguments:?}");
        let plain = |text: &str| text.replace(['\'', '"'], "");
        let line = plain(outcome.first_line());
        assert!(line.starts_with("PROXY UNKNOWN - ") && line.contains(&plain(why)), "{arguments:?}: {line}");
    }
}

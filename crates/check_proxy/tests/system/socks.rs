//! microsocks and dante, with and without a login.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use suite::daemon::Daemon;
use suite::host::{Host, bare};
use suite::needs::{Need, missing, program};
use tempfile::TempDir;

use crate::fake::{Origin, PASSWORD, folder};
use crate::{Running, free_port, inside, on_a_host, start, verdict};

fn microsocks(arguments: &[&str]) -> Running {
    let (folder, _) = folder();
    let port = free_port("127.0.0.1");
    let mut command = Command::new(program("microsocks").unwrap());
    start(
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]).args(arguments),
        folder,
        "127.0.0.1",
        port,
    )
}

#[test]
fn microsocks_serves_customers_and_refuses_others() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("microsocks"), Need::Program("openssl")]) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let (http, https) = (origin.url("pong"), origin.https_url());
        let closed = microsocks(&["-u", "cust", "-P", PASSWORD]);
        let ask = |running: &Running, more: &[&str]| {
            verdict(
                &origin,
                "127.0.0.1",
                running.port,
                &[&["--protocol=socks5", &http, &https], more].concat(),
            )
        };
        assert_eq!(ask(&closed, &[]).0, 0);
        assert_eq!(
            ask(&closed, &["--username=other"]),
            (2, "PROXY CRITICAL - 127.0.0.1 password refused".to_owned())
        );
        let forbidden = "PROXY CRITICAL - 127.0.0.1 lets customers through to 127.0.0.1:9";
        assert_eq!(ask(&closed, &["--forbid=127.0.0.1:9"]), (2, forbidden.to_owned()));
        let open = microsocks(&[]);
        let line = verdict(&origin, "127.0.0.1", open.port, &[&http, "--tries=1", "--no-direct"]);
        assert_eq!(line, (2, "PROXY CRITICAL - 127.0.0.1 no HTTP, perhaps SOCKS5".to_owned()));
        assert_eq!(
            ask(&open, &[]),
            (2, "PROXY CRITICAL - 127.0.0.1 open: serves strangers by http and https".to_owned())
        );
        let port = free_port("127.0.0.1");
        let dead = format!("--url=http://127.0.0.1:{port}/pong?n=NONCE");
        let line = verdict(&origin, "127.0.0.1", closed.port, &["--protocol=socks5", &dead, "--tries=1"]);
        let words = "SOCKS reply 5 (connection refused), nor does the page answer from here: refused";
        assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {words}")));
    });
}

/// dante on 127.0.0.1:1080 of a host, which knows the customer from its own passwd.
fn dante(host: &Host, method: &str, rules: &str) -> (Daemon, TempDir) {
    let (folder, path) = folder();
    let settings = format!(
        "logoutput: stderr\ninternal: 127.0.0.1 port = 1080\nexternal: 127.0.0.1\nclientmethod: none\n\
         socksmethod: {method}\nuser.privileged: root\nuser.unprivileged: nobody\n\
         client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n{rules}\
         socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 protocol: tcp }}\n"
    );
    let file = path.join("danted.conf");
    fs::write(&file, settings).unwrap();
    let mut command = host.command(program("danted").unwrap());
    let listens = |_| inside(host, || TcpStream::connect(("127.0.0.1", 1080)).is_ok());
    (Daemon::start(command.arg("-f").arg(file), &path.join("log"), listens), folder)
}

#[test]
fn dante_serves_customers_and_refuses_others() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("danted"), Need::Program("openssl")]) {
        return;
    }
    let host = bare();
    let hash = Command::new("openssl").args(["passwd", "-6", PASSWORD]).output().unwrap();
    let hash = String::from_utf8(hash.stdout).unwrap();
    let with = |file: &str, line: &str| fs::read_to_string(format!("/etc/{file}")).unwrap() + line;
    host.etc("passwd", &with("passwd", "cust:x:64991:65534::/:/usr/sbin/nologin\n"));
    host.etc_private("shadow", &with("shadow", &format!("cust:{}:19000::::::\n", hash.trim())));
    let (origin, http, https) = inside(&host, || {
        let origin = Origin::start();
        let (http, https) = (origin.url("pong"), origin.https_url());
        (origin, http, https)
    });
    let ask = |more: &[&str]| {
        let arguments = [&["--protocol=socks5", &http, &https], more].concat();
        inside(&host, || verdict(&origin, "127.0.0.1", 1080, &arguments))
    };
    {
        let ssh = "socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 port = 22 }\n";
        let _closed = dante(&host, "username", ssh);
        let (code, line) = ask(&["--forbid=127.0.0.1:22"]);
        assert_eq!(code, 0, "{line}");
        let forbidden = "PROXY CRITICAL - 127.0.0.1 lets customers through to 127.0.0.1:9";
        assert_eq!(ask(&["--forbid=127.0.0.1:9"]), (2, forbidden.to_owned()));
        let line = "PROXY CRITICAL - 127.0.0.1 password refused";
        assert_eq!(ask(&["--username=root"]), (2, line.to_owned()));
    }
    let _open = dante(&host, "none", "");
    let line = "PROXY CRITICAL - 127.0.0.1 open: serves strangers by http and https";
    assert_eq!(ask(&[]), (2, line.to_owned()));
}

//! microsocks, with and without a login.

use std::process::Command;

use suite::needs::{Need, missing, program};

use crate::fake::{Origin, PASSWORD, folder};
use crate::{Running, free_port, start, verdict};

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
    if missing(&[Need::Program("microsocks"), Need::Program("openssl")]) {
        return;
    }
    let origin = Origin::start();
    let (http, https) = (origin.url("pong"), origin.https_url());
    let closed = microsocks(&["-u", "cust", "-P", PASSWORD]);
    let ask = |running: &Running, more: &[&str]| {
        verdict(&origin, "127.0.0.1", running.port, &[&["--protocol=socks5", &http, &https], more].concat())
    };
    assert_eq!(ask(&closed, &[]).0, 0);
    assert_eq!(
        ask(&closed, &["--username=other"]),
        (2, "PROXY CRITICAL - 127.0.0.1 password refused".to_owned())
    );
    let forbidden = "PROXY CRITICAL - 127.0.0.1 lets customers through to 127.0.0.1:9";
    assert_eq!(ask(&closed, &["--forbid=127.0.0.1:9"]), (2, forbidden.to_owned()));
    let open = microsocks(&[]);
    assert_eq!(
        ask(&open, &[]),
        (2, "PROXY CRITICAL - 127.0.0.1 open: serves strangers by http and https".to_owned())
    );
    let port = free_port("127.0.0.1");
    let dead = format!("--url=http://127.0.0.1:{port}/pong?n=NONCE");
    let line = verdict(&origin, "127.0.0.1", closed.port, &["--protocol=socks5", &dead, "--tries=1"]);
    assert_eq!(line, (2, "PROXY CRITICAL - 127.0.0.1 SOCKS reply 5 (connection refused)".to_owned()));
}

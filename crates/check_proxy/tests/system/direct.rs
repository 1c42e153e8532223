//! The direct request on a host whose resolver keeps silent.

use std::io::Write as _;
use std::net::UdpSocket;
use std::time::Duration;

use suite::host::bare;
use suite::needs::{Need, missing};
use suite::process::run;

use crate::fake::{BINARY, Origin, Who, answer, proxy, refusal};
use crate::inside;

#[test]
fn a_resolver_that_hangs_is_named_and_costs_no_deadline() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("openssl")]) {
        return;
    }
    let host = bare();
    host.etc("hosts", "127.0.0.1 localhost\n");
    host.etc("resolv.conf", "nameserver 127.0.0.53\n");
    host.etc("nsswitch.conf", "hosts: files dns\n");
    let (_silent, port, origin) = inside(&host, || {
        let origin = Origin::start();
        let silent = UdpSocket::bind("127.0.0.53:53").unwrap();
        let port = proxy(|who, _, stream| {
            let said = if who == Who::Customer { answer("503 No", "", "") } else { refusal() };
            drop(stream.write_all(said.as_bytes()));
        });
        (silent, port, origin)
    });
    let (port, login) = (format!("--port={port}"), origin.login());
    let page = ["--url=http://page.example.com/pong?n=NONCE", "--expect=pong NONCE"];
    let outcome =
        run(host.command(BINARY).args(["--ip=127.0.0.1", "--ip=127.0.0.2", &port, &login]).args(page));
    let line = "PROXY CRITICAL - none of 2 proxies brings the page, not tried directly (the resolver of this machine did not answer): 503 | ";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
    // The line shows that no deadline was missed. The rest is the time in which a busy machine starts it.
    assert!(outcome.elapsed < Duration::from_secs(10), "{:?}", outcome.elapsed);
}

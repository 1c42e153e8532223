//! The quick look in README.md: what the plugin prints on a real host when all is well and when not.

use suite::daemon::Daemon;
use suite::host::{Host, public_folder};
use suite::look::{hold, run_line};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::run;
use tempfile::TempDir;

use crate::fake::PASSWORD;
use crate::squid::{CLOSED, basic, configured};

#[test]
fn an_open_proxy_among_three() {
    if missing(&[
        Need::Root,
        Need::Program("ip"),
        Need::Program("ss"),
        Need::Program("squid"),
        Need::Program("openssl"),
    ]) {
        return;
    }
    let host = network();
    let login = format!("username = cust\npassword = {PASSWORD}\n");
    let page = "url = http://www.example.com/pong?n=NONCE\nexpect = pong NONCE from PROXY\n";
    host.etc_private("silent-outage/monitor.ini", &format!("[check_proxy]\n{page}{login}"));
    let _web = web(&host);
    let _proxies = [11, 12].map(|number| squid(&host, number, &basic(CLOSED)));
    let third = squid(&host, 13, &basic(CLOSED));
    let line = "check_proxy --file=/etc/silent-outage/proxies --extra-opts=@/etc/silent-outage/monitor.ini";
    let well = run_line(&host, line);
    drop(third);
    let _open = squid(&host, 13, &basic(&format!("http_access allow all\n{CLOSED}")));
    hold("check_proxy", &[well, run_line(&host, line)]);
}

/// A host with the addresses of the page's server and of three proxies, and with a list of these.
pub(crate) fn network() -> Host {
    let host = Host::create();
    host.ip_batch(
        "link set lo up\naddr add 198.51.100.80/32 dev lo\naddr add 192.0.2.11/32 dev lo\n\
         addr add 192.0.2.12/32 dev lo\naddr add 192.0.2.13/32 dev lo\n",
    );
    host.etc("hosts", "127.0.0.1 localhost\n198.51.100.80 www.example.com\n");
    host.etc("silent-outage/proxies", "192.0.2.11\n192.0.2.12\n192.0.2.13\n");
    host
}

/// Starts the page's server on the host.
pub(crate) fn web(host: &Host) -> (Daemon, TempDir) {
    let folder = public_folder();
    let mut web = host.command(plugins::binary("page_server"));
    let listens = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains("*:80 ");
    let daemon = Daemon::start(web.arg("80"), &folder.path().join("web"), listens);
    (daemon, folder)
}

/// Starts squid on 192.0.2.`number` of the host.
pub(crate) fn squid(host: &Host, number: u8, rules: &str) -> (Daemon, TempDir) {
    let address = format!("192.0.2.{number}");
    let listen = format!("{address}:3128");
    let (folder, file) = configured(&listen, &format!("{rules}tcp_outgoing_address {address}\n"));
    let listens = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains(&format!("{listen} "));
    let daemon = Daemon::start(
        host.command("squid").args(["-N", "-f"]).arg(file),
        &folder.path().join("log"),
        listens,
    );
    (daemon, folder)
}

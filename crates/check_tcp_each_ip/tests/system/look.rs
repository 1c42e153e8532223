//! The quick look in README.md: what the plugin prints on a real host when all is well and when not.

use suite::daemon::Daemon;
use suite::host::{Host, public_folder};
use suite::look::{hold, run_line};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::run;

#[test]
fn an_address_that_does_not_answer() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("mount"), Need::Program("ss")]) {
        return;
    }
    let (monitor, server) = (Host::create(), Host::create());
    monitor.cable("eth0", &server, "eth0");
    monitor.ip_batch("addr add 198.51.100.1/24 dev eth0\nroute add 192.0.2.0/24 via 198.51.100.2\n");
    server.ip(&["addr", "add", "198.51.100.2/24", "dev", "eth0"]);
    server.ip_batch(
        &(1..=40).map(|number| format!("addr add 192.0.2.{number}/32 dev eth0\n")).collect::<String>(),
    );
    // What no longer is its own is answered by an ICMP error.
    server.sysctl("net/ipv4/ip_forward", "1");
    let list: String = (1..=40).map(|number| format!("192.0.2.{number}\n")).collect();
    monitor.etc("silent-outage/targets/www1", &list);
    let folder = public_folder();
    let listens = |_| run(server.command("ss").args(["-Hltn"])).stdout.contains("*:80 ");
    let _web = Daemon::start(
        server.command(plugins::binary("open_port")).arg("80"),
        &folder.path().join("log"),
        listens,
    );
    let line = "check_tcp_each_ip --file=/etc/silent-outage/targets/www1 --port=80";
    let well = run_line(&monitor, line);
    server.ip(&["addr", "del", "192.0.2.31/32", "dev", "eth0"]);
    hold("check_tcp_each_ip", &[well, run_line(&monitor, line)]);
}

//! What README.md shows at its top: each plugin's own words on real hosts, when all is well and when not.

use suite::clocks::{AGENT_NEEDS, Clock};
use suite::daemon::Daemon;
use suite::host::{Host, public_folder};
use suite::look::hold;
use suite::mariadb::{self, PASSWORD, Setup, start_all};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::{Outcome, run};

/// Runs a command line of README.md in a host.
fn in_shell<'a>(host: &Host, line: &'a str) -> (&'a str, Outcome) {
    let mut words = line.split(' ');
    let plugin = plugins::binary(words.next().unwrap());
    (line, run(host.command(plugin).args(words)))
}

#[test]
fn an_address_that_was_not_bound() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("mount")]) {
        return;
    }
    let (host, other) = (Host::create(), Host::create());
    host.cable("eth0", &other, "eth0");
    let addresses = (1..=40).map(|number| format!("192.0.2.{number}:255.255.255.0:192.0.2.255\n"));
    host.etc("ips", &addresses.collect::<String>());
    host.ip_batch(&(1..=40).map(|number| format!("addr add 192.0.2.{number}/24 dev eth0\n")).collect::<String>());
    let well = in_shell(&host, "check_ip_bound");
    host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "1");
    host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    hold("check_ip_bound", &[well, in_shell(&host, "check_ip_bound")]);
}

#[test]
fn an_address_that_does_not_answer() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("mount"), Need::Program("ss")]) {
        return;
    }
    let (monitor, server) = (Host::create(), Host::create());
    monitor.cable("eth0", &server, "eth0");
    monitor.ip_batch("addr add 198.51.100.1/24 dev eth0\nroute add 192.0.2.0/24 via 198.51.100.2\n");
    server.ip(&["addr", "add", "198.51.100.2/24", "dev", "eth0"]);
    server.ip_batch(&(1..=40).map(|number| format!("addr add 192.0.2.{number}/32 dev eth0\n")).collect::<String>());
    // What no longer is its own is answered by an ICMP error.
    server.sysctl("net/ipv4/ip_forward", "1");
    let list: String = (1..=40).map(|number| format!("192.0.2.{number}\n")).collect();
    monitor.etc("nagios4/addresses/www1", &list);
    let folder = public_folder();
    let listens = |_| run(server.command("ss").args(["-Hltn"])).stdout.contains("*:80 ");
    let _web = Daemon::start(server.command(plugins::binary("open_port")).arg("80"), &folder.path().join("log"), listens);
    let line = "check_tcp_each_ip --file=/etc/nagios4/addresses/www1 --port=80";
    let well = in_shell(&monitor, line);
    server.ip(&["addr", "del", "192.0.2.31/32", "dev", "eth0"]);
    hold("check_tcp_each_ip", &[well, in_shell(&monitor, line)]);
}

#[test]
fn a_clock_that_took_its_hosts_time() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let (monitor, proxy) = (Host::create(), Host::create());
    monitor.cable("eth0", &proxy, "eth0");
    monitor.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    proxy.ip(&["addr", "add", "198.51.100.7/24", "dev", "eth0"]);
    monitor.etc("hosts", "198.51.100.7 proxy7\n127.0.0.1 localhost\n");
    monitor.etc("monitoring-plugins.ini", "[check_clock_offset]\ncommunity=public\n");
    let line = "check_clock_offset --hostname=proxy7 --extra-opts";
    let runs = ["+0s", "-3600s"].map(|offset| {
        let _agent = Clock::agent(&proxy, offset);
        in_shell(&monitor, line)
    });
    hold("check_clock_offset", &runs);
}

#[test]
fn a_replica_that_stands_still() {
    if missing(&mariadb::HOST_NEEDS) || missing(&[Need::Program("mount")]) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.1 db-01\n192.0.2.2 db-02\n");
    host.etc("nagios4/replication.cnf", &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
    let [source, replica] = start_all([1, 2].map(|id| Setup::new(id).at(&host, &format!("192.0.2.{id}"))));
    replica.replicate("", &source);
    let line = "check_replication --hostname=db-02 --defaults-file=/etc/nagios4/replication.cnf";
    source.sql("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)");
    replica.await_applied(&source);
    replica.await_state("", "Seconds_Behind_Master", "0");
    let well = in_shell(&host, line);
    // Somebody has written to the replica, and later the source writes the same.
    replica.sql("SET sql_log_bin=0; INSERT INTO shop.orders VALUES (1)");
    source.sql("INSERT INTO shop.orders VALUES (1)");
    replica.await_state("", "Slave_SQL_Running", "No");
    hold("check_replication", &[well, in_shell(&host, line)]);
}

//! System tests: the plugins on real hosts, asked through the real daemons. One file a subject.
//!
//! They need root and the packages that `tests/run` installs; where something is missing they say so and skip, and with CI=true
//! they fail. Everything happens in network namespaces of their own.

#[cfg(test)]
mod clock_offset {
    mod accuracy;
    mod agents;
    mod caches;
    mod servers;
    mod through;

    use suite::clocks::Reading;
    use suite::host::Host;
    use suite::plugins;
    use suite::process::run;

    /// Runs the plugin in a host.
    fn check(host: &Host, arguments: &[&str]) -> Reading {
        Reading(run(host.command(plugins::binary("check_clock_offset")).args(arguments)))
    }
}
#[cfg(test)]
mod installed;
#[cfg(test)]
mod ip_bound {
    mod detection;
    mod hack;
    mod links;
    mod moving;
    mod nrpe;
    mod promised;
    mod refused;
    mod scheduled;

    use suite::host::Host;
    use suite::needs::Need;
    use suite::plugins;
    use suite::process::{Outcome, run};

    /// What a test needs that makes hosts.
    const HOSTS: [Need; 2] = [Need::Root, Need::Program("ip")];

    /// Runs the plugin in a host.
    fn check(host: &Host, arguments: &[&str]) -> Outcome {
        run(host.command(plugins::binary("check_ip_bound")).args(arguments))
    }

    /// A host whose eth0 is cabled to the eth0 of a second one. Neither has an address of IPv6 that no test gave it.
    pub(super) fn cabled() -> (Host, Host) {
        let hosts = (bare(), bare());
        hosts.0.cable("eth0", &hosts.1, "eth0");
        hosts
    }

    /// A host with nothing but 127.0.0.1 and ::1, whose interfaces get no link-local address by themselves.
    pub(super) fn bare() -> Host {
        let host = Host::create();
        host.sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
        host
    }
}
#[cfg(test)]
mod monitored {
    mod accepted;
    mod icinga;
    mod nagios;
    mod passive;
    mod zones;

    use std::env;
    use std::path::Path;

    /// How often each thing is broken and healed: once and in a hurry, or by the shipped intervals, as often as the variable
    /// MONITORED_ROUNDS says. Twelve rounds take some minutes.
    fn rounds() -> usize {
        env::var("MONITORED_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
    }

    /// The services as they are shipped, with shorter intervals for a round alone.
    fn services(shipped: impl Fn(&str) -> std::path::PathBuf, names: &[&str]) -> String {
        let text: String = names.iter().map(|name| std::fs::read_to_string(shipped(name)).unwrap()).collect();
        if rounds() == 1 { suite::lab::hurried(&text) } else { text }
    }

    /// Keeps what a monitor wrote in the folder of the variable MONITORED_KEEP, if there is one.
    fn save(name: &str, text: &str) {
        if let Some(folder) = env::var_os("MONITORED_KEEP") {
            suite::host::write(&Path::new(&folder).join(name), text);
        }
    }
}
#[cfg(test)]
mod ip_rebind {
    mod acting;
    mod hostile;
    mod scheduled;
    mod shipped;
    mod site;
    mod sparing;
}
#[cfg(test)]
mod quick_look;
#[cfg(test)]
mod replication {
    mod access;
    mod channel;
    mod frozen;
    mod heartbeats;
    mod mysql;
    mod mysql_together;
    mod several;
    mod through;

    use std::time::Duration;

    use suite::host::Host;
    use suite::mariadb::{PASSWORD, Server, defaults_file};
    use suite::plugins;
    use suite::process::{Outcome, run};

    /// How long a server may take to do what it was told.
    const LIMIT: Duration = Duration::from_secs(20);

    /// Runs the plugin in a host, with the account that may see the state of replication. Its file is kept in the folder of `server`.
    fn check(host: &Host, server: &Server, arguments: &[&str]) -> Outcome {
        let file = defaults_file(server, &format!("[client]\nuser=mon\npassword={PASSWORD}\n"));
        let mut command = host.command(plugins::binary("check_replication"));
        let outcome = run(command.arg(format!("--defaults-file={}", file.display())).args(arguments));
        assert!(outcome.stderr.is_empty() && !outcome.stdout.contains(PASSWORD), "{arguments:?}: {outcome:?}");
        outcome
    }
}
#[cfg(test)]
mod stomp {
    mod brokers;
    mod full;
    mod killed;
    mod scheduled;

    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use serde_json::Value;
    use suite::brokers::{LOGIN, PORT};
    use suite::host::{Host, write};
    use suite::plugins;
    use suite::process::{Outcome, run};

    /// The configuration of a monitor: where to send, as whom, and the spool.
    fn configuration(folder: &Path, destination: &str) -> PathBuf {
        let path = folder.join("notify_stomp.ini");
        let (login, passcode) = LOGIN;
        let broker = format!("broker=127.0.0.1:{PORT}\ndestination={destination}\nlogin={login}\npasscode={passcode}\n");
        write(&path, &format!("[notify_stomp]\n{broker}spool={}\n", folder.join("spool").display()));
        path
    }

    /// Runs notify_stomp in a host, with this configuration.
    fn notify(host: &Host, configuration: &Path, arguments: &[&str]) -> Outcome {
        let extra = format!("--extra-opts=@{}", configuration.display());
        let outcome = run(host.command(plugins::binary("notify_stomp")).arg(extra).args(arguments));
        assert_eq!(outcome.stderr, "", "{arguments:?}");
        outcome
    }

    /// The events that so many lines are, as they came.
    fn events(text: &str) -> Vec<BTreeMap<String, Value>> {
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// Asserts that no event is missing, that first copies come in order, and that copies have one id. How many copies there were.
    fn complete(events: &[BTreeMap<String, Value>], last: u64) -> usize {
        let mut seen: BTreeMap<u64, &Value> = BTreeMap::new();
        for event in events {
            let sequence = event["sequence"].as_u64().unwrap();
            match seen.get(&sequence) {
                Some(id) => assert_eq!(**id, event["id"], "event {sequence} has two ids"),
                None => {
                    assert_eq!(sequence, seen.len() as u64 + 1, "event {sequence} out of order, or one before it is missing");
                    seen.insert(sequence, &event["id"]);
                }
            }
        }
        assert_eq!(seen.len() as u64, last);
        events.len() - seen.len()
    }
}
#[cfg(test)]
mod tcp_each_ip {
    mod causes;
    mod load;
    mod monitor;
    mod scheduled;
    mod services;

    use suite::daemon::Daemon;
    use suite::host::{Host, public_folder};
    use suite::needs::Need;
    use suite::plugins;
    use suite::process::{Outcome, run};
    use tempfile::TempDir;

    /// What a test needs that makes hosts.
    const HOSTS: [Need; 3] = [Need::Root, Need::Program("ip"), Need::Program("ss")];

    /// Runs the plugin in a host.
    fn check(host: &Host, arguments: &[&str]) -> Outcome {
        let outcome = run(host.command(plugins::binary("check_tcp_each_ip")).args(arguments));
        assert_eq!(outcome.stderr, "", "{arguments:?}");
        outcome
    }

    /// A host whose eth0 is cabled to the eth0 of a second one. Their link-local addresses, without which neighbours do not find
    /// each other, are there at once.
    fn cabled() -> (Host, Host) {
        let hosts = (Host::create(), Host::create());
        for host in [&hosts.0, &hosts.1] {
            host.sysctl("net/ipv6/conf/all/accept_dad", "0");
            host.sysctl("net/ipv6/conf/default/accept_dad", "0");
        }
        hosts.0.cable("eth0", &hosts.1, "eth0");
        hosts
    }

    /// A monitor at 198.51.100.1 and 2001:db8:51::1, and a server at .2 and ::2 behind which are the first `count` addresses of
    /// 192.0.2.0/24 and, numbered in decimal, of 2001:db8:2::/64.
    fn routed(count: u8) -> (Host, Host) {
        let (monitor, server) = cabled();
        monitor.ip_batch(
            "addr add 198.51.100.1/24 dev eth0\naddr add 2001:db8:51::1/64 dev eth0 nodad\n\
             route add 192.0.2.0/24 via 198.51.100.2\nroute add 2001:db8:2::/64 via 2001:db8:51::2\n",
        );
        let addresses = |number| format!("addr add 192.0.2.{number}/32 dev lo\naddr add 2001:db8:2::{number}/128 dev lo nodad\n");
        let own = "addr add 198.51.100.2/24 dev eth0\naddr add 2001:db8:51::2/64 dev eth0 nodad\n".to_owned();
        server.ip_batch(&(1..=count).map(addresses).fold(own, |batch, lines| batch + &lines));
        (monitor, server)
    }

    /// Opens a port on all addresses of a host, until what is returned is dropped.
    fn listening(host: &Host, port: u16) -> (Daemon, TempDir) {
        let folder = public_folder();
        let mut command = host.command(plugins::binary("open_port"));
        command.arg(port.to_string());
        let listens = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains(&format!("*:{port} "));
        (Daemon::start(&mut command, &folder.path().join("log"), listens), folder)
    }
}

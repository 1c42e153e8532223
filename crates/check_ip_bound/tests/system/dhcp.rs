//! A lease that dhclient got of a real server, and lost.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use suite::host::{Host, bare};
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::{eventually, holds_within};

use super::check;

const NEEDS: [Need; 4] =
    [Need::Root, Need::Program("ip"), Need::Program("dnsmasq"), Need::Program("dhclient")];
/// A name that no interface of the machine has: what dhclient keeps has its name.
const CARD: &str = "soplease0";
const LIMIT: Duration = Duration::from_secs(60);

/// The dhclient of a host, as ifup starts it. Its files are removed in the end.
struct Client<'a>(&'a Host);

impl Client<'_> {
    fn number() -> PathBuf {
        PathBuf::from(format!("/run/dhclient.{CARD}.pid"))
    }

    fn leases() -> PathBuf {
        PathBuf::from(format!("/var/lib/dhcp/dhclient.{CARD}.leases"))
    }

    fn start(&self) {
        let (number, leases) = (Self::number(), Self::leases());
        let mut command = self.0.command("dhclient");
        command.args(["-4", "-nw", "-i", "-pf"]).arg(number).arg("-lf").arg(leases).arg(CARD);
        let started = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(started.success(), "dhclient: {started}");
    }

    fn kill(&self) {
        let number = fs::read_to_string(Self::number()).unwrap();
        run(Command::new("kill").args(["-9", number.trim()]));
        let process = PathBuf::from("/proc").join(number.trim());
        eventually("dhclient ends", LIMIT, || !process.exists());
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        for path in [Self::number(), Self::leases()] {
            let _ = fs::remove_file(path);
        }
    }
}

/// The addresses of the card, each with its prefix length.
fn addresses(host: &Host) -> Vec<String> {
    let shown = host.ip(&["-o", "-4", "addr", "show", "dev", CARD]).stdout;
    let words: Vec<&str> = shown.split_ascii_whitespace().collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs.filter(|(word, _)| **word == "inet").map(|(_, address)| (*address).to_owned()).collect()
}

#[test]
fn a_lease_that_dhclient_lost_is_missing_beside_a_permanent_address() {
    if missing(&NEEDS) {
        return;
    }
    let (host, server) = (bare(), bare());
    host.cable(CARD, &server, "eth0");
    server.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
    host.ip(&["addr", "add", "198.51.100.77/24", "dev", CARD]);
    host.etc("network/interfaces", &format!("auto {CARD}\niface {CARD} inet dhcp\n"));
    let says = |expected: &str| {
        let mut line = String::new();
        let holds = holds_within(LIMIT, || {
            line = check(&host, &["--from=ifupdown"]).first_line().to_owned();
            line.starts_with(&format!("{expected} | "))
        });
        assert!(holds, "expected {expected}, seen {line}");
    };
    let fine = "IP_BOUND OK - 1 address from ifupdown bound and usable, 1 dynamic";
    let lost = |why: &str| {
        format!(
            "IP_BOUND CRITICAL - 1 of 1 address missing: {CARD} has no IPv4 address (DHCP): 198.51.100.77 is no lease{why}"
        )
    };
    // Nothing shows that it is not a lease that never ends.
    says(fine);
    let client = Client(&host);
    client.start();
    says(&lost(" of dhclient"));
    let mut daemon = server
        .command("dnsmasq")
        .args(["-k", "--conf-file=/dev/null", "--port=0", "--interface=eth0", "--bind-interfaces"])
        .args(["--user=root", "--pid-file=", "--leasefile-ro", "--dhcp-range=192.0.2.50,192.0.2.60,1h"])
        .args(["--dhcp-option=3", "--dhcp-option=6", "--no-ping"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("dhclient binds a lease", LIMIT, || addresses(&host).len() == 2);
    says(fine);
    let leased = addresses(&host).into_iter().find(|address| address.starts_with("192.0.2.")).unwrap();
    host.ip(&["addr", "del", &leased, "dev", CARD]);
    says(&lost(" of dhclient"));
    client.kill();
    says(&lost(", dhclient does not run"));
    // Without its leases, another client may have been the one.
    fs::remove_file(Client::leases()).unwrap();
    says(fine);
    // It ends with its host.
    drop(server);
    daemon.wait().unwrap();
}

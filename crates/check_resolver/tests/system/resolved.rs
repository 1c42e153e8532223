//! systemd-resolved, which answers on 127.0.0.53 and asks uplinks of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use suite::daemon::Daemon;
use suite::host::{Host, bare, public_folder, write};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::{Outcome, run};
use suite::tls::{self, Authority};
use tempfile::TempDir;

use super::{Fake, NEEDS, fake_as, host, said, silent};

/// Where systemd-resolved is: `tests/run` unpacks it and names it, since its package would make itself the
/// resolver of the machine.
fn program() -> Option<PathBuf> {
    let named = std::env::var_os("SYSTEMD_RESOLVED").map(PathBuf::from);
    let installed = ["/lib/systemd/systemd-resolved", "/usr/lib/systemd/systemd-resolved"].map(PathBuf::from);
    named.into_iter().chain(installed).find(|path| path.is_file())
}

/// A host whose programs ask 127.0.0.53, and whose own /run is there for what is started by [`Lab::command`].
/// The uplinks are on another one: without a network systemd-resolved asks nothing.
struct Lab {
    host: Host,
    uplinks: Host,
    run: TempDir,
}

impl Lab {
    fn new(uplinks: &[&str]) -> Self {
        let (host, far) = (host(&[], "nameserver 127.0.0.53\noptions edns0 trust-ad\n"), bare());
        host.cable("eth0", &far, "eth0");
        host.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
        for uplink in uplinks {
            far.ip(&["addr", "add", &format!("{uplink}/24"), "dev", "eth0"]);
        }
        let own = |file: &str, line: &str| {
            let text = std::fs::read_to_string(format!("/etc/{file}")).unwrap();
            let is_there = text.lines().any(|line| line.starts_with("systemd-resolve:"));
            host.etc(file, &if is_there { text } else { text + line });
        };
        own("passwd", "systemd-resolve:x:64990:64990::/:/usr/sbin/nologin\n");
        own("group", "systemd-resolve:x:64990:\n");
        let settings = "FallbackDNS=\nDNSSEC=no\nMulticastDNS=no\nLLMNR=no\nCache=no\n";
        host.etc("systemd/resolved.conf", &format!("[Resolve]\nDNS={}\n{settings}", uplinks.join(" ")));
        let run = public_folder();
        std::fs::create_dir(run.path().join("systemd")).unwrap();
        Self { host, uplinks: far, run }
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.host.command("sh");
        command.args(["-c", "mount --bind \"$0\" /run && exec \"$@\""]).arg(self.run.path());
        command.arg(program.as_ref());
        command
    }

    fn start(&self) -> Daemon {
        let mut command = self.command(program().unwrap());
        command.env("SYSTEMD_LOG_TARGET", "console");
        let listed = self.run.path().join("systemd/resolve/resolv.conf");
        let log = self.run.path().join("log");
        Daemon::start(&mut command, &log, |_| {
            let listens = run(self.host.command("ss").args(["-Hlun"])).stdout.contains("127.0.0.53%lo:53");
            listens && std::fs::read_to_string(&listed).is_ok_and(|text| text.contains("nameserver "))
        })
    }

    fn outcome(&self) -> Outcome {
        let mut command = self.command(plugins::binary("check_resolver"));
        run(command.arg("--name=www.example.com"))
    }

    fn said(&self) -> (i32, String) {
        said(&self.outcome())
    }
}

#[test]
fn its_uplinks_are_asked_too() {
    if missing(&NEEDS) || missing(&[Need::Program("ss")]) {
        return;
    }
    if program().is_none() {
        missing(&[Need::Program("systemd-resolved")]);
        return;
    }
    let lab = Lab::new(&["192.0.2.53", "192.0.2.54"]);
    let first = fake_as(&lab.uplinks, "good", "192.0.2.53:53");
    let second = fake_as(&lab.uplinks, "good", "192.0.2.54:53");
    let _resolved = lab.start();
    assert_eq!(lab.said(), (0, "OK - 1 nameserver resolves 1 name".to_owned()));
    drop(second);
    let line = "WARNING - uplink 192.0.2.54 of 127.0.0.53: refused: nothing listens there";
    assert_eq!(lab.said(), (1, line.to_owned()));
    drop(first);
    let _dead = ["192.0.2.53:53", "192.0.2.54:53"].map(|address| silent(&lab.uplinks, address));
    let (code, line) = lab.said();
    let start = "CRITICAL - 1 of 1 nameserver fails: 127.0.0.53 no answer, this system takes longer than ";
    let end = " s, all 2 uplinks of 127.0.0.53 fail: 192.0.2.53, 192.0.2.54 no answer";
    assert!(code == 2 && line.starts_with(start) && line.ends_with(end), "{line}");
}

/// A host with a stub on both of its addresses, and a list of uplinks on which nothing listens.
struct Closed {
    lab: Lab,
    /// The list of the uplinks.
    list: PathBuf,
    stubs: [Fake; 2],
}

/// The end of a line where plain DNS need not be answered.
const TLS: &str = ", the uplinks of 127.0.0.54 use TLS: no answer to plain DNS is not a failure";
/// A part of a line where it should be.
const CLOSED: &str = "WARNING - all 2 uplinks of 127.0.0.54 fail: ";

impl Closed {
    fn new() -> Self {
        let lab = Lab::new(&["192.0.2.53", "192.0.2.54"]);
        let folder = lab.run.path().join("systemd/resolve");
        std::fs::create_dir(&folder).unwrap();
        let list = folder.join("resolv.conf");
        std::fs::write(&list, "nameserver 192.0.2.53\nnameserver 192.0.2.54\n").unwrap();
        lab.host.etc("resolv.conf", "nameserver 127.0.0.54\n");
        let stubs = ["127.0.0.53:53", "127.0.0.54:53"].map(|address| fake_as(&lab.host, "good", address));
        Self { lab, list, stubs }
    }
}

#[test]
fn uplinks_that_are_not_known_are_told() {
    if missing(&NEEDS) {
        return;
    }
    let Closed { lab, list: file, stubs: _stubs } = Closed::new();
    std::fs::remove_file(&file).unwrap();
    let path = "/run/systemd/resolve/resolv.conf";
    let rows = [
        (None, format!("{path} is missing")),
        (Some(""), format!("no nameserver in {path}")),
        (Some("nameserver 127.0.0.53\n"), format!("{path} lists only 127.0.0.53")),
    ];
    for (content, why) in rows {
        content.iter().for_each(|content| std::fs::write(&file, content).unwrap());
        for stub in ["127.0.0.53", "127.0.0.54"] {
            lab.host.etc("resolv.conf", &format!("nameserver {stub}\n"));
            let outcome = lab.outcome();
            let (code, line) = outcome.summary();
            let end = format!(", the uplinks of {stub} are not known: {why}");
            assert!(code == 0 && line.ends_with(&end), "{line}");
        }
    }
}

#[test]
fn uplinks_without_plain_dns_may_be_those_of_tls_by_the_settings() {
    if missing(&NEEDS) {
        return;
    }
    let Closed { lab, .. } = &Closed::new();
    for (main, drop_in, is_tls) in [
        ("yes", "", true),
        ("opportunistic", "", false),
        ("yes", "[Resolve]\nDNSOverTLS=no\n", false),
        ("no", "[Resolve]\nDNSOverTLS=true\n", true),
    ] {
        lab.host.etc("systemd/resolved.conf", &format!("[Resolve]\nDNSOverTLS={main}\n"));
        lab.host.etc("systemd/resolved.conf.d/tls.conf", drop_in);
        let outcome = lab.outcome();
        let (code, line) = outcome.summary();
        assert!(
            if is_tls { code == 0 && line.ends_with(TLS) } else { code == 1 && line.contains(CLOSED) },
            "{line}"
        );
    }
}

#[test]
fn uplinks_without_plain_dns_may_be_those_of_tls_by_their_links() {
    if missing(&NEEDS) {
        return;
    }
    let Closed { lab, .. } = &Closed::new();
    lab.host.etc("systemd/resolved.conf", "");
    // As systemd-networkd 252 notes a link with `DNSOverTLS=yes` and two servers.
    let links = lab.run.path().join("systemd/netif/links");
    std::fs::create_dir_all(&links).unwrap();
    let link = |servers: &str, setting: &str| {
        let start = "# This is private data. Do not parse.\nADMIN_STATE=configured\nOPER_STATE=routable\n";
        let text = format!("{start}DNS={servers}\nNTP=\nMDNS=no\n{setting}");
        std::fs::write(links.join("3"), text).unwrap();
    };
    link("192.0.2.53#dns.example 192.0.2.54", "DNS_OVER_TLS=yes\n");
    assert!(lab.outcome().summary().1.ends_with(TLS));
    for (servers, setting) in [("192.0.2.53 192.0.2.54", ""), ("192.0.2.53", "DNS_OVER_TLS=opportunistic\n")]
    {
        link(servers, setting);
        assert!(lab.outcome().summary().1.contains(CLOSED), "{servers} {setting}");
    }
    link("192.0.2.53", "DNS_OVER_TLS=yes\n");
    let line = "WARNING - uplink 192.0.2.54 of 127.0.0.54: ";
    let outcome = lab.outcome();
    assert!(outcome.summary().1.contains(line), "{outcome:?}");
}

#[test]
fn uplinks_that_refuse_are_told_whatever_the_settings() {
    if missing(&NEEDS) {
        return;
    }
    let Closed { lab, stubs, .. } = Closed::new();
    lab.host.etc("systemd/resolved.conf", "");
    let _refuse = ["192.0.2.53:53", "192.0.2.54:53"].map(|address| fake_as(&lab.uplinks, "refused", address));
    let fail = "all 2 uplinks of 127.0.0.54 fail: 192.0.2.53, 192.0.2.54 REFUSED";
    assert_eq!(lab.said(), (1, format!("WARNING - {fail}")));
    lab.host.etc("systemd/resolved.conf", "[Resolve]\nDNSOverTLS=yes\n");
    assert_eq!(lab.said(), (1, format!("WARNING - {fail}")));
    drop(stubs);
    let both =
        "1 of 1 nameserver fails: 127.0.0.54 refused: nothing listens there, this system does not resolve";
    assert_eq!(lab.said(), (2, format!("CRITICAL - {both}, {fail}")));
}

/// The real pair: systemd-resolved asks unbound by TLS, and a firewall lets no plain DNS through.
#[test]
fn an_uplink_that_is_asked_by_tls_alone_serves() {
    let needs = [Need::Program("ss"), Need::Program("unbound"), Need::Program("nft")];
    if missing(&NEEDS) || missing(&needs) || missing(&tls::NEEDS) {
        return;
    }
    if program().is_none() {
        missing(&[Need::Program("systemd-resolved")]);
        return;
    }
    let lab = Lab::new(&["192.0.2.53"]);
    let authority = Authority::create("uplinks");
    let pair = authority.sign("uplink", "subjectAltName=IP:192.0.2.53");
    let hash =
        run(Command::new("openssl").args(["x509", "-hash", "-noout", "-in"]).arg(authority.path("ca.pem")));
    let trusted = std::fs::read_to_string(authority.path("ca.pem")).unwrap();
    lab.host.etc(&format!("ssl/certs/{}.0", hash.stdout.trim()), &trusted);
    let settings =
        "[Resolve]\nDNS=192.0.2.53\nFallbackDNS=\nDNSSEC=no\nMulticastDNS=no\nLLMNR=no\nCache=no\n";
    lab.host.etc("systemd/resolved.conf", &format!("{settings}DNSOverTLS=yes\n"));
    let conf = authority.path("unbound.conf");
    let files = [&pair.key, &pair.certificate].map(|path| path.display().to_string());
    write(
        &conf,
        &format!(
            "server:\ninterface: 192.0.2.53@853\naccess-control: 192.0.2.0/24 allow\nusername: \"\"\nchroot: \"\"\n\
             pidfile: \"\"\nuse-syslog: no\ndo-daemonize: no\ntls-service-key: {}\ntls-service-pem: {}\n\
             local-zone: \"example.com.\" static\nlocal-data: \"www.example.com. A 192.0.2.80\"\n\
             remote-control:\ncontrol-enable: no\n",
            files[0], files[1]
        ),
    );
    let mut command = lab.uplinks.command("unbound");
    command.arg("-d").arg("-c").arg(&conf);
    let unbound = Daemon::start(&mut command, &authority.path("unbound.log"), |_| {
        run(lab.uplinks.command("ss").args(["-Hltn"])).stdout.contains("192.0.2.53:853")
    });
    let firewall = lab
        .uplinks
        .command("nft")
        .arg(
            "add table inet f; add chain inet f in { type filter hook input priority 0; }; \
         add rule inet f in udp dport 53 reject with icmpx admin-prohibited; \
         add rule inet f in tcp dport 53 reject with icmpx admin-prohibited",
        )
        .status();
    assert!(firewall.unwrap().success());
    let _resolved = lab.start();
    let outcome = lab.outcome();
    let (code, line) = outcome.summary();
    let end = ", the uplinks of 127.0.0.53 use TLS: no answer to plain DNS is not a failure";
    assert!(code == 0 && line.ends_with(end), "{outcome:?}");
    drop(unbound);
    let outcome = lab.outcome();
    let (code, line) = outcome.summary();
    assert!(code == 2 && line.contains("1 of 1 nameserver fails: 127.0.0.53 "), "{outcome:?}");
}

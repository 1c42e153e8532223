//! Real nameservers: named as the authority of a plain and of a signed zone, unbound and dnsmasq as
//! resolvers, well and not well.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use suite::daemon::Daemon;
use suite::host::{Host, public_folder, write};
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::eventually;
use tempfile::TempDir;

use super::{NEEDS, check, host, said};

const SERVERS: [Need; 4] =
    [Need::Program("named"), Need::Program("unbound"), Need::Program("dnsmasq"), Need::Program("dig")];
const AUTHORITY: &str = "127.0.0.2";

/// A host with an authority, and a folder for what runs there.
struct Lab {
    authority: Option<Daemon>,
    host: Host,
    folder: TempDir,
}

impl Lab {
    fn start() -> Self {
        let (host, folder) = (host(&[AUTHORITY], ""), public_folder());
        let mut lab = Self { authority: None, host, folder };
        lab.authority = Some(lab.named());
        lab
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// named with the zones plain.test and signed.test, which it signs itself.
    fn named(&self) -> Daemon {
        let zone = "$TTL 60\n@ SOA ns root 1 60 60 600 60\n@ NS ns\nns A 127.0.0.2\nwww A 192.0.2.80\n\
                    *.wild A 192.0.2.81\nonly6 AAAA 2001:db8::80\n";
        write(Path::new(&self.path("zone")), zone);
        write(Path::new(&self.path("signed")), zone);
        let folder = self.folder.path().display();
        let conf = format!(
            "options {{ directory \"{folder}\"; pid-file none; session-keyfile none; recursion no; dnssec-validation no; \
             listen-on {{ {AUTHORITY}; }}; listen-on-v6 {{ none; }}; managed-keys-directory \"{folder}\"; }};\n\
             controls {{ }};\n\
             zone \"plain.test\" {{ type primary; file \"zone\"; }};\n\
             zone \"signed.test\" {{ type primary; file \"signed\"; dnssec-policy default; inline-signing yes; \
             key-directory \"{folder}\"; }};\n"
        );
        write(Path::new(&self.path("named.conf")), &conf);
        let mut command = self.host.command("named");
        command.args(["-g", "-c", &self.path("named.conf")]);
        let daemon = self.start_server(&mut command, "named", AUTHORITY);
        let signed = || self.dig(AUTHORITY, &["+dnssec", "www.signed.test"]).contains("RRSIG");
        eventually("named signs its zone", Duration::from_secs(20), signed);
        daemon
    }

    fn dig(&self, server: &str, arguments: &[&str]) -> String {
        let at = format!("@{server}");
        run(self.host.command("dig").args([&at[..], "+time=1", "+tries=1"]).args(arguments)).stdout
    }

    fn start_server(&self, command: &mut std::process::Command, name: &str, address: &str) -> Daemon {
        let log = self.folder.path().join(format!("{name}.log"));
        Daemon::start(command, &log, |_| {
            self.dig(address, &["version.bind", "chaos", "txt"]).contains("status: ")
        })
    }

    /// unbound, which asks the authority for both zones and trusts the signed one's key, with these further
    /// lines.
    fn unbound(&self, address: &str, lines: &str) -> Daemon {
        let keys = self.dig(AUTHORITY, &["+noall", "+answer", "DNSKEY", "signed.test"]);
        let anchors: String = keys
            .lines()
            .filter(|line| line.contains("DNSKEY"))
            .map(|line| format!("trust-anchor: \"{}\"\n", line.replace('\t', " ")))
            .collect();
        assert!(!anchors.is_empty(), "named has no keys: {keys}");
        let zones: String = ["plain.test", "signed.test"]
            .iter()
            .map(|zone| format!("stub-zone:\nname: {zone}\nstub-addr: {AUTHORITY}\n"))
            .collect();
        let conf = format!(
            "server:\ninterface: {address}\nusername: \"\"\nchroot: \"\"\npidfile: \"\"\nuse-syslog: no\n\
             do-daemonize: no\ndo-not-query-localhost: no\nlocal-zone: \"test.\" nodefault\n\
             domain-insecure: \"plain.test\"\nede: yes\nmodule-config: \"validator iterator\"\n\
             {anchors}{lines}\nremote-control:\ncontrol-enable: no\n{zones}"
        );
        let path = self.path(&format!("unbound-{address}"));
        write(Path::new(&path), &conf);
        let mut command = self.host.command("unbound");
        command.args(["-d", "-c", &path]);
        self.start_server(&mut command, &format!("unbound-{address}"), address)
    }

    fn dnsmasq(&self, address: &str, more: &[&str]) -> Daemon {
        let mut command = self.host.command("dnsmasq");
        let listen = format!("--listen-address={address}");
        let fixed =
            ["-k", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--user=root"];
        command.args(fixed).args([&listen, "--pid-file="]).args(more);
        self.start_server(&mut command, &format!("dnsmasq-{address}"), address)
    }

    fn said(&self, server: &str, question: &str) -> String {
        let server = format!("--server={server}");
        let arguments: Vec<&str> = std::iter::once(&server[..]).chain(question.split(' ')).collect();
        let outcome = check(&self.host, &arguments);
        said(&outcome).1
    }

    /// A line may end in one way or another, by the version of the server.
    fn hold(&self, rows: &[(&str, &str, &str)]) {
        for (server, question, line) in rows {
            let lines: Vec<String> = line.split('|').map(|line| line.replace('@', server)).collect();
            let said = self.said(server, question);
            assert!(lines.contains(&said), "{question}: {said}, not {lines:?}");
        }
    }
}

const GOOD: &str = "OK - 1 nameserver resolves 1 name";
const AS_EXPECTED: &str = "OK - 1 nameserver answers 1 question as expected";

#[test]
fn resolvers_that_are_well_and_an_authority() {
    if missing(&NEEDS) || missing(&SERVERS) {
        return;
    }
    let lab = Lab::start();
    // The authority refuses a zone that is not its own, and unbound cannot resolve it.
    let _unbound = lab.unbound("127.0.0.3", "stub-zone:\nname: lame.test\nstub-addr: 127.0.0.2\n");
    let _dnsmasq = lab.dnsmasq("127.0.0.5", &[&format!("--server={AUTHORITY}")]);
    lab.hold(&[
        ("127.0.0.3", "--name=www.plain.test", GOOD),
        ("127.0.0.3", "--name=only6.plain.test", GOOD),
        ("127.0.0.3", "--name=*.wild.plain.test=192.0.2.81", GOOD),
        ("127.0.0.3", "--name=plain.test/SOA", GOOD),
        ("127.0.0.3", "--absent=plain.test", AS_EXPECTED),
        (
            "127.0.0.3",
            "--absent=wild.plain.test",
            "CRITICAL - 1 of 1 nameserver fails: @ invents an answer for a name that does not exist",
        ),
        ("127.0.0.3", "--name=www.signed.test", GOOD),
        ("127.0.0.3", "--secure=www.signed.test", AS_EXPECTED),
        (
            "127.0.0.3",
            "--secure=www.plain.test",
            "CRITICAL - 1 of 1 nameserver fails: @ answers, but not as validated (AD=0)",
        ),
        (
            "127.0.0.3",
            "--bogus=www.signed.test",
            "UNKNOWN - www.signed.test proves nothing: validated (AD=1), name one with a broken signature",
        ),
        (
            "127.0.0.3",
            "--bogus=www.lame.test",
            "UNKNOWN - www.lame.test proves nothing: SERVFAIL, its zone or the nameserver fails, add a --name",
        ),
        (
            "127.0.0.3",
            "--secure=www.signed.test --bogus=www.plain.test",
            "UNKNOWN - www.plain.test proves nothing: not signed, name one with a broken signature",
        ),
        ("127.0.0.5", "--bogus=www.signed.test", "CRITICAL - 1 of 1 nameserver fails: @ does not validate DNSSEC"),
        ("127.0.0.5", "--name=www.plain.test", GOOD),
        (
            "127.0.0.5",
            "--secure=www.signed.test",
            "CRITICAL - 1 of 1 nameserver fails: @ answers, but not as validated (AD=0)",
        ),
        (AUTHORITY, "--name=www.plain.test", "CRITICAL - 1 of 1 nameserver fails: @ does not recurse"),
        (
            AUTHORITY,
            "--name=www.example.com",
            "CRITICAL - 1 of 1 nameserver fails: @ REFUSED|\
             CRITICAL - 1 of 1 nameserver fails: @ REFUSED (not authoritative)",
        ),
    ]);
}

#[test]
fn resolvers_that_are_not_well() {
    if missing(&NEEDS) || missing(&SERVERS) {
        return;
    }
    let mut lab = Lab::start();
    let _late = lab.unbound("127.0.0.4", "val-override-date: \"20280101000000\"");
    let _early = lab.unbound("127.0.0.8", "val-override-date: \"20200101000000\"");
    let _closed = lab.unbound("127.0.0.7", "access-control: 127.0.0.0/8 refuse");
    let _open = lab.unbound("127.0.0.3", "");
    let _alone = lab.dnsmasq("127.0.0.6", &[]);
    let by = |cause: &str| {
        format!("CRITICAL - 1 of 1 nameserver fails: @ SERVFAIL by DNSSEC{cause} or the clock is off")
    };
    // unbound 1.17 tells the cause once, and not the true one; 1.26 tells it each time.
    let once = |cause: &str| [by(" (DNSKEY missing)"), by(cause)].join("|");
    let again = |cause: &str| [by(""), by(cause)].join("|");
    let (expired, early) = (" (signature expired)", " (signature not yet valid)");
    lab.hold(&[
        ("127.0.0.4", "--secure=www.signed.test", &once(expired)),
        ("127.0.0.4", "--secure=www.signed.test", &again(expired)),
        ("127.0.0.8", "--secure=www.signed.test", &once(early)),
        ("127.0.0.8", "--secure=www.signed.test", &again(early)),
        ("127.0.0.4", "--bogus=www.signed.test", AS_EXPECTED),
        ("127.0.0.4", "--name=www.plain.test", GOOD),
        ("127.0.0.7", "--name=www.plain.test", "CRITICAL - 1 of 1 nameserver fails: @ REFUSED (prohibited)"),
        ("127.0.0.6", "--name=www.plain.test", "CRITICAL - 1 of 1 nameserver fails: @ REFUSED (not ready)"),
        ("127.0.0.3", "--name=www.plain.test/A", GOOD),
    ]);
    let both = ["--server=127.0.0.3", "--server=127.0.0.7", "--closed", "--name=www.plain.test"];
    let line = "CRITICAL - 1 of 2 servers resolve for strangers: 127.0.0.3";
    assert_eq!(said(&check(&lab.host, &both)), (2, line.to_owned()));
    assert_eq!(said(&check(&lab.host, &both[1..])), (0, "OK - 1 server refuses strangers".to_owned()));
    // What the cache holds still resolves without the authority, and proves nothing.
    lab.authority = None;
    assert_eq!(lab.said("127.0.0.3", "--name=www.plain.test/A"), GOOD);
    let fresh = lab.said("127.0.0.3", "--name=*.wild.plain.test/A");
    assert!(fresh.starts_with("CRITICAL - 1 of 1 nameserver fails: 127.0.0.3 "), "{fresh}");
}

/// That names without a signature resolve shows nothing of the clock, and nothing of what is blocked.
#[test]
fn other_names_acquit_no_resolver_that_fails_by_itself() {
    if missing(&NEEDS) || missing(&SERVERS) {
        return;
    }
    let lab = Lab::start();
    let lines = |name: &str| format!("local-zone: \"{name}.plain.test.\" ");
    let late = "val-override-date: \"20280101000000\"\n".to_owned();
    let late = late + &lines("ns") + "refuse\n" + &lines("www") + "always_nxdomain\n";
    let _resolvers = ["127.0.0.3", "127.0.0.4"].map(|address| lab.unbound(address, &late));
    let servers = ["--server=127.0.0.3", "--server=127.0.0.4", "--name=*.wild.plain.test/A"];
    let fails = "CRITICAL - 2 of 2 nameservers fail: 127.0.0.3, 127.0.0.4";
    let perhaps = "perhaps its zone, or the clock is off: add a --secure of another zone";
    // The cause is told once.
    check(&lab.host, &[&servers[..], &["--secure=www.signed.test"]].concat());
    let rows = [
        (
            "--name=www.signed.test/A",
            1,
            format!("WARNING - www.signed.test fails on all 2 nameservers (SERVFAIL by DNSSEC), {perhaps}"),
        ),
        (
            "--secure=www.signed.test",
            2,
            format!("{fails} www.signed.test SERVFAIL by DNSSEC or the clock is off"),
        ),
        ("--name=ns.plain.test/A", 2, format!("{fails} ns.plain.test REFUSED")),
        ("--name=www.plain.test/A", 2, format!("{fails} www.plain.test NXDOMAIN (authoritative)")),
    ];
    for (name, code, line) in rows {
        let (exit, found) = said(&check(&lab.host, &[&servers[..], &[name]].concat()));
        // unbound 1.26 tells the cause each time.
        assert_eq!((exit, found.replace(" (signature expired)", "")), (code, line), "{name}");
    }
}

/// Resolvers that have lost their way out answer what they know.
#[test]
fn a_cache_does_not_acquit_resolvers() {
    if missing(&NEEDS) || missing(&SERVERS) {
        return;
    }
    let lab = Lab::start();
    let _resolvers = ["127.0.0.3", "127.0.0.4"].map(|address| lab.unbound(address, ""));
    let ask = |names: &[&str]| {
        let servers = ["--server=127.0.0.3", "--server=127.0.0.4"];
        said(&check(&lab.host, &[&servers, names].concat()))
    };
    assert_eq!(ask(&["--name=www.plain.test"]).0, 0);
    let authority = Pid::from_raw(lab.authority.as_ref().unwrap().id().try_into().unwrap()).unwrap();
    kill_process(authority, Signal::STOP).unwrap();
    let (code, line) = ask(&["--name=www.plain.test", "--name=ns.plain.test"]);
    kill_process(authority, Signal::CONT).unwrap();
    let (start, end) = (
        "WARNING - ns.plain.test fails on all 2 nameservers (",
        "), other names may come from caches: perhaps its zone",
    );
    assert!(code == 1 && line.starts_with(start) && line.ends_with(end), "{line}");
}

/// unbound gives what it kept, also while it can refresh it, and then asks.
#[test]
fn a_resolver_that_serves_expired_answers_has_lost_its_way_out() {
    if missing(&NEEDS) || missing(&SERVERS) {
        return;
    }
    let lab = Lab::start();
    // It gives the old answer at once (unbound 1.17), or when the new one has kept it waiting (1.26).
    let _resolvers = [("127.0.0.3", "0"), ("127.0.0.4", "1800")].map(|(address, millis)| {
        let lines = format!(
            "cache-max-ttl: 1\nserve-expired: yes\nede-serve-expired: yes\nserve-expired-client-timeout: {millis}\n"
        );
        lab.unbound(address, &lines)
    });
    let ask = |server: &str| lab.said(server, "--name=www.plain.test/A");
    assert_eq!([ask("127.0.0.3"), ask("127.0.0.4")], [GOOD; 2]);
    let is_stale = || lab.dig("127.0.0.3", &["www.plain.test"]).contains("EDE: 3 ");
    eventually("its answer expires", Duration::from_secs(10), is_stale);
    assert_eq!([ask("127.0.0.3"), ask("127.0.0.4")], [GOOD; 2]);
    let authority = Pid::from_raw(lab.authority.as_ref().unwrap().id().try_into().unwrap()).unwrap();
    kill_process(authority, Signal::STOP).unwrap();
    for server in ["127.0.0.3", "127.0.0.4"] {
        let line = format!("WARNING - {server}: stale answer, its upstream fails");
        eventually("it has lost its way out", Duration::from_secs(20), || ask(server) == line);
    }
    kill_process(authority, Signal::CONT).unwrap();
}

/// NXDOMAIN alone does not show that a server asks others.
#[test]
fn a_server_that_calls_every_name_missing_proves_nothing() {
    if missing(&NEEDS) || missing(&SERVERS) {
        return;
    }
    let lab = Lab::start();
    let _servers = ["127.0.0.6", "127.0.0.7"].map(|address| lab.dnsmasq(address, &["--address=/#/"]));
    let outcome = check(&lab.host, &["--server=127.0.0.6", "--absent=plain.test"]);
    let note = ", NXDOMAIN may come from the nameserver itself: add a --name";
    assert!(outcome.code == Some(0) && outcome.first_line().contains(note), "{}", outcome.stdout);
    let both = ["--server=127.0.0.6", "--server=127.0.0.7", "--absent=plain.test", "--name=www.signed.test"];
    let line = "CRITICAL - 2 of 2 nameservers fail: 127.0.0.6, 127.0.0.7 www.signed.test NXDOMAIN";
    assert_eq!(said(&check(&lab.host, &both)), (2, line.to_owned()));
    let line = "CRITICAL - 1 of 1 nameserver fails: 127.0.0.2 does not recurse";
    assert_eq!(lab.said(AUTHORITY, "--absent=plain.test"), line);
    // These know the name that must not exist by themselves, and have no server to ask.
    let _local = ["127.0.0.8", "127.0.0.9"].map(|address| lab.dnsmasq(address, &["--local=/nx.test/"]));
    let both = ["--server=127.0.0.8", "--server=127.0.0.9", "--absent=nx.test", "--name=www.plain.test"];
    let line = "CRITICAL - 2 of 2 nameservers fail: 127.0.0.8, 127.0.0.9 www.plain.test REFUSED (not ready)";
    assert_eq!(said(&check(&lab.host, &both)), (2, line.to_owned()));
}

//! Through NRPE as user nagios, with the shipped configuration; and beside the checks that report OK.

use std::fs;

use suite::needs::{Need, missing, program};
use suite::nrpe::{self, Nrpe};
use suite::plugins;
use suite::process::run;

use super::{NEEDS, check, fake_as, host, said, silent};

#[test]
fn a_host_checks_its_own_nameservers_through_nrpe() {
    if missing(&nrpe::NEEDS) {
        return;
    }
    let host = host(&["192.0.2.53", "192.0.2.54"], "nameserver 192.0.2.53\nnameserver 192.0.2.54\n");
    let shipped = fs::read_to_string(plugins::workspace().join("nrpe-config/nrpe.ini")).unwrap();
    host.etc("silent-outage/nrpe.ini", &shipped);
    let nrpe = Nrpe::start(&host, "");
    let line = "RESOLVER UNKNOWN - no name: give one that must resolve by --name, as in --name=www.example.com \
                ([check_resolver] of /etc/silent-outage/nrpe.ini is empty), see --help";
    assert_eq!(nrpe.check("check_resolver", &[]).verdict(), (3, line));
    let named = shipped.replacen("#name=www.example.com", "name=www.example.com", 1);
    assert_ne!(named, shipped);
    host.etc("silent-outage/nrpe.ini", &named);
    let _second = fake_as(&host, "good", "192.0.2.54:53");
    let ask = || said(&nrpe.check("check_resolver", &[]));
    {
        let _first = fake_as(&host, "good", "192.0.2.53:53");
        assert_eq!(ask(), (0, "OK - 2 nameservers resolve 1 name".to_owned()));
    }
    let _first = silent(&host, "192.0.2.53:53");
    let (code, line) = ask();
    let start = "WARNING - 1 of 2 nameservers fails: 192.0.2.53 no answer, a name takes 5.";
    assert!(code == 1 && line.starts_with(start), "{line}");
}

/// check_dns asks the next nameserver, and takes an authority for a resolver; none reads nsswitch.conf.
#[test]
fn other_checks_report_these_outages_as_ok() {
    let peers = ["check_dns", "check_dig", "dig", "kdig"];
    if missing(&NEEDS) || missing(&peers.map(Need::Program)) {
        return;
    }
    let rows = [
        ("refused", "files dns", 1, "WARNING - 1 of 2 nameservers fails: 192.0.2.54 REFUSED"),
        ("ra0", "files dns", 1, "WARNING - 1 of 2 nameservers fails: 192.0.2.54 does not recurse"),
        (
            "good",
            "files",
            2,
            "CRITICAL - the nameservers resolve, this system does not: hosts is files in nsswitch.conf",
        ),
    ];
    for (does, sources, code, line) in rows {
        let host = host(&["192.0.2.53", "192.0.2.54"], "nameserver 192.0.2.53\nnameserver 192.0.2.54\n");
        host.etc("nsswitch.conf", &format!("hosts: {sources}\n"));
        let _servers = (fake_as(&host, "good", "192.0.2.53:53"), fake_as(&host, does, "192.0.2.54:53"));
        // On a busy machine a peer may give up before its answer has come.
        let ask = |peer: &str, arguments: &[&str]| {
            let codes = (0..3).map(|_| run(host.command(program(peer).unwrap()).args(arguments)).code);
            codes.min()
        };
        assert_eq!(ask("check_dns", &["-H", "www.example.com"]), Some(Some(0)), "{line}");
        assert_eq!(ask("check_dig", &["-H", "192.0.2.53", "-l", "www.example.com"]), Some(Some(0)), "{line}");
        for dig in ["dig", "kdig"] {
            let said = run(host.command(dig).args(["+short", "www.example.com"]));
            assert_eq!((said.code, said.stdout.as_str()), (Some(0), "192.0.2.80\n"), "{dig} {line}");
        }
        assert_eq!(said(&check(&host, &["--name=www.example.com"])), (code, line.to_owned()));
    }
}

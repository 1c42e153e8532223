//! What programs here get from elsewhere than the first nameserver: from a later one, the hosts file, or the
//! search list. It does not hide what is wrong.

use suite::needs::{Need, missing};
use suite::process::run;

use super::{NEEDS, check, fake, fake_as, host, said, silent};

const THREE: [&str; 3] = ["192.0.2.53", "192.0.2.54", "192.0.2.55"];
const TWO: &str = "nameserver 192.0.2.53\nnameserver 192.0.2.54\n";

#[test]
fn programs_stop_at_the_first_answer() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&THREE, TWO);
    let _servers = (fake_as(&host, "nxdomain", "192.0.2.53:53"), fake(&host, "192.0.2.54:53"));
    host.etc("hosts", "192.0.2.80 good.test\n");
    let line =
        "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 NXDOMAIN, and programs here stop at its answer";
    for options in [&["--name=good.test/A"][..], &["--name=good.test/A", "-c", "1"]] {
        assert_eq!(said(&check(&host, options)), (2, line.to_owned()), "{options:?}");
    }
    // The first nameserver that answers is the second one.
    host.etc("resolv.conf", &format!("nameserver 192.0.2.55\n{TWO}"));
    let line = "CRITICAL - 2 of 3 nameservers fail: 192.0.2.55 refused: nothing listens there, 192.0.2.53 NXDOMAIN, \
                and programs here stop at the answer of 192.0.2.53";
    let options = ["--name=good.test/A", "--no-system", "-w", "2"];
    assert_eq!(said(&check(&host, &options)), (2, line.to_owned()));
}

#[test]
fn an_address_by_the_search_list_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let conf = "nameserver 192.0.2.53\nsearch wild.test\noptions ndots:5\n";
    let host = host(&THREE[..1], conf);
    let _server = fake(&host, "192.0.2.53:53");
    let note = "perhaps from the search list of resolv.conf, asked first (ndots:5)";
    let outcome = check(&host, &["--name=searched.example.com/A"]);
    let (line, _) = outcome.first_line().split_once(" | ").unwrap();
    let end = format!(" s, this system has 192.0.2.90, {note}");
    assert!(outcome.code == Some(0) && line.ends_with(&end), "{line}");
    let line = format!("CRITICAL - this system answers 192.0.2.90, which is not expected: {note}");
    assert_eq!(said(&check(&host, &["--name=searched.example.com/A=192.0.2.80"])), (2, line));
}

/// After NXDOMAIN and after an answer without an address the C library goes on with the search list: what it
/// finds there shows nothing of full names, also where other sources are asked before.
#[test]
fn the_search_list_does_not_make_up_for_the_only_nameserver() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&THREE[..1], "nameserver 192.0.2.53\nsearch wild.test\n");
    let _server = fake(&host, "192.0.2.53:53");
    let same = "this system resolves it all the same: perhaps from the search list of resolv.conf";
    for sources in ["files dns", "files sss mymachines dns myhostname"] {
        host.etc("nsswitch.conf", &format!("hosts: {sources}\n"));
        for (name, answer) in [
            ("searched-nxdomain.example.com", "NXDOMAIN"),
            ("searched-nodata.example.com", "no A record (NODATA)"),
        ] {
            let getent = run(host.command("getent").args(["ahosts", name]));
            assert!(getent.stdout.starts_with("192.0.2.90 "), "{sources} {name}: {getent:?}");
            let line = format!("CRITICAL - 1 of 1 nameserver fails: 192.0.2.53 {answer}, {same}");
            let name = format!("--name={name}/A");
            assert_eq!(said(&check(&host, &[&name, "-c", "1"])), (2, line), "{sources} {name}");
        }
    }
}

#[test]
fn the_hosts_file_shows_nothing_of_other_names() {
    if missing(&NEEDS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let host = host(&THREE[..1], "nameserver 192.0.2.53\n");
    let _server = fake(&host, "192.0.2.53:53");
    host.etc("hosts", "192.0.2.80 good.test\n");
    host.etc("nsswitch.conf", "hosts: files\n");
    let line = "CRITICAL - this system asks no nameserver, and has good.test from /etc/hosts: \
                hosts is files in nsswitch.conf";
    assert_eq!(said(&check(&host, &["--name=good.test/A"])), (2, line.to_owned()));
    host.etc("nsswitch.conf", "hosts: files dns\n");
    let rules = "add table inet x; add chain inet x o { type filter hook output priority 0; }; \
                 add rule inet x o udp dport 53 drop";
    assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
    let line = "CRITICAL - no question could be sent: prohibited here, this system resolves it all the same: \
                from /etc/hosts";
    assert_eq!(said(&check(&host, &["--name=good.test/A"])), (2, line.to_owned()));
}

/// How long programs wait is a fault of its own, however many nameservers may fail.
#[test]
fn a_long_wait_is_told_whatever_the_limits_allow() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&THREE[..2], TWO);
    let (_dead, _server) = (silent(&host, "192.0.2.53:53"), fake(&host, "192.0.2.54:53"));
    let (code, line) = said(&check(&host, &["--name=good.test/A", "-w", "1"]));
    let start = "WARNING - 1 of 2 nameservers fails: 192.0.2.53 no answer, a name takes 5.";
    assert!(code == 1 && line.starts_with(start), "{line}");
}

//! Which authorities a certificate may lead to: as `openssl verify` says it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use net::tls::{Authorities, Fault, parse_certificates};
use suite::needs::missing;
use suite::process::run;
use suite::tls::{Authority, NEEDS};

const HERE: &str = "subjectAltName=IP:127.0.0.1";
const CA: &str = "basicConstraints=critical,CA:TRUE";
const PAST: (&str, &str) = ("20200101000000Z", "20200229120000Z");
const FUTURE: (&str, &str) = ("20981231235959Z", "20990201000000Z");

/// What this program says of a chain, in few words, and the number of the error that openssl has: both are
/// empty where it is valid.
fn judge(authority: &Authority, store: &[&str], names: &[&str]) -> (String, String) {
    authority.join("store", store);
    authority.join("shown", names);
    let [store, shown, leaf] = ["store", "shown", "leaf"].map(|name| authority.path(&format!("{name}.pem")));
    let mut openssl = Command::new("openssl");
    openssl.args(["verify", "-no-CApath", "-no-CAstore", "-purpose", "sslserver", "-CAfile"]).arg(&store);
    if !names.is_empty() {
        openssl.arg("-untrusted").arg(&shown);
    }
    let said = run(openssl.arg(&leaf));
    let number = said.stderr.lines().find_map(|line| line.strip_prefix("error ")?.split(' ').next());
    assert_eq!(number.is_none(), said.code == Some(0), "{}", said.stderr);

    let authorities = Authorities::parse(&fs::read(&store).unwrap()).unwrap();
    let chain: Vec<u8> = [leaf, shown].iter().flat_map(|path| fs::read(path).unwrap()).collect();
    let chain: Vec<_> = parse_certificates(&chain).map(Option::unwrap).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ours = authorities.verify(&chain, Some("127.0.0.1"), now);
    (ours.err().as_ref().map(Fault::brief).unwrap_or_default(), number.unwrap_or_default().to_owned())
}

#[test]
fn an_authority_counts_only_in_its_time() {
    if missing(&NEEDS) {
        return;
    }
    let (sop, other) = (Authority::create("sop"), Authority::create("other"));
    sop.renew("old", PAST.0, PAST.1);
    sop.renew("future", FUTURE.0, FUTURE.1);
    other.renew("old", PAST.0, PAST.1);
    sop.sign_between("leaf", HERE, "20200101000000Z", "20981231235959Z");
    // The other authority signed the key of this one too, as older ones do for newer ones.
    let key = format!("-new -nodes -key {}", sop.path("ca.key").display());
    other.sign_by_key("sop", CA, "-days 2", &key);
    for (from, to) in [("sop", "cross"), ("ca", "other"), ("old", "other_old")] {
        fs::copy(other.path(&format!("{from}.pem")), sop.path(&format!("{to}.pem"))).unwrap();
    }
    let (old, future) = ("authority sop expired 2020-02-29", "authority sop valid from 2098-12-31");
    let other_old = "authority other expired 2020-02-29";
    let rows: [(&[&str], &[&str], &str, &str); 13] = [
        (&["ca"], &[], "", ""),
        (&["old"], &[], old, "10"),
        (&["old"], &["old"], old, "10"),
        (&["future"], &[], future, "9"),
        (&["old", "future"], &[], future, "9"),
        // It was renewed with its key, and both are in the file.
        (&["old", "ca"], &[], "", ""),
        (&["ca", "old"], &["old"], "", ""),
        (&["other"], &[], "untrusted certificate", "20"),
        // The certificate leads to both, and one of them is enough.
        (&["other"], &["cross"], "", ""),
        (&["other_old"], &["cross"], other_old, "10"),
        (&["other_old", "ca"], &["cross"], "", ""),
        (&["ca", "other_old"], &["cross"], "", ""),
        (&["old", "other_old"], &["cross"], old, "10"),
    ];
    for (store, shown, ours, openssl) in rows {
        assert_eq!(
            judge(&sop, store, shown),
            (ours.to_owned(), openssl.to_owned()),
            "{store:?} shown {shown:?}"
        );
    }
}

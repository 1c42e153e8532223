//! A host with forty addresses, each with a TLS service of its own for all that a client knows: openssl's
//! servers, to which the host's firewall leads.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use suite::bench::enter;
use suite::daemon::Daemon;
use suite::host::{Host, public_folder, succeed, write};
use suite::needs::{Need, missing};
use suite::process::run;
use suite::tls::{self, Authority, Pair};

use super::{HOSTS, check, routed};

/// An openssl server on a port of all addresses of a host.
fn server(host: &Host, folder: &Path, port: u16, pair: &Pair) -> Daemon {
    let mut command = host.command("openssl");
    command.args(["s_server", "-www", "-accept", &port.to_string(), "-cert"]).arg(&pair.certificate);
    command.arg("-key").arg(&pair.key);
    let listens = |_| run(host.command("ss").args(["-Hltn"])).stdout.contains(&format!(":{port} "));
    Daemon::start(&mut command, &folder.join(format!("log{port}")), listens)
}

/// A service that greets in plain text, on a port of all addresses of a host.
fn greet_in_plain_text(host: &Host, port: u16) {
    let listener = std::thread::scope(|scope| {
        let bound = scope.spawn(|| {
            enter(host);
            TcpListener::bind(("0.0.0.0", port)).unwrap()
        });
        bound.join().unwrap()
    });
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n");
            let _ = stream.read(&mut [0; 1024]);
        }
    });
}

#[test]
fn each_address_has_its_own_certificate() {
    if missing(&HOSTS) || missing(&tls::NEEDS) || missing(&[Need::Program("nft")]) {
        return;
    }
    const NAME: &str = "subjectAltName=DNS:www.example.com";
    let (monitor, host) = routed(40);
    let authority = Authority::create("sop");
    let folder = public_folder();
    let good = authority.sign_between("good", NAME, "20200101000000Z", "20981231235959Z");
    let servers = [
        (443, good),
        (8441, authority.sign_between("expired", NAME, "20200101000000Z", "20200229120000Z")),
        (8442, authority.sign("other", "subjectAltName=DNS:shop.example.net")),
        (8443, authority.self_signed("alone", &[NAME, "basicConstraints=critical,CA:FALSE"])),
        // Renewed too late: it is valid for another day.
        (8445, authority.sign("soon", NAME)),
    ];
    let _servers: Vec<Daemon> =
        servers.iter().map(|(port, pair)| server(&host, folder.path(), *port, pair)).collect();
    greet_in_plain_text(&host, 8444);
    let odd = [(7, 8441), (13, 8442), (21, 8443), (34, 8444), (40, 8445)];
    let rules = odd.map(|(number, port)| {
        format!("add rule ip sop in ip daddr 192.0.2.{number} tcp dport 443 redirect to :{port};")
    });
    let chain = "add table ip sop; add chain ip sop in { type nat hook prerouting priority -100; };";
    succeed(host.command("nft").arg(format!("{chain}{}", rules.concat())));

    let path = folder.path().join("list");
    write(
        &path,
        &(1..=40).map(|number| format!("192.0.2.{number} 443 www.example.com\n")).collect::<String>(),
    );
    let list = format!("--file={}", path.display());
    let trusted = format!("--tls-ca={}", authority.path("ca.pem").display());
    // Without a look at what is served, all is well.
    let outcome = check(&monitor, &[&list]);
    assert!(
        outcome.first_line().starts_with("TCP_EACH_IP OK - 40 addresses answer on port 443"),
        "{}",
        outcome.stdout
    );
    let outcome = check(&monitor, &[&list, "--tls", &trusted, "--certificate-days=14:"]);
    let first = outcome.first_line();
    let line = "TCP_EACH_IP CRITICAL - 5 of 40 fail, port 443: 192.0.2.7 certificate expired 2020-02-29, \
                192.0.2.13 certificate of shop.example.net, 3 other | ";
    assert!(first.starts_with(line), "{}", outcome.stdout);
    assert!(
        first.contains(" failed=5;;0;0;40 untested=0;;;0;40 ") && first.contains(" certificate_days=-"),
        "{first}"
    );
    let details: Vec<&str> = outcome.stdout.lines().skip(1).collect();
    let expected = [
        "192.0.2.7: certificate expired 2020-02-29: the server certificate expired on 2020-02-29",
        "192.0.2.13: certificate of shop.example.net: the server certificate is for shop.example.net, not for www.example.com",
        "192.0.2.21: self-signed certificate: the server certificate is self-signed and not trusted",
        "192.0.2.34: no TLS: the server does not speak TLS on this port",
    ];
    assert_eq!(details.get(..4), Some(&expected[..]), "{}", outcome.stdout);
    let soon = details.get(4).copied().unwrap_or_default();
    assert!(
        soon.starts_with("192.0.2.40: certificate expires 20") && soon.ends_with(", limit 14:)"),
        "{soon}"
    );
}

//! Squid that looks into TLS (SslBump): what its rules deny is said inside of the tunnel.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use suite::host::succeed;
use suite::needs::{Need, missing};
use suite::process::run;
use suite::tls::Authority;

use crate::fake::{BINARY, Origin};
use crate::squid::{CLOSED, basic, configured};
use crate::{Running, free_port, on_a_host, start};

const NEEDS: [Need; 3] = [Need::Root, Need::Program("ip"), Need::Program("openssl")];
/// Looks into everything, under a certificate with the names of the page's.
const ALL: &str = "acl one at_step SslBump1\nssl_bump stare one\nssl_bump bump all\n";
/// Looks at the name only, and passes on the rest: TLS ends in squid for its refusals alone.
const SPLICE: &str = "acl one at_step SslBump1\nssl_bump peek one\nssl_bump splice all\n";

/// The program of a squid with OpenSSL: `tests/run` unpacks it and names it, since its package would take the
/// place of the other squid. `None` says so.
fn unpacked() -> Option<PathBuf> {
    let program = std::env::var_os("SQUID_OPENSSL").map(PathBuf::from).filter(|program| program.is_file());
    if program.is_none() {
        missing(&[Need::Program("squid-openssl")]);
    }
    program
}

/// Starts squid with these rules. Its authority signs for whichever target.
fn bumping(program: &Path, authority: &Authority, rules: &str) -> Running {
    let port = free_port("127.0.0.1");
    let listen = format!("127.0.0.1:{port} ssl-bump generate-host-certificates=on tls-cert=FOLDER/bump.pem");
    // squid's own user starts it, who may not pass the folders above the repository.
    let helper = "FOLDER/certgen -s FOLDER/run/certs -M 4MB";
    let rules = format!("sslcrtd_program {helper}\nsslcrtd_children 1 startup=1\n{rules}");
    let (folder, file) = configured(&listen, &basic(&rules));
    let certificates = folder.path().join("certgen");
    let usr = program.ancestors().nth(2).unwrap();
    fs::copy(usr.join("lib/squid/security_file_certgen"), &certificates).unwrap();
    let own = authority.own();
    let pem = [own.key, own.certificate].map(|file| fs::read_to_string(file).unwrap()).concat();
    fs::write(folder.path().join("bump.pem"), pem).unwrap();
    fs::set_permissions(folder.path().join("bump.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let made = folder.path().join("run/certs");
    succeed(Command::new(&certificates).arg("-c").arg("-s").arg(&made).args(["-M", "4MB"]));
    succeed(Command::new("chown").args(["-R", "proxy"]).arg(&made));
    let mut command = Command::new(program);
    start(command.args(["-N", "-f"]).arg(file), folder, "127.0.0.1", port)
}

/// The exit code and the line without its performance data, by https with these trusted authorities.
fn said(running: &Running, origin: &Origin, ca: &Path, more: &[&str]) -> (i32, String) {
    let (port, ca) = (format!("--port={}", running.port), format!("--tls-ca={}", ca.display()));
    let url = format!("--url=https://127.0.0.1:{}/pong?n=NONCE", origin.https);
    let fixed = ["--ip=127.0.0.1", &port, &ca, "--expect=pong NONCE from PROXY", &url];
    let outcome = run(Command::new(BINARY).args(fixed).args(more));
    (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
}

#[test]
fn what_its_rules_deny_inside_of_a_tunnel_is_told() {
    if missing(&NEEDS) {
        return;
    }
    let Some(program) = unpacked() else { return };
    on_a_host(|| {
        let (origin, authority) = (Origin::start(), Authority::create("bump"));
        let page = origin.authority.path("ca.pem");
        let both = authority.path("both.pem");
        let pems = [&page, &authority.own().certificate].map(|file| fs::read_to_string(file).unwrap());
        fs::write(&both, pems.concat()).unwrap();
        let squid = |rules: &str| {
            let trusted = format!("tls_outgoing_options cafile={}\n", page.display());
            bumping(&program, &authority, &format!("{trusted}{rules}"))
        };
        let critical = |reason: &str| (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}"));
        let login = origin.login();
        let login = login.as_str();
        let (open, closed) = (format!("--forbid=127.0.0.1:{}", origin.http), free_port("127.0.0.1"));
        let closed = format!("--forbid=127.0.0.1:{closed}");
        let lets = |target: &str| critical(&target.replace("--forbid=", "lets customers through to "));
        let denies = |port: u16| format!("acl it port {port}\nhttp_access deny it\n{CLOSED}");
        for (bump, ca) in [(ALL, &both), (SPLICE, &page)] {
            let running = squid(&format!("{bump}{}", denies(22)));
            let line = said(&running, &origin, ca, &[login, "--forbid=127.0.0.1:22"]);
            assert!(line.0 == 0 && line.1.ends_with(" s, strangers refused"), "{bump}{}", line.1);
            for target in [&open, &closed] {
                assert_eq!(
                    said(&running, &origin, ca, &[login, target, "--connect-timeout=2"]),
                    lets(target)
                );
            }
            let running = squid(&format!("{bump}{}", denies(origin.https)));
            for ca in [&both, &page] {
                let line = said(&running, &origin, ca, &[login]);
                assert_eq!(line, critical("403 ERR_ACCESS_DENIED"));
            }
            let running = squid(&format!("{bump}http_access deny all\n"));
            for ca in [&both, &page] {
                let line = said(&running, &origin, ca, &["--strangers=only"]);
                assert_eq!(line, (0, "PROXY OK - 127.0.0.1 refuses strangers".to_owned()));
            }
            let running = squid(&format!("{bump}http_access allow all\n"));
            let line = said(&running, &origin, ca, &["--strangers=only"]);
            assert_eq!(line, critical("open: serves strangers by https"));
        }
    });
}

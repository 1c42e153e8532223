//! Squid, as it is meant to be and as it goes wrong.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use suite::needs::{Need, missing};
use suite::process::run;
use tempfile::TempDir;

use crate::fake::{BASIC, BINARY, Origin, PASSWORD, folder};
use crate::{Running, free_port, on_a_host, start, verdict};

const NEEDS: [Need; 4] = [Need::Root, Need::Program("ip"), Need::Program("squid"), Need::Program("openssl")];
pub(crate) const CLOSED: &str =
    "acl customers proxy_auth REQUIRED\nhttp_access allow customers\nhttp_access deny all\n";

/// Starts squid on this address; `FOLDER` in its configuration is its own folder.
fn squid(address: &str, configuration: &str) -> Running {
    let port = free_port(address);
    let listen =
        if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
    let (folder, configuration) = configured(&listen, configuration);
    let mut command = Command::new(suite::needs::program("squid").unwrap());
    start(command.args(["-N", "-f"]).arg(configuration), folder, address, port)
}

/// Writes a configuration with which squid runs in a folder of its own.
pub(crate) fn configured(listen: &str, configuration: &str) -> (TempDir, PathBuf) {
    let (folder, path) = folder();
    let own = path.join("run");
    fs::create_dir(&own).unwrap();
    chown(&own, Some(proxy_user()), None).unwrap();
    write_logins(&path);
    let at = |text: &str| text.replace("FOLDER", &path.display().to_string());
    let fixed = "pid_filename FOLDER/run/pid\ncache_log FOLDER/run/cache.log\n\
                 access_log stdio:FOLDER/run/access.log\ncache deny all\ncoredump_dir FOLDER/run\n\
                 cache_effective_user proxy\nshutdown_lifetime 0 seconds\nvisible_hostname proxy.example.com\n\
                 dns_nameservers 127.0.0.1\npinger_enable off\n";
    let file = path.join("squid.conf");
    fs::write(&file, at(&format!("http_port {listen}\n{fixed}{configuration}"))).unwrap();
    (folder, file)
}

fn proxy_user() -> u32 {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("proxy:")).unwrap();
    line.split(':').nth(2).unwrap().parse().unwrap()
}

/// The customer in the form of both helpers, and a helper that never answers.
fn write_logins(path: &Path) {
    let hash = Command::new("openssl").args(["passwd", "-apr1", PASSWORD]).output().unwrap();
    fs::write(path.join("ncsa"), format!("cust:{}", String::from_utf8(hash.stdout).unwrap())).unwrap();
    fs::write(path.join("plain"), format!("cust:{PASSWORD}\n")).unwrap();
    fs::write(path.join("hangs"), "#!/bin/sh\nexec sleep 1000\n").unwrap();
    for (file, seconds) in [("slow", 2), ("slower", 4)] {
        let answer = format!("case $user in cust) echo OK;; *) sleep {seconds}; echo ERR;; esac");
        let script = format!("#!/bin/sh\nwhile read -r user word; do {answer}; done\n");
        fs::write(path.join(file), script).unwrap();
    }
    for file in ["ncsa", "plain", "hangs", "slow", "slower"] {
        fs::set_permissions(path.join(file), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

pub(crate) fn basic(rules: &str) -> String {
    format!("auth_param basic program /usr/lib/squid/basic_ncsa_auth FOLDER/ncsa\n{rules}")
}

fn digest(rules: &str) -> String {
    format!(
        "auth_param digest program /usr/lib/squid/digest_file_auth FOLDER/plain\nauth_param digest realm x\n{rules}"
    )
}

#[test]
fn logins_by_basic_and_digest_are_made() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let pages = [origin.url("pong"), origin.url("chunked"), origin.https_url()];
        let urls: Vec<&str> = pages.iter().map(String::as_str).chain(["-v"]).collect();
        for (configuration, scheme) in
            [(basic(CLOSED), "Basic"), (digest(CLOSED), "Digest"), (basic(&digest(CLOSED)), "Digest")]
        {
            let running = squid("127.0.0.1", &configuration);
            let (ip, port) = ("--ip=127.0.0.1", format!("--port={}", running.port));
            // Digest twice: the second run gets a nonce of its own.
            for _ in 0..2 {
                let outcome = origin.check(&[&[ip, &port, &origin.login()], urls.as_slice()].concat());
                assert_eq!(outcome.code, Some(0), "{scheme}: {}", outcome.stdout);
                assert_eq!(
                    outcome.stdout.matches(&format!("customer by http ({scheme}): the page in")).count(),
                    2,
                    "{}",
                    outcome.stdout
                );
                assert_eq!(
                    outcome.stdout.matches(&format!("unknown user by https ({scheme}): 407 in")).count(),
                    1,
                    "{}",
                    outcome.stdout
                );
            }
            let log = |file: &str| fs::read_to_string(running.folder.path().join("run").join(file)).unwrap();
            let logs = log("access.log") + &log("cache.log");
            assert!(logs.contains("TCP_DENIED/407") && logs.contains(" cust "), "{logs}");
            assert!(!logs.contains(PASSWORD) && !logs.contains(BASIC), "{logs}");
        }
    });
}

#[test]
fn a_wrong_password_is_refused_by_both_schemes() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        for configuration in [basic(CLOSED), digest(CLOSED)] {
            let running = squid("127.0.0.1", &configuration);
            let line = verdict(
                &origin,
                "127.0.0.1",
                running.port,
                &[&origin.url("pong"), &origin.https_url(), "--username=other"],
            );
            assert_eq!(line, (2, "PROXY CRITICAL - 127.0.0.1 password refused (407)".to_owned()));
        }
    });
}

#[test]
fn open_proxies_are_found_by_what_they_let_through() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let both = [origin.url("pong"), origin.https_url()];
        let urls: Vec<&str> = both.iter().map(String::as_str).collect();
        let rows = [
            ("http_access allow all\n".to_owned(), "open: serves strangers by http and https"),
            (
                basic(&format!("acl c method CONNECT\nhttp_access allow c\n{CLOSED}")),
                "open: serves strangers by https",
            ),
            (
                basic(&format!("acl g method GET\nhttp_access allow g\n{CLOSED}")),
                "open: serves strangers by http",
            ),
        ];
        for (configuration, reason) in rows {
            let running = squid("127.0.0.1", &configuration);
            let line = verdict(&origin, "127.0.0.1", running.port, &urls);
            assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
        }
    });
}

/// What keeps the page from being proved does not make an open proxy a closed one.
#[test]
fn an_open_proxy_is_never_called_closed() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let (origin, other) = (Origin::start(), Origin::start());
        let open = squid("127.0.0.1", "http_access allow all\n");
        let only = |arguments: &[&str]| {
            let port = format!("--port={}", open.port);
            let fixed = ["--ip=127.0.0.1", "--strangers=only", &port];
            let outcome = run(Command::new(BINARY).args(fixed).args(arguments));
            (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
        };
        let serves = |by: &str| (2, format!("PROXY CRITICAL - 127.0.0.1 open: serves strangers by {by}"));
        let undecided = |what: &str| (3, format!("PROXY UNKNOWN - 127.0.0.1 strangers: undecided: {what}"));
        let (expect, typo) = ("--expect=pong NONCE from PROXY", "--expect=pnog NONCE from PROXY");
        let dead = format!("--url=http://127.0.0.1:{}/pong?n=NONCE", free_port("127.0.0.1"));
        assert_eq!(only(&[&origin.https_url(), expect, &other.ca()]), serves("https"));
        assert_eq!(only(&[&origin.https_url(), typo, &origin.ca()]), serves("https"));
        assert_eq!(only(&[&origin.url("pong"), typo]), undecided("another page in place of ours"));
        assert_eq!(only(&[&dead, expect]), undecided("503 ERR_CONNECT_FAIL"));
    });
}

#[test]
fn an_acl_that_is_wrong_is_named() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let both = [origin.url("pong"), origin.https_url()];
        let urls: Vec<&str> = both.iter().map(String::as_str).collect();
        let rules = |method: &str| {
            basic(&format!(
                "acl customers proxy_auth REQUIRED\nacl m method {method}\nhttp_access deny !customers\nhttp_access deny m\nhttp_access allow all\n"
            ))
        };
        for (method, reason) in
            [("CONNECT", "403 ERR_ACCESS_DENIED for https"), ("GET", "403 ERR_ACCESS_DENIED for http")]
        {
            let running = squid("127.0.0.1", &rules(method));
            assert_eq!(
                verdict(&origin, "127.0.0.1", running.port, &urls),
                (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}"))
            );
        }
        let running = squid("127.0.0.1", &basic(&format!("acl ssh port 22\nhttp_access deny ssh\n{CLOSED}")));
        let forbid =
            |target| verdict(&origin, "127.0.0.1", running.port, &[urls.as_slice(), &[target]].concat());
        assert_eq!(forbid("--forbid=127.0.0.1:22").0, 0);
        assert_eq!(
            forbid("--forbid=127.0.0.1:9"),
            (2, "PROXY CRITICAL - 127.0.0.1 lets customers through to 127.0.0.1:9".to_owned())
        );
        // Whatever the status and the name of the error.
        for info in
            ["503:ERR_ACCESS_DENIED", "503:ERR_FORWARDING_DENIED", "200:ERR_ACCESS_DENIED", "404:ERR_TOO_BIG"]
        {
            let denied = format!("acl ssh port 22\ndeny_info {info} ssh\nhttp_access deny ssh\n{CLOSED}");
            let running = squid("127.0.0.1", &basic(&denied));
            let forbid = [urls.as_slice(), &["--forbid=127.0.0.1:22"]].concat();
            let line = verdict(&origin, "127.0.0.1", running.port, &forbid);
            assert_eq!(line.0, 0, "{info}: {}", line.1);
        }
    });
}

/// A login page on the host of the page itself is a refusal too, by GET and by CONNECT.
#[test]
fn strangers_that_are_sent_to_a_login_page_are_refused() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let (http, https) = (origin.url("pong"), origin.https_url());
        let login = format!("127.0.0.1:{}/login", origin.http);
        for info in [format!("302:http://{login}"), format!("http://{login}")] {
            let rules = format!(
                "acl named req_header Proxy-Authorization .\nacl strangers src all\n\
                 deny_info {info} strangers\nhttp_access deny !named strangers\n{CLOSED}"
            );
            let running = squid("127.0.0.1", &basic(&rules));
            let line = verdict(&origin, "127.0.0.1", running.port, &[&http, &https]);
            assert!(line.0 == 0 && line.1.ends_with(" s, strangers refused"), "{info}: {}", line.1);
            let (ip, port) = ("--ip=127.0.0.1", format!("--port={}", running.port));
            let outcome = origin.check(&[ip, &port, &http, &https, "--strangers=only"]);
            let line = "PROXY OK - 127.0.0.1 refuses strangers | ";
            assert!(outcome.first_line().starts_with(line), "{info}: {}", outcome.stdout);
        }
    });
}

/// The name server of squid takes questions and never answers.
#[test]
fn a_dns_that_hangs_is_told_from_a_helper_that_hangs() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        // squid asks port 53 and no other.
        let silent = UdpSocket::bind("127.0.0.53:53").unwrap();
        let server = silent.local_addr().unwrap().ip();
        let url = format!("--url=http://no-such-name.example.com:{}/pong?n=NONCE", origin.http);
        let limits = ["--tries=1", "--no-direct", "--connect-timeout=2"];
        let dns = squid("127.0.0.1", &basic(&format!("{CLOSED}dns_nameservers {server}\n")));
        let start = Instant::now();
        let line = verdict(&origin, "127.0.0.1", dns.port, &[&[url.as_str()], limits.as_slice()].concat());
        let reason = "takes the password, then no page: its DNS or its way to the page hangs";
        assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
        let helper = squid("127.0.0.1", &format!("auth_param basic program FOLDER/hangs\n{CLOSED}"));
        let line = verdict(
            &origin,
            "127.0.0.1",
            helper.port,
            &[&[origin.url("pong").as_str()], limits.as_slice()].concat(),
        );
        let reason = "refuses strangers, does not answer any login: its authentication helper hangs";
        assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {reason}")));
        assert!(start.elapsed() < Duration::from_secs(60));
    });
}

/// As PAM's, which takes two seconds for each wrong login, one after the other. Both addresses are one squid.
#[test]
fn a_helper_that_takes_its_time_does_not_hang() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let helper = "auth_param basic program FOLDER/slow\nauth_param basic children 1\n";
        let running = squid("0.0.0.0", &format!("{helper}{CLOSED}"));
        let (port, ca) = (format!("--port={}", running.port), origin.ca());
        let fixed = ["--ip=127.0.0.1", "--ip=127.0.0.2", "--expect=pong NONCE", &port, &ca, &origin.login()];
        let pages = [origin.url("pong"), origin.url("chunked"), origin.https_url()];
        for _run in 0..2 {
            let outcome = run(Command::new(BINARY).args(fixed).args(&pages).arg("-v"));
            let line = outcome.first_line();
            // The customer may stand behind a wrong login in the helper's queue.
            let is_well = line.contains("OK - 2 proxies serve customers, slowest in ");
            assert!(is_well && line.contains(" s, strangers refused"), "{}", outcome.stdout);
        }
    });
}

/// One that takes four seconds for each wrong login is well where each question may wait for seven.
#[test]
fn a_helper_that_takes_longer_gets_the_time_that_is_given() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let helper = "auth_param basic program FOLDER/slower\nauth_param basic children 1\n";
        let running = squid("127.0.0.1", &format!("{helper}{CLOSED}"));
        let (port, ca) = (format!("--port={}", running.port), origin.ca());
        let fixed = [
            "--ip=127.0.0.1",
            "--expect=pong NONCE",
            "--connect-timeout=7",
            "--timeout=20",
            &port,
            &ca,
            &origin.login(),
        ];
        for _run in 0..3 {
            let outcome = run(Command::new(BINARY).args(fixed).arg(origin.url("pong")));
            let is_well = outcome.first_line().starts_with("PROXY OK - 127.0.0.1 serves customers in ");
            assert!(is_well, "{}", outcome.stdout);
        }
    });
}

#[test]
fn an_origin_that_refuses_is_named() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let closed = free_port("127.0.0.1");
        let running = squid("127.0.0.1", &basic(CLOSED));
        let url = format!("--url=http://127.0.0.1:{closed}/pong?n=NONCE");
        let line = verdict(&origin, "127.0.0.1", running.port, &[&url, "--tries=1"]);
        let both = "503 ERR_CONNECT_FAIL, nor does the page answer from here: refused";
        assert_eq!(line, (2, format!("PROXY CRITICAL - 127.0.0.1 {both}")));
    });
}

#[test]
fn ipv6_and_another_address_are_told() {
    if missing(&NEEDS) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        let six = squid("::1", &digest(CLOSED));
        let url = format!("--url=https://[::1]:{}/pong?n=NONCE", origin.https);
        assert_eq!(verdict(&origin, "::1", six.port, &[&url]).0, 0);
        let other = squid("127.0.0.1", &basic(&format!("{CLOSED}tcp_outgoing_address 127.0.0.99\n")));
        let line = verdict(&origin, "127.0.0.1", other.port, &[&origin.url("pong")]);
        assert_eq!(line, (2, "PROXY CRITICAL - 127.0.0.1 leaves by 127.0.0.99".to_owned()));
        let line = verdict(
            &origin,
            "127.0.0.1",
            other.port,
            &[&origin.url("told"), "--expect=pong NONCE", "--not-expect=X-Forwarded-For"],
        );
        assert_eq!(line.0, 3, "--expect is given twice: {line:?}");
        let leak = squid("127.0.0.1", &basic(CLOSED));
        let line =
            verdict(&origin, "127.0.0.1", leak.port, &[&origin.url("told"), "--not-expect=X-Forwarded-For"]);
        assert_eq!(line, (2, "PROXY CRITICAL - 127.0.0.1 the page sees X-Forwarded-For".to_owned()));
    });
}

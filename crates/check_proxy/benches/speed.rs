//! The rows of check_proxy: one proxy that serves everyone, by http; one that refuses strangers, by http and
//! https; and 38, of which four never answer. The proxies are squid and a fake.
#![expect(clippy::unwrap_used, reason = "a benchmark ends where it cannot be set up")]

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;

use suite::bench::{self, Bench, Subject, again, command, says, write};
use suite::daemon::Daemon;
use suite::host::{Host, bare};
use suite::needs::{Need, missing, program};
use suite::process::run;

#[path = "../tests/fake/mod.rs"]
mod fake;

use fake::{Origin, PASSWORD, Who, hang, page, proxy, refusal};

/// The most memory resident, in MiB.
const MEMORY: f64 = 4.0;
const GET: &str = "1 proxy, http, strangers allowed";
const BOTH: &str = "1 proxy, http and https, strangers refused";
const MANY: &str = "38 proxies, 4 of them silent";
const NEEDS: [Need; 4] =
    [Need::Program("ip"), Need::Program("mount"), Need::Program("squid"), Need::Program("openssl")];
const LISTENS: &str = "127.0.0.1:3128";

fn main() {
    if !missing(&[Need::Root]) && !missing(&NEEDS) {
        bench::run_on(proxy_host, env!("CARGO_PKG_NAME"), rows);
    }
}

fn proxy_host() -> Host {
    let host = bare();
    // Without a file of its own the machine's are seen.
    host.etc("hosts", "127.0.0.1 localhost\n");
    host
}

fn rows(bench: &Bench<'_>) {
    let origin = Origin::start_with(443);
    if bench.wants(GET) || bench.wants(BOTH) {
        let (folder, path) = fake::folder();
        let hash = Command::new("openssl").args(["passwd", "-apr1", PASSWORD]).output().unwrap();
        write(&path, "ncsa", &format!("cust:{}", String::from_utf8(hash.stdout).unwrap()));
        let squid = |rules: &str| {
            let fixed = "pid_filename none\ncache_log /dev/null\naccess_log none\ncache deny all\ncoredump_dir /\n\
                         cache_effective_user proxy\nshutdown_lifetime 0 seconds\nvisible_hostname a.example\n\
                         dns_nameservers 127.0.0.1\npinger_enable off\n";
            let file = write(&path, "squid.conf", &format!("http_port {LISTENS}\n{fixed}{rules}"));
            let mut command = Command::new(program("squid").unwrap());
            let listens = |_| TcpStream::connect(LISTENS).is_ok();
            Daemon::start(command.args(["-N", "-f", &file]), &path.join("log"), listens)
        };
        {
            let _open = squid("http_access allow all\n");
            get(bench, &origin);
        }
        let login =
            format!("auth_param basic program /usr/lib/squid/basic_ncsa_auth {}/ncsa\n", path.display());
        let closed = "acl customers proxy_auth REQUIRED\nhttp_access allow customers\nhttp_access deny all\n";
        let _closed = squid(&format!("{login}{closed}"));
        both(bench, &origin);
        drop(folder);
    }
    if bench.wants(MANY) {
        many(bench, &origin);
    }
}

/// The plugin with these arguments besides the page's text and the authority.
fn own(bench: &Bench<'_>, origin: &Origin, arguments: &[&str]) -> Command {
    let fixed = ["--ip=127.0.0.1", "--expect=pong NONCE from PROXY", &origin.ca()].map(str::to_owned);
    let mut own = command(bench.own("check_proxy"), arguments);
    own.args(fixed);
    own
}

/// check_http through the proxy, for a page that has the text of no request.
fn check_http(arguments: &[&str]) -> Option<Command> {
    let through = ["-I", "127.0.0.1", "-p", "3128", "-s", "pong"];
    Some(command(bench::other("check_http")?, &[&through, arguments].concat()))
}

fn compare(bench: &Bench<'_>, what: &str, own: &Command, peer: Option<(&str, Command)>, target: f64) {
    says(again(own), "PROXY OK - 127.0.0.1 serves customers in ");
    let mut subjects = vec![Subject::new("check_proxy", again(own)), Subject::new("itself", again(own))];
    subjects.extend(peer.iter().map(|(name, peer)| Subject::new(*name, again(peer))));
    let times = bench.in_turn(&mut subjects);
    bench.ratio(&times, (what, 0), ("itself (noise)", 1), None);
    let Some((name, peer)) = peer else { return };
    bench.ratio(&times, (what, 0), (name, 2), Some(target));
    let memory = format!("peak resident, {what}");
    bench.memory((&memory, bench.peak(own)), (name, bench.peak(&peer)), Some(MEMORY));
}

fn get(bench: &Bench<'_>, origin: &Origin) {
    if !bench.wants(GET) {
        return;
    }
    let own = own(bench, origin, &["--strangers=allow", &origin.url("pong")]);
    let page = format!("http://127.0.0.1:{}/pong?n=x", origin.http);
    let peer = check_http(&["-u", &page]).map(|peer| ("check_http, GET", peer));
    compare(bench, GET, &own, peer, 0.6);
}

fn both(bench: &Bench<'_>, origin: &Origin) {
    if !bench.wants(BOTH) {
        return;
    }
    let own = own(bench, origin, &[&origin.url("pong"), &origin.https_url(), &origin.login()]);
    let (login, page) = (format!("cust:{PASSWORD}"), format!("http://127.0.0.1:{}/pong?n=x", origin.http));
    let get = check_http(&["-b", &login, "-u", &page]);
    let connect = ["-b", &login, "-j", "CONNECT", "-S", "-H", "127.0.0.1", "-u", "/pong?n=x"];
    // One after the other, as a monitor would run them.
    let peer = get.zip(check_http(&connect)).map(|(get, connect)| {
        let words = |command: &Command| {
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            words.map(|word| format!("'{}'", word.to_string_lossy())).collect::<Vec<_>>().join(" ")
        };
        let line = format!("{} && exec {}", words(&get), words(&connect));
        ("check_http, GET and CONNECT", command("sh".into(), &["-c", &line]))
    });
    compare(bench, BOTH, &own, peer, 0.6);
}

fn many(bench: &Bench<'_>, origin: &Origin) {
    let silent = |address: &str| ["127.0.0.7", "127.0.0.8", "127.0.0.21", "127.0.0.38"].contains(&address);
    let port = proxy(move |who, head, stream| {
        let address = stream.local_addr().unwrap().ip().to_string();
        match who {
            _ if silent(&address) => hang(stream),
            Who::Customer => drop(stream.write_all(page(head, &address).as_bytes())),
            _ => drop(stream.write_all(refusal().as_bytes())),
        }
    });
    let mut own = own(bench, origin, &[&origin.url("pong"), &origin.login()]);
    own.arg(format!("--port={port}")).args((2..=38).map(|number| format!("--ip=127.0.0.{number}")));
    let outcome = run(&mut own);
    let line = outcome.first_line().to_owned();
    assert!(line.starts_with("PROXY CRITICAL - 4 of 38 proxies fail: "), "{line}");
    bench.seconds((MANY, outcome.elapsed), ("8 s", 8.0));
}

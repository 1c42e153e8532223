//! The same proxies asked by curl, check_http, check_curl and the blackbox exporter, each of which is told
//! the proxy, the customer's login and the page's text: which states of a proxy they call OK.

use std::fs;
use std::net::TcpStream;
use std::process::Command;
use std::thread;

use suite::daemon::Daemon;
use suite::host::bare;
use suite::needs::{Need, missing, program};
use suite::process::run;
use tempfile::TempDir;

use crate::fake::{Origin, PASSWORD, Who, answer, folder, hang, nonce, page, proxy, refusal};
use crate::states::{ADDRESS, Serve, hangs_for, in_tunnel, reset, says, serves, to_customer};
use crate::{free_port, inside, verdict};

const NEEDS: [Need; 7] = [
    Need::Root,
    Need::Program("ip"),
    Need::Program("openssl"),
    Need::Program("curl"),
    Need::Program("check_http"),
    Need::Program("check_curl"),
    Need::Program("prometheus-blackbox-exporter"),
];
const ALL: &[&str] = &["curl", "check_http", "check_curl", "blackbox_exporter"];
/// How long each peer may take.
const SECONDS: &str = "4";

/// What a proxy does, whether it is asked for the page by https, what is said of it (nothing if it is as it
/// should be), and the peers that call it OK.
type Row = (Serve, bool, &'static str, &'static [&'static str]);

fn rows(https: u16) -> Vec<Row> {
    let customer = |who, _| who == Who::Customer;
    let keeps_logins: Serve = Box::new(|who, head, stream| match who {
        Who::Stranger => says(|_, _| refusal())(who, head, stream),
        Who::Unknown => hang(stream),
        Who::Customer => says(|_, head| page(head, ADDRESS))(who, head, stream),
    });
    let old = |_: &str| answer("200 OK", "", "pong fedcba9876543210 from 192.0.2.1");
    let block = |head: &str| answer("200 OK", "", &format!("pong is blocked: {}", nonce(head)));
    let cut = |head: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\npong {}", nonce(head));
    let hangs = "refuses strangers, does not answer any login: its authentication helper hangs";
    vec![
        (serves(https, customer), false, "", ALL),
        (serves(https, customer), true, "", ALL),
        (serves(https, |_, _| true), false, "open: serves strangers by http", ALL),
        (serves(https, |_, _| true), true, "open: serves strangers by https", ALL),
        (serves(https, |who, _| who != Who::Stranger), false, "takes any password", ALL),
        (keeps_logins, false, "answers no new login: its authentication helper hangs", ALL),
        (to_customer(|head| page(head, "192.0.2.99")), false, "leaves by 192.0.2.99", ALL),
        (to_customer(old), false, "an old copy of the page", ALL),
        (to_customer(block), false, "another page in place of ours", ALL),
        (to_customer(cut), false, "page cut", &["check_http"]),
        (says(|_, _| refusal()), false, "password refused (407)", &[]),
        (hangs_for(|who| who != Who::Stranger), false, hangs, &[]),
        (in_tunnel(reset), true, "CONNECT 200, then reset", &[]),
    ]
}

#[test]
fn the_peers_try_no_stranger() {
    if missing(&NEEDS) {
        return;
    }
    let host = bare();
    host.ip_batch("addr add 192.0.2.1/32 dev lo\n");
    let host = &host;
    inside(host, || {
        // check_http has no option for the port of a page behind CONNECT.
        let origin = &Origin::start_with(443);
        let (serves, rows): (Vec<Serve>, Vec<_>) = rows(origin.https)
            .into_iter()
            .map(|(serve, secure, line, ok)| (serve, (secure, line, ok)))
            .unzip();
        let ports: Vec<u16> = serves.into_iter().map(|serve| proxy(serve).parse().unwrap()).collect();
        let blackbox = &Blackbox::start(origin, &ports);
        thread::scope(|scope| {
            for ((secure, line, ok), port) in rows.into_iter().zip(ports) {
                scope.spawn(move || {
                    let (said, well) = inside(host, || ask(origin, blackbox, port, secure));
                    let is_right = match line {
                        "" => said.starts_with("OK - 192.0.2.1 serves customers in "),
                        line => said == format!("CRITICAL - {ADDRESS} {line}"),
                    };
                    assert!(is_right && well == ok, "{line}: {said}, the peers: {well:?}");
                });
            }
        });
    });
}

/// What check_proxy says of the proxy on this port, and which peers call it OK. All ask at the same time.
fn ask(origin: &Origin, blackbox: &Blackbox, port: u16, secure: bool) -> (String, Vec<&'static str>) {
    let url = if secure { origin.https_url() } else { origin.url("pong") };
    let limits = ["--tries=1", "--no-direct", "--connect-timeout=1.5"];
    let arguments = [&[url.as_str()], limits.as_slice()].concat();
    let page = &url.trim_start_matches("--url=").replace("NONCE", "0123456789abcdef");
    thread::scope(|scope| {
        let peers = [
            scope.spawn(|| curl(origin, page, port)),
            scope.spawn(|| plugin("check_http", page, port)),
            scope.spawn(|| plugin("check_curl", page, port)),
            scope.spawn(|| blackbox.calls_well(page, port)),
        ];
        let (_, line) = verdict(origin, ADDRESS, port, &arguments);
        let well = peers.map(|peer| peer.join().unwrap());
        let well = ALL.iter().zip(well).filter_map(|(name, is_well)| is_well.then_some(*name));
        (line.trim_start_matches("PROXY ").to_owned(), well.collect())
    })
}

fn login() -> String {
    format!("cust:{PASSWORD}")
}

fn curl(origin: &Origin, page: &str, port: u16) -> bool {
    let mut command = Command::new(program("curl").unwrap());
    command.args(["-s", "-f", "-m", SECONDS, "--noproxy", "", "-x", &format!("http://{ADDRESS}:{port}")]);
    command.args(["-U", &login(), "--cacert"]).arg(origin.authority.path("ca.pem")).arg(page);
    let outcome = run(&mut command);
    outcome.code == Some(0) && outcome.stdout.contains("pong")
}

/// check_http or check_curl.
fn plugin(name: &str, page: &str, port: u16) -> bool {
    let mut command = Command::new(program(name).unwrap());
    command.args(["-I", ADDRESS, "-p", &port.to_string(), "-b", &login(), "-s", "pong", "-t", SECONDS]);
    if page.starts_with("https") {
        command.args(["-j", "CONNECT", "-S", "-H", "127.0.0.1"]);
    }
    // check_http takes the path of the page alone there.
    let is_path = page.starts_with("https") && name == "check_http";
    run(command.args(["-u", if is_path { "/pong?n=x" } else { page }])).code == Some(0)
}

/// The exporter, with a module for each proxy.
struct Blackbox {
    /// It ends before its folder goes.
    _daemon: Daemon,
    _folder: TempDir,
    port: u16,
}

impl Blackbox {
    fn start(origin: &Origin, proxies: &[u16]) -> Self {
        let (folder, path) = folder();
        let (ca, login) = (origin.authority.path("ca.pem"), login());
        let module = |port: &u16| {
            format!(
                "  p{port}:\n    prober: http\n    timeout: {SECONDS}s\n    http:\n      \
                 preferred_ip_protocol: ip4\n      proxy_url: http://{login}@{ADDRESS}:{port}\n      \
                 fail_if_body_not_matches_regexp: [pong]\n      tls_config:\n        ca_file: {}\n",
                ca.display()
            )
        };
        let modules: String = proxies.iter().map(module).collect();
        let (file, port) = (path.join("blackbox.yml"), free_port("127.0.0.1"));
        fs::write(&file, format!("modules:\n{modules}")).unwrap();
        let mut command = Command::new(program("prometheus-blackbox-exporter").unwrap());
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let listens = |_| TcpStream::connect(("127.0.0.1", port)).is_ok();
        let daemon = Daemon::start(&mut command, &path.join("log"), listens);
        Self { _daemon: daemon, _folder: folder, port }
    }

    fn calls_well(&self, page: &str, proxy: u16) -> bool {
        let mut command = Command::new(program("curl").unwrap());
        let (target, module) = (format!("target={page}"), format!("module=p{proxy}"));
        command.args(["-s", "-m", "10", "--noproxy", "*", "-G", "--data-urlencode", &target, "-d", &module]);
        let outcome = run(command.arg(format!("http://127.0.0.1:{}/probe", self.port)));
        assert!(outcome.stdout.contains("\nprobe_success "), "{}", outcome.stdout);
        outcome.stdout.contains("\nprobe_success 1")
    }
}

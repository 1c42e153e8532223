//! The peers, each as an administrator sets it up: with the proxy, the login, and the page with its text.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use suite::daemon::Daemon;
use suite::needs::program;
use suite::process::{Outcome, run};
use tempfile::TempDir;

use crate::fake::{Origin, PASSWORD, folder};
use crate::free_port;
use crate::states::ADDRESS;

pub(super) const CURL: &str = "curl";
pub(super) const CHECK_HTTP: &str = "check_http";
pub(super) const CHECK_CURL: &str = "check_curl";
pub(super) const BLACKBOX: &str = "prometheus-blackbox-exporter";

/// How long each may take.
const SECONDS: &str = "6";
/// The random text, which stays the same: none of them makes one.
const NONCE: &str = "0123456789abcdef";

/// A state of a proxy: the arguments of check_proxy, and its line.
#[derive(Debug)]
pub(super) struct State {
    pub(super) arguments: String,
    pub(super) line: &'static str,
}

/// What a peer says of all pages of a state.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) is_well: bool,
    pub(super) text: String,
}

impl State {
    /// Whether the proxy is as it should be.
    pub(super) fn is_well(&self) -> bool {
        self.line.starts_with("OK")
    }

    /// Whether customers are asked, as whom alone the peers ask.
    pub(super) fn is_for_peers(&self) -> bool {
        !self.arguments.contains("--strangers=only")
    }

    fn all<'a>(&'a self, option: &'a str) -> impl Iterator<Item = &'a str> {
        self.arguments.split(' ').filter_map(move |argument| argument.strip_prefix(option)?.strip_prefix('='))
    }

    fn proxy(&self) -> [&str; 2] {
        ["--ip", "--port"].map(|option| self.all(option).next().unwrap())
    }

    fn pages(&self) -> impl Iterator<Item = String> {
        self.all("--url").map(|url| url.replace("NONCE", NONCE))
    }

    fn user(&self) -> &str {
        self.all("--username").next().unwrap_or("cust")
    }

    /// The proxy as a URL, with the login.
    fn url(&self) -> String {
        let [ip, port] = self.proxy();
        format!("http://{}:{PASSWORD}@{ip}:{port}", self.user().replace(':', "%3A"))
    }

    /// Asks for each page, and puts together what is said.
    pub(super) fn ask(&self, ask: impl Fn(&str) -> Said) -> Said {
        let together = |all: Said, said: Said| Said {
            is_well: all.is_well && said.is_well,
            text: all.text + &said.text,
        };
        let start = Said { is_well: true, text: String::new() };
        self.pages().map(|page| ask(&page)).fold(start, together)
    }
}

/// The text of the page, which tells the proxy's address.
fn text() -> String {
    format!("pong {NONCE} from {ADDRESS}")
}

/// What the program calls its version: `curl 7.88.1`.
pub(super) fn version(name: &str) -> String {
    let Outcome { stdout, stderr, .. } = run(Command::new(program(name).unwrap()).arg("--version"));
    let words = stdout.split_whitespace().chain(stderr.split_whitespace());
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    let mut numbers = words.map(|word| word.trim_matches(['v', ','])).filter(is_number);
    let short = name.trim_start_matches("prometheus-").replace('-', "_");
    format!("{short} {}", numbers.next().unwrap())
}

/// curl, and whoever looks for the text in what it brings.
pub(super) fn curl(origin: &Origin, state: &State, page: &str) -> Said {
    let mut command = Command::new(program(CURL).unwrap());
    command.args(["-sS", "-f", "-m", SECONDS, "--noproxy", "", "-x", &state.url(), "--cacert"]);
    let Outcome { code, stdout, stderr, .. } = run(command.arg(origin.authority.path("ca.pem")).arg(page));
    let (came, has_text) = (code == Some(0), stdout.contains(&text()));
    let not_found = if came && !has_text { "not found\n" } else { "" };
    Said { is_well: came && has_text, text: stderr + not_found }
}

/// check_http or check_curl.
pub(super) fn plugin(origin: &Origin, name: &str, state: &State, page: &str) -> Said {
    let [ip, port] = state.proxy();
    let login = format!("{}:{PASSWORD}", state.user());
    let mut command = Command::new(program(name).unwrap());
    command.args(["-I", ip, "-p", port, "-b", &login, "-s", &text(), "-t", SECONDS]);
    let is_secure = page.starts_with("https");
    if is_secure {
        command.args(["-j", "CONNECT", "-S", "-H", "127.0.0.1"]);
    }
    if is_secure && name == CHECK_CURL {
        command.arg("--verify-cert").arg(format!("--ca-cert={}", origin.authority.path("ca.pem").display()));
    }
    // check_http takes the path of the page alone there.
    let path = page.splitn(4, '/').last().unwrap();
    let path = if is_secure && name == CHECK_HTTP { format!("/{path}") } else { page.to_owned() };
    let outcome = run(command.args(["-u", &path]));
    Said { is_well: outcome.code == Some(0), text: outcome.stdout }
}

/// The exporter, with a module for each state.
pub(super) struct Blackbox {
    /// It ends before its folder goes.
    _daemon: Daemon,
    _folder: TempDir,
    port: u16,
}

impl Blackbox {
    pub(super) fn start(origin: &Origin, states: &[State]) -> Self {
        let (folder, path) = folder();
        let (ca, text) = (origin.authority.path("ca.pem"), text());
        let module = |(number, state): (usize, &State)| {
            format!(
                "  m{number}:\n    prober: http\n    timeout: {SECONDS}s\n    http:\n      \
                 preferred_ip_protocol: ip4\n      proxy_url: {}\n      \
                 fail_if_body_not_matches_regexp: [{text}]\n      tls_config:\n        ca_file: {}\n",
                state.url(),
                ca.display()
            )
        };
        let modules: String = states.iter().enumerate().map(module).collect();
        let (file, port) = (path.join("blackbox.yml"), free_port("127.0.0.1"));
        fs::write(&file, format!("modules:\n{modules}")).unwrap();
        let mut command = Command::new(program(BLACKBOX).unwrap());
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let listens = |_| TcpStream::connect(("127.0.0.1", port)).is_ok();
        let daemon = Daemon::start(&mut command, &path.join("log"), listens);
        Self { _daemon: daemon, _folder: folder, port }
    }

    /// Asks through the module of this number, and takes its log and its metrics.
    pub(super) fn ask(&self, number: usize, page: &str) -> Said {
        let mut command = Command::new(program(CURL).unwrap());
        let (target, module) = (format!("target={page}"), format!("module=m{number}"));
        command.args(["-s", "-m", "12", "--noproxy", "*", "-G", "--data-urlencode", &target, "-d", &module]);
        command.args(["-d", "debug=true"]);
        let outcome = run(command.arg(format!("http://127.0.0.1:{}/probe", self.port)));
        let (text, _) = outcome.stdout.split_once("Module configuration:").unwrap();
        assert!(text.contains("\nprobe_success "), "{}", outcome.stdout);
        // Each log begins with what it was told; the help of each metric names no cause.
        let told = ["# ", "Metrics"];
        let lines = text.lines().filter(|line| !told.iter().any(|start| line.starts_with(start)));
        let lines = lines.filter(|line| !line.contains("Beginning probe") && !line.ends_with(" 0"));
        Said {
            is_well: text.contains("\nprobe_success 1"),
            text: lines.map(|line| format!("{line}\n")).collect(),
        }
    }
}

//! What we ship for web servers, in the real nginx and the real Apache: the lines of publish_status' page and
//! those of the page that check_proxy asks for.

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::daemon::Daemon;
use suite::host::{Host, bare, public_folder, write};
use suite::needs::{Need, missing, program};
use suite::plugins;
use suite::process::run;

/// What publish_status reads: a component that is well.
const CONFIG: &str = "title = \"Example\"\nurl = \"http://status.example.com/\"\n[[group]]\nname = \"Europe\"\n\
                      [[group.component]]\nname = \"London\"\nfrom = [\"lon\"]\n";

/// What nginx has around the lines: Debian's user, and a host for the page that check_proxy asks for.
const NGINX: &str = "daemon off;\nuser www-data;\npid @top@/pid;\nerror_log @top@/log;\nevents {}\nhttp {\naccess_log off;\n\
                     @status@\nserver {\nlisten 81;\n@page@}\n}\n";

/// What Apache has around them: Debian's user, what Debian has enabled, and the modules that the files need.
const APACHE: &str = "ServerName localhost\nPidFile @top@/pid\nErrorLog @top@/log\nListen 80\nListen 81\n\
                      User www-data\nGroup www-data\nTypesConfig @top@/types\nDirectoryIndex index.html\n@modules@\
                      @status@\n<VirtualHost *:81>\n@page@</VirtualHost>\n";
const MODULES: [&str; 8] =
    ["mpm_event", "authz_core", "mime", "dir", "alias", "setenvif", "headers", "include"];

/// A shipped file, with these folders in place of the installed ones.
fn shipped(name: &str, top: &Path) -> String {
    let text = fs::read_to_string(plugins::workspace().join("nrpe-config").join(name)).unwrap();
    let top = top.display();
    text.replace("/var/lib/silent-outage/status", &format!("{top}/status"))
        .replace("/var/www/pong", &format!("{top}/pong"))
}

/// Writes the page by publish_status, and a file that it is just writing. Returns the page's files.
fn publish(top: &Path) -> Vec<String> {
    let now = run(Command::new("date").arg("+%s")).stdout;
    let now = now.trim();
    let status = format!(
        "info {{\n\tcreated={now}\n\t}}\nprogramstatus {{\n\tactive_service_checks_enabled=1\n\tactive_host_checks_enabled=1\n\t}}\nhoststatus {{\n\thost_name=lon\n\t\
         current_state=0\n\thas_been_checked=1\n\tstate_type=1\n\tlast_check={now}\n\tcheck_interval=1\n\tactive_checks_enabled=1\n\t}}\n"
    );
    write(&top.join("page.toml"), CONFIG);
    write(&top.join("status.dat"), &status);
    fs::create_dir(top.join("status")).unwrap();
    let option = |name: &str, file: &str| format!("--{name}={}", top.join(file).display());
    let outcome = run(plugins::command("publish_status").args([
        option("config", "page.toml"),
        option("status-file", "status.dat"),
        option("output", "status"),
        option("state", "state"),
    ]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let files = fs::read_dir(top.join("status")).unwrap().flatten();
    let names = files.map(|file| file.file_name().into_string().unwrap()).collect();
    write(&top.join("status/.index.html.new"), "half");
    names
}

/// What a server answers: the head and the body.
fn fetched(host: &Host, address: &str) -> (String, String) {
    let outcome = run(host.command("curl").args(["-s", "-i", &format!("http://127.0.0.1{address}")]));
    let (head, body) = outcome.stdout.split_once("\r\n\r\n").unwrap_or((&outcome.stdout, ""));
    (head.to_lowercase(), body.to_owned())
}

/// Starts a server, and holds what it serves against what the files promise.
fn serves(top: &Path, host: &Host, command: &mut Command) -> String {
    let names = publish(top);
    let is_ready = |_| fetched(host, ":81/pong?n=0").0.starts_with("http/1.1 200");
    let _daemon = Daemon::start(command, &top.join("log"), is_ready);
    for name in names.iter().map(String::as_str).chain([""]) {
        let kind = match name.rsplit('.').next() {
            Some("html") | None | Some("") => "text/html",
            Some("json") => "application/json",
            Some("atom") => "application/atom+xml",
            Some("svg") => "image/svg+xml",
            Some(other) => panic!("{name}: what is .{other} on the page?"),
        };
        let (head, _) = fetched(host, &format!("/{name}"));
        let wanted = [
            "http/1.1 200",
            &format!("content-type: {kind}"),
            "cache-control: max-age=30",
            "x-content-type-options: nosniff",
        ];
        for line in wanted {
            assert!(head.contains(&format!("\n{line}")) || head.starts_with(line), "{name}: {line}: {head}");
        }
    }
    let (head, body) = fetched(host, "/.index.html.new");
    assert!(["http/1.1 403", "http/1.1 404"].iter().any(|code| head.starts_with(code)), "{head}\n{body}");
    let (head, body) = fetched(host, ":81/pong?n=0123456789abcdef");
    assert!(head.contains("\ncache-control: no-store"), "{head}");
    assert!(body.starts_with("pong 0123456789abcdef from 127.0.0.1"), "{head}\n{body}");
    // Nothing but the number comes back.
    fetched(host, ":81/pong?n=%3Cb%3E").1
}

#[test]
fn nginx_serves_both_pages() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("curl"), Need::Program("nginx")]) {
        return;
    }
    let (host, folder) = (bare(), public_folder());
    let top = folder.path();
    let text = NGINX
        .replace("@status@", &shipped("publish_status/nginx.conf", top))
        .replace("@page@", &shipped("check_proxy/nginx.conf", top))
        .replace("@top@", &top.display().to_string());
    write(&top.join("nginx.conf"), &text);
    let mut command = host.command(program("nginx").unwrap_or_default());
    let log = top.join("log");
    let body = serves(top, &host, command.arg("-e").arg(log).arg("-c").arg(top.join("nginx.conf")));
    assert_eq!(body, "pong %3Cb%3E from 127.0.0.1\n");
}

#[test]
fn apache_serves_both_pages() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("curl"), Need::Program("apache2")]) {
        return;
    }
    let (host, folder) = (bare(), public_folder());
    let top = folder.path();
    let module = |name: &&str| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
    let page = shipped("check_proxy/apache.conf", top);
    // The line that the file is to have stands in its comment.
    let line = page.lines().find_map(|line| line.strip_prefix("#     ")).unwrap();
    fs::create_dir(top.join("pong")).unwrap();
    write(&top.join("pong/pong.shtml"), &format!("{line}\n"));
    // As Debian's /etc/mime.types.
    write(&top.join("types"), "text/html html htm shtml\napplication/json json\nimage/svg+xml svg svgz\n");
    let text = APACHE
        .replace("@modules@", &MODULES.iter().map(module).collect::<String>())
        .replace("@status@", &shipped("publish_status/apache.conf", top))
        .replace("@page@", &page)
        .replace("@top@", &top.display().to_string());
    write(&top.join("apache.conf"), &text);
    let mut command = host.command(program("apache2").unwrap_or_default());
    let body = serves(top, &host, command.arg("-DFOREGROUND").arg("-f").arg(top.join("apache.conf")));
    assert_eq!(body, "pong (none) from 127.0.0.1\n");
}

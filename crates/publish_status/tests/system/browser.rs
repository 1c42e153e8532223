//! The page in a real browser: it turns grey by itself, loads nothing from anywhere, and an accessibility
//! checker finds nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use suite::needs::{Need, missing, program};
use suite::process::{self, Outcome};
use tempfile::TempDir;

pub(crate) const NEEDS: [Need; 1] = [Need::Program("chromium")];
/// Where npm puts axe-core: `npm install --global axe-core`.
const AXE: [&str; 2] =
    ["/usr/local/lib/node_modules/axe-core/axe.min.js", "/usr/lib/node_modules/axe-core/axe.min.js"];

/// A page of one of each state.
fn published() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path();
    fs::create_dir(top.join("out")).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let status = include_str!("../../../monitor_state/tests/fixtures/one-of-each-state.dat");
    let status = status
        .replace("1795640914", &now.to_string())
        .replace("end_time=1795648097", &format!("end_time={}", now + 3_600));
    fs::write(top.join("status.dat"), status).unwrap();
    fs::write(top.join("page.toml"), include_str!("../fixtures/each-state.toml")).unwrap();
    let mut command = suite::plugins::command("publish_status");
    for (option, name) in
        [("config", "page.toml"), ("status-file", "status.dat"), ("output", "out"), ("state", "state")]
    {
        command.arg(format!("--{option}={}", top.join(name).display()));
    }
    let outcome = process::run(&mut command);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    folder
}

/// What the browser makes of a page, as text.
pub(crate) fn browse(page: &Path, options: &[&str]) -> Outcome {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("chromium").unwrap_or_default());
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ]);
    command.args([
        "--disable-component-update",
        "--disable-sync",
        "--virtual-time-budget=5000",
        "--dump-dom",
    ]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).args(options);
    process::run(command.arg(format!("file://{}", page.display())))
}

/// The time until which the page is good, moved by this many seconds.
fn moved(folder: &Path, seconds: i64) -> PathBuf {
    let page = fs::read_to_string(folder.join("out/index.html")).unwrap();
    let (before, rest) = page.split_once("data-expires=\"").unwrap();
    let (time, rest) = rest.split_once('"').unwrap();
    let time = time.parse::<i64>().unwrap() + seconds * 1_000;
    let path = folder.join("moved.html");
    fs::write(&path, format!("{before}data-expires=\"{time}\"{rest}")).unwrap();
    path
}

#[test]
fn a_page_that_is_not_renewed_says_so_by_itself() {
    if missing(&NEEDS) {
        return;
    }
    let folder = published();
    let fresh = browse(&moved(folder.path(), 3_600), &[]).stdout;
    assert!(
        fresh.contains("<html lang=\"en\" data-expires") && !fresh.contains("class=\"stale\""),
        "{fresh}"
    );
    assert!(fresh.contains("role=\"alert\" hidden"), "{fresh}");
    let old = browse(&moved(folder.path(), -3_600), &[]).stdout;
    assert!(
        old.contains("class=\"stale\"") && !old.contains("role=\"alert\" hidden"),
        "its script runs under its own policy: {old}"
    );
}

#[test]
fn the_page_asks_for_nothing_else() {
    if missing(&NEEDS) {
        return;
    }
    let folder = published();
    let log = folder.path().join("net.json");
    browse(&folder.path().join("out/index.html"), &[&format!("--log-net-log={}", log.display())]);
    let log = fs::read_to_string(log).unwrap();
    let addresses: Vec<&str> =
        log.split("\"url\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let foreign: Vec<&&str> =
        addresses.iter().filter(|url| url.starts_with("http") || url.starts_with("ws")).collect();
    // What the browser itself asks its maker for is not the page's.
    let foreign: Vec<_> = foreign.into_iter().filter(|url| !url.contains("google")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn an_accessibility_checker_finds_nothing() {
    if missing(&NEEDS) {
        return;
    }
    let named = std::env::var_os("AXE_CORE").map(PathBuf::from);
    let Some(axe) = named.or_else(|| AXE.iter().map(PathBuf::from).find(|path| path.is_file())) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "axe-core is missing: tests/run installs it, AXE_CORE names it"
        );
        return;
    };
    let folder = published();
    let page = fs::read_to_string(folder.path().join("out/index.html")).unwrap();
    // The checker is a script of its own, which the page's policy rightly forbids.
    let policy = page.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    let runner = "<script>axe.run().then(r=>{document.title='AXE '+r.passes.length+' '+JSON.stringify(r.violations.map(v=>[v.id,\
                  v.nodes.map(n=>n.html)]))})</script>";
    let script = format!("<script>{}</script>{runner}</body>", fs::read_to_string(axe).unwrap());
    let checked = folder.path().join("checked.html");
    fs::write(&checked, page.replace(policy, "").replace("</body>", &script)).unwrap();
    for options in [
        &["--window-size=1280,800"][..],
        &["--window-size=320,640"],
        &["--blink-settings=preferredColorScheme=0"],
    ] {
        let dom = browse(&checked, options).stdout;
        let title = dom
            .split("<title>AXE ")
            .nth(1)
            .and_then(|rest| rest.split("</title>").next())
            .unwrap_or("the checker did not end");
        let (passes, violations) = title.split_once(' ').unwrap();
        assert!(passes.parse::<usize>().is_ok_and(|passes| passes > 20), "{title}");
        assert_eq!(violations, "[]", "{options:?}");
    }
}

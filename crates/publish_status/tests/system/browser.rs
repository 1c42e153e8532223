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
    assert!(fresh.contains("<title>Some systems have a major outage | Example Proxies</title>"), "{fresh}");
    assert!(old.contains("<title>Present state unknown | Example Proxies</title>"), "{old}");
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

/// A page that shows another one in frames, and puts what `measure` says of each of them into its title.
fn measured(folder: &Path, frames: &[(u32, &str, String)], measure: &str) -> Vec<String> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
    let frame = |(width, sandbox, page): &(u32, &str, String)| {
        format!(
            "<iframe {sandbox} style=\"width:{width}px;height:900px;border:0\" srcdoc=\"{}\"></iframe>",
            escape(page)
        )
    };
    let frames: String = frames.iter().map(frame).collect();
    let script = format!(
        "onload=()=>{{document.title='SEEN '+[...document.querySelectorAll('iframe')].map(f=>{{\
         const w=f.contentWindow,d=f.contentDocument;return {measure}}}).join(' @ ')}}"
    );
    let path = folder.join("frames.html");
    fs::write(&path, format!("<!DOCTYPE html><meta charset=utf-8><script>{script}</script>{frames}"))
        .unwrap();
    let dom = browse(&path, &[]).stdout;
    let title = dom.split("<title>SEEN ").nth(1).and_then(|rest| rest.split("</title>").next());
    title.unwrap_or_else(|| panic!("nothing was measured: {dom}")).split(" @ ").map(str::to_owned).collect()
}

/// Scripts are off in a frame that allows nothing but to be looked at.
const WITHOUT_SCRIPTS: &str = "sandbox=\"allow-same-origin\"";

#[test]
fn the_page_fits_a_phone_a_tablet_and_a_desk() {
    if missing(&NEEDS) {
        return;
    }
    let folder = published();
    let page = fs::read_to_string(folder.path().join("out/index.html")).unwrap();
    let long = page.replace("Frankfurt", &"Llanfairpwllgwyngyll".repeat(5));
    let widths = [320, 768, 1_280];
    let frames: Vec<_> =
        [&page, &long].iter().flat_map(|page| widths.map(|width| (width, "", (*page).clone()))).collect();
    // The script runs under the page's own policy, and finds that the page is fresh.
    let measure = "w.innerWidth+' '+(d.documentElement.scrollWidth<=w.innerWidth)+' '+getComputedStyle(d.body).fontSize";
    let seen = measured(folder.path(), &frames, measure);
    let expected: Vec<String> =
        [widths, widths].concat().iter().map(|width| format!("{width} true 16px")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn the_page_is_read_without_style_and_without_scripts() {
    if missing(&NEEDS) {
        return;
    }
    let folder = published();
    let page = fs::read_to_string(folder.path().join("out/index.html")).unwrap();
    let (before, rest) = page.split_once("<style>").unwrap();
    let plain = format!("{before}{}", rest.split_once("</style>").unwrap().1);
    let frames = [(768, "", plain.clone()), (768, WITHOUT_SCRIPTS, page), (768, WITHOUT_SCRIPTS, plain)];
    // What is said without scripts, whether anything is cut off, and each component with its state.
    let measure = "[d.querySelector('noscript p')?.getBoundingClientRect().height>0,\
                   d.getElementById('late').getBoundingClientRect().height,d.documentElement.scrollWidth<=w.innerWidth,\
                   ...[...d.querySelectorAll('h3')].filter(h=>h.nextElementSibling?.tagName=='SPAN')\
                   .map(h=>h.parentElement.innerText.replace(/\\s+/g,' ').trim())].join('|')";
    let seen = measured(folder.path(), &frames, measure);
    let states = "London Maintenance|Frankfurt Partial outage|New York Degraded|São Paulo &lt;b&gt; Major outage|Elsewhere Unknown|\
                  Sydney Unknown|Sydney by ping Operational";
    let expected = ["false", "true", "true"].map(|without| format!("{without}|0|true|{states}"));
    assert_eq!(seen, expected);
}

#[test]
fn pictures_of_the_page_are_light_and_dark() {
    if missing(&NEEDS) {
        return;
    }
    let folder = published();
    let page = folder.path().join("out/index.html");
    let picture = |width: u32, is_dark: bool| {
        let path = folder.path().join(format!("{width}-{is_dark}.png"));
        let scheme = format!("--blink-settings=preferredColorScheme={}", u8::from(!is_dark));
        let options =
            [format!("--window-size={width},900"), format!("--screenshot={}", path.display()), scheme];
        let outcome = browse(&page, &options.each_ref().map(String::as_str));
        let picture = fs::read(&path).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{width}");
        assert_eq!(picture[16..20], width.to_be_bytes(), "its width");
        picture
    };
    let both = [320, 768, 1_280].map(|width| [false, true].map(|is_dark| picture(width, is_dark)));
    for [light, dark] in both {
        assert!(light.len() > 10_000 && dark.len() > 10_000, "{} {}", light.len(), dark.len());
        assert_ne!(light, dark);
    }
}

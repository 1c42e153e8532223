//! `packaging/install` on its own: what it puts where, and that it takes away no more than that.

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::host::{cabled, public_folder, write};
use suite::needs::{Need, missing};
use suite::nrpe::{install, plugin_folder};
use suite::plugins;
use suite::process::run;

/// All files under a folder, relative to it and sorted.
fn files(top: &Path) -> Vec<String> {
    let found = run(Command::new("find").arg(top).args(["-type", "f", "-printf", "%P\n"]));
    let mut files: Vec<String> = found.stdout.lines().map(str::to_owned).collect();
    files.sort();
    files
}

fn script() -> Command {
    let mut command = Command::new(plugins::workspace().join("packaging/install"));
    command.env_remove("DESTDIR").env_remove("PREFIX");
    command
}

#[test]
fn it_removes_what_it_installed_and_nothing_else() {
    let folder = public_folder();
    let top = folder.path();
    install(top, &[]);
    let installed = files(top);
    for plugin in plugins::names() {
        assert!(installed.contains(&format!("lib/nagios/plugins/{plugin}")), "{installed:?}");
    }
    for file in ["nrpe.d/silent-outage-plugins.cfg", "share/doc/silent-outage-plugins/LICENSE-MIT"] {
        assert!(installed.contains(&file.to_owned()), "{installed:?}");
    }
    let commands = fs::read_to_string(top.join("nrpe.d/silent-outage-plugins.cfg")).unwrap();
    let line =
        format!("\ncommand[check_ip_bound]={}/check_ip_bound --extra-opts=", plugin_folder(top).display());
    assert!(commands.contains(&line) && !commands.contains("@plugindir@"), "{commands}");

    for foreign in ["nrpe.d/own.cfg", "lib/nagios/plugins/check_own"] {
        write(&top.join(foreign), "");
    }
    install(top, &["--remove"]);
    assert_eq!(files(top), ["lib/nagios/plugins/check_own", "nrpe.d/own.cfg"]);
    assert!(!top.join("share/doc/silent-outage-plugins").exists());
}

#[test]
fn it_keeps_a_changed_configuration_and_puts_the_new_one_beside() {
    let folder = public_folder();
    let configuration = folder.path().join("nrpe.d/silent-outage-plugins.cfg");
    let new = folder.path().join("nrpe.d/silent-outage-plugins.cfg.new");
    let copy = folder.path().join("share/doc/silent-outage-plugins/nrpe.d/silent-outage-plugins.cfg");
    install(folder.path(), &[]);
    let shipped = fs::read_to_string(&configuration).unwrap();
    assert!(shipped.contains("\ncommand[check_ip_bound]="), "{shipped}");
    assert_eq!((install(folder.path(), &[]).stderr.as_str(), new.exists()), ("", false));
    // An earlier version that was not changed is replaced.
    write(&configuration, "# earlier\n");
    write(&copy, "# earlier\n");
    assert_eq!((install(folder.path(), &[]).stderr.as_str(), new.exists()), ("", false));
    assert_eq!(fs::read_to_string(&configuration).unwrap(), shipped);

    write(&configuration, "command[mine]=/bin/true\n");
    let kept = format!("install: left {} alone, which is not as shipped\n", configuration.display());
    assert_eq!(install(folder.path(), &[]).stderr, kept);
    assert_eq!(fs::read_to_string(&configuration).unwrap(), "command[mine]=/bin/true\n");
    assert_eq!(fs::read_to_string(&new).unwrap(), shipped);

    assert_eq!(install(folder.path(), &["--remove"]).stderr, kept);
    assert_eq!(files(folder.path()), ["nrpe.d/silent-outage-plugins.cfg"]);
}

/// Debian has a folder for commands of Nagios too.
#[test]
fn changed_commands_of_nagios_stay() {
    let folder = public_folder();
    let commands = folder.path().join("etc/nagios-plugins/config/silent-outage-commands.cfg");
    let binaries = plugins::binary("check_ip_bound");
    let from = format!("--from={}", binaries.parent().unwrap().display());
    let install =
        || run(script().env("DESTDIR", folder.path()).args([from.as_str(), "--family=debian"])).stderr;
    assert_eq!(install(), "");
    let shipped = fs::read_to_string(&commands).unwrap();
    let mine = format!("{shipped}# mine\n");
    write(&commands, &mine);
    let left = format!("install: left {} alone, which is not as shipped\n", commands.display());
    assert_eq!(install(), left);
    assert_eq!(fs::read_to_string(&commands).unwrap(), mine);
    assert_eq!(fs::read_to_string(commands.with_extension("cfg.new")).unwrap(), shipped);
}

/// The lines of README.md's quick start for a host whose configuration names no address.
#[test]
fn the_list_of_the_quick_start_is_made_and_read() {
    if missing(&[Need::Root, Need::Program("ip")]) {
        return;
    }
    let (folder, (host, _other)) = (public_folder(), cabled());
    let top = folder.path();
    install(top, &[]);
    host.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let readme = fs::read_to_string(plugins::workspace().join("README.md")).unwrap();
    let start = readme.split("\n## ").find(|section| section.starts_with("Quick start\n")).unwrap();
    let of_list = |line: &&str| line.contains("/etc/silent-outage/addresses") && !line.contains("--list >");
    let shell = start.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines: Vec<&str> = shell.flat_map(str::lines).filter(of_list).collect();
    assert_eq!(lines.len(), 3, "make a list of what is bound, open it, name it: {lines:?}");
    let plugins = plugin_folder(top).display().to_string();
    let options = top.join("etc");
    let here = |text: &str| {
        text.replace("/usr/lib/nagios/plugins", &plugins)
            .replace("/etc/silent-outage", &options.display().to_string())
    };
    // The sample names the folder of a real host.
    let sample = options.join("nrpe.ini");
    fs::write(&sample, here(&fs::read_to_string(&sample).unwrap())).unwrap();
    for line in lines {
        let outcome = run(host.command("sh").arg("-c").arg(here(line)));
        assert_eq!(
            (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str()),
            (Some(0), "", ""),
            "{line}"
        );
    }
    let outcome = run(host
        .command(format!("{plugins}/check_ip_bound"))
        .arg(here("--extra-opts=@/etc/silent-outage/nrpe.ini")));
    assert_eq!(outcome.summary(), (0, "IP_BOUND OK - 1 address bound and usable"));
    host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    let outcome = run(host
        .command(format!("{plugins}/check_ip_bound"))
        .arg(here("--extra-opts=@/etc/silent-outage/nrpe.ini")));
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
}

#[test]
fn options_in_a_file_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = public_folder();
    install(folder.path(), &[]);
    for name in ["nrpe.ini", "monitor.ini"] {
        let mode = fs::metadata(folder.path().join("etc").join(name)).unwrap().permissions().mode() & 0o777;
        assert!([0o640, 0o600].contains(&mode), "{name}: {mode:o}");
    }
}

/// What an administrator gave the options to, and how, stays when `install` runs again, and so does a link.
#[test]
fn an_owner_a_group_and_a_mode_that_were_chosen_stay() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

    if missing(&[Need::Root]) {
        return;
    }
    let folder = public_folder();
    install(folder.path(), &[]);
    let [nrpe, monitor, mine] =
        ["nrpe.ini", "monitor.ini", "mine"].map(|name| folder.path().join("etc").join(name));
    chown(&nrpe, Some(2), Some(60)).unwrap();
    fs::set_permissions(&nrpe, fs::Permissions::from_mode(0o400)).unwrap();
    fs::rename(&monitor, &mine).unwrap();
    symlink("mine", &monitor).unwrap();
    install(folder.path(), &[]);
    let seen = fs::metadata(&nrpe).unwrap();
    assert_eq!((seen.uid(), seen.gid(), seen.permissions().mode() & 0o777), (2, 60, 0o400));
    assert_eq!(fs::read_link(&monitor).unwrap().to_str(), Some("mine"));
}

/// The options belong to the group that NRPE's configuration names where systemd does not tell it, but to
/// root alone where ordinary accounts are in that group: else every user of the host could read a password in
/// them.
#[test]
fn options_are_for_the_group_of_nrpe_but_not_for_ordinary_accounts() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    if missing(&[Need::Root, Need::Program("nrpe"), Need::Program("unshare")]) {
        return;
    }
    let first = plugins::names().remove(0);
    let from = format!("--from={}", plugins::binary(&first).parent().unwrap().display());
    for (group, id, mode, said) in [("games", 60, 0o640, ""), ("users", 0, 0o600, "group users has ordinary")]
    {
        let folder = public_folder();
        let top = folder.path();
        let nrpe = top.join("nrpe.cfg");
        write(&nrpe, &format!("nrpe_user=nagios\nnrpe_group={group}\n"));
        let mut command = Command::new("unshare");
        command
            .args([
                "--mount",
                "sh",
                "-ec",
                r#"mount --bind "$1" /etc/nagios/nrpe.cfg; mount -t tmpfs tmpfs /run; shift; exec "$@""#,
                "-",
            ])
            .arg(&nrpe)
            .arg(plugins::workspace().join("packaging/install"))
            .arg(&from)
            .arg(format!("--prefix={}", top.display()))
            .arg(format!("--nrpedir={}/nrpe.d", top.display()))
            .arg(format!("--inidir={}/etc", top.display()));
        let outcome = run(command.env_remove("DESTDIR").env_remove("PREFIX"));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(said), "{group}: {}", outcome.stderr);
        let seen = fs::metadata(top.join("etc/nrpe.ini")).unwrap();
        assert_eq!(
            (seen.gid(), seen.permissions().mode() & 0o777),
            (id, mode),
            "{group}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn it_refuses_in_one_line_and_installs_nothing() {
    let folder = public_folder();
    let top = folder.path().display();
    let first = plugins::names().remove(0);
    let rows = [
        (vec![format!("--from={top}")], format!("no {first} in {top}: build it by cargo build --release")),
        (
            vec![format!("--plugindir={top}/a b")],
            format!("{top}/a b has a character that a command line of NRPE cannot hold"),
        ),
        (vec!["--nrpedir=nrpe.d".to_owned()], "nrpe.d is not an absolute path".to_owned()),
        (vec!["--form=x".to_owned()], "unknown argument --form=x".to_owned()),
    ];
    for (options, message) in rows {
        let outcome = run(script()
            .arg(format!("--prefix={top}"))
            .arg(format!("--nrpedir={top}/nrpe.d"))
            .args(&options));
        let seen = (outcome.code, outcome.stdout.as_str(), outcome.stderr.as_str());
        assert_eq!(seen, (Some(1), "", format!("install: {message}\n").as_str()), "{options:?}");
    }
    assert_eq!(files(folder.path()), [""; 0]);
}

#[test]
fn a_packages_root_does_not_show_in_the_files() {
    let folder = public_folder();
    let binaries = plugins::binary("check_ip_bound");
    let from = format!("--from={}", binaries.parent().unwrap().display());
    let outcome = run(script()
        .env("DESTDIR", folder.path())
        .arg(from)
        .args(["--prefix=/usr", "--nrpedir=/etc/nagios/nrpe.d"]));
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    let installed = files(folder.path());
    let places = ["usr/", "etc/nagios/nrpe.d/", "etc/silent-outage/"];
    assert!(installed.iter().all(|file| places.iter().any(|place| file.starts_with(place))), "{installed:?}");
    let commands =
        fs::read_to_string(folder.path().join("etc/nagios/nrpe.d/silent-outage-plugins.cfg")).unwrap();
    assert!(
        commands.contains("\ncommand[check_ip_bound]=/usr/lib/nagios/plugins/check_ip_bound --extra-opts="),
        "{commands}"
    );
}

#[test]
fn each_family_has_its_folders_and_every_file_a_place() {
    let binaries = plugins::binary("check_ip_bound");
    let from = format!("--from={}", binaries.parent().unwrap().display());
    let rows = [
        (
            "debian",
            "usr/lib/nagios/plugins",
            "etc/nagios/nrpe.d",
            "usr/share/doc/monitoring-plugins-silent-outage",
        ),
        (
            "redhat",
            "usr/lib64/nagios/plugins",
            "etc/nrpe.d",
            "usr/share/doc/monitoring-plugins-silent-outage",
        ),
        (
            "prefix",
            "usr/local/lib/nagios/plugins",
            "etc/nagios/nrpe.d",
            "usr/local/share/doc/silent-outage-plugins",
        ),
    ];
    for (family, plugin_folder, commands, documents) in rows {
        let folder = public_folder();
        let family_option = format!("--family={family}");
        let outcome = run(script().env("DESTDIR", folder.path()).args([from.as_str(), &family_option]));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{family}");
        let installed = files(folder.path());
        let has = |path: String| assert!(installed.contains(&path), "{family}: no {path} in {installed:?}");
        for plugin in plugins::names() {
            has(format!("{plugin_folder}/{plugin}"));
            has(format!("{documents}/{plugin}/README.md"));
        }
        for file in files(&plugins::workspace().join("nrpe-config")) {
            match file.split_once('/') {
                Some(("nrpe.d", name)) => has(format!("{commands}/{name}")),
                _ if family == "prefix" => has(format!("{documents}/{file}")),
                _ => has(format!("{documents}/examples/{file}")),
            }
            if !file.contains('/') {
                has(format!("etc/silent-outage/{file}"));
            }
            if let Some(name) = file
                .strip_prefix("nagios/")
                .filter(|name| family == "debian" && name.ends_with("-commands.cfg"))
            {
                has(format!("etc/nagios-plugins/config/{name}"));
            }
        }
        links_lead_somewhere(folder.path(), documents, family);
        let outcome = run(script().env("DESTDIR", folder.path()).args([&family_option, "--remove"]));
        assert_eq!(
            (outcome.code, outcome.stderr.as_str(), files(folder.path())),
            (Some(0), "", vec![]),
            "{family}"
        );
    }
}

/// Whether a page has the heading that an anchor names: in lower case, with dashes for blanks.
fn has_heading(page: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(page).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let slug = |line: &str| -> String {
        let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    headings.map(slug).any(|slug| slug == anchor)
}

/// Opens each link of the documents installed below `root`.
fn links_lead_somewhere(root: &Path, documents: &str, family: &str) {
    let mut links = 0;
    for file in files(&root.join(documents)).into_iter().filter(|file| file.ends_with(".md")) {
        let page = root.join(documents).join(&file);
        let text = fs::read_to_string(&page).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
        for target in targets.filter(|target| !target.contains("://")) {
            // Debian's own copyright comes with packaging/build.
            if (family, target) == ("debian", "copyright") {
                continue;
            }
            let (name, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match name.strip_prefix('/') {
                _ if name.is_empty() => page.clone(),
                Some(absolute) => root.join(absolute),
                None => page.parent().unwrap().join(name),
            };
            assert!(path.exists(), "{family}: {file}: {target} leads nowhere");
            assert!(anchor.is_empty() || has_heading(&path, anchor), "{family}: {file}: no heading {target}");
            links += 1;
        }
    }
    assert!(links > 40, "{family}: {links} links");
}

#[test]
fn options_in_a_file_are_never_replaced() {
    const OPTIONS: (&str, &str) = ("nrpe-config/own.ini", "[x]\n#path=@plugindir@\n");
    // The shipped script with a file of options of its own, laid out as a tarball is.
    let folder = public_folder();
    let (tree, root) = (folder.path().join("tree"), folder.path().join("root"));
    for (name, text) in [
        ("bin/check_x", ""),
        ("nrpe-config/nrpe.d/x.cfg", ""),
        ("crates/check_x/README.md", ""),
        ("README.md", ""),
        ("CHANGELOG.md", ""),
        OPTIONS,
    ] {
        fs::create_dir_all(tree.join(name).parent().unwrap()).unwrap();
        write(&tree.join(name), text);
    }
    fs::copy(plugins::workspace().join("packaging/install"), tree.join("install")).unwrap();
    let installed = root.join("etc/silent-outage/own.ini");
    let install = |options: &[&str]| {
        let outcome =
            run(Command::new(tree.join("install")).env("DESTDIR", &root).env_remove("PREFIX").args(options));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        outcome.stderr
    };
    assert_eq!(install(&[]), "");
    assert_eq!(fs::read_to_string(&installed).unwrap(), "[x]\n#path=/usr/local/lib/nagios/plugins\n");
    let left = format!("install: left {} alone, which is not as shipped\n", installed.display());
    write(&installed, "[x]\npassword=secret\n");
    assert_eq!(install(&[]), left);
    assert_eq!(install(&["--remove"]), left);
    assert_eq!(
        (fs::read_to_string(&installed).unwrap().as_str(), files(&root)),
        ("[x]\npassword=secret\n", vec!["etc/silent-outage/own.ini".to_owned()])
    );
}

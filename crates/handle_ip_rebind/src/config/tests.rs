//! Rows of configurations and their errors.

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("/etc/x.toml"), text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn without_a_word_it_is_a_dry_run() {
    let config = parse("interface = \"eth0\"\nfiles = [\"/etc/ips\"]\n").unwrap();
    assert!(!config.enabled && config.announce && config.per_hour == 3 && config.command.is_none());
    let events: Vec<String> = config.on.iter().map(ToString::to_string).collect();
    assert_eq!(events, ["CRITICAL-SOFT-2", "CRITICAL-HARD", "TIMER"]);
    assert_eq!(config.list.addresses.file, [PathBuf::from("/etc/ips")]);
}

#[test]
fn all_of_it_is_read() {
    let text = r#"
        enabled = true
        on = ["CRITICAL", "WARNING-HARD", "TIMER"]
        check = ["--from=auto", "--ip", "192.0.2.9/24"]
        from = ["hsphere", "auto"]
        files = ["/etc/a b"]
        interface = "br-lan.100"
        prefix = { "203.0.113.0/24" = 24, "2001:db8::/32" = 64 }
        command = ["/opt/setup ips.pl", "--all", "$(reboot); `id`"]
        restart = [["/usr/bin/systemctl", "restart", "apache2"], ["/bin/true"]]
        announce = false
        per-hour = 5
        log = "/var/log/x"
        state = "/var/lib/x"
    "#;
    let config = parse(text).unwrap();
    assert!(config.enabled && !config.announce && config.per_hour == 5);
    assert_eq!(config.check.addresses.ip.len(), 1);
    let command = config.command.unwrap();
    assert_eq!(command.program, Path::new("/opt/setup ips.pl"));
    assert_eq!(
        command.arguments,
        ["--all", "$(reboot); `id`"],
        "arguments are fixed words, for no shell to read"
    );
    assert_eq!((config.restart.len(), config.prefix.len()), (2, 2));
}

#[test]
fn a_wrong_setting_is_named_with_its_line() {
    let base = "interface = \"eth0\"\nfiles = [\"/etc/ips\"]\n";
    let rows = [
        ("enabld = true", "line 3: unknown setting enabld, see the manual page"),
        ("enabled = \"yes\"", "line 3: enabled: write true or false without quotes, not string \"yes\""),
        ("enabled = true\nenabled = false", "line 4: enabled is given twice"),
        ("[section]\nx = 1", "line 3: unknown setting section, see the manual page"),
        ("on = [\"CRITICAL-SOFT-x\"]", "line 3: "),
        ("on = [\"*\"]", "line 3: "),
        (
            "on = [\"CRITICAL-HARD-3\"]",
            "line 3: on: CRITICAL-HARD-3: a hard state has no attempt, write CRITICAL-HARD",
        ),
        ("on = []", "on: no event, so nothing could ever be done"),
        ("prefix-ipv4 = 24", "prefix-ipv4 is no longer a setting: name each network in a table [prefix]"),
        ("prefix-ipv6 = \"x\"", "prefix-ipv6 is no longer a setting"),
        ("prefix = 24", "line 3: prefix: write a table, not integer 24"),
        (
            "[prefix]\n\"203.0.113.0/24\" = 16",
            "prefix: 203.0.113.0/24 = 16: wider than the network, name the whole subnet",
        ),
        (
            "[prefix]\n\"203.0.113.0/24\" = \"x\"",
            "line 4: 203.0.113.0/24: write a number of 0 to 255 without quotes, not string \"x\"",
        ),
        (
            "restart = [\n  \"/bin/true\",\n]",
            "line 4: restart: write a list in square brackets, not string \"/bin/true\"",
        ),
        ("check = [\n  \"--ip=192.0.2.1\",\n  5,\n]", "line 5: check: write a text in quotes, not integer 5"),
        ("check = [\n  '--ip=192.0.2.1',\n  5,\n]", "line 5: check: write a text in quotes, not integer 5"),
        (
            "restart = [\n  [\"/bin/x\",\n  \"--opt=1\",\n  \"--o\", \"--p=1\", 5],\n]",
            "line 6: restart: write a text in quotes, not integer 5",
        ),
        (
            "[prefix]\n'203.0.113.0/24' = \"x\"",
            "line 4: 203.0.113.0/24: write a number of 0 to 255 without quotes, not string \"x\"",
        ),
        ("files = \"/etc/ips\"", "line 3: files is given twice"),
        (
            "[prefix]\n\"203.0.113.0/24\" = 24\nlog = \"/var/log/x\"",
            "line 5: log is below [prefix], move it above that line",
        ),
        ("[prefix] # last\nrestart = [[\"/bin/true\"]]", "line 4: restart is below [prefix], move it"),
        (
            "[prefix]\n203.0.113.0/24 = 24",
            "line 4: 203.0.113.0/24: write it in quotes, it is not a plain name",
        ),
        ("[prefix]\nper-hour = 5", "x.toml: per-hour is below [prefix], move it above that line"),
        (
            "[prefix]\n\"2001:db8::/32\" = 64\n\"2001:DB8:0::/32\" = 48",
            "prefix: 2001:db8::/32 is there twice, in two spellings: remove one of them",
        ),
        (
            "[prefix]\n\"::ffff:203.0.113.0/120\" = 124",
            "prefix: ::ffff:203.0.113.0/120 is an IPv4 network, write 203.0.113.0/24",
        ),
        ("[restart]", "line 3: restart: write restart = [...], or [[restart]] with"),
        ("[[files]]", "line 3: files is given twice"),
        (
            "per-hour = 99999999999999999999",
            "write a whole number of 0 or more without quotes, not integer 99999999999999999999",
        ),
        ("state = \"/x", "line 3: state: a text without the quote at its end"),
        ("log = 5", "line 3: log: write a path in quotes, not integer 5"),
        ("[prefix]\n\"203.0.113.0/24\" = 33", "prefix: 203.0.113.0/24 = 33: not a prefix length of 8 to 32"),
        ("[prefix]\n\"203.0.113.1/24\" = 24", "prefix: 203.0.113.1/24 is not a network as in 203.0.113.0/24"),
        ("[prefix]\n\"203.0.113.0/24\" = 0", "not a prefix length of 8 to 32"),
        ("[prefix]\n\"203.0.113.0/24\" = 7", "not a prefix length of 8 to 32"),
        ("[prefix]\n\"2001:db8::/32\" = 15", "not a prefix length of 16 to 128"),
        ("[prefix]\n\"203.0.113.0/24\" = 256", "line 4: "),
        ("per-hour = 0", "per-hour must be 1 or more, enabled = false turns it off"),
        (
            "per-hour = -1",
            "line 3: per-hour: write a whole number of 0 or more without quotes, not integer -1",
        ),
        (
            "per-hour = 1.5",
            "line 3: per-hour: write a whole number of 0 or more without quotes, not the number 1.5",
        ),
        ("command = []", "command: no program"),
        ("command = [\"setup-ips.pl\"]", "command: setup-ips.pl is not an absolute path"),
        (
            "command = \"/bin/sh -c x\"",
            "line 3: command: write a list in square brackets, not string \"/bin/sh -c x\"",
        ),
        ("restart = [[\"/bin/true\", \"a\\u0000b\"]]", "restart: a zero octet"),
        ("check = [\"--bogus\"]", "check: not options of check_ip_bound: unexpected argument '--bogus'"),
        ("check = [\"--list\"]", "check: --list has no effect here, remove it"),
        ("check = [\"--unexpected=critical\"]", "check: --unexpected has no effect here, remove it"),
        ("check = [\"--misplaced=warning\"]", "check: --misplaced has no effect here, remove it"),
        ("check = [\"-w\", \"5\"]", "check: --warning has no effect here, remove it"),
        ("check = [\"--grace=60\"]", "check: --grace has no effect here, remove it"),
        ("check = [\"--format=json\"]", "check: not options of check_ip_bound: unexpected argument"),
        ("check = [\"--list=1\"]", "check: not options of check_ip_bound: "),
        ("from = [\"windows\"]", "from: \"windows\": the sources are hsphere"),
        ("log = \"x.log\"", "log: x.log is not an absolute path"),
        ("enabled =", "line 3: "),
        ("\u{1}", "line 3: "),
    ];
    for (line, part) in rows {
        let error = parse(&format!("{base}{line}\n")).unwrap_err();
        assert!(error.starts_with("configuration /etc/x.toml") && error.contains(part), "{line}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
    assert_eq!(
        parse("files = [\"/a\"]\n").unwrap_err(),
        "configuration /etc/x.toml: interface is not set: name one in quotes"
    );
    assert!(parse("interface = \"eth0\"").unwrap_err().contains("neither files nor from"));
    for name in ["", "a/b", "e t", "sixteen-letters-", "e\\u0007"] {
        assert!(
            parse(&format!("interface = \"{name}\"\nfiles = [\"/a\"]"))
                .unwrap_err()
                .contains("is not the name"),
            "{name}"
        );
    }
    let error = Config::parse(Path::new("/etc/x.toml"), b"a = 1\n\xff").unwrap_err().to_string();
    assert_eq!(error, "configuration /etc/x.toml line 2: not UTF-8");
}

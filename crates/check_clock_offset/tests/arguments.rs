//! Arguments that check_clock_offset refuses: each is named in one line.

use std::process::Command;

use suite::process::{Outcome, run};

const BINARY: &str = env!("CARGO_BIN_EXE_check_clock_offset");

fn check(arguments: &[&str]) -> Outcome {
    let outcome = run(Command::new(BINARY).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

/// Each bad input ends in time, UNKNOWN, with one line that names the thing.
#[test]
fn bad_arguments_are_named() {
    let rows: [(&[&str], &str); 56] = [
        (
            &[],
            "nothing to compare: give --hostname for the clock of a host, --ntp for that of this machine, see --help",
        ),
        (
            &["-H", "127.0.0.1", "--oid", "sysUpTime.0"],
            "sysUpTime.0 is not a numeric OID, as in .1.3.6.1.2.1.25.1.2.0",
        ),
        (&["-H", "127.0.0.1", "-P", "4"], "--protocol=4: not 1, 2c or 3, see --help"),
        (&["-H", "127.0.0.1", "-P", "3"], "--protocol=3 needs --secname, see --help"),
        (
            &["-H", "127.0.0.1", "-P", "3", "-U", "x", "-L", "authNoPriv"],
            "--seclevel=authNoPriv needs --authpasswd, see --help",
        ),
        (&["-H", "127.0.0.1", "-P", "3", "-U", "x", "-L", "authNoPriv", "-A", ""], "--authpasswd"),
        (
            &["-H", "127.0.0.1", "-P", "3", "-U", "x", "-L", "authNoPriv", "-A", "short"],
            "--authpasswd has less than 8 octets",
        ),
        (
            &["-H", "127.0.0.1", "-P", "3", "-U", "x", "-L", "authPriv", "-A", "longenough"],
            "--seclevel=authPriv needs --privpasswd, see --help",
        ),
        (
            &["-H", "127.0.0.1", "-P", "3", "-U", "x", "-A", "longenough"],
            "--authpasswd needs --seclevel=authNoPriv or authPriv, see --help",
        ),
        (
            &["-H", "127.0.0.1", "-P", "3", "-U", "x", "-A", "longenough", "-X", "longenough"],
            "--privpasswd needs --seclevel=authPriv, see --help",
        ),
        (
            &["-H", "127.0.0.1", "-o", "nsExtendOutput1Line.clock"],
            "nsExtendOutput1Line.clock lost the double quotes around its name: keep them from the shell",
        ),
        (&["-H", "127.0.0.1", "-L", "authPriv"], "--seclevel needs --protocol=3, see --help"),
        (&["-H", "127.0.0.1", "-P", "2c", "-U", "x"], "--secname needs --protocol=3, see --help"),
        (&["-H", "127.0.0.1", "-a", "MD5"], "--authproto needs --protocol=3, see --help"),
        (&["-H", "127.0.0.1", "-A", "longenough"], "--authpasswd needs --protocol=3, see --help"),
        (&["-H", "127.0.0.1", "-x", "AES"], "--privproto needs --protocol=3, see --help"),
        (&["-H", "127.0.0.1", "-P", "1", "-X", "longenough"], "--privpasswd needs --protocol=3, see --help"),
        (&["-H", "127.0.0.1", "-N", ""], "--context needs --protocol=3, see --help"),
        (&["-H", "127.0.0.1", "-P", "3", "-U", "x", "-C", "x"], "--community needs --protocol=1 or 2c"),
        (&["-H", "127.0.0.1", "-C", ""], "--community is empty: leave it out for public, see --help"),
        (&["-H", "127.0.0.1", "-a", "SHA3"], "not MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512"),
        (&["-H", "127.0.0.1", "-x", "ROT13"], "not DES, AES, AES-192, AES-256, AES-192-C or AES-256-C"),
        (&["-H", "127.0.0.1", "--cache-time=-1"], "not a time in seconds from 0 to 86400"),
        (&["-H", "127.0.0.1", "-p", "0"], "--port"),
        (&["-H", "127.0.0.1", "-4", "-6"], "--ipv4 and --ipv6 cannot be used together"),
        (&["-H", "127.0.0.1", "--stratum", "5"], "--stratum needs --ntp"),
        (&["--ntp=127.0.0.1", "-C", "public"], "--community needs --hostname"),
        (&["--ntp=127.0.0.1", "-Cpublic"], "--community needs --hostname"),
        (&["--ntp=127.0.0.1", "--port=161"], "--port needs --hostname"),
        (&["--ntp=127.0.0.1", "-P", "2c"], "--protocol needs --hostname"),
        (&["--ntp=127.0.0.1", "--timezone", "+0100"], "--timezone needs --hostname"),
        (&["--stratum", "5"], "--stratum needs --ntp"),
        (
            &["--ntp=127.0.0.1", "-w", "-5"],
            "--warning: -5 alone is not a range: write -5:5 for both directions",
        ),
        (&["--ntp=127.0.0.1", "-w", "~:x"], "--warning: x is not a plain decimal number"),
        (&["--ntp=127.0.0.1", "-w", "~"], "--warning: a tilde (no lower limit) stands only before the colon"),
        (
            &["--ntp=127.0.0.1", "-c", "~5:6"],
            "--critical: a tilde (no lower limit) stands only before the colon",
        ),
        (&["--ntp=127.0.0.1", "-310:-290"], "-310:-290 is not an option, did you mean --warning=-310:-290"),
        (&["--ntp=127.0.0.1", "-3x"], "-3x is not an option, see"),
        (
            &["--ntp=127.0.0.1", "--max-uncertainty", "-1:-2"],
            "--max-uncertainty=-1:-2: the start of the range is",
        ),
        (&["-H", "127.0.0.1", "--source", "eth0"], "--source=eth0: invalid IP address syntax"),
        (&["--ntp=192.0.2.1", "--source=224.0.0.1"], "--source=224.0.0.1 is a multicast address, see --help"),
        (&["--ntp=2001:db8::1", "--source=ff02::1"], "--source=ff02::1 is a multicast address, see --help"),
        (
            &["-H", "192.0.2.1", "--source=255.255.255.255"],
            "--source=255.255.255.255 is a broadcast address, see --help",
        ),
        (
            &["--ntp=127.0.0.1", "--source=127.255.255.255"],
            "--source=127.255.255.255 is a broadcast address, see --help",
        ),
        (&["--ntp=192.0.2.1", "--source=0.0.0.0"], "--source=0.0.0.0 is not an address of this machine"),
        (
            &["-H", "2001:db8::1", "--source=::1"],
            "--source=::1 is loopback: it does not reach 2001:db8::1, see --help",
        ),
        (
            &["--ntp=pool", "--source=::ffff:127.0.0.1"],
            "--source=127.0.0.1 is loopback: it does not reach pool, see --help",
        ),
        (&["-6", "-H", "127.0.0.1"], "127.0.0.1 is not an IPv6 address"),
        (&["--ntp", "a b"], "a host name has only ASCII letters, digits, dots, hyphens and underscores"),
        (
            &["-H", "no such host", "-t", "2"],
            "a host name has only ASCII letters, digits, dots, hyphens and underscores",
        ),
        (&["--ntp=udp:127.0.0.1"], "write it without udp:"),
        (&["-H", "udp6:[::1]:161"], "write it without udp6:"),
        (&["-H", "1.2.3"], "1.2.3 has only digits and dots, but is no IPv4 address"),
        (
            &["-H", "127.0.0.1:+1"],
            "the port after the colon is a number from 1 to 65535, as in 127.0.0.1:161",
        ),
        (&["--ntp=fe80::1"], "a link-local address needs its interface, as in fe80::1%eth0"),
        (&["-H", "fe80::1%nosuch0"], "there is no interface nosuch0 on this machine"),
    ];
    for (arguments, message) in rows {
        let outcome = check(arguments);
        assert_eq!(outcome.code, Some(3), "{arguments:?}: {}", outcome.stdout);
        assert!(outcome.first_line().contains(message), "{arguments:?}: {}", outcome.stdout);
        assert_eq!(outcome.stdout.lines().count(), 1, "{}", outcome.stdout);
    }
}

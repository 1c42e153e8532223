//! A host that refuses the plugin what it needs to look.

use suite::host::cabled;
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::run;

use super::HOSTS;

#[test]
fn without_netlink_it_says_that_it_could_not_look() {
    // EPERM, as a service manager's filter refuses; EAFNOSUPPORT, as a kernel or a container without it.
    for (errno, reason) in
        [("1", "operation not permitted"), ("97", "address family not supported by protocol")]
    {
        let mut command = plugins::command("without_netlink");
        let outcome = run(command.arg(errno).arg(plugins::binary("check_ip_bound")).arg("--ip=127.0.0.1"));
        assert_eq!((outcome.code, outcome.stdout.lines().count()), (Some(3), 1), "{outcome:?}");
        let first = outcome.first_line().to_lowercase();
        assert!(first.starts_with("ip_bound unknown - "), "{first}");
        assert!(first.contains("netlink") && first.contains(reason), "{first}");
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn it_needs_no_proc() {
    if missing(&HOSTS) || missing(&[Need::Program("umount")]) {
        return;
    }
    let (host, _other) = cabled();
    host.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
    let without_proc = |arguments: &[&str]| {
        let hidden = "umount -l /proc && ! test -e /proc/self && exec \"$0\" \"$@\"";
        run(host.command("sh").args(["-c", hidden]).arg(plugins::binary("check_ip_bound")).args(arguments))
    };
    let line = "IP_BOUND OK - 1 address bound and usable | missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=3;;;0 unexpected=U;;;0";
    assert_eq!(without_proc(&["--ip=192.0.2.1"]).verdict(), (0, line));
    let line = "IP_BOUND CRITICAL - 2 of 2 addresses missing: 192.0.2.2-3 | missing=2;;0;0;2 unusable=0;;;0;2 not_bound=2;;;0;2 bound=3;;;0 unexpected=U;;;0";
    assert_eq!(without_proc(&["--ip=192.0.2.2", "--ip=192.0.2.3"]).verdict(), (2, line));
}

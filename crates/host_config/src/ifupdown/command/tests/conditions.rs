//! Commands that run under a condition: each row as ifup and dash run it.

use super::*;

const ADD: &str = "ip addr add 192.0.2.9/24 dev eth0";
const BOUND: &str = "192.0.2.9/24 eth0";
const MAY: &str = "may 192.0.2.9/24";

#[test]
fn the_output_of_a_command_is_not_its_text() {
    let rows = [
        (format!("[ \"`id -u`\" = 0 ] && {ADD}"), BOUND),
        (format!("[ $(id -u) -eq 0 ] && {ADD}"), BOUND),
        (format!("[ \"$(id -u)\" -ne 0 ] && {ADD}"), ""),
        (format!("if [ \"`uname`\" = Linux ]; then {ADD}; fi"), BOUND),
        (format!("U=`uname -s`; [ \"$U\" = Linux ] && {ADD}"), BOUND),
        (format!("case \"`uname`\" in Linux) {ADD};; esac"), BOUND),
        (format!("[ \"`hostname`\" = a ] && {ADD}"), MAY),
        (format!("[ `hostname` = a ] && {ADD}"), MAY),
        (format!("[ \"`hostname`\" != a ] || {ADD}"), MAY),
        (format!("if test `hostname` = a; then {ADD}; fi"), MAY),
        (format!("[ -z \"`cat /etc/x`\" ] && {ADD}"), MAY),
        (format!("A=\"$(cat /etc/x)\" || {ADD}"), MAY),
        (format!("A=$(cat /etc/x | grep y) || {ADD}"), MAY),
        (format!("[ $(cat /etc/x | wc -l) = 1 ] && {ADD}"), MAY),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(&line), expected, "{line}");
    }
}

#[test]
fn a_chain_is_as_certain_as_its_conditions() {
    let many = "seq 9 9 | xargs -I% ip addr add 192.0.2.%/24 dev eth0";
    let rows = [
        (format!("[ -e /x ] && true || {ADD}"), MAY),
        (format!("ip a | grep -q 192.0.2.99 && : || {ADD}"), MAY),
        (format!("modprobe x && true || {ADD}"), MAY),
        (format!("ping -c1 192.0.2.254 && echo up || {ADD}"), MAY),
        (format!("/bin/false && true || {ADD}"), BOUND),
        (format!("[ -e /x ] && false || {ADD}"), BOUND),
        (format!("[ -e /x ] || true && {ADD}"), BOUND),
        (format!("[ -e /x ] || ip link set eth0 up && {ADD}"), BOUND),
        (format!("[ -e /x ] && ip link set eth0 up && {ADD}"), MAY),
        (format!("ip link set eth0 up && {ADD}"), BOUND),
        (format!("[ -e /x ] && {many}"), MAY),
        ("[ -e /x ] && ip addr flush dev eth0".to_owned(), "may take back"),
        ("[ -e /x ] && ifconfig eth0 0.0.0.0".to_owned(), "may take back"),
        ("[ -e /x ] && ifconfig eth0:1 down".to_owned(), "may take back"),
        (
            "[ -e /x ] && ifconfig eth0 192.0.2.9 netmask 255.255.255.0".to_owned(),
            "may take back, may 192.0.2.9/24",
        ),
        (format!("false && {many}"), ""),
        (format!("! pgrep x && {ADD}"), MAY),
        (format!("! [ -e /x ] && {ADD}"), MAY),
        (format!("! true || {ADD}"), BOUND),
        (format!("true | false || {ADD}"), BOUND),
        // dash has no [[, and its [ has no ==.
        (format!("[[ $IFACE = eth0 ]] || {ADD}"), MAY),
        (format!("[ $IFACE == eth0 ] || {ADD}"), MAY),
        (format!("if [ $IFACE == eth0 ]; then :; else {ADD}; fi"), MAY),
        (format!("bash -c '[[ $IFACE == eth0 ]] && {ADD}'"), "unread [[, 192.0.2.9/24 eth0"),
        (format!("[[ $IFACE = eth1 ]] || {ADD}"), "unread [[, 192.0.2.9/24 eth0"),
    ];
    for (line, expected) in rows {
        let shown = shown(&line);
        assert_eq!(
            shown.strip_prefix("unread [[, ").filter(|rest| *rest == expected).unwrap_or(&shown),
            expected,
            "{line}"
        );
    }
}

#[test]
fn an_address_that_is_added_unless_it_is_there_is_bound() {
    let rows = [
        format!("ip a | grep -q 192.0.2.9 && true || {ADD}"),
        format!("ip a | grep -q 192.0.2.9 && echo there || {ADD}"),
        format!("ip a | grep -q 192.0.2.9 && exit 0 || {ADD}"),
        format!("ip a | grep -q 192.0.2.9 && exit 0; {ADD}"),
        format!("LC_ALL=C ip a | LC_ALL=C grep -q 192.0.2.9 && exit 0; {ADD}"),
        format!("if ip a | grep -q 192.0.2.9; then exit 0; fi; {ADD}"),
        format!("if ip a | grep -q 192.0.2.9; then :; else {ADD}; fi"),
        format!("if false; then :; elif ip a | grep -q 192.0.2.9; then :; else {ADD}; fi"),
        format!("[ -e /proc ] && if ip a | grep -q 192.0.2.9; then exit 0; else {ADD}; fi"),
        format!("! ip a | grep -q 192.0.2.9 && {ADD}"),
        format!("{{ ip a | grep -q 192.0.2.9; }} || {ADD}"),
        format!("( ip a | grep -q 192.0.2.9 ) || {ADD}"),
        format!("ip -o a s to 192.0.2.9 | grep -q inet || {ADD}"),
        format!("grep -q 192.0.2.9 /proc/net/fib_trie || {ADD}"),
        format!("ip a | grep 192.0.2.9; if [ $? -ne 0 ]; then {ADD}; fi"),
        format!("ip a | grep -q 192.0.2.9; [ $? = 0 ] || {ADD}"),
        format!("test -z \"$(ip a s to 192.0.2.9)\" && {ADD}"),
        format!("[ -z `ip a s to 192.0.2.9` ] && {ADD}"),
        format!("[ -n \"`ip a s to 192.0.2.9`\" ] || {ADD}"),
        format!("test ! \"`ip a s to 192.0.2.9`\" && {ADD}"),
        format!("[ \"x`ip a s to 192.0.2.9`\" = x ] && {ADD}"),
        format!("[ $(ip a | grep -c 192.0.2.9) -eq 0 ] && {ADD}"),
        format!("A=\"$(ip a | grep 192.0.2.9)\" || {ADD}"),
        format!("case \"$(ip a)\" in *192.0.2.9/*) ;; *) {ADD};; esac"),
        format!("until ip a | grep -q 192.0.2.9; do {ADD}; done"),
        format!("while ! ip a | grep -q 192.0.2.9; do {ADD}; done"),
        "for i in 9; do ip a | grep -q 192.0.2.$i || ip addr add 192.0.2.$i/24 dev eth0; done".to_owned(),
        "for i in 9; do ip a | grep -q 192.0.2.$i && continue; ip addr add 192.0.2.$i/24 dev eth0; done"
            .to_owned(),
    ];
    for line in rows {
        assert_eq!(shown(&line), BOUND, "{line}");
        let other = line.replace("192.0.2.9/24", "192.0.2.8/24").replace("192.0.2.$i/24", "192.0.2.8/24");
        assert_eq!(shown(&other), "may 192.0.2.8/24", "{other}");
    }
    let rows = [
        format!("ip a | grep -q 192.0.2.9 && {ADD}"),
        format!("ip a | grep -qv 192.0.2.9 || {ADD}"),
        format!("! ip a | grep -q 192.0.2.9 || {ADD}"),
        format!("[ -e /x ] && {{ ip a | grep -q 192.0.2.9 || {ADD}; }}"),
        format!("[ -e /x ] && exit 0; ip a | grep -q 192.0.2.9 || {ADD}"),
        format!("ip a | grep -q 192.0.2.9 && exit 0; [ -e /x ] && {ADD}"),
        format!("ip a | grep -q 192.0.2.9 || [ -e /x ] || {ADD}"),
        format!("ping -c1 192.0.2.9 | grep -q ttl || {ADD}"),
        // What other hosts or a file say tells nothing of what is bound here.
        format!("ping -c1 192.0.2.9 | grep -q \"from 192.0.2.9\" && exit 0; {ADD}"),
        format!("grep -q 192.0.2.9 /etc/disabled && exit 0; {ADD}"),
        format!("cat /etc/disabled | grep -q 192.0.2.9 || {ADD}"),
        format!("! grep -q 192.0.2.9 /etc/disabled && {ADD}"),
        format!("ssh peer ip a | grep -q 192.0.2.9 && exit 0; {ADD}"),
        format!("if ip neigh | grep -q 192.0.2.9; then exit 0; fi; {ADD}"),
        format!("[ -z \"$(ip route get 192.0.2.9)\" ] && {ADD}"),
    ];
    for line in rows {
        assert_eq!(shown(&line), MAY, "{line}");
    }
}

/// As ifup 0.8.41 with dash 0.5.12 bound them where there is no eth7.
#[test]
fn a_second_try_may_be_for_another_interface() {
    let add = |device: &str| format!("ip addr add 192.0.2.9/24 dev {device}");
    let rows = [
        (["eth7", "eth1"], "192.0.2.9/24 -"),
        (["eth0", "eth0"], "192.0.2.9/24 eth0"),
        (["eth0", "$IFACE"], "192.0.2.9/24 eth0"),
        (["eth0", "$(cat /x)"], "192.0.2.9/24 eth0"),
    ];
    for (devices, expected) in rows {
        assert_eq!(shown(&devices.map(add).join(" || ")), expected, "{devices:?}");
    }
}

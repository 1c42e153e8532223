//! Functions, arguments, and commands that read what others print: as ifup 0.8.41 bound these addresses with
//! dash 0.5.12 as its shell.

use super::*;

#[test]
fn functions_run_where_they_are_called() {
    let (bound, two) = ("192.0.2.9/24 eth0", "192.0.2.8/24 eth0, 192.0.2.9/24 eth0");
    let rows = [
        ("f() { ip addr add $1 dev eth0; }; f 192.0.2.8/24; f 192.0.2.9/24", two),
        ("f () ( ip addr add $1/24 dev ${2:-eth0} ); f 192.0.2.8; f 192.0.2.9 eth0", two),
        (
            "f() { local i=$1; shift; for a in \"$@\"; do ip addr add $a dev $i; done; }; f eth0 192.0.2.8/24 192.0.2.9/24",
            two,
        ),
        (
            "f() { [ $1 = 7 ] && return 0; ip addr add 192.0.2.$1/24 dev eth0; }; for i in 7 8 9; do f $i; done",
            two,
        ),
        (
            "f() { return 1; }; f || ip addr add 192.0.2.9/24 dev eth0; f && ip addr add 192.0.2.4/24 dev eth0",
            bound,
        ),
        (
            "f() { for i in 1 2; do for j in 3; do return; done; done; ip addr add 192.0.2.1/24 dev eth0; }; f; ip addr add 192.0.2.9/24 dev eth0",
            bound,
        ),
        (
            "f() { [ -e /x ] && return; ip addr add 192.0.2.8/24 dev eth0; }; f; ip addr add 192.0.2.9/24 dev eth0",
            "may 192.0.2.8/24, 192.0.2.9/24 eth0",
        ),
        ("f() { exit 0; }; f; ip addr add 192.0.2.9/24 dev eth0", ""),
        ("f() { n=9; }; n=4; f; ip addr add 192.0.2.$n/24 dev eth0", bound),
        ("f() { local n=5; }; n=9; f; ip addr add 192.0.2.$n/24 dev eth0", bound),
        ("g() { ip addr add $1/24 dev $2; }; f() { g $2 $1; }; f eth0 192.0.2.9", bound),
        ("f() { ip addr add $1/24 dev eth0; }; ip addr add 192.0.2.9/24 dev eth0", bound),
        ("f() { ip addr add 192.0.2.9/24 dev eth0 $1; }; f", bound),
        (
            "f() { if true; then ip addr add 192.0.2.$1/24 dev eth0; fi; }; seq 8 9 | while read n; do f $n; done",
            two,
        ),
        ("f() { ip addr add 192.0.2.4/24 dev eth0; }; f() { ip addr add 192.0.2.9/24 dev eth0; }; f", bound),
        ("bash -c 'function f { ip addr add $1/24 dev eth0; }; f 192.0.2.9'", bound),
        ("bash -c 'function f() { ip addr add $1/24 dev eth0; }; f 192.0.2.9'", bound),
        ("[ -e /x ] && f() { ip addr add 192.0.2.4/24 dev eth0; }; ip addr add 192.0.2.9/24 dev eth0", bound),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn arguments_are_set_and_shifted() {
    let (bound, two) = ("192.0.2.9/24 eth0", "192.0.2.8/24 eth0, 192.0.2.9/24 eth0");
    let rows = [
        ("set -- 8 9; for i; do ip addr add 192.0.2.$i/24 dev eth0; done", two),
        ("set -- 8 9; for i do ip addr add 192.0.2.$i/24 dev eth0; done", two),
        ("set -- 8 9; for i in $*; do ip addr add 192.0.2.$i/24 dev eth0; done", two),
        ("set -- $(seq 8 9); for i in \"$@\"; do ip addr add 192.0.2.$i/24 dev eth0; done", two),
        ("set 8 9; while [ $# -gt 0 ]; do ip addr add 192.0.2.$1/24 dev eth0; shift; done", two),
        ("set -- 8 9; while [ -n \"$1\" ]; do ip addr add 192.0.2.$1/24 dev eth0; shift; done", two),
        (
            "set -- 8 7 9; ip addr add 192.0.2.$1/24 dev eth0; shift 2; ip addr add 192.0.2.$1/24 dev eth0",
            two,
        ),
        ("set -- dev eth0; ip addr add 192.0.2.8/24 $@; ip addr add 192.0.2.9/24 \"$@\"", two),
        ("set -e; ip addr add 192.0.2.9/24 dev eth0", bound),
        ("set -eu -o pipefail; ip addr add 192.0.2.9/24 dev eth0", bound),
        ("set -- a b c d e f g h i; ip addr add 192.0.2.$#/24 dev eth0", bound),
        ("( set -- 8 ); set -- 9; ip addr add 192.0.2.$1/24 dev eth0", bound),
        ("sh -c 'ip addr add $1/24 dev $2' _ 192.0.2.9 eth0", bound),
        ("seq 8 9 | xargs -n1 sh -c 'ip addr add 192.0.2.$1/24 dev eth0' _", two),
        ("seq 8 9 | xargs -n1 sh -c 'ip addr add 192.0.2.$0/24 dev eth0'", two),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn what_a_command_prints_is_read_by_another() {
    let (bound, two) = ("192.0.2.9/24 eth0", "192.0.2.8/24 eth0, 192.0.2.9/24 eth0");
    let of_file = "192.0.2.7/24 eth0, 192.0.2.8/24 eth0";
    let rows = [
        ("echo 'addr add 192.0.2.9/24 dev eth0' | ip -batch -", bound),
        ("echo \"addr add 192.0.2.8/24 dev eth0\\naddr add 192.0.2.9/24 dev eth0\" | ip -b -", two),
        (
            "bash -c 'echo -e \"addr add 192.0.2.8/24 dev eth0\\naddr add 192.0.2.9/24 dev eth0\" | ip -b -'",
            two,
        ),
        ("printf 'addr add %s dev eth0\\n' 192.0.2.8/24 192.0.2.9/24 | ip -b -", two),
        ("printf \"addr add %s dev eth0\\n\" 192.0.2.8/24 192.0.2.9/24 | ip -force -b /dev/stdin", two),
        ("for i in 8 9; do echo addr add 192.0.2.$i/24 dev eth0; done | ip -batch -", two),
        ("{ echo addr add 192.0.2.8/24 dev eth0; echo a a 192.0.2.9/24 dev eth0; } | ip -batch -", two),
        ("cat /batch | ip -batch -", "192.0.2.7/24 eth0, del 192.0.2.8/24 eth0"),
        ("ip -batch - < /batch", "192.0.2.7/24 eth0, del 192.0.2.8/24 eth0"),
        ("ip -b /dev/stdin </batch", "192.0.2.7/24 eth0, del 192.0.2.8/24 eth0"),
        ("echo ip addr add 192.0.2.9/24 dev eth0 | sh", bound),
        ("for i in 8 9; do echo \"ip addr add 192.0.2.$i/24 dev eth0\"; done | sh -s", two),
        ("for i in 8 9; do echo $i; done | while read n; do ip addr add 192.0.2.$n/24 dev eth0; done", two),
        ("printf '9\\n4' | while read n; do ip addr add 192.0.2.$n/24 dev eth0; done", bound),
        ("sort /plain | while read a; do ip addr add $a dev eth0; done", of_file),
        ("cat /plain | sort -u | while read a; do ip addr add $a dev eth0; done", of_file),
        ("cat /plain | xargs -I{} ip addr add {} dev eth0", of_file),
        ("grep -v ^# /plain | sort | xargs -n1 ip addr add dev eth0", of_file),
        ("for i in $(printf '192.0.2.%s/24 ' 7 8); do ip addr add $i dev eth0; done", of_file),
        ("a=$(printf '192.0.2.%d' 9); ip addr add $a/24 dev eth0", bound),
        ("a='192.0.2.9/24 dev eth0'; ip addr add $a", bound),
        ("a='ip addr add 192.0.2.9/24 dev eth0'; $a", bound),
        ("IP='ip -4'; $IP addr add 192.0.2.9/24 dev eth0", bound),
        ("i=7; while [ $i -lt 9 ]; do : $((i=i+1)); ip addr add 192.0.2.$i/24 dev eth0; done", two),
        ("bash -c 'i=8; ip addr add 192.0.2.$((i++))/24 dev eth0; ip addr add 192.0.2.$i/24 dev eth0'", two),
        ("i=8; : $((i+=1)); ip addr add 192.0.2.$i/24 dev eth0", bound),
        (
            "i=8; ip addr add 192.0.2.$((i=i+1))/24 dev eth0; ip addr add 192.0.3.$i/24 dev eth0",
            "192.0.2.9/24 eth0, 192.0.3.9/24 eth0",
        ),
        ("ip -batch /odd", "192.0.2.7/24 eth0"),
        ("xargs -a /plain -I{} ip addr add {} dev eth0", of_file),
        ("xargs -n1 -I% ip addr add % dev eth0 < /plain", of_file),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

/// As ip(8) of iproute2 6.1 runs them.
#[test]
fn a_batch_stops_at_what_fails() {
    let why = "ip -batch stops before it: ";
    let rows = [
        (
            "ip -batch /twice || true",
            format!("192.0.2.7/24 eth0, never 192.0.2.8/24: {why}192.0.2.7 is added twice"),
        ),
        ("ip -force -batch /twice", "192.0.2.7/24 eth0, 192.0.2.7/24 eth0, 192.0.2.8/24 eth0".to_owned()),
        ("ip -batch /option", format!("never 192.0.2.8/24: {why}-4 is not a command")),
        ("ip -batch /garbage", format!("never 192.0.2.8/24: {why}frob is not a command")),
        ("ip -force -batch /garbage", "192.0.2.8/24 eth0".to_owned()),
        ("ip -batch /masks", "192.0.2.7/24 eth0, 192.0.2.7/25 eth0, 192.0.2.7/24 eth1".to_owned()),
        ("ip -batch /again", "192.0.2.7/24 eth0, 192.0.2.7/24 eth0, 192.0.2.8/24 eth0".to_owned()),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

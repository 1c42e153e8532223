//! What the shell makes of variables, of files and of numbers, row by row.

use super::*;

/// As ifup 0.8.41 with dash 0.5.12 runs them.
#[test]
fn values_are_those_of_the_shell() {
    let rows = [
        ("for i in ${IFACE#eth}; do ip addr add 192.0.2.1$i/24 dev eth0; done", "192.0.2.10/24 eth0"),
        ("A=192.0.2.9/24; ip addr add ${A%/*}/25 dev eth0", "192.0.2.9/25 eth0"),
        ("A=$(hostname); ip addr add ${A#x}/25 dev eth0", "error: ${A#x}/25 is not an IP address"),
        ("ip addr add 192.0.2.${IF_NONE:-9}/24 dev eth0", "192.0.2.9/24 eth0"),
        ("ip addr add 192.0.2.9$IF_NONE/24 dev eth0", "192.0.2.9/24 eth0"),
        ("for i in $IF_NONE; do ip addr add $i/24 dev eth0; done", ""),
        ("IF_A=192.0.2.9; ip addr add $IF_A/24 dev eth0", "192.0.2.9/24 eth0"),
        ("for IF_A in 192.0.2.9; do ip addr add $IF_A/24 dev eth0; done", "192.0.2.9/24 eth0"),
        (
            "i=7; while [ $i -le 8 ]; do ip addr add 192.0.2.$i/24 dev eth0; i=$((i+1)); done",
            "192.0.2.7/24 eth0, 192.0.2.8/24 eth0",
        ),
        (
            "i=7; until [ $i -gt 8 ]; do ip addr add 192.0.2.$i/24 dev eth0; i=`expr $i + 1`; done",
            "192.0.2.7/24 eth0, 192.0.2.8/24 eth0",
        ),
        (
            "i=7; while [ $i -le 99 ]; do ip addr add 192.0.2.$i/24 dev eth0; i=$(( $i + 1 )); [ $i = 9 ] && break; done",
            "192.0.2.7/24 eth0, 192.0.2.8/24 eth0",
        ),
        (
            "n=6; for i in a b; do n=$((n+1)); ip addr add 192.0.2.$n/24 dev eth0; done",
            "192.0.2.7/24 eth0, 192.0.2.8/24 eth0",
        ),
        ("ip addr add 192.0.2.$((3+2*3))/24 dev eth0", "192.0.2.9/24 eth0"),
        ("while read a b; do ip addr add $a dev eth0; done < /ips", "192.0.2.7/24 eth0, 192.0.2.8/24 eth0"),
        (
            "while IFS= read -r a; do ip addr add $a dev eth0; done <'/plain'",
            "192.0.2.7/24 eth0, 192.0.2.8/24 eth0",
        ),
        (
            "cat /ips | while read -r a b; do ip addr add $a dev eth0; done",
            "192.0.2.7/24 eth0, 192.0.2.8/24 eth0",
        ),
        ("for a in $(cat /plain); do ip addr add $a dev eth0; done", "192.0.2.7/24 eth0, 192.0.2.8/24 eth0"),
        (
            "seq 7 8 | while read a; do ip addr add 192.0.2.$a/24 dev eth0; done",
            "192.0.2.7/24 eth0, 192.0.2.8/24 eth0",
        ),
        ("echo 2 9 | while read a b; do ip addr add 192.0.$a.$b/24 dev eth0; done", "192.0.2.9/24 eth0"),
        ("while read a; do logger $a; done < /none", "unread while read a; do logger $a; done < /none"),
        ("ip -batch /batch", "192.0.2.7/24 eth0, del 192.0.2.8/24 eth0"),
        ("ip -force -b /batch || true", "192.0.2.7/24 eth0, del 192.0.2.8/24 eth0"),
        ("ip -n x -batch /batch", ""),
        ("[ -e /x ] && ip -batch /batch", "may 192.0.2.7/24, may take back"),
        ("[ -e /x ] && ip link set eth1 netns x", "may take back, may eth1 away"),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

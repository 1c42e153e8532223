//! What a subshell keeps for itself.

use super::*;

#[test]
fn a_subshell_ends_for_itself() {
    let (add, bound) = ("ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0");
    let other = "ip addr add 192.0.2.8/24 dev eth0";
    let rows = [
        (format!("( [ $IFACE = eth1 ] || exit 0; ip link set eth0 mtu 9000 ); {add}"), bound),
        (format!("( [ -e /x ] || exit 0; {other} ); {add}"), "may 192.0.2.8/24, 192.0.2.9/24 eth0"),
        (format!("{{ [ -e /x ] || exit 0; }}; {add}"), "may 192.0.2.9/24"),
        (format!("[ -e /x ] && exit 0; ( {other}; exit 0 ); {add}"), "may 192.0.2.8/24, may 192.0.2.9/24"),
        (format!("( exit 1 ) && {other}; {add}"), bound),
        (format!("( exit 1 ) || {add}"), bound),
        (format!("( exit 0; {other} ) && {add}"), bound),
        (format!("( [ -e /x ] || exit 1 ) && {add}"), "may 192.0.2.9/24"),
        (format!("( if [ -e /x ]; then exit 1; fi; true ) && {add}"), "may 192.0.2.9/24"),
        (format!("{{ [ -e /x ]; }} && {add}"), "may 192.0.2.9/24"),
        (format!("( ip link set eth0 up ) && {add}"), bound),
        ("A=9; ( A=8 ); ip addr add 192.0.2.$A/24 dev eth0".to_owned(), bound),
        (
            format!("for i in 1 2; do ( [ $i = 1 ] && break; {add} ); {other}; done"),
            "192.0.2.8/24 eth0, 192.0.2.9/24 eth0, 192.0.2.8/24 eth0",
        ),
        (
            format!("ip link | {{ grep -q eth9 && exit 0; {other}; }}; {add}"),
            "may 192.0.2.8/24, 192.0.2.9/24 eth0",
        ),
        (format!("echo 1 | while true; do exit 0; done; {add}"), bound),
        (
            format!("{{ A=9; ip addr add 192.0.2.$A/24 dev eth0; }} | logger; {other}"),
            "192.0.2.9/24 eth0, 192.0.2.8/24 eth0",
        ),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(&line), expected, "{line}");
    }
}

//! What commands print in the place of a word, row by row: as ifup 0.8.41 bound these addresses with dash
//! 0.5.12 as its shell, iproute2 6.1, coreutils 9.1, grep 3.8, sed 4.9 and mawk 1.3.4.

use super::*;

const BOUND: &str = "192.0.2.9/24 eth0";
const TWO: &str = "192.0.2.8/24 eth0, 192.0.2.9/24 eth0";
const OF_FILE: &str = "192.0.2.7/24 eth0, 192.0.2.8/24 eth0";

#[test]
fn lists_of_files_are_read_through_filters() {
    let rows = [
        (
            "for a in $(awk '{print $1}' /ips); do ip addr add $a dev eth0; done",
            "error: # is not an IP address",
        ),
        ("for a in $(awk '!/^#/{print $1}' /ips); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(awk 'NF && $1 !~ /^#/ {print $1}' /ips); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in `awk '/^[0-9]/ { print $1; }' /ips`; do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(awk -F/ '{print $1}' /plain); do ip addr add $a/24 dev eth0; done", OF_FILE),
        ("for a in $(awk '{print $1}' < /plain); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(cut -d/ -f1 /plain); do ip addr add $a/24 dev eth0; done", OF_FILE),
        ("for a in $(cut -d '/' -f 1 /plain); do ip addr add $a/24 dev eth0; done", OF_FILE),
        ("for a in $(grep -v '^#' /ips | cut -d' ' -f1); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(grep -Ev '^(#|$)' /ips | awk '{print $1}'); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(cat /ips | grep '^192' | sed 's/ .*//'); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(sed '/^#/d' /plain); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(sed -e 's/#.*//' -e 's/web//' /ips); do ip addr add $a dev eth0; done", OF_FILE),
        ("for a in $(head -1 /plain) $(tail -n 1 /plain); do ip addr add $a dev eth0; done", OF_FILE),
        (
            "f() { sort /plain; }; for a in $(f | head -n1); do ip addr add $a dev eth0; done",
            "error: a command that binds addresses is not understood: for a in $(f | head -n1)",
        ),
        (
            "for a in $(sort -u /plain | head -n1); do ip addr add $a dev eth0; done",
            "error: a command that binds addresses is not understood: for a in $(sort -u /plain | head -n1)",
        ),
        ("for a in $(tac /plain | head -n1); do ip addr add $a dev eth0; done", "192.0.2.8/24 eth0"),
        ("for a in $(tr '\\n' ' ' < /plain); do ip addr add $a dev eth0; done", OF_FILE),
        ("awk '!/^#/ && NF {print \"ip addr add \"$1\" dev eth0\"}' /ips | sh", OF_FILE),
        ("awk '{print \"addr add\", $1, \"dev eth0\"}' /plain | ip -batch -", OF_FILE),
        ("grep -v '^#' /ips | awk 'NF{print $1}' | xargs -n1 ip addr add dev eth0", OF_FILE),
        ("grep -v ^# /ips | while read a b; do ip addr add $a dev eth0; done", OF_FILE),
        ("while IFS=/ read a b; do ip addr add $a/$b dev eth0; done < /plain", OF_FILE),
        ("sed 's/.*/ip addr add & dev eth0/' /plain | sh", OF_FILE),
        ("for a in $(awk 'NR==1{print $1}' /plain); do ip addr add $a dev eth0; done", "192.0.2.7/24 eth0"),
        (
            "for a in $(grep -v '^#\\|^$' /ips | tr -d '\\r' | cut -d' ' -f1); do ip addr add $a dev eth0; done",
            OF_FILE,
        ),
        ("cut -d/ -f1 /plain | while read a; do ip addr add $a/24 dev eth0; done", OF_FILE),
        ("A=$(head -n 1 /plain); ip addr add $A dev eth0", "192.0.2.7/24 eth0"),
        ("ip addr add $(head -n 1 /plain) dev eth0", "192.0.2.7/24 eth0"),
        ("for a in $(while read a b; do echo $a; done < /plain); do ip addr add $a dev eth0; done", OF_FILE),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn commands_stand_for_what_they_print() {
    let rows = [
        ("for i in $(for j in 8 9; do echo $j; done); do ip addr add 192.0.2.$i/24 dev eth0; done", TWO),
        ("for i in $(echo 8,9 | tr , ' '); do ip addr add 192.0.2.$i/24 dev eth0; done", TWO),
        ("A=$(echo 192.0.2.9/24 | cut -d/ -f1); ip addr add $A/24 dev eth0", BOUND),
        ("f() { echo 192.0.2.$1; }; ip addr add $(f 9)/24 dev eth0", BOUND),
        ("for i in $(seq 8 9 | sort -r); do ip addr add 192.0.2.$i/24 dev eth0; done", TWO),
        ("ip -6 addr add 2001:db8::$(printf '%x' 10)/64 dev eth0", "2001:db8::a/64 eth0"),
        ("A=$(printf '%d.%d.%d.%d' 192 0 2 9); ip addr add $A/24 dev eth0", BOUND),
        ("for i in $(seq 8 9); do ip addr add $(printf '192.0.2.%d' $i)/24 dev eth0; done", TWO),
        (
            "A=$(if [ $IFACE = eth0 ]; then echo 9; else echo 8; fi); ip addr add 192.0.2.$A/24 dev eth0",
            BOUND,
        ),
        ("ip addr add 192.0.2.`expr 4 + 5`/24 dev eth0", BOUND),
        ("i=3; ip addr add 192.0.2.$((i>2?9:8))/24 dev eth0", BOUND),
        ("printf 'ip addr add 192.0.2.8/24 dev eth0\\n# c\\nip addr add 192.0.2.9/24 dev eth0\\n' | sh", TWO),
        ("echo 'ip addr add 192.0.2.9/24 dev eth0' | sh -e", BOUND),
        ("echo 'addr add 192.0.2.9/24 dev eth0' | tee /dev/null | ip -batch -", BOUND),
        ("L=8,9; IFS=,; for i in $L; do ip addr add 192.0.2.$i/24 dev eth0; done", TWO),
        ("run() { logger \"$@\"; \"$@\"; }; run ip addr add 192.0.2.9/24 dev eth0", BOUND),
        ("ip() { /sbin/ip \"$@\"; }; ip addr add 192.0.2.9/24 dev eth0", BOUND),
        ("a5=192.0.2.9; i=5; eval b=\\$a$i; ip addr add $b/24 dev eth0", BOUND),
        (". /vars; ip addr add $VIP/24 dev eth0", BOUND),
        ("source /vars; ip addr add $VIP/24 dev eth0", "error: $VIP/24 is not an IP address"),
        ("bash -c 'source /vars; ip addr add $VIP/24 dev eth0'", BOUND),
        ("[ -r /vars ] && . /vars; ip addr add $VIP/24 dev eth0", BOUND),
        ("if test -f /vars; then . /vars; ip addr add $VIP/24 dev eth0; fi", BOUND),
        ("A=$(grep x /plain) && ip addr add 192.0.2.9/24 dev eth0", "may 192.0.2.9/24"),
        ("A=$(echo 9) && ip addr add 192.0.2.$A/24 dev eth0", BOUND),
        ("ip addr add 192.0.2.$(expr $(echo 4) + 5)/24 dev eth0", BOUND),
        ("ip addr add 192.0.2.`expr \\`echo 4\\` + 5`/24 dev eth0", BOUND),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

/// What a shell in a shell has, and what it has not.
#[test]
fn another_shell_gets_what_is_exported() {
    let unset = |name: &str| format!("error: ${name}/24 is not an IP address");
    let rows = [
        ("A=192.0.2.9; sh -c 'ip addr add $A/24 dev eth0'", unset("A")),
        ("A=192.0.2.9; sh -c \"ip addr add $A/24 dev eth0\"", BOUND.to_owned()),
        ("A=192.0.2.9; sh -c 'ip addr add '$A'/24 dev eth0'", BOUND.to_owned()),
        ("export A=192.0.2.9; sh -c 'ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("A=192.0.2.9; export A; bash -c 'ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("set -a; A=192.0.2.9; sh -c 'ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("A=192.0.2.9 sh -c 'ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("env A=192.0.2.9 sh -c 'ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("export A=192.0.2.8; A=192.0.2.9 sh -c 'ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("(export A=192.0.2.8); A=192.0.2.9; sh -c 'ip addr add $A/24 dev eth0'", unset("A")),
        ("export A=192.0.2.9; sudo sh -c 'ip addr add $A/24 dev eth0'", unset("A")),
        ("[ -e /x ] && export A; A=192.0.2.9; sh -c 'ip addr add $A/24 dev eth0'", unset("A")),
        ("A=192.0.2.9; eval 'ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("A=192.0.2.9; echo 'ip addr add $A/24 dev eth0' | sh", unset("A")),
        (
            "for i in 9; do sh -c 'ip addr add 192.0.2.$i/24 dev eth0'; done",
            "error: 192.0.2.$i/24 is not an IP address".to_owned(),
        ),
        ("sh -c 'ip addr add $IF_ADDRESS/24 dev $IFACE'", "192.0.2.1/24 eth0".to_owned()),
        ("sh -c 'A=192.0.2.9; ip addr add $A/24 dev eth0'", BOUND.to_owned()),
        ("A=8; ip addr add '192.0.2.$A/24' dev eth0", "error: 192.0.2.$A/24 is not an IP address".to_owned()),
        ("A='$B'; B=192.0.2.9; ip addr add $A/24 dev eth0", unset("B")),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn what_another_command_sets_is_not_known() {
    let of = |name: &str| format!("error: 192.0.2.${{{name}}}/24 is not an IP address");
    let rows = [
        ("A=8; read A < /x; ip addr add 192.0.2.$A/24 dev eth0", of("A")),
        ("A=8; . /other; ip addr add 192.0.2.$A/24 dev eth0", of("A")),
        ("B=9; . /other; ip addr add 192.0.2.$B/24 dev eth0", format!("unread ., runs /other, {BOUND}")),
        ("IFACE=eth1; ip addr add 192.0.2.9/24 dev $IFACE", "192.0.2.9/24 eth1".to_owned()),
        ("for IFACE in eth1; do ip addr add 192.0.2.9/24 dev $IFACE; done", "192.0.2.9/24 eth1".to_owned()),
        ("A=8; unset A; ip addr add 192.0.2.9$A/24 dev eth0", BOUND.to_owned()),
        ("bash -c 'i=8; ((i++)); ip addr add 192.0.2.$i/24 dev eth0'", BOUND.to_owned()),
        ("bash -c 'i=8; let i++; ip addr add 192.0.2.$i/24 dev eth0'", BOUND.to_owned()),
        ("bash -c 'A=19; A+=2; ip addr add 192.0.2.$A/24 dev eth0'", of("A")),
        ("bash -c 'i=8; printf -v i %d 9; ip addr add 192.0.2.$i/24 dev eth0'", of("i")),
        (
            "bash -c 'i=8; while [ $i -lt 10 ]; do ip addr add 192.0.2.$i/24 dev eth0; ((i++)); done'",
            TWO.to_owned(),
        ),
        (
            "bash -c 'i=8; while [ $i -lt 10 ]; do ip addr add 192.0.2.$i/24 dev eth0; let i+=1; done'",
            TWO.to_owned(),
        ),
        (
            "ip addr add 192.0.2.9/24 dev eth0 valid_lft 300 preferred_lft 300",
            "expires 192.0.2.9/24".to_owned(),
        ),
        ("ip addr add 192.0.2.9/24 dev eth0 valid_lft forever preferred_lft 0", BOUND.to_owned()),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

/// As ifup 0.8.41 bound them with grep 3.8, sed 4.9 and mawk 1.3.4.
#[test]
fn parts_of_lists_are_picked() {
    let (first, second) = ("192.0.2.7/24 eth0", "192.0.2.8/24 eth0");
    let list = |command: &str| format!("for a in $({command}); do ip addr add $a dev eth0; done");
    let error = |command: &str| {
        format!("error: a command that binds addresses is not understood: for a in $({command})")
    };
    let rows = [
        ("sed -n 1p /plain", first),
        ("sed -n '$p' /plain", "192.0.2.8/24 eth0"),
        ("sed 1d /plain", "192.0.2.8/24 eth0"),
        ("sed '$d' /plain", first),
        ("sed -n '1,2p' /plain", OF_FILE),
        ("sed '2,1d' /plain", first),
        ("sed '3,9d' /plain", OF_FILE),
        ("sort /plain | sed -n 1p", "error"),
        ("sed 1q /plain", first),
        ("sed 2q /plain", OF_FILE),
        ("sed 's/x/y/;1q' /plain", first),
        ("sed '1d;1q' /plain", "error"),
        ("sed '1q;s/7/9/' /plain", "error"),
        ("sort /plain | sed 1q", "error"),
        ("grep -o '^[0-9./]*' /ips", OF_FILE),
        ("grep -oE '^192[^ ]+' /ips", OF_FILE),
        ("grep -i WEB /ips | cut -d' ' -f1", second),
        ("grep -F web /ips | cut -d' ' -f1", second),
        ("grep -i '\\S' /plain", "error"),
        ("grep -o '^1\\|2' /plain", "error"),
        ("awk -v d=web '$2==d {print $1}' /ips", second),
        ("awk -v d=web '$2!=d {print $1}' /plain", OF_FILE),
        ("awk -v m=24 -F/ '{print $1 \"/\" m}' /plain", OF_FILE),
        ("awk '{printf \"%s\\n\", $1}' /plain", OF_FILE),
        ("awk -F. '{printf \"192.0.2.%d/24 \", $4}' /plain", "error"),
        ("awk -F'[./]' '{printf \"192.0.2.%d/24 \", $4}' /plain", "error"),
        ("awk '{printf \"%s\\n\"}' /plain", "error"),
        ("awk -v d=5 '$2==d {print $1}' /ips", "error"),
        ("awk '{print d}' /plain", "error"),
        ("cat /d/*", OF_FILE),
    ];
    for (command, expected) in rows {
        let expected = if expected == "error" { error(command) } else { expected.to_owned() };
        assert_eq!(shown(&list(command)), expected, "{command}");
    }
}

#[test]
fn each_file_that_a_pattern_fits_is_read() {
    let rows = [
        ("for f in /d/*; do ip addr add $(cat $f) dev eth0; done", OF_FILE),
        ("for f in /d/*; do while read a; do ip addr add $a dev eth0; done < $f; done", OF_FILE),
        ("for f in $(ls /d/*); do ip addr add $(cat $f) dev eth0; done", OF_FILE),
        ("for f in /d/*; do ip addr add 192.0.2.$(basename $f)/24 dev eth0; done", OF_FILE),
        ("for f in /d/*; do ip addr add 192.0.2.${f##*/}/24 dev eth0; done", OF_FILE),
        ("read a < /plain; ip addr add $a dev eth0", "192.0.2.7/24 eth0"),
        ("read a b < /ips; ip addr add $a dev eth0", "192.0.2.7/24 eth0"),
        (
            "for f in /e/*; do ip addr add $(cat $f) dev eth0; done",
            "error: a command that binds addresses is not understood: for f in /e/*",
        ),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

//! Commands that may bind addresses which are not known.

use super::*;

#[test]
fn what_may_bind_more_is_an_error() {
    let rows = [
        (
            "awk '{system(\"ip addr add \" $1 \" dev eth0\")}' /plain",
            "a command that binds addresses is not understood: ",
        ),
        (
            "cat /plain | rev | while read a; do ip addr add $a dev eth0; done",
            "a command that binds addresses is not understood: ",
        ),
        (
            "f() { ip addr add $1 dev eth0; f $1; }; f 192.0.2.9/24",
            "a command that binds addresses is not understood: ",
        ),
        (
            "while read a; do ip addr add $a dev eth0; read b; done < /plain",
            "a command that binds addresses is not understood: ",
        ),
        ("echo $(ip addr add 192.0.2.9/24 dev eth0)", "a command that binds addresses is not understood: "),
        ("echo \"`ifconfig eth0 192.0.2.9`\"", "a command that binds addresses is not understood: "),
        // A line is one item here, and not each word of it.
        (
            "echo 50 51 52 | xargs -n 1 -I % sh -c 'ip addr add 192.0.2.%/24 dev eth0'",
            "a command that binds addresses is not understood: ",
        ),
        (
            "echo 50 51 | xargs -i ip addr add 192.0.2.{}/24 dev eth0",
            "a command that binds addresses is not understood: ",
        ),
        (
            "echo 192.0.2.{50..52}/24 | xargs -n1 -L1 ip addr add dev eth0",
            "a command that binds addresses is not understood: ",
        ),
        (
            "printf '%s ' 50 51 | xargs -I% ip addr add 192.0.2.%/24 dev eth0",
            "a command that binds addresses is not understood: ",
        ),
        (
            "cat /etc/ips | xargs -I{} ip addr add {} dev eth0",
            "a command that binds addresses is not understood: ",
        ),
        (
            "while read a; do ip addr add $a dev eth0; done < /etc/ips",
            "a command that binds addresses is not understood: ",
        ),
        ("x=$(ifconfig eth0 192.0.2.9)", "a command that binds addresses is not understood: "),
    ];
    for (line, message) in rows {
        let shortened = format!("error: {message}{}", short(line));
        assert_eq!(shown(line), shortened);
    }
    let rows = [
        ("ip addr add $ADDRESS dev eth0", "error: $ADDRESS is not an IP address"),
        ("ip addr add 192.0.2.9/24", "error: ip address add 192.0.2.9: no dev"),
        ("ip addr add 192.0.2.08/24 dev eth0", "error: 192.0.2.08/24 is not an IP address: leading zero"),
        (
            "ip addr add 192.0.2.9/33 dev eth0",
            "error: 192.0.2.9/33 has no prefix length of 0 to 32 behind its slash",
        ),
        (
            "ip addr add 192.0.2.9/24 dev eth0 frobnicate",
            "error: ip address add: frobnicate is not understood",
        ),
        (
            "for i in $LIST; do ip addr add $i/24 dev eth0; done",
            "error: a command that binds addresses is not understood: for i in $LIST",
        ),
        (
            "for i in {1..9999}; do for j in {1..9999}; do case x in y) :;; esac; done; done",
            "error: loops that run more than 65536 commands: for j",
        ),
        (
            "i=1; while [ $i -le 5 ]; do ip addr add 192.0.2.$i/24 dev eth0; i=$((i+0)); done",
            "error: a loop that counts further than 4096",
        ),
        // sh makes two subshells of it, and goes on for ever.
        (
            "i=1; while [ $i -le 5 ]; do ip addr add 192.0.2.$i/24 dev eth0; ((i++)); done",
            "error: a loop that counts further than 4096",
        ),
        ("A=$(hostname -i); ip addr add $A/24 dev eth0", "error: ${A}/24 is not an IP address"),
        ("rev /plain | ip -batch -", "error: ip -batch: a batch of commands is not read"),
        (
            "A=8; [ -e /x ] && A=9; ip addr add 192.0.2.$A/24 dev eth0",
            "error: 192.0.2.${A}/24 is not an IP address",
        ),
        ("set -- $LIST; ip addr add $1 dev eth0", "error: ${1} is not an IP address"),
        ("[ -e /x ] && set -- 192.0.2.9; ip addr add $1 dev eth0", "error: ${1} is not an IP address"),
        (
            "i=8; [ -e /x ] && : $((i+=1)); ip addr add 192.0.2.$i/24 dev eth0",
            "error: 192.0.2.${i}/24 is not an IP address",
        ),
        ("ip -batch /etc/addresses", "error: ip -batch: a batch of commands is not read"),
        ("ifconfig eth0 www.example.com", "error: www.example.com is not an IP address"),
        ("ifconfig eth0 192.0.2.9 netmask x", "error: x is no netmask"),
    ];
    for (line, message) in rows {
        assert_eq!(shown(line), message, "{line}");
    }
}

#[test]
fn what_xargs_would_make_of_much_is_not_built() {
    let line = format!("seq 1 60000 | xargs -n1 ip addr add 192.0.2.9/24 dev eth0{}", " label".repeat(2000));
    let shown = shown(&line);
    assert!(
        shown.starts_with("error: a command that binds addresses is not understood: "),
        "{}",
        short(&shown)
    );
}

//! What `command` promises, row by row.

use super::super::ledger::Which;
use super::*;

mod conditions;
mod functions;
mod not_understood;
mod printed;
mod subshells;
mod values;

fn shown(line: &str) -> String {
    let show = |effect: &Effect| match effect {
        Effect::Bind(expected, interface) => {
            format!("{expected} {}", interface.as_deref().unwrap_or("-"))
        }
        Effect::May(expected) => format!("may {expected}"),
        Effect::Expires(expected) => format!("expires {expected}"),
        Effect::Never(expected, why) => format!("never {expected}: {why}"),
        Effect::TakeBack(Taken::Address { address, device, label }) => {
            let label = label.as_ref().map_or_else(String::new, |label| format!(" label {label}"));
            format!("del {address} {}{label}", device.as_deref().unwrap_or("-"))
        }
        Effect::TakeBack(Taken::Label { label, .. }) => format!("label {label}"),
        Effect::TakeBack(Taken::Flush { device, ipv6, which: Which { network, .. } }) => {
            let family = ipv6.map_or("", |ipv6| if ipv6 { "IPv6 " } else { "IPv4 " });
            let network = network.map_or_else(String::new, |network| format!(" to {network}"));
            format!("flush {family}{}{network}", device.as_deref().unwrap_or("-"))
        }
        Effect::MayTakeBack => "may take back".to_owned(),
        Effect::Away(name) => format!("{name} away"),
        Effect::MayAway(name) => format!("may {name} away"),
        Effect::Port(controller, port) => format!("{port} in {controller}"),
        Effect::BringUp(name) => format!("ifup {name}"),
        Effect::MayBringUp(name) => format!("may ifup {name}"),
        Effect::Float(expected) => format!("floats {expected}"),
        Effect::Local(network) => format!("local {network}"),
        Effect::Unread(name) => format!("unread {name}"),
        Effect::Runs(path) => format!("runs {path}"),
        // The tests of the causes show them.
        Effect::Braces(_) => String::new(),
    };
    let environment = [("METHOD", "static"), ("MODE", "start"), ("IF_ADDRESS", "192.0.2.1"), (ALL, "")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let inputs = [
        ("/ips", "192.0.2.7/24\n# 192.0.2.99/24\n\n192.0.2.8/24 web\n"),
        (
            "/batch",
            "addr add 192.0.2.7/24 dev eth0 # web\n\nlink set eth0 up\naddr del 192.0.2.8/24 dev eth0\n",
        ),
        ("/plain", "192.0.2.7/24\n192.0.2.8/24\n"),
        (
            "/twice",
            "addr add 192.0.2.7/24 dev eth0\na a 192.0.2.7/24 dev eth0\naddr add 192.0.2.8/24 dev eth0\n",
        ),
        ("/option", "-4 addr add 192.0.2.7/24 dev eth0\naddr add 192.0.2.8/24 dev eth0\n"),
        (
            "/masks",
            "addr add 192.0.2.7/24 dev eth0\naddr add 192.0.2.7/25 dev eth0\naddr add 192.0.2.7/24 dev eth1\n",
        ),
        (
            "/again",
            "addr add 192.0.2.7/24 dev eth0\naddr replace 192.0.2.7/24 dev eth0\naddr add 192.0.2.8/24 dev eth0\n",
        ),
        ("/vars", "# of this host\nVIP=192.0.2.9 # web\nexport MASK=24\n"),
        ("/other", "[ -e /x ] && A=5\n"),
        ("/garbage", "frob\naddr add 192.0.2.8/24 dev eth0\n"),
        ("/d/7", "192.0.2.7/24\n"),
        ("/d/8", "192.0.2.8/24\n"),
        ("pattern /d/*", "/d/7\n/d/8"),
        ("/odd", "addr add \"192.0.2.7/24\" dev eth0\n"),
    ];
    let inputs = inputs.map(|(path, text)| (path.to_owned(), text.to_owned())).into_iter().collect();
    match effects(line, Some("eth0"), "eth0", &environment, &inputs, Shell::Sh) {
        Ok(effects) => {
            // What an address of ifconfig(8) replaces is shown by the tests of what is left.
            let is_shown = |effect: &&Effect| {
                !matches!(effect, Effect::TakeBack(Taken::Label { next: Some(_), .. }) | Effect::Braces(_))
            };
            effects.iter().filter(is_shown).map(show).collect::<Vec<_>>().join(", ")
        }
        Err(what) => format!("error: {what}"),
    }
}

#[test]
fn reads_what_binds_addresses() {
    let rows = [
        ("ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        ("/sbin/ip a a 192.0.2.9/24 dev $IFACE label $IFACE:1 brd +", "192.0.2.9/24 eth0:1"),
        ("ip address add dev \"$IFACE\" 192.0.2.9", "192.0.2.9/32 eth0"),
        (
            "ip -4 addr add local 192.0.2.9/255.255.255.0 broadcast 192.0.2.255 dev eth0:3 scope global",
            "192.0.2.9/24 eth0",
        ),
        (
            "ip -6 address add 2001:db8::9/64 dev ${IFACE} nodad preferred_lft 0 || true",
            "2001:db8::9/64 eth0",
        ),
        ("ip -f inet6 addr replace 2001:db8::9 dev eth1 2>/dev/null", "2001:db8::9/128 eth1"),
        ("ip addr add 192.0.2.9 peer 192.0.2.10/32 dev eth0", "192.0.2.9 eth0"),
        ("ip addr add 192.0.2.9/24 dev eth0 || ip addr change 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        (
            "ip addr add 192.0.2.9/24 dev eth0; ip addr add 192.0.2.8/24 dev eth0",
            "192.0.2.9/24 eth0, 192.0.2.8/24 eth0",
        ),
        ("ip link set eth0 up && ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        ("ip addr del 192.0.2.9/24 dev eth0", "del 192.0.2.9/24 eth0"),
        ("ip addr del 192.0.2.9/24 dev eth0:1 label eth0:2", "del 192.0.2.9/24 eth0 label eth0:2"),
        ("ip -6 addr del 2001:db8::9 dev eth0", "del 2001:db8::9/128 eth0"),
        ("ip addr flush dev eth0", "flush eth0"),
        ("ip addr flush dev eth0; ip addr add 192.0.2.9/24 dev eth0", "flush eth0, 192.0.2.9/24 eth0"),
        ("for i in 1 2; do ip addr add 192.0.2.$i/24 dev eth0; done", "192.0.2.1/24 eth0, 192.0.2.2/24 eth0"),
        (
            "for i in $(seq 1 2); do ip addr add 192.0.2.${i}/24 dev $IFACE; done",
            "192.0.2.1/24 eth0, 192.0.2.2/24 eth0",
        ),
        (
            "for i in `seq 1 2`; do ip addr add 192.0.2.$i/24 dev eth0 || true; done",
            "192.0.2.1/24 eth0, 192.0.2.2/24 eth0",
        ),
        ("for i in {1..2}; do ip addr add 192.0.2.$i dev eth0; done", "192.0.2.1/32 eth0, 192.0.2.2/32 eth0"),
        (
            "for i in 1; do for j in 7 8; do ip addr add 192.0.$i.$j/24 dev eth0; done; done",
            "192.0.1.7/24 eth0, 192.0.1.8/24 eth0",
        ),
        ("sh -c 'ip addr add 192.0.2.9/24 dev $IFACE'", "192.0.2.9/24 eth0"),
        ("bash -c \"ip addr add 192.0.2.9/24 dev eth0\"", "192.0.2.9/24 eth0"),
        ("(sleep 10; ip addr add 192.0.2.9/24 dev eth0) &", "192.0.2.9/24 eth0"),
        ("nohup sh -c 'sleep 5; ip addr add 192.0.2.9/24 dev eth0' >/dev/null 2>&1 &", "192.0.2.9/24 eth0"),
        ("{ ip addr add 192.0.2.9/24 dev eth0; }", "192.0.2.9/24 eth0"),
        (
            "if [ -e /proc/net/if_inet6 ]; then ip -6 addr add 2001:db8::9/64 dev eth0; fi",
            "2001:db8::9/64 eth0",
        ),
        (
            "if [ \"$IFACE\" = eth1 ]; then ip addr add 192.0.2.9/24 dev eth0; else ip addr add 192.0.2.8/24 dev eth0; fi",
            "192.0.2.8/24 eth0",
        ),
        ("if [ -e /x ]; then ip addr add 192.0.2.9/24 dev eth0; fi", "may 192.0.2.9/24"),
        ("[ -e /x ] && ip addr add 192.0.2.9/24 dev eth0", "may 192.0.2.9/24"),
        ("[ -e /x ] && ip addr flush dev eth0", "may take back"),
        ("[ -e /x ] && ip addr flush to 192.0.2.0/24", "may take back"),
        ("if [ -e /x ]; then ip addr del 192.0.2.9/24 dev eth0; fi", "may take back"),
        ("for i in 1 2 3; do [ -e /x ] && ip addr del 192.0.2.$i/24 dev eth0; done", "may take back"),
        (
            "[ -e /x ] && exit 0; ip addr add 192.0.2.9/24 dev eth0; ip addr del 192.0.2.8/24 dev eth0",
            "may 192.0.2.9/24, may take back",
        ),
        (
            "for i in 1 2; do ip addr add 192.0.2.$i/24 dev eth0; [ -e /x ] && continue; break; done",
            "192.0.2.1/24 eth0, may 192.0.2.2/24",
        ),
        (
            "for i in 1 2; do for j in 7 8; do ip addr add 192.0.$i.$j/24 dev eth0; [ -e /x ] && break; \
             [ -e /y ] && continue 2; done; done",
            "192.0.1.7/24 eth0, may 192.0.1.8/24, 192.0.2.7/24 eth0, may 192.0.2.8/24",
        ),
        (
            "ip addr show dev eth0 | grep -q 192.0.2.9 || ip addr add 192.0.2.9/24 dev eth0",
            "192.0.2.9/24 eth0",
        ),
        ("ip a | grep -q 192.0.2.99 || ip addr add 192.0.2.9/24 dev eth0", "may 192.0.2.9/24"),
        (
            "ip addr add 192.0.2.9/24 dev eth0 || ip addr add 192.0.2.8/24 dev eth0",
            "192.0.2.9/24 eth0, may 192.0.2.8/24",
        ),
        ("ip route add 198.51.100.0/24 via 192.0.2.1", ""),
        (
            "for i in 1 2 3; do [ $i = 2 ] && continue; ip addr add 192.0.2.$i/24 dev eth0; done",
            "192.0.2.1/24 eth0, 192.0.2.3/24 eth0",
        ),
        (
            "for i in 1 2 3; do if [ $i -eq 2 ]; then break; fi; ip addr add 192.0.2.$i/24 dev eth0; done",
            "192.0.2.1/24 eth0",
        ),
        (
            "for i in 1 2; do [ -e /x$i ] && continue; ip addr add 192.0.2.$i/24 dev eth0; done",
            "may 192.0.2.1/24, may 192.0.2.2/24",
        ),
        (
            "for i in 1 2; do ip addr add 192.0.2.$i/24 dev eth0; [ -e /x$i ] || continue; ip addr add 192.0.2.1$i/24 dev eth0; done; ip addr add 192.0.2.9/24 dev eth0",
            "192.0.2.1/24 eth0, may 192.0.2.11/24, 192.0.2.2/24 eth0, may 192.0.2.12/24, 192.0.2.9/24 eth0",
        ),
        (
            "for i in 1 2; do ip addr add 192.0.2.$i/24 dev eth0; [ -e /x$i ] && break; done; ip addr add 192.0.2.9/24 dev eth0",
            "192.0.2.1/24 eth0, may 192.0.2.2/24, 192.0.2.9/24 eth0",
        ),
        (
            "for i in 1 2; do for j in 1 2; do [ $j = 2 ] && continue 2; ip addr add 192.0.$i.$j/24 dev eth0; done; ip addr add 192.0.9.$i/24 dev eth0; done",
            "192.0.1.1/24 eth0, 192.0.2.1/24 eth0",
        ),
        (
            "for i in 1 2; do [ -e /x ] && break; for j in 3; do :; done; ip addr add 192.0.2.$i/24 dev eth0; done",
            "may 192.0.2.1/24, may 192.0.2.2/24",
        ),
        (
            "for i in 1 2; do [ -e /x ] && continue; for j in 3; do ip addr add 192.0.3.$i/24 dev eth0; done; done; \
             ip addr add 192.0.2.9/24 dev eth0",
            "may 192.0.3.1/24, may 192.0.3.2/24, 192.0.2.9/24 eth0",
        ),
        (
            "for i in 1 2; do [ -e /x ] && break; while sleep 1; do break; done; ip addr add 192.0.2.$i/24 dev eth0; done",
            "may 192.0.2.1/24, may 192.0.2.2/24",
        ),
        (
            "for i in 1 2; do for j in 3 4; do for k in 5; do [ -e /x ] && break 2; done; \
             ip addr add 192.0.$i.$j/24 dev eth0; done; ip addr add 192.0.9.$i/24 dev eth0; done",
            "may 192.0.1.3/24, may 192.0.1.4/24, 192.0.9.1/24 eth0, may 192.0.2.3/24, may 192.0.2.4/24, \
             192.0.9.2/24 eth0",
        ),
        ("[ -d /proc ] && continue; ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        (
            "for i in 1; do sh -c '[ -d /proc ] && continue; ip addr add 192.0.2.9/24 dev eth0'; done",
            "192.0.2.9/24 eth0",
        ),
        (
            "for i in {01..02}; do ip addr add 2001:db8::$i/64 dev eth0; done",
            "2001:db8::1/64 eth0, 2001:db8::2/64 eth0",
        ),
        // As ip(8) takes them: octal.
        (
            "for i in {01..03} 010; do ip addr add 192.0.2.$i/24 dev eth0; done",
            "192.0.2.1/24 eth0, 192.0.2.2/24 eth0, 192.0.2.3/24 eth0, 192.0.2.8/24 eth0",
        ),
        ("ip addr del 192.0.2.010 dev eth0", "del 192.0.2.8 eth0"),
        ("ip route add local 192.0.2.0/28 dev lo", "local 192.0.2.0/28"),
        ("ip -n x route add local 192.0.2.0/28 dev lo", ""),
        ("ucarp -i eth0 -s 192.0.2.2 -v 1 -p x -a 192.0.2.1 -B", "floats 192.0.2.1"),
        ("/usr/sbin/vrrpd -i eth0 -v 1 192.0.2.1", "floats 192.0.2.1"),
        ("ip link set eth0 master br0", "eth0 in br0"),
        ("ip link set dev $IFACE up master br0", "eth0 in br0"),
        ("ip l s master br0 dev eth1", "eth1 in br0"),
        ("ip link set eth0 nomaster; ip link set eth0 up", ""),
        ("ip link set $PORT master br0", ""),
        ("[ -e /x ] && ip link set eth1 master br0", ""),
        ("brctl addif br0 eth0 eth1", "eth0 in br0, eth1 in br0"),
        ("brctl setfd br0 0; brctl delif br0 eth0", ""),
        ("ifenslave bond0 eth0 eth1", "eth0 in bond0, eth1 in bond0"),
        ("ifenslave -d bond0 eth0", ""),
        ("for i in 0 1; do ip link set eth$i master br0; done", "eth0 in br0, eth1 in br0"),
        ("ip addr flush dev eth1 to 192.0.2.0/24", "flush eth1 to 192.0.2.0/24"),
        ("ip a f eth1", "flush eth1"),
        ("ip addr flush to 192.0.2.9 scope global", "flush - to 192.0.2.9"),
        ("ip addr flush scope link dev eth1", ""),
        ("ip -6 addr flush dev eth0", "flush IPv6 eth0"),
        ("ip -f inet addr flush dev eth0", "flush IPv4 eth0"),
        ("A=192.0.2.9; ip addr add $A/24 dev eth0", "192.0.2.9/24 eth0"),
        ("A=192.0.2.9 B=24; export B; ip addr add ${A}/$B dev ${IFACE}", "192.0.2.9/24 eth0"),
        ("A=1; A=2; ip addr add 192.0.2.$A/24 dev eth0", "192.0.2.2/24 eth0"),
        (
            "L='1 2'; for i in $L; do ip addr add 192.0.2.$i/24 dev eth0; done",
            "192.0.2.1/24 eth0, 192.0.2.2/24 eth0",
        ),
        ("ip addr add $IF_ADDRESS dev lo", "192.0.2.1/32 lo"),
        ("ip addr add 192.0.2.9/24 dev `cat /x`", "192.0.2.9/24 -"),
        ("ip addr add 192.0.2.9/24 dev $(cat /x)", "192.0.2.9/24 -"),
        // The interface is known, and its label is not.
        ("ip addr add 192.0.2.9/24 dev eth0 label eth0:$N", "192.0.2.9/24 eth0:$N"),
        ("ip addr add 192.0.2.9/24 dev $X label eth0:1", "192.0.2.9/24 -"),
        ("ifconfig eth0:$N 192.0.2.9/24", "192.0.2.9/24 eth0:$N"),
        ("ifconfig $X:1 192.0.2.9/24", "192.0.2.9/24 -"),
        ("[ $METHOD = static ] && ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        ("[ \"$MODE\" = stop ] && ip addr add 192.0.2.9/24 dev eth0", ""),
        ("exit 0; ip addr add 192.0.2.9/24 dev eth0", ""),
        ("[ -e /x ] && exit 0; ip addr add 192.0.2.9/24 dev eth0", "may 192.0.2.9/24"),
        ("[ $MODE = stop ] && exit 0; ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        ("! ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        ("eval 'ip addr add 192.0.2.9/24 dev eth0'", "192.0.2.9/24 eth0"),
        (
            "if ! ip addr show dev eth0 | grep -q 192.0.2.9; then ip addr add 192.0.2.9/24 dev eth0; fi",
            "192.0.2.9/24 eth0",
        ),
        ("if ! grep -q 192.0.2.99 /x; then ip addr add 192.0.2.9/24 dev eth0; fi", "may 192.0.2.9/24"),
        ("[ -d /proc ] && ip addr add 192.0.2.9/24 dev eth0", "192.0.2.9/24 eth0"),
        ("ip netns exec web ip addr add 192.0.2.9/24 dev eth0", ""),
        ("ip -n web addr add 192.0.2.9/24 dev eth0", ""),
        ("ifconfig eth0:2 192.0.2.9 netmask 255.255.255.0 broadcast 192.0.2.255 up", "192.0.2.9/24 eth0:2"),
        ("ifconfig $IFACE inet6 add 2001:db8::9/64", "2001:db8::9/64 eth0:+"),
        ("ifconfig eth0 add 192.0.2.9", "192.0.2.9 eth0:+"),
        ("ifconfig eth0 192.0.2.9/28", "192.0.2.9/28 eth0"),
        ("ifconfig eth0 0.0.0.0 up", "label eth0"),
        ("ifconfig eth0 hw ether 02:00:00:00:00:01 mtu 9000 -arp promisc", ""),
        ("ifup eth0.3 eth0:1 --force", "ifup eth0.3, ifup eth0:1"),
        ("/etc/network/aliases.sh start", "unread /etc/network/aliases.sh, runs /etc/network/aliases.sh"),
        ("sh -e /etc/network/aliases.sh eth0", "unread -e, runs /etc/network/aliases.sh"),
        (". /etc/network/aliases.sh", "unread ., runs /etc/network/aliases.sh"),
        ("[ -x /s ] && python3 /s", "unread python3, runs /s"),
        ("wg-quick up wg0", "unread wg-quick, runs /etc/wireguard/wg0.conf"),
        (
            "wg-quick up /root/wg0.conf; wg-quick down wg1",
            "unread wg-quick, runs /root/wg0.conf, unread wg-quick",
        ),
        ("sh $SCRIPT; x y", "unread $SCRIPT, unread x"),
        ("[ -x /usr/sbin/ethtool ] && ethtool -K $IFACE tso off", ""),
        ("echo 1 > /proc/sys/net/ipv4/ip_forward", ""),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn programs_around_a_command_and_words_that_run_nothing() {
    let add = "ip addr add 192.0.2.9/24 dev eth0";
    let bound = "192.0.2.9/24 eth0";
    let several = "192.0.2.50/24 eth0, 192.0.2.51/24 eth0, 192.0.2.52/24 eth0";
    let rows = [
        (format!("flock /run/x {add}"), bound),
        (format!("flock -w 5 /run/x -c '{add}'"), bound),
        (format!("flock /run/x sh -c '{add}'"), bound),
        (format!("setsid -w timeout 5 {add}"), bound),
        (format!("systemd-run --scope {add}"), bound),
        (format!("systemd-run {add}"), bound),
        (format!("env -i nice -n 5 {add}"), bound),
        ("seq 50 52 | xargs -I{} ip addr add 192.0.2.{}/24 dev eth0".to_owned(), several),
        ("seq 50 52 | xargs -i ip addr add 192.0.2.{}/24 dev eth0".to_owned(), several),
        ("seq 50 52 | xargs -n 2 -I % sh -c 'ip addr add 192.0.2.%/24 dev eth0'".to_owned(), several),
        ("seq 50 52 | xargs -I % -n1 sh -c 'ip addr add 192.0.2.%/24 dev eth0'".to_owned(), several),
        ("printf '%s\\n' 50 51 52 | xargs -L 2 -I % ip addr add 192.0.2.%/24 dev eth0".to_owned(), several),
        ("printf '%s\\n' 192.0.2.{50..52}/24 | xargs -L1 ip addr add dev eth0".to_owned(), several),
        ("echo 9 | xargs -I % ip addr add 192.0.2.%/24 dev eth0".to_owned(), bound),
        ("printf '%s ' 192.0.2.{50..52}/24 | xargs -n 1 ip addr add dev eth0".to_owned(), several),
        ("echo 192.0.2.{50..52}/24 | xargs -n1 ip addr add dev eth0".to_owned(), several),
        ("A=50; seq $A 52 | xargs -I{} ip addr add 192.0.2.{}/24 dev eth0".to_owned(), several),
        ("echo run ip addr add 192.0.2.66/24 by hand".to_owned(), ""),
        ("logger 'ip addr add 192.0.2.66/24 dev eth0 is missing'".to_owned(), ""),
        (format!("ssh root@192.0.2.1 {add}"), ""),
        (format!("# {add}"), ""),
        (format!("true # {add}"), ""),
        (format!("{add} # not ip addr add 192.0.2.66/24"), bound),
        ("[ -e /x ] && ifup eth1".to_owned(), "may ifup eth1"),
        ("if [ -e /x ]; then ifup eth1; fi".to_owned(), "may ifup eth1"),
        ("[ -d /proc ] && ifup eth1".to_owned(), "ifup eth1"),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(&line), expected, "{line}");
    }
}

#[test]
fn a_case_is_a_condition_and_a_loop_ends() {
    let bound = "192.0.2.9/24 eth0";
    let add = "ip addr add 192.0.2.9/24 dev eth0";
    let other = "ip addr add 192.0.2.8/24 dev eth0";
    let rows = [
        (format!("until {add}; do sleep 1; done"), bound),
        (format!("until ping -c1 192.0.2.1; do sleep 1; done; {add}"), bound),
        (format!("while ! {add}; do sleep 1; done"), bound),
        (format!("until {add}; do {other}; done"), "192.0.2.9/24 eth0, may 192.0.2.8/24"),
        (format!("while true; do {add}; sleep 60; done &"), bound),
        (format!("while false; do {add}; done"), ""),
        (format!("while sleep 30; do {add}; done &"), bound),
        (format!("for i in 1 2; do while true; do {add} && break 2; done; {other}; done"), bound),
        (format!("case $IFACE in eth[[:digit:]]) {add};; esac"), bound),
        (format!("until [ -e /x ]; do sleep 1; done; {add}"), bound),
        (
            format!("while true; do {add} && break; sleep 1; done; {other}"),
            "192.0.2.9/24 eth0, 192.0.2.8/24 eth0",
        ),
        (format!("case $IFACE in eth0) {add};; esac"), bound),
        (format!("case \"$IFACE\" in eth1) {add};; esac"), ""),
        (format!("case $IFACE in eth1|eth0) {add} ;; *) {other} ;; esac"), bound),
        (format!("case $IFACE in (eth1) {add};; (*) {other}; esac"), "192.0.2.8/24 eth0"),
        (
            format!("case $IFACE in eth*) if true; then {add}; fi;; esac; {other}"),
            "192.0.2.9/24 eth0, 192.0.2.8/24 eth0",
        ),
        (format!("case $(hostname) in a) {add};; *) {other};; esac"), "may 192.0.2.9/24, may 192.0.2.8/24"),
        (format!("case $X in a) {add};; esac; {other}"), "may 192.0.2.9/24, 192.0.2.8/24 eth0"),
        (format!("case $IFACE in eth0) case $METHOD in static) {add};; esac;; esac"), bound),
        (format!("if true; then case $IFACE in eth0) {add};; esac; fi"), bound),
        (format!("for i in 0 1; do case eth$i in $IFACE) {add};; esac; done"), bound),
    ];
    for (line, expected) in rows {
        assert_eq!(shown(&line), expected, "{line}");
    }
}

//! resolv.conf is read as the C library reads it: what `getent` asks is seen by strace.

use std::net::IpAddr;

use check_resolver::resolv_conf::ResolvConf;
use suite::needs::{Need, missing};
use suite::process::run;

use super::{NEEDS, host};

const FILES: [&str; 17] = [
    "",
    "\u{feff}nameserver 127.0.0.2\nnameserver 127.0.0.3\n",
    "nameserver 127.0.0.2\rnameserver 127.0.0.3\r",
    "nameserver 127.0.0.2 \rnameserver 127.0.0.3\r",
    "nameserver 127.0.0.2\n",
    " nameserver 127.0.0.2\nnameserver\t127.0.0.3\n",
    "nameserver 127.0.0.2\r\n",
    "nameserver 127.0.0.2\r\nnameserver 127.0.0.3\n",
    "nameserver 127.2\nnameserver 0x7f.3\nnameserver 0177.0.0.4\n",
    "nameserver 127.0.0.2 # x\nnameserver 127.0.0.3;x\nnameserver 127.0.0.4#53\nnameserver [::1]\n",
    "nameserver127.0.0.2\nNameserver 127.0.0.3\n#nameserver 127.0.0.4\n",
    "nameserver fe80::1\nnameserver 127.0.0.2\nnameserver 127.0.0.3\nnameserver 127.0.0.4\n",
    "nameserver a.example\nnameserver 127.0.0.300\nnameserver 127.0.0.2\nnameserver 127.0.0.3\nnameserver 127.0.0.4\n",
    "nameserver 127.0.0.2\nnameserver 127.0.0.3\nnameserver 127.0.0.4\nnameserver 127.0.0.5\n",
    "nameserver ::1%lo\nnameserver 127.0.0.2\n",
    "nameserver\nnameserver \nnameserver 127.0.0.3 \n",
    "domain a.example\nsearch b.example\noptions attempts:1\nnameserver 127.0.0.9",
];

#[test]
fn the_same_servers_are_asked() {
    if missing(&NEEDS) || missing(&[Need::Program("strace")]) {
        return;
    }
    for text in FILES {
        let host = host(&[], text);
        let arguments = ["-f", "-e", "trace=connect", "getent", "ahosts", "name.example."];
        let traced = run(host.command("strace").args(arguments)).stderr;
        let mut asked: Vec<IpAddr> = traced.lines().filter_map(server).collect();
        let mut seen = Vec::new();
        asked.retain(|address| {
            !seen.contains(address) && {
                seen.push(*address);
                true
            }
        });
        let own = ResolvConf::parse(text.as_bytes()).servers;
        let mut own: Vec<IpAddr> = own.iter().filter_map(|server| server.host.address()).collect();
        if own.is_empty() {
            own.push([127, 0, 0, 1].into());
        }
        assert_eq!(asked, own, "{text:?}: {traced}");
    }
}

/// The address of a line such as `connect(3, {sa_family=AF_INET, sin_port=htons(53),
/// sin_addr=inet_addr("127.0.0.1")}, 16) = 0`.
fn server(line: &str) -> Option<IpAddr> {
    if !line.contains("port=htons(53)") {
        return None;
    }
    line.split('"').nth(1)?.parse().ok()
}

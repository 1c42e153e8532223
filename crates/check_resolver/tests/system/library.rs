//! resolv.conf is read as the C library reads it: what `getent` asks is seen by strace. So is the order of
//! the records of an answer: what `getent` finds in it.

use std::net::IpAddr;

use check_resolver::resolv_conf::ResolvConf;
use suite::needs::{Need, missing};
use suite::process::run;

use super::{NEEDS, check, fake_as, host, said};

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

/// The records of an answer as the fake has them, and whether the C library finds the address.
const ORDERS: [(&str, bool); 13] = [
    ("alias 1b", true),
    ("alias 1B", true),
    ("alias b1", false),
    ("alias b1b", true),
    ("alias 12c", true),
    ("alias 21c", false),
    ("alias 1c2", false),
    ("alias c21", false),
    // The owner of an alias counts for nothing.
    ("alias oq", false),
    ("alias qo", true),
    ("alias o1b", true),
    ("alias 1bo", true),
    ("alias 12oc", false),
];

#[test]
fn an_address_is_found_in_the_same_answers() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&["192.0.2.53"], "nameserver 192.0.2.53\n");
    for (order, is_found) in ORDERS {
        let _server = fake_as(&host, order, "192.0.2.53:53");
        // gethostbyname never took such an address; getaddrinfo takes none since 2.37, in Debian 12's 2.36
        // too.
        let found = run(host.command("getent").args(["hosts", "www.example.com"])).code == Some(0);
        let own = said(&check(&host, &["--no-system", "--name=www.example.com/A"]));
        let reason = "aliases out of order: the C library finds no address";
        let expected = match is_found {
            true => (0, "OK - 1 nameserver resolves 1 name".to_owned()),
            false => (2, format!("CRITICAL - 1 of 1 nameserver fails: 192.0.2.53 {reason}")),
        };
        assert_eq!((found, own), (is_found, expected), "{order}");
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

//! The quick look in README.md: what the plugin prints on a real host when all is well and when not.

use suite::look::{hold, run_line};
use suite::needs::missing;

use super::{NEEDS, fake, host, silent};

#[test]
fn a_nameserver_that_died() {
    if missing(&NEEDS) {
        return;
    }
    let servers = ["198.51.100.53", "198.51.100.54", "198.51.100.55"];
    let lines: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    let host = host(&servers, &lines);
    let line = "check_resolver --name=www.example.com";
    let living = [1, 2].map(|server| fake(&host, &format!("{}:53", servers[server])));
    let well = {
        let _first = fake(&host, "198.51.100.53:53");
        run_line(&host, line)
    };
    let slow = {
        let _dead = silent(&host, "198.51.100.53:53");
        run_line(&host, line)
    };
    drop(living);
    hold("check_resolver", &[well, slow, run_line(&host, line)]);
}

//! tinyproxy with Basic, which answers HTTP/1.0.

use std::fs;
use std::process::Command;

use suite::needs::{Need, missing, program};

use crate::fake::{Origin, PASSWORD, folder};
use crate::{free_port, on_a_host, start, verdict};

#[test]
fn tinyproxy_serves_customers_and_refuses_others() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("tinyproxy"), Need::Program("openssl")]) {
        return;
    }
    on_a_host(|| {
        let origin = Origin::start();
        for (login, code) in [(format!("BasicAuth cust {PASSWORD}\n"), 0), (String::new(), 2)] {
            let (folder, path) = folder();
            let port = free_port("127.0.0.1");
            fs::write(path.join("conf"), format!("Port {port}\nListen 127.0.0.1\nTimeout 20\n{login}"))
                .unwrap();
            let mut command = Command::new(program("tinyproxy").unwrap());
            let running = start(command.args(["-d", "-c"]).arg(path.join("conf")), folder, "127.0.0.1", port);
            let line =
                verdict(&origin, "127.0.0.1", running.port, &[&origin.url("pong"), &origin.https_url()]);
            assert_eq!(line.0, code, "{line:?}");
            if code == 0 {
                let other = ["--username=other", &origin.url("pong"), &origin.https_url()];
                let line = verdict(&origin, "127.0.0.1", running.port, &other);
                assert_eq!(line, (2, "PROXY CRITICAL - 127.0.0.1 password refused (401)".to_owned()));
            }
            assert!(code == 0 || line.1.ends_with(" open: serves strangers by http and https"), "{line:?}");
        }
    });
}

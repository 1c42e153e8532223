//! A list on a file system whose server is slow: the kernel knows the file, and opening it takes long.

use std::time::Duration;

use suite::host::Host;
use suite::needs::{Need, missing};
use suite::slow_mount::SlowMount;

use super::{HOSTS, check};

/// Whatever of the file the kernel has at hand, the deadline holds: after it the error would stand here.
#[test]
fn a_list_that_takes_longer_than_the_deadline_is_named() {
    if missing(&HOSTS) || missing(&[Need::Program("mount"), Need::Fuse]) {
        return;
    }
    let host = Host::create();
    let mount = SlowMount::create(Duration::from_secs(4)).unwrap();
    let list = mount.list();
    let list = list.display();
    for age in ["", "--file-max-age=3600"] {
        let file = format!("--file={list}");
        let arguments: Vec<&str> =
            ["--timeout=1", &file, age].into_iter().filter(|argument| !argument.is_empty()).collect();
        let line = format!("IP_BOUND UNKNOWN - no result within 1 s: reading {list}");
        assert_eq!(check(&host, &arguments).verdict(), (3, line.as_str()));
    }
}

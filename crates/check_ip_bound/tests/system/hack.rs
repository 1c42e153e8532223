//! The administrators' own check and this plugin side by side on one host. Run with `-- --nocapture` to see
//! the table.

use std::time::Duration;

use suite::host::{Host, cabled};
use suite::needs::{Need, missing};
use suite::process::run;
use suite::wait::eventually;

use super::check;

/// What administrators ran for each address, first as they wrote it and then as they mended it.
const HACK: &str = "ifconfig | grep inet | cut -d ' ' -f 10 | grep \"$1\"";
const MENDED: &str = "ifconfig | grep inet | cut -d ' ' -f 10 | grep -w \"$1\"";

#[test]
fn the_hack_is_wrong_where_the_plugin_is_right() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("ifconfig")]) {
        return;
    }
    let (host, other) = cabled();
    other.ip(&["addr", "add", "2001:db8::dad/64", "dev", "eth0", "nodad"]);
    host.ip_batch(
        "addr add 192.0.2.226/24 dev eth0\n\
         addr add 192.0.2.30/24 dev eth0\n\
         addr add 10.0.212.9/24 dev eth0 label eth0:1\n\
         addr add 2001:db8::dad/64 dev eth0\n",
    );
    let failed = || host.ip(&["-o", "addr"]).stdout.contains("dadfailed");
    eventually("2001:db8::dad fails detection", Duration::from_secs(10), failed);

    // What is asked, whether it is truly usable, and what each hack says.
    let rows = [
        ("192.0.2.226", "bound", true, true, true),
        ("192.0.2.22", "missing, 192.0.2.226 is bound", false, true, false),
        ("192.0.2.30", "bound without a label", true, false, false),
        ("10.0.2.2", "missing, 10.0.212.9 is bound: the dot", false, true, true),
        ("2001:db8::dad", "bound, a duplicate", false, true, true),
        ("192.0.2.99", "missing", false, false, false),
    ];
    println!("{:15} {:38} {:10} {:10} check_ip_bound", "address", "in truth", "grep", "grep -w");
    for (address, truth, usable, by_hack, by_mended) in rows {
        let says = |hack| run(host.command("sh").args(["-c", hack, "sh", address])).code == Some(0);
        let plugin = check(&host, &[&format!("--ip={address}")]);
        let word = |bound| if bound { "bound" } else { "missing" };
        let (hack, mended) = (says(HACK), says(MENDED));
        println!("{address:15} {truth:38} {:10} {:10} {}", word(hack), word(mended), plugin.first_line());
        assert_eq!((hack, mended), (by_hack, by_mended), "the hacks on {address}");
        assert_eq!(plugin.code, Some(if usable { 0 } else { 2 }), "{address}: {}", plugin.stdout);
    }
}

/// The trap behind the table: what a hack reads is not what the kernel has.
#[test]
fn ifconfig_does_not_show_an_alias_without_a_label() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("ifconfig")]) {
        return;
    }
    let host = Host::create();
    host.ip(&["addr", "add", "192.0.2.30/32", "dev", "lo"]);
    assert!(!run(&mut host.command("ifconfig")).stdout.contains("192.0.2.30"));
    assert_eq!(check(&host, &["--ip=192.0.2.30"]).code, Some(0));
}

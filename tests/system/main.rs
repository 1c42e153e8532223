//! System tests: the plugins on real hosts, asked through the real daemons. One file a subject.
//!
//! They need root and the packages that `tests/run` installs; where something is missing they say so and skip, and with CI=true
//! they fail. Everything happens in network namespaces of their own.

#[cfg(test)]
mod installed;
#[cfg(test)]
mod ip_bound {
    mod detection;
    mod hack;
    mod links;
    mod nrpe;
    mod refused;
    mod scheduled;

    use suite::host::Host;
    use suite::needs::Need;
    use suite::plugins;
    use suite::process::{Outcome, run};

    /// What a test needs that makes hosts.
    const HOSTS: [Need; 2] = [Need::Root, Need::Program("ip")];

    /// Runs the plugin in a host.
    fn check(host: &Host, arguments: &[&str]) -> Outcome {
        run(host.command(plugins::binary("check_ip_bound")).args(arguments))
    }

    /// A host whose eth0 is cabled to the eth0 of a second one. Neither has an address of IPv6 that no test gave it.
    fn cabled() -> (Host, Host) {
        let hosts = (bare(), bare());
        hosts.0.cable("eth0", &hosts.1, "eth0");
        hosts
    }

    /// A host with nothing but 127.0.0.1 and ::1, whose interfaces get no link-local address by themselves.
    fn bare() -> Host {
        let host = Host::create();
        host.sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
        host
    }
}

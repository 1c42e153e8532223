//! resolv.conf: every line gives at most one server, and one that is written again is the same; at most three
//! are asked, each once, none of them both asked and never asked, and each ignored line is there.

use check_resolver::resolv_conf::ResolvConf;
use host_config::Server;

pub(crate) fn run(content: &[u8]) {
    let conf = ResolvConf::parse(content);
    assert!(conf.servers.len() <= 3);
    let lines = content.split(|octet| *octet == b'\n').count();
    assert!(conf.servers.len() + conf.never_asked.len() <= lines);
    assert!(conf.ignored.len() <= lines + 1);
    for (number, server) in conf.servers.iter().enumerate() {
        assert!(!conf.servers[..number].contains(server) && !conf.never_asked.contains(server));
        assert!(server.host.name().is_none() && server.port.is_none());
    }
    for ignored in &conf.ignored {
        assert!(ignored.line >= 1 && ignored.line <= lines);
        assert!(!ignored.why.to_string().is_empty());
    }
    let meaning = host_config::ResolvConf::parse(content);
    // A line may have a second address, and the whole file may be UTF-16.
    assert!(meaning.servers.len() <= lines && meaning.ignored.len() <= lines + 1);
    for (line, server) in &meaning.servers {
        assert!(*line >= 1 && *line <= lines);
        assert_eq!(Server::parse(&server.to_string()).as_ref(), Ok(server));
    }
}

//! The names of services, for ports.

/// Services over TCP by their names and ports in IANA's registry, and `submissions` also as many call it. The
/// table is ours, so that a list means the same on every host, whatever its /etc/services has.
const SERVICES: [(&str, u16); 48] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("sunrpc", 111),
    ("nntp", 119),
    ("imap", 143),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("submissions", 465),
    ("smtps", 465),
    ("rtsp", 554),
    ("nntps", 563),
    ("submission", 587),
    ("ldaps", 636),
    ("domain-s", 853),
    ("rsync", 873),
    ("ftps", 990),
    ("imaps", 993),
    ("pop3s", 995),
    ("ms-sql-s", 1433),
    ("mqtt", 1883),
    ("nfs", 2049),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("svn", 3690),
    ("sieve", 4190),
    ("sip", 5060),
    ("sips", 5061),
    ("xmpp-client", 5222),
    ("xmpp-server", 5269),
    ("postgresql", 5432),
    ("nrpe", 5666),
    ("amqps", 5671),
    ("amqp", 5672),
    ("redis", 6379),
    ("http-alt", 8080),
    ("puppet", 8140),
    ("secure-mqtt", 8883),
    ("git", 9418),
    ("zabbix-agent", 10_050),
    ("mongodb", 27_017),
];

/// Returns the port of a service, whose name is in any case: `None` if it is not one of those.
pub(crate) fn port(name: &str) -> Option<u16> {
    SERVICES.iter().find(|(service, _)| service.eq_ignore_ascii_case(name)).map(|(_, port)| *port)
}

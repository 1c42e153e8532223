//! The names of services, for ports.

/// Services over TCP by their names and ports in IANA's registry, and `submissions` also as many call it.
const SERVICES: [(&str, u16); 31] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("http", 80),
    ("pop3", 110),
    ("imap", 143),
    ("ldap", 389),
    ("https", 443),
    ("submissions", 465),
    ("smtps", 465),
    ("submission", 587),
    ("ldaps", 636),
    ("rsync", 873),
    ("domain-s", 853),
    ("ftps", 990),
    ("imaps", 993),
    ("pop3s", 995),
    ("ms-sql-s", 1433),
    ("mqtt", 1883),
    ("nfs", 2049),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("sieve", 4190),
    ("sip", 5060),
    ("postgresql", 5432),
    ("amqps", 5671),
    ("amqp", 5672),
    ("nrpe", 5666),
    ("secure-mqtt", 8883),
];

/// Returns the port of a service, whose name is in any case: `None` if it is not one of those.
pub(crate) fn port(name: &str) -> Option<u16> {
    SERVICES.iter().find(|(service, _)| service.eq_ignore_ascii_case(name)).map(|(_, port)| *port)
}

#[cfg(test)]
mod tests {
    use crate::options::Ports;

    #[test]
    fn services_stand_for_their_ports() {
        let ports = |text: &str| text.parse::<Ports>().map(|ports| ports.0);
        assert_eq!(ports("https"), Ok(vec![443]));
        assert_eq!(ports("SMTP,25,8080,imaps"), Ok(vec![25, 25, 8080, 993]));
        for text in ["htp", "", "https,", "-"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }
}

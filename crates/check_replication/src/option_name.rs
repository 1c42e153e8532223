//! Names of options as the stock clients take them: in any case, with underscores or hyphens, cut short as
//! long as one option alone begins like that.

/// Options that this program reads, each with the least octets that no other option of the stock clients
/// begins with: `pa` may be pager, `pr` may be prompt.
const SHORTEST: [(&str, usize); 6] =
    [("host", 2), ("password", 3), ("port", 2), ("protocol", 4), ("socket", 2), ("user", 2)];
/// The TLS options of the clients of MariaDB and MySQL.
const TLS: [&str; 17] = [
    "ssl",
    "ssl-ca",
    "ssl-capath",
    "ssl-cert",
    "ssl-cipher",
    "ssl-crl",
    "ssl-crlpath",
    "ssl-fips-mode",
    "ssl-fp",
    "ssl-fplist",
    "ssl-key",
    "ssl-mode",
    "ssl-passphrase",
    "ssl-verify-server-cert",
    "tls-ciphersuites",
    "tls-sni-servername",
    "tls-version",
];
/// What may stand in front of a name.
const PREFIXES: [&str; 3] = ["skip-", "disable-", "enable-"];

/// Returns the whole name of an option in lower case with hyphens, without `loose-`. A short form of several
/// TLS options stays as it is, to be refused by that name.
pub(crate) fn canonical(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let name = name.strip_prefix("loose-").unwrap_or(&name);
    let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let front = name.strip_suffix(bare).unwrap_or_default();
    format!("{front}{}", whole(bare))
}

fn whole(name: &str) -> &str {
    let is_short = |(whole, least): &&(&str, usize)| name.len() >= *least && whole.starts_with(name);
    if let Some((whole, _)) = SHORTEST.iter().find(is_short) {
        return whole;
    }
    if TLS.contains(&name) || !(name.starts_with("ssl-") || name.starts_with("tls-")) {
        return name;
    }
    let mut candidates = TLS.iter().filter(|whole| whole.starts_with(name));
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => only,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use suite::needs::{Need, missing};

    use super::*;

    const ROWS: [(&str, &str); 24] = [
        ("user", "user"),
        ("USER", "user"),
        ("us", "user"),
        ("pass", "password"),
        ("ho", "host"),
        ("po", "port"),
        ("prot", "protocol"),
        ("so", "socket"),
        ("SSL_CA", "ssl-ca"),
        ("Ssl-Verify-Server-Cert", "ssl-verify-server-cert"),
        ("ssl-v", "ssl-verify-server-cert"),
        ("ssl_k", "ssl-key"),
        ("ssl-ce", "ssl-cert"),
        ("tls-v", "tls-version"),
        ("loose-SSL-CA", "ssl-ca"),
        ("Skip_SSL", "skip-ssl"),
        ("skip-ssl-v", "skip-ssl-verify-server-cert"),
        ("ssl-c", "ssl-c"),
        ("pr", "pr"),
        ("pa", "pa"),
        ("u", "u"),
        ("ssl-caramel", "ssl-caramel"),
        ("default-character-set", "default-character-set"),
        ("", ""),
    ];

    #[test]
    fn names_are_read_in_each_of_their_forms() {
        for (name, whole) in ROWS {
            assert_eq!(canonical(name), whole, "{name}");
        }
    }

    /// Where we take a short form, the stock client does too, and means the same.
    #[test]
    fn the_stock_client_takes_the_same_short_forms() {
        if missing(&[Need::Program("mariadb")]) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.cnf");
        for (name, whole) in ROWS.into_iter().filter(|(name, whole)| !name.is_empty() && name != whole) {
            let value = if whole.ends_with("ssl") || whole.ends_with("cert") && whole.contains("verify") {
                ""
            } else if whole == "port" {
                "=1"
            } else if whole == "protocol" {
                "=tcp"
            } else {
                "=/nonexistent"
            };
            std::fs::write(&path, format!("[client]\n{name}{value}\n")).unwrap();
            let mut command = Command::new("mariadb");
            command.arg(format!("--defaults-file={}", path.display()));
            let outcome = suite::process::run(command.args(["--host=127.0.0.1", "--port=1", "--version"]));
            assert_eq!(outcome.code, Some(0), "{name}: {outcome:?}");
            let short =
                !whole.ends_with(&name.to_ascii_lowercase().replace('_', "-")) && !name.contains("oose");
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            let meant = format!("the full name '{}'", whole.trim_start_matches("skip-"));
            assert!(!short || said.contains(&meant), "{name}: {said}");
        }
    }
}

//! The statements that give an account a missing privilege.

/// Returns the statement that grants a privilege to an account such as mon@%. It has the quotes that a client
/// needs, and that a first line must not contain.
pub(crate) fn grant(privilege: &str, object: &str, account: &str) -> String {
    format!("GRANT {privilege} ON {object} TO {}", quoted_account(account))
}

/// Returns the statement that makes a role active at login: MySQL has the word TO before the account, and
/// MariaDB FOR.
pub(crate) fn default_role(role: &str, word: &str, account: &str) -> String {
    format!("SET DEFAULT ROLE {} {word} {}", quoted(role), quoted_account(account))
}

fn quoted_account(account: &str) -> String {
    let (user, host) = parts(account);
    format!("{}@{}", quoted(user), quoted(host))
}

fn quoted(part: &str) -> String {
    format!("'{}'", part.replace('\'', "''"))
}

/// Returns the user and the host of an account. A user may contain an at sign. An account without a host has
/// the host %.
pub(crate) fn parts(account: &str) -> (&str, &str) {
    account.rsplit_once('@').unwrap_or((account, "%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_the_whole_account() {
        let rows = [
            ("mon@%", "'mon'@'%'"),
            ("mon", "'mon'@'%'"),
            ("mon@eu@192.0.2.1", "'mon@eu'@'192.0.2.1'"),
            ("o'neil@localhost", "'o''neil'@'localhost'"),
        ];
        for (account, quoted) in rows {
            assert_eq!(grant("SELECT", "a.*", account), format!("GRANT SELECT ON a.* TO {quoted}"));
        }
    }
}

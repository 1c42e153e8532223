//! The statement that grants an account a missing privilege.

/// Returns the statement that grants a privilege to an account such as mon@%. It has the quotes that a client
/// needs, and that a first line must not contain.
pub(crate) fn grant(privilege: &str, object: &str, account: &str) -> String {
    let (user, host) = parts(account);
    let quoted = |part: &str| format!("'{}'", part.replace('\'', "''"));
    format!("GRANT {privilege} ON {object} TO {}@{}", quoted(user), quoted(host))
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

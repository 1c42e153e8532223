//! The TLS settings of the defaults file: each is honoured, or refused by its name. One that is dropped in
//! silence would let the check trust what the file forbids.

use crate::defaults::Defaults;
use crate::tls_level::TlsLevel;

/// A setting that this plugin does not honour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsOptionError {
    /// There is no such thing here.
    #[error("{0} of the defaults file is not supported: remove it there, or give --tls=off")]
    Unsupported(String),
    /// It leaves out a version that may be spoken here. There is no secret in it.
    #[error(
        "tls-version={0} of the defaults file is not supported, only TLSv1.2,TLSv1.3: change it, or remove it there"
    )]
    Versions(String),
    /// It is empty.
    #[error("{0} of the defaults file is empty: remove it there, or give --tls=off")]
    Empty(String),
    /// A certificate is of no use without its key, nor a key without its certificate.
    #[error("{0} of the defaults file needs {1} too")]
    Half(&'static str, &'static str),
    /// Its value is not understood. The value is not repeated, since the file holds secrets.
    #[error("{0} of the defaults file has an unknown value")]
    Value(&'static str),
}

/// Settings that [`level`] or the caller honours.
const HONOURED: [&str; 7] =
    ["ssl", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "ssl-verify-server-cert", "tls-version"];
/// What stands in front of a switch and turns it round, or on.
const OFF: [&str; 2] = ["skip-", "disable-"];

/// Settings that name a file, and turn TLS on where they stand.
const FILES: [&str; 3] = ["ssl-ca", "ssl-cert", "ssl-key"];

/// Returns how much TLS the file asks for, as the stock clients read it: a bare ssl-ca verifies the chain,
/// not the name, and of what turns TLS on and off the last counts.
///
/// # Errors
/// [`TlsOptionError`]: the setting that is not honoured.
pub(crate) fn level(file: &Defaults) -> Result<TlsLevel, TlsOptionError> {
    file.options().try_for_each(|(name, value)| check(name, value))?;
    let has = |name: &str| file.get(name).is_some();
    let chain = |level: TlsLevel| if has("ssl-ca") { TlsLevel::VerifyCa } else { level };
    if let Some(mode) = file.get("ssl-mode") {
        return Ok(match mode.to_ascii_uppercase().as_str() {
            "DISABLED" => TlsLevel::Off,
            "PREFERRED" => TlsLevel::Prefer,
            "REQUIRED" => chain(TlsLevel::Require),
            "VERIFY_CA" => TlsLevel::VerifyCa,
            "VERIFY_IDENTITY" => TlsLevel::VerifyIdentity,
            _ => return Err(TlsOptionError::Value("ssl-mode")),
        });
    }
    let (mut is_on, mut verifies) = (None, None);
    for (name, value) in file.options() {
        let by_file = FILES.contains(&name).then_some(true);
        is_on = switch(name, value, "ssl")?.or(by_file).or(is_on);
        verifies = switch(name, value, "ssl-verify-server-cert")?.or(verifies);
    }
    let level = match (is_on, verifies) {
        (Some(false), _) => return Ok(TlsLevel::Off),
        (_, Some(true)) => TlsLevel::VerifyIdentity,
        (Some(true), _) => chain(TlsLevel::Require),
        (None, _) => TlsLevel::Prefer,
    };
    match (has("ssl-cert"), has("ssl-key")) {
        (true, false) => Err(TlsOptionError::Half("ssl-cert", "ssl-key")),
        (false, true) => Err(TlsOptionError::Half("ssl-key", "ssl-cert")),
        _ => Ok(level),
    }
}

/// Whether a setting is honoured.
fn check(name: &str, value: &str) -> Result<(), TlsOptionError> {
    // The stock clients take more in front of a name: maximum-ssl.
    let bare =
        ["enable-", "maximum-", "autoset-"].iter().chain(&OFF).find_map(|front| name.strip_prefix(front));
    let bare = bare.unwrap_or(name);
    if !(bare == "ssl" || bare.starts_with("ssl-") || bare.starts_with("tls-")) {
        return Ok(());
    }
    let refused = || Err(TlsOptionError::Unsupported(name.chars().take(40).collect()));
    // Both are spoken, and no others.
    let versions = || ["TLSv1.2", "TLSv1.3"].iter().all(|version| value.contains(version));
    match bare {
        "tls-version" if value.is_empty() => Err(TlsOptionError::Empty(name.to_owned())),
        "tls-version" if !versions() => Err(if value.len() <= 40 && value.chars().all(is_of_version) {
            TlsOptionError::Versions(value.to_owned())
        } else {
            TlsOptionError::Value("tls-version")
        }),
        "ssl-fips-mode" if value.eq_ignore_ascii_case("off") => Ok(()),
        _ if name.starts_with("maximum-") || name.starts_with("autoset-") => refused(),
        bare if FILES.contains(&bare) && value.is_empty() => Err(TlsOptionError::Empty(name.to_owned())),
        bare if HONOURED.contains(&bare) => Ok(()),
        _ => refused(),
    }
}

/// Whether names of versions and lists of them may have this character.
fn is_of_version(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | ' ')
}

/// Returns what an option makes of a switch, by its forms that turn it round; `None` if it is another option.
fn switch(option: &str, value: &str, name: &'static str) -> Result<Option<bool>, TlsOptionError> {
    let off = OFF.iter().any(|prefix| option.strip_prefix(prefix) == Some(name));
    if !off && option != name && option.strip_prefix("enable-") != Some(name) {
        return Ok(None);
    }
    match value.to_ascii_lowercase().as_str() {
        "" | "1" | "on" | "true" => Ok(Some(!off)),
        "0" | "off" | "false" => Ok(Some(off)),
        _ => Err(TlsOptionError::Value(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_honoured_or_refused_by_name() {
        let refused = |name: &str| Err(TlsOptionError::Unsupported(name.to_owned()));
        let versions = |text: &str| Err(TlsOptionError::Versions(text.to_owned()));
        let empty = |name: &str| Err(TlsOptionError::Empty(name.to_owned()));
        let rows = [
            ("user=x", Ok(TlsLevel::Prefer)),
            ("ssl-ca=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("SSL-CA=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("ssl_ca=", empty("ssl-ca")),
            ("ssl-ca", empty("ssl-ca")),
            ("ssl-crl=", refused("ssl-crl")),
            ("SSL-CRL=/nonexistent", refused("ssl-crl")),
            ("ssl-c=/x", refused("ssl-c")),
            ("maximum-ssl=1", refused("maximum-ssl")),
            ("ssl-v", Ok(TlsLevel::VerifyIdentity)),
            ("skip-ssl\nssl-ca=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("ssl-ca=/ca.pem\nskip-ssl", Ok(TlsLevel::Off)),
            ("ssl-ca=/ca.pem\nssl=0\nssl-key=/k\nssl-cert=/c", Ok(TlsLevel::VerifyCa)),
            ("ssl-cert=/c", Err(TlsOptionError::Half("ssl-cert", "ssl-key"))),
            ("ssl-key=/k", Err(TlsOptionError::Half("ssl-key", "ssl-cert"))),
            ("ssl", Ok(TlsLevel::Require)),
            ("ssl=0", Ok(TlsLevel::Off)),
            ("skip-ssl", Ok(TlsLevel::Off)),
            ("disable-ssl=0", Ok(TlsLevel::Require)),
            ("ssl=perhaps", Err(TlsOptionError::Value("ssl"))),
            ("ssl-cert=/c\nssl-key=/k", Ok(TlsLevel::Require)),
            ("ssl-verify-server-cert", Ok(TlsLevel::VerifyIdentity)),
            ("ssl-verify-server-cert=1\nssl-ca=/ca.pem", Ok(TlsLevel::VerifyIdentity)),
            ("skip-ssl-verify-server-cert", Ok(TlsLevel::Prefer)),
            ("disable-ssl-verify-server-cert\nssl-ca=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("ssl-mode=DISABLED\nssl-ca=/ca.pem", Ok(TlsLevel::Off)),
            ("ssl-mode=preferred", Ok(TlsLevel::Prefer)),
            ("ssl-mode=REQUIRED", Ok(TlsLevel::Require)),
            ("ssl-mode=REQUIRED\nssl-ca=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("ssl-mode=VERIFY_CA", Ok(TlsLevel::VerifyCa)),
            ("ssl-mode=VERIFY_IDENTITY", Ok(TlsLevel::VerifyIdentity)),
            ("ssl-mode=VERIFY", Err(TlsOptionError::Value("ssl-mode"))),
            ("tls-version=TLSv1.2,TLSv1.3", Ok(TlsLevel::Prefer)),
            ("tls-version=TLSv1.1,TLSv1.2,TLSv1.3", Ok(TlsLevel::Prefer)),
            ("tls-version=TLSv1.3", versions("TLSv1.3")),
            ("tls_version=TLSv1.1", versions("TLSv1.1")),
            ("tls-version=TLSv1.1, TLSv1.2", versions("TLSv1.1, TLSv1.2")),
            ("tls-version=se#cret", versions("se")),
            ("tls-version=se<cret", Err(TlsOptionError::Value("tls-version"))),
            ("tls-version=", empty("tls-version")),
            ("ssl-capath=/d", refused("ssl-capath")),
            ("ssl-crl=/c", refused("ssl-crl")),
            ("ssl-cipher=AES", refused("ssl-cipher")),
            ("ssl-fp=00", refused("ssl-fp")),
            ("ssl-passphrase=x", refused("ssl-passphrase")),
            ("tls-ciphersuites=x", refused("tls-ciphersuites")),
            ("tls-sni-servername=x", refused("tls-sni-servername")),
            ("ssl-fips-mode=OFF", Ok(TlsLevel::Prefer)),
            ("ssl-fips-mode=ON", refused("ssl-fips-mode")),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.cnf");
        for (text, expected) in rows {
            std::fs::write(&path, format!("[client]\n{text}\n")).unwrap();
            let deadline = plugin::Deadline::after(std::time::Duration::from_secs(8));
            assert_eq!(level(&Defaults::read(&path, None, &deadline).unwrap()), expected, "{text}");
        }
    }
}

//! The TLS settings of the defaults file: each is honoured, or refused by its name. One that is dropped in
//! silence would let the check trust what the file forbids.

use std::path::PathBuf;

use net::tls::{CipherSuite, Identity, RevocationLists, Settings, Versions};

use crate::ciphers;
use crate::defaults::Defaults;
use crate::tls_level::TlsLevel;

/// A setting that this plugin does not honour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsOptionError {
    /// There is no such thing here.
    #[error("{0} of the defaults file is not supported: remove it there, or give --tls=off")]
    Unsupported(String),
    /// It has no version that is spoken here. There is no secret in it.
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
    /// It has more than names of ciphers.
    #[error("{0} of the defaults file must have names of ciphers alone: change it, or remove it there")]
    Names(&'static str),
    /// It has no cipher that is supported here.
    #[error("{0} of the defaults file names no cipher that is supported: change it, or remove it there")]
    NoCipher(&'static str),
    /// Its value is not understood. The value is not repeated, since the file holds secrets.
    #[error("{0} of the defaults file has an unknown value")]
    Value(&'static str),
}

/// Settings that [`level`] or the caller honours.
const HONOURED: [&str; 12] = [
    "ssl",
    "ssl-mode",
    "ssl-ca",
    "ssl-capath",
    "ssl-cert",
    "ssl-cipher",
    "ssl-crl",
    "ssl-crlpath",
    "ssl-key",
    "ssl-verify-server-cert",
    "tls-ciphersuites",
    "tls-version",
];
/// What stands in front of a switch and turns it round, or on.
const OFF: [&str; 2] = ["skip-", "disable-"];

/// Settings that turn TLS on where they stand.
const TURN_ON: [&str; 7] =
    ["ssl-ca", "ssl-capath", "ssl-cert", "ssl-cipher", "ssl-crl", "ssl-crlpath", "ssl-key"];

/// Returns how much TLS the file asks for, as the stock clients read it: a bare ssl-ca verifies the chain,
/// not the name, and of what turns TLS on and off the last counts.
///
/// # Errors
/// [`TlsOptionError`]: the setting that is not honoured.
pub(crate) fn level(file: &Defaults) -> Result<TlsLevel, TlsOptionError> {
    file.options().try_for_each(|(name, value)| check(name, value))?;
    let has = |name: &str| file.get(name).is_some();
    let chain = |level: TlsLevel| if has("ssl-ca") || has("ssl-capath") { TlsLevel::VerifyCa } else { level };
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
        let by_file = TURN_ON.contains(&name).then_some(true);
        is_on = switch(name, value, "ssl")?.or(by_file).or(is_on);
        verifies = switch(name, value, "ssl-verify-server-cert")?.or(verifies);
    }
    Ok(match (is_on, verifies) {
        (Some(false), _) => TlsLevel::Off,
        (_, Some(true)) => TlsLevel::VerifyIdentity,
        (Some(true), _) => chain(TlsLevel::Require),
        (None, _) => TlsLevel::Prefer,
    })
}

/// Returns how to speak TLS at this level: what the file says, with the authorities of an option before its
/// own.
///
/// # Errors
/// [`TlsOptionError`]: the setting that is not honoured.
pub(crate) fn settings(
    file: &Defaults,
    level: TlsLevel,
    authorities: Option<PathBuf>,
) -> Result<Settings, TlsOptionError> {
    if level == TlsLevel::Off {
        return Ok(Settings::default());
    }
    // An option may have set the level.
    file.options().try_for_each(|(name, value)| check(name, value))?;
    let (versions, ciphers) = versions_and_ciphers(file)?;
    Ok(Settings {
        verify: level.verify(),
        authorities_folder: file.path("ssl-capath").filter(|_| authorities.is_none()),
        authorities: authorities.or_else(|| file.path("ssl-ca")),
        revocation: RevocationLists { file: file.path("ssl-crl"), folder: file.path("ssl-crlpath") },
        identity: identity(file)?,
        versions,
        ciphers,
    })
}

/// The ciphers that may be used, if not all, and the versions that may be spoken with them: each version has
/// its own ciphers.
fn versions_and_ciphers(file: &Defaults) -> Result<(Versions, Option<Vec<CipherSuite>>), TlsOptionError> {
    let versions = versions(file)?;
    let (old, new) = (file.get("ssl-cipher"), file.get("tls-ciphersuites"));
    if old.is_none() && new.is_none() {
        return Ok((versions, None));
    }
    let old = match old {
        Some(list) => ciphers::of_tls12(list).ok_or(TlsOptionError::Names("ssl-cipher"))?,
        None => ciphers::all_of_tls12(),
    };
    let new = match new {
        Some(list) => ciphers::of_tls13(list).ok_or(TlsOptionError::Names("tls-ciphersuites"))?,
        None => ciphers::all_of_tls13(),
    };
    let versions = match (versions, old.is_empty(), new.is_empty()) {
        (Versions::All | Versions::Tls13, true, false) => Versions::Tls13,
        (Versions::All | Versions::Tls12, false, true) => Versions::Tls12,
        (versions, false, false) => versions,
        (Versions::Tls12, true, _) => return Err(TlsOptionError::NoCipher("ssl-cipher")),
        (_, _, true) => return Err(TlsOptionError::NoCipher("tls-ciphersuites")),
    };
    Ok((versions, Some([old, new].concat())))
}

fn identity(file: &Defaults) -> Result<Option<Identity>, TlsOptionError> {
    match (file.path("ssl-cert"), file.path("ssl-key")) {
        (Some(certificate), Some(key)) => Ok(Some(Identity { certificate, key })),
        (Some(_), None) => Err(TlsOptionError::Half("ssl-cert", "ssl-key")),
        (None, Some(_)) => Err(TlsOptionError::Half("ssl-key", "ssl-cert")),
        (None, None) => Ok(None),
    }
}

/// The versions of a list that may be spoken here. The stock clients pass over a word that they do not know.
fn versions(file: &Defaults) -> Result<Versions, TlsOptionError> {
    let Some(list) = file.get("tls-version") else { return Ok(Versions::default()) };
    let has = |version: &str| list.split([',', ' ']).any(|one| one.eq_ignore_ascii_case(version));
    let is_plain = || list.len() <= 40 && list.chars().all(is_of_version);
    match (has("TLSv1.2"), has("TLSv1.3")) {
        (true, true) => Ok(Versions::All),
        (true, false) => Ok(Versions::Tls12),
        (false, true) => Ok(Versions::Tls13),
        (false, false) if is_plain() => Err(TlsOptionError::Versions(list.to_owned())),
        (false, false) => Err(TlsOptionError::Value("tls-version")),
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
    match bare {
        "tls-version" | "tls-ciphersuites" if value.is_empty() => Err(TlsOptionError::Empty(name.to_owned())),
        "ssl-fips-mode" if value.eq_ignore_ascii_case("off") => Ok(()),
        _ if name.starts_with("maximum-") || name.starts_with("autoset-") => refused(),
        bare if TURN_ON.contains(&bare) && value.is_empty() => Err(TlsOptionError::Empty(name.to_owned())),
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
        let empty = |name: &str| Err(TlsOptionError::Empty(name.to_owned()));
        let rows = [
            ("user=x", Ok(TlsLevel::Prefer)),
            ("ssl-ca=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("SSL-CA=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("ssl_ca=", empty("ssl-ca")),
            ("ssl-ca", empty("ssl-ca")),
            ("ssl-crl=", empty("ssl-crl")),
            ("SSL-CRL=/nonexistent", Ok(TlsLevel::Require)),
            ("ssl-crl=/c\nssl-ca=/ca.pem", Ok(TlsLevel::VerifyCa)),
            ("ssl-crlpath=/d", Ok(TlsLevel::Require)),
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
            ("ssl-mode=REQUIRED\nssl-cert=/c", Err(TlsOptionError::Half("ssl-cert", "ssl-key"))),
            ("ssl-mode=PREFERRED\nssl-key=/k", Err(TlsOptionError::Half("ssl-key", "ssl-cert"))),
            ("ssl-mode=DISABLED\nssl-key=/k\ntls-version=TLSv1.1", Ok(TlsLevel::Off)),
            ("ssl-cert=/c\nskip-ssl", Ok(TlsLevel::Off)),
            ("tls-version=", empty("tls-version")),
            ("ssl-capath=/d", Ok(TlsLevel::VerifyCa)),
            ("ssl-mode=REQUIRED\nssl-capath=/d", Ok(TlsLevel::VerifyCa)),
            ("ssl-capath=", empty("ssl-capath")),
            ("ssl-cipher=AES128-SHA", Ok(TlsLevel::Require)),
            ("ssl-cipher=HIGH", Err(TlsOptionError::Names("ssl-cipher"))),
            ("ssl-cipher=", empty("ssl-cipher")),
            ("ssl-fp=00", refused("ssl-fp")),
            ("ssl-passphrase=x", refused("ssl-passphrase")),
            ("tls-ciphersuites=TLS_AES_128_GCM_SHA256", Ok(TlsLevel::Prefer)),
            ("tls-ciphersuites=x", Err(TlsOptionError::Names("tls-ciphersuites"))),
            ("tls-ciphersuites=", empty("tls-ciphersuites")),
            ("tls-sni-servername=x", refused("tls-sni-servername")),
            ("ssl-fips-mode=OFF", Ok(TlsLevel::Prefer)),
            ("ssl-fips-mode=ON", refused("ssl-fips-mode")),
        ];
        for (text, expected) in rows {
            let file = read(text);
            let found = level(&file).and_then(|level| settings(&file, level, None).map(|_| level));
            assert_eq!(found, expected, "{text}");
        }
        // An option sets the level, and the file the rest.
        for (text, expected) in
            [("ssl-fp=/c", refused("ssl-fp")), ("ssl-mode=DISABLED", Ok(TlsLevel::Require))]
        {
            let found = settings(&read(text), TlsLevel::Require, None).map(|_| TlsLevel::Require);
            assert_eq!(found, expected, "{text}");
        }
    }

    /// An administrator names authorities to narrow what is trusted.
    #[test]
    fn authorities_of_an_option_come_before_those_of_the_file() {
        let file = read("ssl-mode=VERIFY_CA\nssl-ca=/file");
        let authorities = |option: Option<&str>| {
            settings(&file, TlsLevel::VerifyCa, option.map(PathBuf::from)).unwrap().authorities
        };
        assert_eq!(authorities(Some("/option")), Some(PathBuf::from("/option")));
        assert_eq!(authorities(None), Some(PathBuf::from("/file")));
    }

    #[test]
    fn of_a_list_of_versions_those_are_spoken_that_can_be() {
        let refused = |text: &str| Err(TlsOptionError::Versions(text.to_owned()));
        let rows = [
            ("user=x", Ok(Versions::All)),
            ("tls-version=TLSv1.2,TLSv1.3", Ok(Versions::All)),
            ("tls-version=TLSv1.1,TLSv1.2,TLSv1.3", Ok(Versions::All)),
            ("tls-version=TLSv1.2", Ok(Versions::Tls12)),
            ("tls_version=TLSv1.3", Ok(Versions::Tls13)),
            ("tls-version=TLSv1.1, TLSv1.2", Ok(Versions::Tls12)),
            ("tls-version=TLSv1.1,tlsv1.3", Ok(Versions::Tls13)),
            ("tls-version=TLSv1.2,other", Ok(Versions::Tls12)),
            ("tls-version=TLSv1.1\nloose-tls-version=TLSv1.3", Ok(Versions::Tls13)),
            ("tls_version=TLSv1.1", refused("TLSv1.1")),
            ("tls-version=TLSv1.23", refused("TLSv1.23")),
            ("tls-version=se#cret", refused("se")),
            ("tls-version=se<cret", Err(TlsOptionError::Value("tls-version"))),
            // What is longer than a list of versions may be anything, and is not shown.
            (
                "tls-version=TLSv1,TLSv1.1,TLSv1,TLSv1.1,TLSv1,TLSv1.1",
                Err(TlsOptionError::Value("tls-version")),
            ),
        ];
        for (text, expected) in rows {
            let found = settings(&read(text), TlsLevel::Prefer, None).map(|settings| settings.versions);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn each_version_has_its_own_ciphers() {
        let no = |name| Err(TlsOptionError::NoCipher(name));
        let rows = [
            ("user=x", Ok((Versions::All, None))),
            ("ssl-cipher=ECDHE-RSA-AES128-GCM-SHA256", Ok((Versions::All, Some(4)))),
            ("ssl-cipher=ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA", Ok((Versions::All, Some(4)))),
            // The older version has none then.
            ("ssl-cipher=AES128-SHA", Ok((Versions::Tls13, Some(3)))),
            ("ssl-cipher=AES128-SHA\ntls-version=TLSv1.2", no("ssl-cipher")),
            ("tls-ciphersuites=TLS_AES_256_GCM_SHA384", Ok((Versions::All, Some(7)))),
            ("tls-ciphersuites=TLS_AES_128_CCM_SHA256", Ok((Versions::Tls12, Some(6)))),
            ("tls-ciphersuites=TLS_AES_128_CCM_SHA256\ntls-version=TLSv1.3", no("tls-ciphersuites")),
            ("tls-ciphersuites=TLS_AES_128_CCM_SHA256\nssl-cipher=AES128-SHA", no("tls-ciphersuites")),
        ];
        for (text, expected) in rows {
            let found = settings(&read(text), TlsLevel::Prefer, None);
            let found = found.map(|found| (found.versions, found.ciphers.map(|ciphers| ciphers.len())));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn an_option_goes_before_the_folder_of_authorities() {
        let text = "ssl-ca=/ca.pem\nssl-capath=/d\nssl-crl=/c\nssl-crlpath=/e";
        let found = |option: Option<PathBuf>| {
            let found = settings(&read(text), TlsLevel::VerifyCa, option).unwrap();
            let RevocationLists { file, folder } = found.revocation;
            let paths = [found.authorities, found.authorities_folder, file, folder];
            paths.map(|path| path.map_or("-".to_owned(), |path| path.display().to_string()))
        };
        assert_eq!(found(None), ["/ca.pem", "/d", "/c", "/e"]);
        assert_eq!(found(Some("/own.pem".into())), ["/own.pem", "-", "/c", "/e"]);
    }

    fn read(text: &str) -> Defaults {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.cnf");
        std::fs::write(&path, format!("[client]\n{text}\n")).unwrap();
        let deadline = plugin::Deadline::after(std::time::Duration::from_secs(8));
        Defaults::read(&path, None, &deadline).unwrap()
    }
}

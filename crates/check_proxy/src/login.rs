//! Logins: Basic (RFC 7617) and Digest with MD5 and SHA-256 (RFC 7616, and RFC 2069 where the proxy names no
//! `qop`).

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::challenge::Challenge;
use crate::fault::Fault;
use crate::secrets::Secrets;

/// A user and a password. Its `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// The user name.
    pub(crate) user: String,
    /// The password.
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Login {
    /// What no message may carry.
    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::of(&self.user, &self.password)
    }
}

/// The scheme by which a login is made.
#[derive(Debug)]
pub(crate) enum Scheme {
    /// User and password in clear.
    Basic,
    /// A hash of them and of the proxy's nonce.
    Digest(Digest),
}

/// What a proxy offers for Digest, and how often its nonce was used.
#[derive(Debug)]
pub(crate) struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the proxy names it: `None` if it does not.
    algorithm: Option<String>,
    hash: Hash,
    /// Whether the nonce is part of the user's hash: `MD5-sess`.
    session: bool,
    qop: Option<&'static str>,
    count: AtomicU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
}

/// Chooses the strongest scheme that both sides speak: Basic also where nothing is offered, since some
/// proxies refuse strangers without a word about logins or do not answer them, and never beside Digest.
///
/// # Errors
/// [`Fault::Unspoken`]: only other schemes are offered, or a Digest that this check does not speak.
pub(crate) fn choose(offers: &[Challenge]) -> Result<Scheme, Fault> {
    let digests = offers.iter().filter_map(Digest::new);
    if let Some(best) = digests.max_by_key(|digest| digest.hash) {
        return Ok(Scheme::Digest(best));
    }
    let offers_digest = offers.iter().any(|offer| offer.scheme.eq_ignore_ascii_case("Digest"));
    if !offers_digest && takes_basic(offers) {
        return Ok(Scheme::Basic);
    }
    let mut names: Vec<String> = offers.iter().map(unspoken).collect();
    names.dedup();
    names.truncate(4);
    Err(Fault::Unspoken(names))
}

/// Whether Basic may be tried: it is offered, or nothing is.
pub(crate) fn takes_basic(offers: &[Challenge]) -> bool {
    offers.is_empty() || offers.iter().any(|offer| offer.scheme.eq_ignore_ascii_case("Basic"))
}

/// What is said of an offer that is not spoken: of Digest, what is strange about it.
fn unspoken(offer: &Challenge) -> String {
    let shown = |text: &str| text.chars().take(20).collect::<String>();
    if offer.scheme.eq_ignore_ascii_case("Basic") {
        return "Basic beside it".to_owned();
    }
    if !offer.scheme.eq_ignore_ascii_case("Digest") {
        return shown(&offer.scheme);
    }
    match (offer.get("algorithm"), offer.get("qop")) {
        _ if offer.get("nonce").is_none() => "Digest without a nonce".to_owned(),
        (Some(name), _) if Hash::named(name).is_none() => format!("Digest {}", shown(name)),
        (_, Some(qop)) => format!("Digest with qop {}", shown(qop)),
        _ => "Digest".to_owned(),
    }
}

impl Scheme {
    /// The name of the scheme.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Scheme::Basic => "Basic",
            Scheme::Digest(_) => "Digest",
        }
    }

    /// Returns the value of `Proxy-Authorization` for a request of this target; `cnonce` is random.
    ///
    /// # Errors
    /// [`Fault::ColonInUser`].
    pub(crate) fn authorization(
        &self,
        login: &Login,
        method: &str,
        target: &str,
        cnonce: &str,
    ) -> Result<String, Fault> {
        match self {
            Scheme::Basic if login.user.contains(':') => Err(Fault::ColonInUser),
            Scheme::Basic => {
                Ok(format!("Basic {}", STANDARD.encode(format!("{}:{}", login.user, login.password))))
            }
            Scheme::Digest(digest) => Ok(digest.authorization(login, method, target, cnonce)),
        }
    }
}

impl Digest {
    /// Returns what the challenge needs for an answer: `None` if it is another scheme, or one of another hash
    /// or protection.
    fn new(challenge: &Challenge) -> Option<Self> {
        if !challenge.scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let algorithm = challenge.get("algorithm");
        let (hash, session) = Hash::named(algorithm.unwrap_or("MD5"))?;
        let offered = challenge.get("qop").filter(|qop| !qop.trim().is_empty());
        let qop = match offered {
            None => None,
            Some(offered) => {
                let has = |qop: &str| offered.split(',').any(|one| one.trim().eq_ignore_ascii_case(qop));
                Some(*["auth", "auth-int"].iter().find(|qop| has(qop))?)
            }
        };
        Some(Self {
            realm: challenge.get("realm").unwrap_or_default().to_owned(),
            nonce: challenge.get("nonce")?.to_owned(),
            opaque: challenge.get("opaque").map(str::to_owned),
            algorithm: algorithm.map(str::to_owned),
            hash,
            session,
            qop,
            count: AtomicU32::new(0),
        })
    }

    fn authorization(&self, login: &Login, method: &str, target: &str, cnonce: &str) -> String {
        let count = format!("{:08x}", self.count.fetch_add(1, Ordering::Relaxed) + 1);
        let response = self.response(login, method, target, cnonce, &count);
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            quoted(&login.user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(target)
        );
        if let Some(algorithm) = &self.algorithm {
            value += &format!(", algorithm={algorithm}");
        }
        if let Some(opaque) = &self.opaque {
            value += &format!(", opaque={}", quoted(opaque));
        }
        if let Some(qop) = self.qop {
            value += &format!(", qop={qop}, nc={count}");
        }
        if self.qop.is_some() || self.session {
            value += &format!(", cnonce=\"{cnonce}\"");
        }
        value
    }

    fn response(&self, login: &Login, method: &str, target: &str, cnonce: &str, count: &str) -> String {
        let hash = |text: &str| self.hash.of(text);
        let mut user = hash(&format!("{}:{}:{}", login.user, self.realm, login.password));
        if self.session {
            user = hash(&format!("{user}:{}:{cnonce}", self.nonce));
        }
        // The requests of this check have no body: auth-int protects an empty one.
        let body = if self.qop == Some("auth-int") { format!(":{}", hash("")) } else { String::new() };
        let request = hash(&format!("{method}:{target}{body}"));
        match self.qop {
            Some(qop) => hash(&format!("{user}:{}:{count}:{cnonce}:{qop}:{request}", self.nonce)),
            None => hash(&format!("{user}:{}:{request}", self.nonce)),
        }
    }
}

impl Hash {
    /// The hash of an algorithm's name, and whether the nonce is part of the user's hash.
    fn named(algorithm: &str) -> Option<(Self, bool)> {
        let name = algorithm.to_ascii_uppercase();
        let (base, session) = name.strip_suffix("-SESS").map_or((name.as_str(), false), |base| (base, true));
        match base {
            "MD5" => Some((Hash::Md5, session)),
            "SHA-256" => Some((Hash::Sha256, session)),
            _ => None,
        }
    }

    fn of(self, text: &str) -> String {
        let hexadecimal = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect();
        match self {
            Hash::Md5 => hexadecimal(&Md5::digest(text)),
            Hash::Sha256 => hexadecimal(&Sha256::digest(text)),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::parse;

    fn scheme(lines: &[&str]) -> Result<Scheme, Fault> {
        choose(&parse(lines.iter().map(|line| line.as_bytes())))
    }

    fn login(user: &str, password: &str) -> Login {
        Login { user: user.to_owned(), password: password.to_owned() }
    }

    /// The examples of RFC 7616, section 3.9.1, RFC 2617, section 3.5, and of RFC 2069 with its erratum 749.
    #[test]
    fn the_examples_of_the_standards_come_out() {
        let nonce = r#"nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let life = |algorithm: &str| {
            let line = format!(
                r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, {nonce}"#
            );
            let value = scheme(&[&line]).unwrap().authorization(
                &login("Mufasa", "Circle of Life"),
                "GET",
                "/dir/index.html",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            );
            value.unwrap()
        };
        assert!(life("MD5").contains(r#"response="8ca523f5e9506fed4657c9700eebdbec""#), "{}", life("MD5"));
        let sha = r#"response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1""#;
        assert!(life("SHA-256").contains(sha), "{}", life("SHA-256"));
        let old = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let circle = login("Mufasa", "CircleOfLife");
        let value = scheme(&[old]).unwrap().authorization(&circle, "GET", "/dir/index.html", "x").unwrap();
        assert!(
            value.contains(r#"response="1949323746fe6a43ef61f9606e7febea""#) && !value.contains("qop"),
            "{value}"
        );
        let basic = scheme(&["Basic realm=x"]).unwrap().authorization(
            &login("Aladdin", "open sesame"),
            "GET",
            "/",
            "",
        );
        assert_eq!(basic.unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn the_strongest_scheme_is_chosen() {
        let name = |lines: &[&str]| match scheme(lines) {
            Ok(Scheme::Digest(digest)) => format!("Digest {:?} {:?}", digest.hash, digest.qop),
            Ok(scheme) => scheme.name().to_owned(),
            Err(fault) => fault.brief(),
        };
        let rows: [(&[&str], &str); 10] = [
            (&[], "Basic"),
            (&["NTLM", "Basic realm=x"], "Basic"),
            (&["Basic realm=x", "Digest realm=x, nonce=y"], "Digest Md5 None"),
            (
                &[r#"Digest nonce=y, algorithm=SHA-256, qop="auth""#, "Digest nonce=y, algorithm=MD5"],
                r#"Digest Sha256 Some("auth")"#,
            ),
            (&["Digest nonce=y, algorithm=md5-sess, qop=AUTH-INT"], r#"Digest Md5 Some("auth-int")"#),
            (
                &["Digest nonce=y, algorithm=SHA-512-256", "Basic realm=x"],
                "offers Digest SHA-512-256 and Basic beside it only, which this check does not speak",
            ),
            (
                &["Digest nonce=y, algorithm=SHA-512-256"],
                "offers Digest SHA-512-256 only, which this check does not speak",
            ),
            (
                &["Digest nonce=y, qop=other"],
                "offers Digest with qop other only, which this check does not speak",
            ),
            (&["Digest realm=x"], "offers Digest without a nonce only, which this check does not speak"),
            (&["NTLM", "Negotiate"], "offers NTLM and Negotiate only, which this check does not speak"),
        ];
        for (lines, expected) in rows {
            assert_eq!(name(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn users_are_quoted_counted_and_never_shown() {
        let digest = scheme(&["Digest realm=x, nonce=y, qop=auth"]).unwrap();
        let login = login(r#"a"b\c"#, "s3cret");
        let value = |_| digest.authorization(&login, "GET", "/", "z").unwrap();
        let (first, second) = (value(1), value(2));
        assert!(
            first.contains(r#"username="a\"b\\c""#)
                && first.contains("nc=00000001")
                && second.contains("nc=00000002")
        );
        assert_eq!(format!("{login:?}"), "Login");
        let colon = Login { user: "a:b".to_owned(), password: String::new() };
        assert_eq!(Scheme::Basic.authorization(&colon, "GET", "/", ""), Err(Fault::ColonInUser));
        assert!(digest.authorization(&colon, "GET", "/", "").is_ok());
    }
}

//! From the greeting to a connection that takes statements: TLS, and the methods of authentication.

use mysql_common::constants::CapabilityFlags as Capabilities;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, AuthSwitchRequest, HandshakePacket, HandshakeResponse, SslRequest};
use net::tls::{Client, Verify};

use crate::connection::{LARGEST, Packets};
use crate::failure::{Failure, Kind, Step};
use crate::public_key;
use crate::tls_level::TlsLevel;

/// What the server can be asked to do and we understand. No local files: a hostile server would read ours.
const WANTED: Capabilities = Capabilities::CLIENT_PROTOCOL_41
    .union(Capabilities::CLIENT_SECURE_CONNECTION)
    .union(Capabilities::CLIENT_LONG_PASSWORD)
    .union(Capabilities::CLIENT_LONG_FLAG)
    .union(Capabilities::CLIENT_TRANSACTIONS)
    .union(Capabilities::CLIENT_PLUGIN_AUTH);
/// utf8mb4_general_ci, which servers know from 5.5.3 on.
const UTF8MB4: u8 = 45;
/// The most exchanges of one login: MariaDB asks for one method after the other.
const EXCHANGES: usize = 16;
/// The length of a nonce, and that of ed25519 and parsec.
const NONCE: usize = 20;
const LONG_NONCE: usize = 32;

/// Who logs in, and how.
pub(crate) struct Login<'a> {
    /// The account.
    pub(crate) user: &'a str,
    /// Its password.
    pub(crate) password: &'a str,
    /// How much TLS there must be.
    pub(crate) level: TlsLevel,
    /// What asks for that: an option, or the file.
    pub(crate) asked_by: &'a str,
    /// The server's public key, known beforehand.
    pub(crate) key: Option<&'a [u8]>,
    /// Whether TLS has a client certificate.
    pub(crate) certified: bool,
    /// Sets TLS up; asked only when it is needed.
    pub(crate) tls: &'a dyn Fn() -> Result<Client, Failure>,
    /// The name or address that the server's certificate must be made out to.
    pub(crate) name: &'a str,
}

/// Waits for the greeting and logs in; comes back with the version in the greeting.
pub(crate) fn login(packets: &mut Packets, login: &Login<'_>) -> Result<String, Failure> {
    let octets = packets.read(Step::Greeting)?;
    let strange = |what: &str| Failure::new(Step::Greeting, Kind::Protocol(what.to_owned()));
    let greeting = Some(ParseBuf(&octets)).filter(|_| has_usual_nonce(&octets));
    let greeting = greeting.and_then(|mut octets| octets.parse::<HandshakePacket<'_>>(()).ok());
    let greeting = greeting.ok_or_else(|| strange("its greeting is not that of MySQL"))?;
    if greeting.protocol_version() != 10
        || !greeting.capabilities().contains(Capabilities::CLIENT_PROTOCOL_41)
    {
        return Err(strange("its greeting is not that of MySQL 4.1 or later"));
    }
    let offered = greeting.capabilities();
    let encrypted = secure(packets, login, offered)?;
    let mut method = match greeting.auth_plugin() {
        Some(AuthPlugin::CachingSha2Password) => AuthPlugin::CachingSha2Password,
        _ => AuthPlugin::MysqlNativePassword,
    };
    let mut nonce = greeting.nonce();
    let capabilities =
        WANTED & offered | if encrypted { Capabilities::CLIENT_SSL } else { Capabilities::empty() };
    let proof = method.gen_data(Some(login.password), &nonce);
    let plugin = capabilities.contains(Capabilities::CLIENT_PLUGIN_AUTH).then(|| method.clone());
    let user = Some(login.user.as_bytes());
    let database: Option<&[u8]> = None;
    let response = HandshakeResponse::new(
        proof.as_deref(),
        (5, 5, 3),
        user,
        database,
        plugin,
        capabilities,
        None,
        LARGEST as u32,
    );
    packets.send(&response, Step::Login)?;
    prove(packets, login, &mut method, &mut nonce)?;
    Ok(greeting.server_version_str().into_owned())
}

/// Whether the length of the nonce is one that `mysql_common` can calculate with: it takes it for a signed
/// number. It stands 20 octets behind the version (connection id, nonce's first part, filler, capabilities,
/// collation, status, capabilities).
fn has_usual_nonce(greeting: &[u8]) -> bool {
    let version = greeting.iter().skip(1).position(|octet| *octet == 0);
    let length = version.and_then(|end| greeting.get(end + 2 + 20));
    length.is_none_or(|length| length.is_ascii())
}

/// Switches to TLS where it is wanted and offered; whether it did.
fn secure(packets: &mut Packets, login: &Login<'_>, offered: Capabilities) -> Result<bool, Failure> {
    let failed = |kind: Kind| Failure::new(Step::Login, kind);
    // By a key that is known, the full password is safe without TLS alone: in it the server wants it as it
    // is.
    let by_key = login.key.is_some() && login.level == TlsLevel::Prefer;
    if packets.is_unix() || login.level == TlsLevel::Off || by_key {
        return Ok(false);
    }
    if !offered.contains(Capabilities::CLIENT_SSL) {
        let what = format!("the server offers no TLS, which {} asks for", login.asked_by);
        return if login.level == TlsLevel::Prefer { Ok(false) } else { Err(failed(Kind::Tls(what))) };
    }
    let client = (login.tls)()?;
    let request = SslRequest::new(WANTED & offered | Capabilities::CLIENT_SSL, LARGEST as u32, UTF8MB4);
    packets.send(&request, Step::Login)?;
    packets.secure(&client, login.name).map_err(|failure| advised(failure, login.level))?;
    Ok(true)
}

/// The same failure, with what to do where TLS was not demanded: the stock clients fail too.
fn advised(failure: Failure, level: TlsLevel) -> Failure {
    match failure.kind {
        Kind::Tls(text) if level == TlsLevel::Prefer => {
            Failure { kind: Kind::Tls(format!("{text}: --tls=off logs in without TLS")), ..failure }
        }
        kind => Failure { kind, ..failure },
    }
}

/// Answers what the server asks until it says yes or no.
fn prove(
    packets: &mut Packets,
    login: &Login<'_>,
    method: &mut AuthPlugin<'static>,
    nonce: &mut Vec<u8>,
) -> Result<(), Failure> {
    for _exchange in 0..EXCHANGES {
        let packet = packets.read(Step::Login)?;
        let strange = || {
            Failure::new(
                Step::Login,
                Kind::Protocol("its answer to the login is not that of MySQL".to_owned()),
            )
        };
        match packet.split_first() {
            Some((0x00, _)) => return Ok(()),
            Some((0xfe, [])) => return Err(unknown("mysql_old_password")),
            Some((0xfe, _)) => {
                let request = ParseBuf(&packet).parse::<AuthSwitchRequest<'_>>(()).map_err(|_| strange())?;
                *method = known(request.auth_plugin())?;
                *nonce = nonce_of(&packet, method);
                let parsec = matches!(method, AuthPlugin::MariadbParsec { .. });
                let proof = if parsec { None } else { method.gen_data(Some(login.password), nonce) };
                packets.send_octets(proof.as_deref().unwrap_or_default(), Step::Login)?;
            }
            Some((0x01, [0x03])) if *method == AuthPlugin::CachingSha2Password => {}
            Some((0x01, [0x04])) if *method == AuthPlugin::CachingSha2Password => {
                let proof = full(packets, login, nonce)?;
                packets.send_octets(&proof, Step::Login)?;
            }
            // The byte in front came with later versions.
            Some((first, rest)) if matches!(method, AuthPlugin::MariadbParsec { .. }) => {
                method.read_add_data(if *first == 0x01 { rest } else { &packet }).ok_or_else(strange)?;
                let proof = method.gen_data(Some(login.password), nonce).ok_or_else(strange)?;
                packets.send_octets(&proof, Step::Login)?;
            }
            _ => return Err(strange()),
        }
    }
    Err(Failure::new(Step::Login, Kind::Protocol("it asks for ever more proofs of who logs in".to_owned())))
}

/// Returns the nonce of a request for this method: what follows the method's name. A zero ends most nonces.
/// One of ed25519 or parsec may end with a zero of its own, which `mysql_common` removes. A nonce that is too
/// short is filled with zeros, as servers do.
fn nonce_of(request: &[u8], method: &AuthPlugin<'_>) -> Vec<u8> {
    let name = request.iter().position(|octet| *octet == 0);
    let mut nonce = name.and_then(|end| request.get(end + 1..)).unwrap_or_default().to_vec();
    let is_long = matches!(method, AuthPlugin::Ed25519 | AuthPlugin::MariadbParsec { .. });
    nonce.resize(if is_long { LONG_NONCE } else { NONCE }, 0);
    nonce
}

/// The methods that can be answered, and should be: a password is never sent as it is.
fn known(method: AuthPlugin<'_>) -> Result<AuthPlugin<'static>, Failure> {
    match method {
        AuthPlugin::MysqlOldPassword => Err(unknown("mysql_old_password")),
        AuthPlugin::MysqlClearPassword => Err(unknown("mysql_clear_password")),
        AuthPlugin::Other(name) => Err(unknown(&String::from_utf8_lossy(&name))),
        method => Ok(method.into_owned()),
    }
}

fn unknown(method: &str) -> Failure {
    let method: String = method.chars().take(60).collect();
    // MySQL makes one up for a user that does not exist, always the same for one name.
    let who = if method == "sha256_password" { "no such user, or it" } else { "the account" };
    let text = format!("{who} logs in by {method}, which this plugin does not do");
    Failure::new(Step::Login, Kind::Method(text))
}

/// What caching_sha2_password wants when it has not cached the account: the password as it is where no third
/// party can read it, else encrypted for the server's public key. A server that is not verified may be
/// another, and so may be its key.
fn full(packets: &mut Packets, login: &Login<'_>, nonce: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut text: Vec<u8> = login.password.bytes().chain([0]).collect();
    let is_verified = login.level.verify() != Verify::Nothing || login.level == TlsLevel::RequireUnverified;
    if packets.is_unix() || packets.is_private() && is_verified {
        return Ok(text);
    }
    let key = login.key.filter(|_| !packets.is_private());
    let key = key.ok_or_else(|| Failure::new(Step::Login, Kind::FullPassword))?;
    for (octet, mask) in text.iter_mut().zip(nonce.iter().cycle()) {
        *octet ^= mask;
    }
    let unusable = || {
        Failure::new(Step::Login, Kind::Method("the key of server-public-key-path is not usable".to_owned()))
    };
    public_key::encrypt(&text, key).ok_or_else(unusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of 256 nonces of ed25519 ends with a zero.
    #[test]
    fn a_nonce_keeps_its_own_zero() {
        let ends_with = |last: u8, length: usize| {
            let mut nonce = vec![7; length - 1];
            nonce.push(last);
            nonce
        };
        let rows = [
            ("client_ed25519", ends_with(0, 32), ends_with(0, 32)),
            ("client_ed25519", ends_with(9, 32), ends_with(9, 32)),
            ("parsec", ends_with(0, 32), ends_with(0, 32)),
            ("mysql_native_password", ends_with(0, 21), vec![7; 20]),
            ("mysql_native_password", vec![7; 3], [vec![7; 3], vec![0; 17]].concat()),
            ("caching_sha2_password", Vec::new(), vec![0; 20]),
        ];
        for (name, sent, nonce) in rows {
            let request = [b"\xfe".to_vec(), name.into(), vec![0], sent].concat();
            let parsed = ParseBuf(&request).parse::<AuthSwitchRequest<'_>>(()).unwrap();
            let method = known(parsed.auth_plugin()).unwrap();
            assert_eq!(nonce_of(&request, &method), nonce, "{name}");
        }
        assert_eq!(nonce_of(b"\xfe", &AuthPlugin::Ed25519), vec![0; 32]);
    }
}

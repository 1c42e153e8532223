//! The options of the SNMP side, named as in check_snmp, and what they come to.

use plugin::{Seconds, whole};
use snmp2::v3::{Auth, AuthProtocol, Cipher, KeyExtension};

use super::clock_oid::ClockOid;
use super::usm::{Level, User};
use super::version::Version;

/// The shortest password of the user-based security model, in octets (RFC 3414, section 11.2).
const SHORTEST: usize = 8;

/// The heading of these options in the help.
const HEADING: &str = "SNMP";

/// Returns this option, which needs --hostname if it is one on how to ask the agent: without a host it would
/// be ignored in silence.
pub(crate) fn of_a_host(option: clap::Arg) -> clap::Arg {
    let is_snmp = option.get_help_heading() == Some(HEADING);
    if is_snmp { option.requires("hostname") } else { option }
}

/// How to ask the agent.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = HEADING)]
pub struct Options {
    /// Variable that shows the clock, as seconds since the epoch, a DateAndTime or text: a numeric OID,
    /// hrSystemDate.0 or nsExtendOutput1Line."NAME". Default: hrSystemDate.0
    #[arg(short, long, value_name = "OID")]
    pub oid: Option<ClockOid>,
    /// Maximum age of the agent's answers. Default: 0 for hrSystemDate, the cache time that the agent reports
    /// for extend, else 31 (pass of net-snmp caches 30 s). Give 0 for a source without a cache, such as
    /// pass_persist
    #[arg(long, value_name = "SECONDS", value_parser = Seconds::within(0.0..=86_400.0))]
    pub cache_time: Option<Seconds>,
    /// SNMP version: 1, 2c or 3
    #[arg(short = 'P', long, value_name = "VERSION", default_value = "2c", value_parser = parse_version)]
    pub protocol: Version,
    /// Community of versions 1 and 2c. Default: public
    #[arg(short = 'C', long, value_name = "COMMUNITY")]
    pub community: Option<String>,
    /// Port of the agent where --hostname gives none
    #[arg(short, long, default_value_t = 161, value_parser = whole::<u16>(1..=65_535))]
    pub port: u16,
    /// Ask this many times more if no answer comes
    #[arg(short = 'e', long, value_name = "TIMES", default_value_t = 2, value_parser = whole::<u32>(0..=20))]
    pub retries: u32,
    /// Context of version 3. Default: the empty one
    #[arg(short = 'N', long, value_name = "NAME")]
    pub context: Option<String>,
    /// Security level of version 3: noAuthNoPriv, authNoPriv or authPriv. Default: noAuthNoPriv
    #[arg(short = 'L', long, value_name = "LEVEL", value_parser = parse_level)]
    pub seclevel: Option<Level>,
    /// User of version 3, which needs one
    #[arg(short = 'U', long, value_name = "NAME")]
    pub secname: Option<String>,
    /// Authentication protocol: MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512. Default: MD5
    #[arg(short = 'a', long, value_name = "NAME", value_parser = parse_authentication)]
    pub authproto: Option<AuthProtocol>,
    /// Authentication password: put it into a file and use --extra-opts
    #[arg(short = 'A', long, value_name = "PASSWORD")]
    pub authpasswd: Option<String>,
    /// Privacy protocol: DES, AES, AES-192 or AES-256; AES-192-C and AES-256-C extend a short key as Cisco
    /// does. Default: DES
    #[arg(short = 'x', long, value_name = "NAME", value_parser = parse_privacy)]
    pub privproto: Option<Privacy>,
    /// Privacy password: put it into a file and use --extra-opts
    #[arg(short = 'X', long, value_name = "PASSWORD")]
    pub privpasswd: Option<String>,
}

/// A cipher, and how a key that is too short for it is lengthened.
pub type Privacy = (Cipher, KeyExtension);

/// Why the options cannot be used together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// Version 3 has users.
    #[error("--protocol=3 needs --secname, see --help")]
    NoUser,
    /// An option that only version 3 has.
    #[error("{0} needs --protocol=3, see --help")]
    NeedsVersion3(&'static str),
    /// Version 3 has no community.
    #[error("--community needs --protocol=1 or 2c, version 3 has --secname, see --help")]
    Community,
    /// No agent has that community.
    #[error("--community is empty: leave it out for public, see --help")]
    NoCommunity,
    /// A level above noAuthNoPriv without its password.
    #[error("--seclevel={0} needs {1}, see --help")]
    NoPassword(Level, &'static str),
    /// A password without a level that uses it.
    #[error("{0} needs --seclevel={1}, see --help")]
    NoLevel(&'static str, &'static str),
    /// RFC 3414 wants 8 octets.
    #[error("{0} has less than 8 octets")]
    ShortPassword(&'static str),
}

/// Who asks, settled by the options.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The version.
    pub version: Version,
    /// The community of versions 1 and 2c.
    pub community: Vec<u8>,
    /// The user of version 3.
    pub user: Option<User>,
    /// How often each question is sent at most.
    pub tries: u32,
}

impl Options {
    /// What the options come to.
    ///
    /// # Errors
    /// [`OptionsError`]: something that version 3 needs is missing, or an option is of another version.
    pub fn settle(&self) -> Result<Settled, OptionsError> {
        let user = match (self.protocol, &self.community, self.of_version_3()) {
            (Version::V3, Some(_), _) => return Err(OptionsError::Community),
            (Version::V3, None, _) => Some(self.user()?),
            (_, _, Some(option)) => return Err(OptionsError::NeedsVersion3(option)),
            (_, Some(community), None) if community.is_empty() => return Err(OptionsError::NoCommunity),
            (_, _, None) => None,
        };
        let community = self.community.as_deref().unwrap_or("public").as_bytes().to_vec();
        Ok(Settled { version: self.protocol, community, user, tries: self.retries + 1 })
    }

    /// Returns the first option that only version 3 has: version 1 or 2c would ignore it in silence.
    fn of_version_3(&self) -> Option<&'static str> {
        let options = [
            ("--seclevel", self.seclevel.is_some()),
            ("--secname", self.secname.is_some()),
            ("--authproto", self.authproto.is_some()),
            ("--authpasswd", self.authpasswd.is_some()),
            ("--privproto", self.privproto.is_some()),
            ("--privpasswd", self.privpasswd.is_some()),
            ("--context", self.context.is_some()),
        ];
        options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
    }

    /// The security level. The one without passwords must be given to have them ignored.
    fn level(&self) -> Result<Level, OptionsError> {
        match (self.seclevel, &self.authpasswd, &self.privpasswd) {
            (Some(level), ..) => Ok(level),
            (None, _, Some(_)) => Err(OptionsError::NoLevel("--privpasswd", "authPriv")),
            (None, Some(_), None) => Err(OptionsError::NoLevel("--authpasswd", "authNoPriv or authPriv")),
            (None, None, None) => Ok(Level::NoAuthNoPriv),
        }
    }

    fn user(&self) -> Result<User, OptionsError> {
        let level = self.level()?;
        let (cipher, extension) = self.privproto.unwrap_or((Cipher::Des, KeyExtension::Blumenthal));
        let name = self.secname.clone().filter(|name| !name.is_empty()).ok_or(OptionsError::NoUser)?;
        let password = |value: &Option<String>, option| match value.as_deref() {
            None | Some("") => Err(OptionsError::NoPassword(level, option)),
            Some(password) if password.len() < SHORTEST => Err(OptionsError::ShortPassword(option)),
            Some(password) => Ok(password.as_bytes().to_vec()),
        };
        let mut user = User {
            name: name.into_bytes(),
            level,
            context: self.context.clone().unwrap_or_default(),
            password: Vec::new(),
            protocol: self.authproto.unwrap_or(AuthProtocol::Md5),
            auth: Auth::NoAuthNoPriv,
            extension,
        };
        if level >= Level::AuthNoPriv {
            user.password = password(&self.authpasswd, "--authpasswd")?;
            user.auth = Auth::AuthNoPriv;
        }
        if level == Level::AuthPriv {
            user.auth =
                Auth::AuthPriv { cipher, privacy_password: password(&self.privpasswd, "--privpasswd")? };
        }
        Ok(user)
    }
}

fn parse_version(text: &str) -> Result<Version, String> {
    match text.strip_prefix('v').unwrap_or(text) {
        "1" => Ok(Version::V1),
        "2c" | "2" => Ok(Version::V2c),
        "3" => Ok(Version::V3),
        _ => Err("not 1, 2c or 3".to_owned()),
    }
}

fn parse_level(text: &str) -> Result<Level, String> {
    let levels = [Level::NoAuthNoPriv, Level::AuthNoPriv, Level::AuthPriv];
    let found = levels.into_iter().find(|level| level.to_string().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "not noAuthNoPriv, authNoPriv or authPriv".to_owned())
}

/// A protocol's name in capitals and without dashes, as in SHA256.
fn bare(name: &str) -> String {
    name.to_uppercase().replace('-', "")
}

fn parse_authentication(text: &str) -> Result<AuthProtocol, String> {
    match bare(text).as_str() {
        "MD5" => Ok(AuthProtocol::Md5),
        "SHA" | "SHA1" => Ok(AuthProtocol::Sha1),
        "SHA224" => Ok(AuthProtocol::Sha224),
        "SHA256" => Ok(AuthProtocol::Sha256),
        "SHA384" => Ok(AuthProtocol::Sha384),
        "SHA512" => Ok(AuthProtocol::Sha512),
        _ => Err("not MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512".to_owned()),
    }
}

fn parse_privacy(text: &str) -> Result<Privacy, String> {
    match bare(text).as_str() {
        "DES" => Ok((Cipher::Des, KeyExtension::Blumenthal)),
        "AES" | "AES128" => Ok((Cipher::Aes128, KeyExtension::Blumenthal)),
        "AES192" => Ok((Cipher::Aes192, KeyExtension::Blumenthal)),
        "AES256" => Ok((Cipher::Aes256, KeyExtension::Blumenthal)),
        "AES192C" => Ok((Cipher::Aes192, KeyExtension::Reeder)),
        "AES256C" => Ok((Cipher::Aes256, KeyExtension::Reeder)),
        _ => Err("not DES, AES, AES-192, AES-256, AES-192-C or AES-256-C".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_protocols_are_read_as_net_snmp_writes_them() {
        for name in ["SHA-256", "sha256", "SHA256"] {
            assert_eq!(parse_authentication(name), Ok(AuthProtocol::Sha256));
        }
        assert_eq!(parse_privacy("aes"), Ok((Cipher::Aes128, KeyExtension::Blumenthal)));
        assert_eq!(parse_privacy("AES-256-C"), Ok((Cipher::Aes256, KeyExtension::Reeder)));
        assert!(parse_authentication("SHA3").is_err() && parse_privacy("3DES").is_err());
        assert_eq!(parse_level("authpriv"), Ok(Level::AuthPriv));
        assert!(parse_version("4").is_err());
    }
}

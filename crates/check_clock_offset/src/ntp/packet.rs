//! One packet each way (RFC 5905, sections 7.3 and 14), and what makes an answer worthless.

use std::fmt;

use crate::interval::Interval;

/// The octets of a packet without extensions.
const LENGTH: usize = 48;
/// Leap indicator 0, version 4, mode 3: a client.
const CLIENT: u8 = 0x23;
/// A server that is farther than this from its reference by its own words is no reference, in seconds:
/// MAXDIST of the reference implementation.
const FARTHEST: f64 = 1.5;
/// A server that has not set its clock for so long is no reference, in seconds.
const OLDEST: f64 = 86_400.0;
/// How much shorter than the server's own processing a round trip can look, since two clocks tick, in
/// seconds.
const TICK: f64 = 0.001;
/// A unit of an NTP timestamp, in seconds.
const UNIT: f64 = 1.0 / 4_294_967_296.0;
/// From the first second of NTP to the first one of UNIX, in seconds.
const TO_UNIX: f64 = 2_208_988_800.0;

/// A question: what is sent, and what its answer must repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question(u64);

/// Why an answer is worthless.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NtpError {
    /// Nothing came, or nothing else than what the text says.
    #[error("no answer")]
    Silent,
    /// Its name has no address.
    #[error("{why}")]
    Unresolved {
        /// Why.
        why: String,
        /// Whether the resolver was silent, so that the name may be right.
        is_silence: bool,
    },
    /// An address of this machine, which has no vote and is never asked.
    #[error("{0}")]
    ThisMachine(String),
    /// There was no time left to ask.
    #[error("not asked: no time left")]
    NotAsked,
    /// The system refuses, as where no program listens.
    #[error("{0}")]
    System(String),
    /// This machine cannot ask.
    #[error("{0}")]
    Here(String),
    /// A packet has at least 48 octets.
    #[error("an answer of {0} octets, not 48")]
    Short(usize),
    /// Not of version 3 or 4.
    #[error("an answer of version {0}")]
    Version(u8),
    /// Not of mode 4, a server's.
    #[error("an answer of mode {0}, not of a server")]
    Mode(u8),
    /// It does not repeat what was sent: late, of another, or forged.
    #[error("an answer to another question (wrong origin timestamp)")]
    Origin,
    /// The server says by a kiss code that it will not answer.
    #[error("refuses: kiss of death {code}{}", meaning(.code))]
    Kiss {
        /// Four letters.
        code: String,
    },
    /// The server says by such a code that it has no time: ntpd answers so until it is synchronised.
    #[error("not synchronised (leap {leap}, {code}: {})", .code.meaning())]
    NoTime {
        /// The leap indicator.
        leap: u8,
        /// Why.
        code: NoTime,
    },
    /// Leap indicator 3 or a stratum of 0 or above 15.
    #[error("not synchronised (leap {leap}, stratum {stratum})")]
    Unsynchronised {
        /// The leap indicator.
        leap: u8,
        /// The stratum.
        stratum: u8,
    },
    /// This machine's own server takes its time from this machine's clock, at this stratum.
    #[error("not synchronised (takes its time from its own clock, stratum {0})")]
    FreeRunning(u8),
    /// A timestamp is missing.
    #[error("an answer without {0} timestamp")]
    Zero(&'static str),
    /// Timestamps contradict each other.
    #[error("impossible timestamps: {0}")]
    Impossible(&'static str),
    /// Root distance.
    #[error("up to {0:.1} s from its own reference")]
    Far(f64),
    /// Its clock was last set so many seconds ago.
    #[error("last set its clock {0:.0} h ago")]
    Stale(f64),
}

/// The kiss codes of a server that has no time (RFC 5905, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTime {
    /// It has not been synchronised since its start.
    Init,
    /// It has stepped its clock and is not synchronised again.
    Step,
}

impl NoTime {
    fn of(code: [u8; 4]) -> Option<Self> {
        match &code {
            b"INIT" => Some(Self::Init),
            b"STEP" => Some(Self::Step),
            _ => None,
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Init => "not since its start",
            Self::Step => "it has just stepped its clock",
        }
    }
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "INIT",
            Self::Step => "STEP",
        })
    }
}

/// What a good answer tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// By how much the server's clock, and so the time that it stands for, is ahead of ours, in seconds.
    pub offset: Interval,
    /// From question to answer without what the server took, in seconds.
    pub round_trip: f64,
    /// The server's distance from a reference clock in servers.
    pub stratum: u8,
    /// Its reference timestamp is zero: by its own words its clock was never set. RFC 5905 does not refuse
    /// that, and some servers with a clock of their own never fill it in.
    pub never_set: bool,
    /// Its reference is its own clock, which nothing disciplines. The clock of another machine may still be
    /// right.
    pub is_free_running: bool,
}

impl NtpError {
    /// Whether silence, of the server or of the way to it, is to blame, and not what it answers.
    pub fn is_silence(&self) -> bool {
        match self {
            Self::Silent | Self::System(_) | Self::NotAsked => true,
            Self::Unresolved { is_silence, .. } => *is_silence,
            _ => false,
        }
    }
}

impl Question {
    /// Makes a question that carries `nonce`, which must be random: only its reader can forge an answer.
    pub fn new(nonce: u64) -> Self {
        Self(nonce)
    }

    /// What is sent: nothing but the nonce, in the place of the transmit timestamp.
    pub fn octets(self) -> [u8; LENGTH] {
        let mut packet = [0; LENGTH];
        let (rest, nonce) = packet.split_at_mut(LENGTH - 8);
        nonce.copy_from_slice(&self.0.to_be_bytes());
        if let Some(first) = rest.first_mut() {
            *first = CLIENT;
        }
        packet
    }
}

/// What the answer to `question` tells, which was sent and answered at these moments of our clock, in seconds
/// since the epoch.
///
/// # Errors
/// [`NtpError`]: what makes it worthless.
pub fn read(octets: &[u8], question: Question, sent: f64, received: f64) -> Result<Measured, NtpError> {
    let packet = octets.first_chunk::<LENGTH>().ok_or(NtpError::Short(octets.len()))?;
    let [head, stratum, _, precision, ..] = *packet;
    let (leap, version, mode) = (head >> 6, head >> 3 & 7, head & 7);
    let (set, came, went) = (stamp(packet, 16), stamp(packet, 32), stamp(packet, 40));
    if mode != 4 {
        return Err(NtpError::Mode(mode));
    }
    if stamp(packet, 24) != question.0 {
        return Err(NtpError::Origin);
    }
    if !matches!(version, 3 | 4) {
        return Err(NtpError::Version(version));
    }
    let reference_id = word(packet, 12);
    synchronised(leap, stratum, reference_id)?;
    complete(came, went)?;
    let never_set = set == 0;
    let distance = short(word(packet, 4)) / 2.0 + short(word(packet, 8));
    if distance >= FARTHEST {
        return Err(NtpError::Far(distance));
    }
    if !never_set {
        fresh(set, went)?;
    }
    measure(came, went, sent, received, distance + precision_of(precision)).map(|measured| Measured {
        stratum,
        never_set,
        is_free_running: is_free_running(stratum, reference_id),
        ..measured
    })
}

/// The timestamp at this octet of a packet.
fn stamp(packet: &[u8; LENGTH], at: usize) -> u64 {
    packet.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |octets| u64::from_be_bytes(*octets))
}

/// The 32 bits at this octet of a packet.
fn word(packet: &[u8; LENGTH], at: usize) -> u32 {
    packet.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |octets| u32::from_be_bytes(*octets))
}

/// Seconds in NTP's short format: 16 bits and 16 bits.
fn short(word: u32) -> f64 {
    f64::from(word) / 65_536.0
}

fn synchronised(leap: u8, stratum: u8, reference_id: u32) -> Result<(), NtpError> {
    let code = reference_id.to_be_bytes();
    let is_code = code.iter().all(|octet| octet.is_ascii_uppercase());
    match (stratum, NoTime::of(code)) {
        (0, Some(code)) => Err(NtpError::NoTime { leap, code }),
        (0, None) if is_code => Err(NtpError::Kiss { code: String::from_utf8_lossy(&code).into_owned() }),
        (1..=15, _) if leap != 3 => Ok(()),
        _ => Err(NtpError::Unsynchronised { leap, stratum }),
    }
}

/// Whether the reference is the server's own clock: 127.127.1.x is ntpd's driver for it, and chrony's `local`
/// sends that too; LOCL means the same at stratum 1 (RFC 4330, section 4).
fn is_free_running(stratum: u8, reference_id: u32) -> bool {
    match reference_id.to_be_bytes() {
        [127, 127, 1, _] => true,
        code => stratum == 1 && code == *b"LOCL",
    }
}

fn complete(came: u64, went: u64) -> Result<(), NtpError> {
    for (stamp, name) in [(went, "a transmit"), (came, "a receive")] {
        if stamp == 0 {
            return Err(NtpError::Zero(name));
        }
    }
    if difference(went, came) < 0.0 {
        return Err(NtpError::Impossible("sent before the question came"));
    }
    Ok(())
}

/// Whether the clock was set lately, and not later than the answer was sent (RFC 5905, appendix A.5.1.1).
fn fresh(set: u64, went: u64) -> Result<(), NtpError> {
    match difference(went, set) {
        age if age < 0.0 => Err(NtpError::Impossible("sent before the clock was set")),
        age if age > OLDEST => Err(NtpError::Stale(age / 3600.0)),
        _ => Ok(()),
    }
}

fn measure(came: u64, went: u64, sent: f64, received: f64, distance: f64) -> Result<Measured, NtpError> {
    let outward = ahead(came, sent);
    let homeward = ahead(went, received);
    let held = difference(went, came);
    let round_trip = received - sent - held;
    if round_trip < -TICK {
        return Err(NtpError::Impossible("held the question for longer than we waited"));
    }
    let round_trip = round_trip.max(0.0);
    let offset = Interval::around(outward.midpoint(homeward), round_trip / 2.0 + distance);
    Ok(Measured { offset, round_trip, stratum: 0, never_set: false, is_free_running: false })
}

/// The seconds from `earlier` to `later`. Timestamps count modulo 2^64, so this is right over the end of an
/// era, in February 2036, as long as the two are within 68 years.
fn difference(later: u64, earlier: u64) -> f64 {
    later.wrapping_sub(earlier).cast_signed() as f64 * UNIT
}

/// By how many seconds a timestamp is ahead of `local`, in seconds since the epoch: in the era that is the
/// nearest.
fn ahead(stamp: u64, local: f64) -> f64 {
    let seconds = (local + TO_UNIX).floor();
    let whole = seconds.rem_euclid(4_294_967_296.0) as u64;
    difference(stamp, whole << 32) - (local + TO_UNIX - seconds)
}

/// The server's clock reads no finer than this, in seconds: two to the power that it tells.
fn precision_of(exponent: u8) -> f64 {
    2_f64.powi(exponent.cast_signed().clamp(-32, 0).into())
}

/// What the most usual kiss codes mean (RFC 5905, section 7.4).
fn meaning(code: &str) -> &'static str {
    match code {
        "RATE" => " (asked too often)",
        "DENY" | "RSTR" => " (access denied)",
        _ => "",
    }
}

#[cfg(test)]
mod tests;

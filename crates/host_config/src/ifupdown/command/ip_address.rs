//! The arguments of `ip address add` (ip-address(8)).

use addresses::{HostAddress, short};

use super::super::ledger::{Taken, Which};
use super::words::{ALONE, WITH_ARGUMENT};
use crate::{mask, selector};

/// The arguments of `ip address add` and `ip address del`.
struct Arguments<'a> {
    /// As it is written: without a prefix length if the command gives none, or that of a peer.
    address: HostAddress,
    peer: bool,
    device: &'a str,
    /// One that begins with the interface.
    label: Option<&'a str>,
}

/// The address that `ip address add` binds, with the prefix that the kernel gives it, and the interface or
/// the label.
pub(super) fn added(words: &[&str]) -> Result<(HostAddress, Option<String>), String> {
    let Arguments { mut address, peer, device, label } = arguments(words)?;
    let bits = if address.address.is_ipv4() { 32 } else { 128 };
    // With the address of a peer, the prefix is the peer's.
    address.prefix = if peer { None } else { address.prefix.or(Some(bits)) };
    Ok((address, known(device).map(|device| label.map_or(device, str::to_owned))))
}

/// Whether `ip address add` binds the address for some seconds alone.
pub(super) fn expires(words: &[&str]) -> bool {
    let seconds = words.iter().skip_while(|word| **word != "valid_lft").nth(1);
    seconds.is_some_and(|seconds| !matches!(*seconds, "forever" | "4294967295"))
}

/// What `ip address del` takes back. The kernel refuses another prefix length than that of the address, and
/// another label; ip(8) asks for any prefix length of IPv4 if none is given.
pub(super) fn deleted(words: &[&str]) -> Option<Taken> {
    let Arguments { mut address, peer, device, label } = arguments(words).ok()?;
    let alone = Some(128).filter(|_| address.address.is_ipv6());
    address.prefix = if peer { None } else { address.prefix.or(alone) };
    Some(Taken::Address { address, device: known(device), label: label.and_then(known) })
}

fn arguments<'a>(words: &[&'a str]) -> Result<Arguments<'a>, String> {
    let mut words = words.iter().copied();
    let (mut address, mut device, mut label, mut peer) = (None, None, None, false);
    while let Some(word) = words.next() {
        match word {
            "local" => address = words.next(),
            "dev" => device = words.next(),
            "label" => label = words.next(),
            "peer" | "remote" => peer = words.next().is_some(),
            _ if WITH_ARGUMENT.contains(&word) => drop(words.next()),
            _ if ALONE.contains(&word) => {}
            _ if address.is_none() => address = Some(word),
            _ if word.len() > 1 && WITH_ARGUMENT.iter().any(|whole| whole.starts_with(word)) => {
                let _value = words.next();
            }
            _ => return Err(format!("ip address add: {} is not understood", short(word))),
        }
    }
    let address = parse(address.unwrap_or_default())?;
    // The kernel takes eth0:1 as eth0 here.
    let device = device.map(selector::device);
    let device = device.ok_or_else(|| format!("ip address add {}: no dev", address.address))?;
    let of_device = |label: &&str| {
        label.strip_prefix(device).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    Ok(Arguments { address, peer, device, label: label.filter(of_device) })
}

/// The arguments of `ip address flush`: `None` where they tell addresses by what the files do not say, as an
/// interface that is not known.
pub(super) fn flush(words: &[&str], mut ipv6: Option<bool>) -> Option<Taken> {
    let mut words = words.iter().copied();
    let (mut device, mut network, mut label, mut all) = (None, None, None, false);
    let mut secondary = None;
    while let Some(word) = words.next() {
        match word {
            "dev" => device = Some(known(words.next()?)?),
            "to" => {
                let text = words.next()?;
                let any = ["0/0", "0.0.0.0/0", "::/0", "any", "all", "default"].contains(&text);
                ipv6 = ipv6.or(Some(text.contains(':')).filter(|_| any && text.contains('/')));
                all |= any;
                network = if any { None } else { Some(parse(text).ok()?) };
            }
            // Addresses have it unless they are given another.
            "scope" => drop(words.next().filter(|scope| *scope == "global")?),
            "label" => label = Some(known(words.next()?)?),
            // The flag of a temporary IPv6 address is that of a secondary IPv4 address.
            "secondary" | "temporary" | "-primary" => secondary = Some(true),
            "primary" | "-secondary" | "-temporary" => secondary = Some(false),
            // What the files bind is up, and permanent.
            "up" | "permanent" | "-dynamic" => all = true,
            _ if device.is_none() && !ALONE.contains(&word) && !WITH_ARGUMENT.contains(&word) => {
                device = Some(known(word)?);
            }
            _ => return None,
        }
    }
    let told = device.is_some() || network.is_some() || label.is_some() || secondary.is_some() || all;
    told.then_some(Taken::Flush { device, ipv6, which: Which { network, label, secondary } })
}

/// Reads an address as ip(8) and ifconfig(8) do: an octet with a leading zero is octal.
pub(super) fn parse(text: &str) -> Result<HostAddress, String> {
    let octal = octal(text);
    mask::parse(octal.as_deref().unwrap_or(text)).map_err(|error| error.to_string())
}

/// The same address in decimal, where an octet has a leading zero and all can be read so.
fn octal(text: &str) -> Option<String> {
    let (address, mask) = text.split_at(text.find('/').unwrap_or(text.len()));
    let octets: Vec<&str> = address.split('.').collect();
    let led = |octet: &&str| octet.len() > 1 && octet.starts_with('0');
    if octets.len() != 4 || !octets.iter().any(led) {
        return None;
    }
    let number = |octet: &&str| {
        let digits = octet.bytes().all(|digit| digit.is_ascii_digit());
        u8::from_str_radix(octet, if led(octet) { 8 } else { 10 }).ok().filter(|_| digits)
    };
    let numbers: Vec<u8> = octets.iter().map(number).collect::<Option<_>>()?;
    let decimal = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    Some(decimal + mask)
}

/// The interface, unless its name is that of a variable or the output of a command.
pub(super) fn known(name: &str) -> Option<String> {
    is_known(name).then(|| name.to_owned())
}

/// Whether a word has no variable and no output of a command.
pub(super) fn is_known(word: &str) -> bool {
    !word.contains(['$', '`'])
}

//! dhcpcd: `/etc/dhcpcd.conf`, by dhcpcd.conf(5) and what dhcpcd 9.4.1 does with it: the static addresses of
//! its `interface` blocks, of each family the last one. An interface with a block and no static IPv4 address
//! gets one by DHCP. One without a block is no expectation: dhcpcd takes every interface that it finds.

mod beside;

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::Ipv4Addr;

use addresses::{HostAddress, short};

use crate::located::Located;
use crate::promise::{
    Choice, ConfigError, Dynamic, Family, Giver, OneOf, Place, Promise, Promises, Shadowed,
};
use crate::selector::is_pattern;
use crate::tree::Tree;
use crate::wildcard;
pub(crate) use beside::yield_to_others;

const FILE: &str = "/etc/dhcpcd.conf";
/// How many profiles are looked at for each interface.
const MOST_PROFILES: usize = 100;

/// Returns what the file says: `None` if it is not there.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let Some(content) = tree.read(FILE)? else { return Ok(None) };
    let text = str::from_utf8(&content).map_or_else(|_| String::from_utf8_lossy(&content), Cow::from);
    let mut all = Promises::default();
    let mut config = Config::default();
    // A carriage return belongs to the line.
    for (number, line) in (1..).zip(text.split_terminator('\n')) {
        let taken = config.line(line, &Place::new(FILE, number));
        all.survive(taken)?;
    }
    config.promise(&mut all);
    Ok(Some(all))
}

/// What the file says so far.
#[derive(Default)]
struct Config {
    /// `allowinterfaces` and `denyinterfaces`: patterns of names.
    allowed: String,
    denied: String,
    /// What stands before the first block and is of all interfaces, then each block.
    blocks: Vec<Block>,
    /// The blocks of profiles, of which dhcpcd takes one where `arping` finds a host, or for want of a lease.
    profiles: Vec<Block>,
    part: Part,
}

/// What the lines belong to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// An interface, or all of them.
    #[default]
    Interface,
    Profile,
    /// A wireless network: whether it is there, the file does not tell.
    Network,
}

/// The settings of an interface or of a profile.
#[derive(Default)]
struct Block {
    /// Its name, and where its first block begins: `None` before the first block.
    name: Option<Located>,
    ipv4: Option<Located<HostAddress>>,
    ipv6: Option<Located<HostAddress>>,
    /// Addresses that it never binds, and why.
    unbound: Vec<(Located<HostAddress>, &'static str)>,
    /// The prefix length of `static subnet_mask=`, which counts before that of the address: `None` inside
    /// where there is none for it.
    mask: Option<Option<u8>>,
    /// Which families are switched on or off.
    uses_ipv4: Option<bool>,
    uses_ipv6: Option<bool>,
    uses_dhcp: Option<bool>,
    /// Whether a line sets an IPv4 address, one that is not understood too.
    is_static: bool,
    /// `noconfigure`: whether dhcpcd leaves the interface as it is.
    is_left: bool,
    /// `arping`: whether dhcpcd chooses a profile by the hosts that answer.
    chooses: bool,
}

impl Config {
    fn line(&mut self, line: &str, place: &Place) -> Result<(), ConfigError> {
        let line = uncommented(line).trim_matches([' ', '\t']);
        let mut words = line.splitn(2, |c: char| c.is_ascii_whitespace());
        let keyword = words.next().unwrap_or_default();
        let rest = words.next().unwrap_or_default().trim_matches([' ', '\t']);
        if self.blocks.is_empty() {
            self.blocks.push(Block::default());
        }
        let is_global = self.blocks.len() == 1;
        let begin = || {
            let name = Located { value: rest.trim_ascii_end().to_owned(), place: place.clone() };
            Block { name: Some(name), ..Block::default() }
        };
        match keyword {
            "interface" => {
                self.part = Part::Interface;
                self.blocks.push(begin());
            }
            "profile" => {
                self.part = Part::Profile;
                self.profiles.push(begin());
            }
            "ssid" => self.part = Part::Network,
            _ if self.part == Part::Network => {}
            // A profile that is wrong gives no address.
            _ if self.part == Part::Profile => {
                let last = self.profiles.last_mut();
                let _ = last.map(|profile| profile.setting(keyword, rest, place));
            }
            // Below the first block, dhcpcd passes over them.
            "allowinterfaces" if is_global => {
                self.allowed = format!("{} {}", self.allowed, rest.trim_ascii_end())
            }
            "denyinterfaces" if is_global => {
                self.denied = format!("{} {}", self.denied, rest.trim_ascii_end())
            }
            _ => {
                if let Some(block) = self.blocks.last_mut() {
                    block.setting(keyword, rest, place)?;
                }
            }
        }
        Ok(())
    }

    fn promise(mut self, all: &mut Promises) {
        let mut blocks = std::mem::take(&mut self.blocks).into_iter();
        let mut global = blocks.next().unwrap_or_default();
        let mut known = merged(blocks);
        self.replace_global(&mut global, &known);
        for block in &mut known {
            block.mask = block.mask.or(global.mask);
        }
        self.profiles = merged(std::mem::take(&mut self.profiles).into_iter());
        for block in std::iter::once(&global).chain(&known) {
            let denied =
                block.name().is_some_and(|name| self.denies(name)) || block.is_left || global.is_left;
            let on = [
                block.uses_ipv4.or(global.uses_ipv4).unwrap_or(true),
                block.uses_ipv6.or(global.uses_ipv6).unwrap_or(true),
            ];
            let before = all.promises.len();
            block.promise(denied, on, all);
            if block.chooses || global.chooses {
                self.let_profiles_compete(block, before, all);
            }
            let by_dhcp = block.uses_dhcp.or(global.uses_dhcp).unwrap_or(true) && on[0];
            if by_dhcp && !denied && !block.is_static && !global.is_static {
                all.dynamic.extend(block.lease());
            }
        }
        let of_profiles = self.profiles.iter().flat_map(|profile| [&profile.ipv4, &profile.ipv6]);
        let of_profiles = of_profiles.flatten().cloned().map(|address| address.promise(None));
        all.possible.extend(of_profiles.map(|promise| promise.possible("dhcpcd may take its profile")));
    }

    /// Drops an address of all interfaces where each that dhcpcd may take has its own.
    fn replace_global(&self, global: &mut Block, known: &[Block]) {
        let allowed = self.allowed.split([' ', ',']).filter(|name| !name.is_empty());
        let blocks: Vec<_> =
            allowed.map(|name| known.iter().find(|block| block.name() == Some(name))).collect();
        let all_have =
            |has: fn(&Block) -> bool| !blocks.is_empty() && blocks.iter().all(|block| block.is_some_and(has));
        if all_have(|block| block.ipv4.is_some()) {
            global.ipv4 = None;
        }
        if all_have(|block| block.ipv6.is_some()) {
            global.ipv6 = None;
        }
    }

    /// Makes the IPv4 address of an interface, if it has one, one of those that it may have by its profile;
    /// those of the interface are the promises from the number `before` on.
    fn let_profiles_compete(&self, block: &Block, before: usize, all: &mut Promises) {
        let Some(name) = block.name() else { return };
        let profiles = self.profiles.iter().filter_map(|profile| profile.ipv4.clone()).take(MOST_PROFILES);
        let profiles: Vec<Promise> = profiles.map(|address| address.promise(Some(name))).collect();
        if profiles.is_empty() {
            return;
        }
        let is_ipv4 = |promise: &mut Promise| promise.expected.address.is_ipv4();
        let own: Vec<Promise> = all.promises.extract_if(before.., is_ipv4).collect();
        if own.is_empty() {
            return;
        }
        let choice = |promise| Choice { promises: vec![promise], ..Choice::default() };
        let profiles = own.into_iter().chain(profiles).map(choice).collect();
        let why = format!("{} has one profile at a time", short(name));
        all.one_of.push(OneOf { why, active: 1, permanent_leases: true, perhaps_none: false, profiles });
    }

    /// Whether the lists of patterns keep dhcpcd from an interface. It knows no inverted pattern.
    fn denies(&self, name: &str) -> bool {
        let is = |patterns: &str| patterns.split([' ', ',']).any(|pattern| wildcard::matches(pattern, name));
        is(&self.denied) || !self.allowed.is_empty() && !is(&self.allowed)
    }
}

/// Returns a line without the comment at its end. In quotes, and after a backslash, `#` begins none.
fn uncommented(line: &str) -> &str {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, octet) in line.bytes().enumerate() {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'#' if !is_quoted => return line.get(..at).unwrap_or(line),
            _ => {}
        }
    }
    line
}

/// Why dhcpcd refuses an address and asks for a lease: it takes a number after the slash, and nothing else.
fn refusal(value: &str) -> Option<&'static str> {
    let (_, length) = value.split_once('/')?;
    match () {
        () if length.ends_with('\r') => Some("dhcpcd refuses the carriage return after the prefix length"),
        () if length.contains('.') => Some("dhcpcd takes no netmask after the slash"),
        () => None,
    }
}

/// Returns the blocks, those of the same name as one.
fn merged(blocks: impl Iterator<Item = Block>) -> Vec<Block> {
    let mut known: Vec<Block> = Vec::new();
    let mut numbers: HashMap<Option<String>, usize> = HashMap::new();
    for block in blocks {
        let number = *numbers.entry(block.name().map(str::to_owned)).or_insert(known.len());
        match known.get_mut(number) {
            Some(earlier) => earlier.merge(block),
            None => known.push(block),
        }
    }
    known
}

impl Block {
    fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.value.as_str())
    }

    /// The IPv4 address that dhcpcd asks for.
    fn lease(&self) -> Option<Dynamic> {
        let Located { value, place } = self.name.clone()?;
        let required = !is_pattern(&value);
        Some(Dynamic {
            interface: value,
            family: Family::V4,
            giver: Giver::Network,
            required,
            spare: false,
            single: false,
            place,
        })
    }

    /// Adds the static addresses; `on` says which families are on: IPv4, IPv6.
    fn promise(&self, denied: bool, on: [bool; 2], all: &mut Promises) {
        let name = self.name();
        for (address, on) in [&self.ipv4, &self.ipv6].into_iter().zip(on) {
            let Some(mut address) = address.clone() else { continue };
            if let Some(prefix) = self.mask.filter(|_| address.value.address.is_ipv4()) {
                address.value.prefix = prefix;
            }
            let title = format!("{}: {}", name.unwrap_or("all interfaces"), address.value);
            match () {
                () if denied => all.remarks.push(address.place.remark(format!("{title}: denied"))),
                () if !on => {
                    all.remarks.push(address.place.remark(format!("{title}: its family is off")));
                }
                () => all.promises.push(address.promise(name)),
            }
        }
        all.shadowed.extend(self.unbound.iter().filter(|_| !denied).map(|(address, why)| Shadowed {
            expected: address.value,
            why: (*why).to_owned(),
            place: address.place.clone(),
        }));
    }

    fn setting(&mut self, keyword: &str, rest: &str, place: &Place) -> Result<(), ConfigError> {
        if let Some(mask) = rest.strip_prefix("subnet_mask=").filter(|_| keyword == "static") {
            self.mask = Some(crate::mask::length(mask.trim_ascii_end(), Ipv4Addr::UNSPECIFIED.into()));
            return Ok(());
        }
        let value = match keyword {
            "static" => ["ip_address=", "ip6_address="].iter().find_map(|name| rest.strip_prefix(name)),
            "inform" | "inform6" => Some(rest),
            _ => {
                self.switch(keyword);
                None
            }
        };
        let refused = value.and_then(refusal);
        let is_ipv4 = keyword == "inform" || keyword == "static" && rest.starts_with("ip_address=");
        self.is_static |= is_ipv4 && refused.is_none();
        let value = value.map(str::trim_ascii_end).filter(|value| !value.is_empty());
        let Some(value) = value else { return Ok(()) };
        // An address in quotes is none for dhcpcd.
        let value = crate::mask::parse(value).map_err(|error| place.error(error))?;
        let address = Located { value, place: place.clone() };
        match refused {
            Some(why) => self.unbound.push((address, why)),
            None => self.take(address),
        }
        Ok(())
    }

    /// What is switched on or off, as a family or DHCP: the last word counts.
    fn switch(&mut self, keyword: &str) {
        match keyword {
            "ipv4" => self.uses_ipv4 = Some(true),
            "ipv6" => self.uses_ipv6 = Some(true),
            "noipv4" => self.uses_ipv4 = Some(false),
            "noipv6" => self.uses_ipv6 = Some(false),
            "ipv4only" => (self.uses_ipv4, self.uses_ipv6) = (Some(true), Some(false)),
            "arping" => self.chooses = true,
            "noconfigure" => self.is_left = true,
            "dhcp" => self.uses_dhcp = Some(true),
            "nodhcp" => self.uses_dhcp = Some(false),
            "ipv6only" => (self.uses_ipv4, self.uses_ipv6) = (Some(false), Some(true)),
            _ => {}
        }
    }

    fn take(&mut self, address: Located<HostAddress>) {
        let slot = if address.value.address.is_ipv4() { &mut self.ipv4 } else { &mut self.ipv6 };
        let same = slot.as_ref().is_some_and(|earlier| earlier.value == address.value);
        let earlier = slot.replace(address).filter(|_| !same);
        self.unbound
            .extend(earlier.map(|earlier| (earlier, "dhcpcd takes the last address of an interface")));
    }

    /// Takes a later block of the same interface over.
    fn merge(&mut self, later: Block) {
        self.unbound.extend(later.unbound);
        self.uses_ipv4 = later.uses_ipv4.or(self.uses_ipv4);
        self.uses_ipv6 = later.uses_ipv6.or(self.uses_ipv6);
        self.uses_dhcp = later.uses_dhcp.or(self.uses_dhcp);
        self.is_static |= later.is_static;
        self.chooses |= later.chooses;
        self.is_left |= later.is_left;
        self.mask = later.mask.or(self.mask);
        later.ipv4.into_iter().chain(later.ipv6).for_each(|address| self.take(address));
    }
}

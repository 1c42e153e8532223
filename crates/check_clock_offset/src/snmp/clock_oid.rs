//! The identifier of the variable that shows the clock, by its number or by one of two names.

use std::str::FromStr;

use snmp2::Oid;

/// nsExtendOutput1Line of NET-SNMP-EXTEND-MIB.
const EXTEND_OUTPUT: [u64; 13] = [1, 3, 6, 1, 4, 1, 8072, 1, 3, 2, 3, 1, 1];

/// The identifier of the variable that shows the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockOid {
    arcs: Vec<u64>,
}

impl ClockOid {
    /// hrSystemDate.0 of HOST-RESOURCES-MIB (RFC 2790).
    pub fn system_date() -> Self {
        Self { arcs: vec![1, 3, 6, 1, 2, 1, 25, 1, 2, 0] }
    }

    /// hrSystemUptime.0 of HOST-RESOURCES-MIB: how long the host has been up.
    pub fn system_uptime() -> Self {
        Self { arcs: vec![1, 3, 6, 1, 2, 1, 25, 1, 1, 0] }
    }

    /// As a message holds it.
    pub fn oid(&self) -> Oid<'static> {
        // Both ends of what `from` refuses were refused when this was parsed.
        Oid::from(&self.arcs).unwrap_or_else(|_| Oid::new(Vec::new().into()))
    }

    /// nsExtendCacheTime of NET-SNMP-EXTEND-MIB, where this is an output of an `extend`: how long the agent
    /// keeps it.
    pub fn cache_time(&self) -> Option<Oid<'static>> {
        self.of_extend(5)
    }

    /// nsExtendCommand, where this is an output of an `extend`: the program that prints it.
    pub fn command(&self) -> Option<Oid<'static>> {
        self.of_extend(2)
    }

    /// A column of nsExtendConfigTable, where this is an output of an `extend`.
    fn of_extend(&self, setting: u64) -> Option<Oid<'static>> {
        const EXTEND: [u64; 10] = [1, 3, 6, 1, 4, 1, 8072, 1, 3, 2];
        let (column, name) = self.arcs.strip_prefix(&EXTEND)?.split_first_chunk::<3>()?;
        let length = usize::try_from(*name.first()?).ok()?;
        let line = match column {
            // nsExtendOutLine: the number of a line follows the name.
            [4, 1, 2] => name.len() == length + 2,
            [3, 1, 1 | 2] => name.len() == length + 1,
            _ => false,
        };
        let name = name.get(..=length).filter(|_| line)?;
        Oid::from(&[&EXTEND[..], &[2, 1, setting], name].concat()).ok()
    }

    /// Returns its name where that is known, as `hrSystemDate.0` and `nsExtendOutput1Line.clock`, else its
    /// numbers.
    pub fn name(&self) -> String {
        let extend = || {
            let (length, name) = self.arcs.strip_prefix(&EXTEND_OUTPUT)?.split_first()?;
            let octets: Option<Vec<u8>> =
                name.iter().map(|arc| u8::try_from(*arc).ok().filter(u8::is_ascii_graphic)).collect();
            let octets = octets.filter(|octets| *length == octets.len() as u64)?;
            Some(format!("nsExtendOutput1Line.{}", String::from_utf8_lossy(&octets)))
        };
        if *self == Self::system_date() {
            "hrSystemDate.0".to_owned()
        } else {
            extend().unwrap_or_else(|| self.to_string())
        }
    }

    /// The output of the `extend` of this name.
    fn extend(name: &str) -> Self {
        let name = name.bytes().map(u64::from);
        let length = name.len() as u64;
        Self { arcs: EXTEND_OUTPUT.into_iter().chain([length]).chain(name).collect() }
    }
}

impl std::fmt::Display for ClockOid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.arcs.iter().try_for_each(|arc| write!(f, ".{arc}"))
    }
}

impl FromStr for ClockOid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if matches!(text, "hrSystemDate.0" | "HOST-RESOURCES-MIB::hrSystemDate.0") {
            return Ok(Self::system_date());
        }
        let object = text.strip_prefix("NET-SNMP-EXTEND-MIB::").unwrap_or(text);
        if let Some(name) = object.strip_prefix("nsExtendOutput1Line.") {
            let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
            return match quoted.filter(|name| !name.is_empty() && name.len() <= 64) {
                Some(name) => Ok(Self::extend(name)),
                None if name.contains('"') => Err(format!("{text} has no name of 1 to 64 octets in quotes")),
                None => {
                    Err(format!("{text} lost the double quotes around its name: keep them from the shell"))
                }
            };
        }
        let numbers = text.strip_prefix('.').unwrap_or(text).split('.');
        let arc = |part: &str| part.parse::<u32>().ok().filter(|_| !part.starts_with('+')).map(u64::from);
        let arcs: Option<Vec<u64>> = numbers.map(arc).collect();
        match arcs {
            Some(arcs) if matches!(arcs.as_slice(), [0..=2, 0..=39, _, ..]) && arcs.len() <= 128 => {
                Ok(Self { arcs })
            }
            _ => Err(format!("{text} is not a numeric OID, as in .1.3.6.1.2.1.25.1.2.0")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(text: &str) -> Result<String, String> {
        text.parse::<ClockOid>().map(|oid| oid.to_string())
    }

    #[test]
    fn object_identifiers_are_numbers_or_an_extend() {
        assert_eq!(oid("1.3.6.1.2.1.25.1.2.0"), Ok(".1.3.6.1.2.1.25.1.2.0".to_owned()));
        let epoch = Ok(".1.3.6.1.4.1.8072.1.3.2.3.1.1.5.101.112.111.99.104".to_owned());
        assert_eq!(oid("NET-SNMP-EXTEND-MIB::nsExtendOutput1Line.\"epoch\""), epoch);
        assert_eq!(oid("nsExtendOutput1Line.\"epoch\""), epoch);
        for date in ["hrSystemDate.0", "HOST-RESOURCES-MIB::hrSystemDate.0"] {
            assert_eq!(oid(date), Ok(".1.3.6.1.2.1.25.1.2.0".to_owned()));
        }
        let bare = oid("nsExtendOutput1Line.epoch").unwrap_err();
        assert_eq!(
            bare,
            "nsExtendOutput1Line.epoch lost the double quotes around its name: keep them from the shell"
        );
        for bad in [
            "",
            ".",
            "1.3",
            "1..3.6",
            "3.1.6",
            "1.40.6",
            "1.3.x",
            "1.3.-6",
            "1.3.+6",
            "1.3.4294967296",
            "sysUpTime.0",
        ] {
            assert!(oid(bad).is_err(), "{bad}");
        }
        assert!(oid("nsExtendOutput1Line.\"\"").is_err());
    }

    #[test]
    fn messages_have_the_name_and_not_its_numbers() {
        let rows = [
            ("1.3.6.1.2.1.25.1.2.0", "hrSystemDate.0"),
            ("nsExtendOutput1Line.\"epoch\"", "nsExtendOutput1Line.epoch"),
            ("1.3.6.1.4.1.8072.1.3.2.3.1.1.2.97.32", ".1.3.6.1.4.1.8072.1.3.2.3.1.1.2.97.32"),
            ("1.3.6.1.4.1.8072.1.3.2.3.1.1.2.97", ".1.3.6.1.4.1.8072.1.3.2.3.1.1.2.97"),
            ("1.3.6.1.4.1.99999.1.0", ".1.3.6.1.4.1.99999.1.0"),
        ];
        for (text, name) in rows {
            assert_eq!(text.parse::<ClockOid>().unwrap().name(), name);
        }
    }

    #[test]
    fn the_cache_time_of_an_extend_is_known_by_its_name() {
        let cache = |text: &str| text.parse::<ClockOid>().unwrap().cache_time().map(|oid| oid.to_id_string());
        let expected = Some("1.3.6.1.4.1.8072.1.3.2.2.1.5.5.101.112.111.99.104".to_owned());
        for column in
            ["3.1.1.5.101.112.111.99.104", "3.1.2.5.101.112.111.99.104", "4.1.2.5.101.112.111.99.104.1"]
        {
            assert_eq!(cache(&format!(".1.3.6.1.4.1.8072.1.3.2.{column}")), expected, "{column}");
        }
        for other in
            ["3.1.4.5.101.112.111.99.104", "3.1.1.6.101.112.111.99.104", "3.1.1", "3.1.1.4294967295.1"]
        {
            assert_eq!(cache(&format!(".1.3.6.1.4.1.8072.1.3.2.{other}")), None, "{other}");
        }
        assert_eq!(ClockOid::system_date().cache_time(), None);
        let epoch: ClockOid = "nsExtendOutput1Line.\"epoch\"".parse().unwrap();
        let command = epoch.command().unwrap().to_id_string();
        assert_eq!(command, "1.3.6.1.4.1.8072.1.3.2.2.1.2.5.101.112.111.99.104");
        assert_eq!(ClockOid::system_date().oid().to_id_string(), "1.3.6.1.2.1.25.1.2.0");
    }
}

//! The table in which a program on each source writes the time, once a second, as Percona's pt-heartbeat
//! does: its age at the replica is the lag, whatever the threads say of themselves. It is the only measure
//! that sees a frozen source at once.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::channel::Channel;
use crate::row::Row;

/// The most rows that are asked for: there is one for each server that ever was a source.
const MOST: usize = 1_000;
/// The most characters of a database's or table's name.
const LONGEST: usize = 64;

/// The name of the table, with its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    database: String,
    table: String,
}

/// Why a text is not the name of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give the table with its database, as in percona.heartbeat")]
pub(crate) struct InvalidTable;

impl FromStr for Table {
    type Err = InvalidTable;

    fn from_str(text: &str) -> Result<Self, InvalidTable> {
        let (database, table) = text.split_once('.').ok_or(InvalidTable)?;
        let is_name = |name: &str| {
            let fits = (1..=LONGEST).contains(&name.chars().count());
            fits && name.chars().all(|c| c.is_alphanumeric() || "_$-".contains(c))
        };
        let table = Self { database: database.to_owned(), table: table.to_owned() };
        (is_name(&table.database) && is_name(&table.table)).then_some(table).ok_or(InvalidTable)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

impl Table {
    /// The statement whose rows [`Heartbeats::read`] reads. The server tells its own time with them: in UTC,
    /// and in its time zone.
    pub(crate) fn query(&self) -> String {
        self.select("server_id, CAST(ts AS CHAR) AS ts", "")
    }

    /// The same for the table of MaxScale's monitors, by the layout that they create: several MaxScales have
    /// a row each for a server, in seconds since 1970.
    pub(crate) fn query_of_maxscale(&self) -> String {
        let columns = "master_server_id AS server_id, CAST(MAX(master_timestamp) AS CHAR) AS ts";
        self.select(columns, " GROUP BY master_server_id")
    }

    fn select(&self, columns: &str, group: &str) -> String {
        let Self { database, table } = self;
        format!(
            "SELECT {columns}, CAST(UTC_TIMESTAMP(6) AS CHAR) AS utc_now, CAST(NOW(6) AS CHAR) AS local_now \
             FROM `{database}`.`{table}`{group} LIMIT {MOST}"
        )
    }
}

/// What the program writes its times in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// UTC: pt-heartbeat with its option --utc.
    Utc,
    /// The time zone of the replica's server, as it writes without that option where all hosts have the same
    /// zone. In the hour that a change from daylight saving time repeats, a time has two meanings.
    Server,
}

/// One row: what the server of this id has last written.
#[derive(Clone, Debug, PartialEq)]
pub struct Heartbeat {
    /// The server_id of the server that wrote it.
    pub server_id: u64,
    /// How many seconds old it is, by the replica's clock; negative where it is in the future. The text of
    /// the column if that is no time.
    pub age: Result<f64, String>,
}

/// The rows of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heartbeats(Vec<Heartbeat>);

impl Heartbeats {
    /// Reads the rows; one without a server_id is passed over.
    pub fn read(rows: &[Row], zone: Zone) -> Self {
        let now: &[&str] = match zone {
            Zone::Utc => &["utc_now"],
            Zone::Server => &["local_now"],
        };
        let heartbeat = |row: &Row| {
            let server_id = row.number(&["server_id"])?;
            let (written, now, utc) = (row.text(&["ts"])?, row.text(now)?, row.text(&["utc_now"])?);
            let strange = || written.chars().filter(|c| !c.is_control()).take(30).collect();
            Some(Heartbeat { server_id, age: age(written, now, utc).ok_or_else(strange) })
        };
        Self(rows.iter().take(MOST).filter_map(heartbeat).collect())
    }

    /// The row that tells of this channel, out of the rows that a replica with the id `own` and these
    /// channels sees.
    ///
    /// It is the row of the channel's own source. Where that writes none but relays another's, it is the
    /// youngest row that belongs neither to the replica itself, whose own row is always young, nor to the
    /// source of another channel.
    pub fn of(&self, channel: &Channel, own: u64, channels: &[Channel]) -> Option<&Heartbeat> {
        let row = |id: u64| self.0.iter().find(|row| row.server_id == id);
        let direct = (channel.source_server_id != own).then(|| row(channel.source_server_id)).flatten();
        let is_free = |row: &&Heartbeat| {
            row.server_id != own && !channels.iter().any(|channel| channel.source_server_id == row.server_id)
        };
        let relayed = || self.0.iter().filter(is_free).min_by(|a, b| order(a).total_cmp(&order(b)));
        direct.or_else(relayed)
    }
}

/// By age; a row without one comes last.
fn order(row: &Heartbeat) -> f64 {
    *row.age.as_ref().unwrap_or(&f64::INFINITY)
}

/// Seconds from `written` to `now`, both without a zone: as in 2026-11-22T04:19:42.000730, or with a blank in
/// place of the T and without a fraction, as pt-heartbeat's own --check and --create-table write. A time with
/// a Z or an offset and one in seconds since 1970 are compared with `utc`.
fn age(written: &str, now: &str, utc: &str) -> Option<f64> {
    let time = |text: &str| text.trim().parse::<DateTime>().ok();
    let written = written.trim();
    if let Ok(written) = written.parse::<Timestamp>() {
        let written = TimeZone::UTC.to_datetime(written);
        return Some(time(utc)?.duration_since(written).as_secs_f64());
    }
    let is_seconds =
        written.len() >= 9 && written.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    if let Some(number) = is_seconds.then(|| written.parse::<f64>().ok()).flatten() {
        return Some(time(utc)?.duration_since(time("1970-01-01T00:00:00")?).as_secs_f64() - seconds(number));
    }
    // A civil time is read without the name of a zone beside it.
    let written = time(written).filter(|_| !written.contains('['))?;
    Some(time(now)?.duration_since(written).as_secs_f64())
}

/// Seconds since 1970 out of a number of seconds, milliseconds, microseconds or nanoseconds: until the year
/// 5000 and from 1973 on, only one of them is meant.
fn seconds(number: f64) -> f64 {
    const MOST: f64 = 1e11;
    let units = [1.0, 1e3, 1e6, 1e9];
    units.into_iter().map(|unit| number / unit).find(|seconds| *seconds < MOST).unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(server_id: &str, ts: &str) -> Row {
        let columns = [
            ("server_id", server_id),
            ("ts", ts),
            ("utc_now", "2026-11-22 04:20:00.500000"),
            ("local_now", "2026-11-22 09:50:00.500000"),
            ("file", "bin.000001"),
        ];
        Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
    }

    fn channel(source_server_id: u64) -> Channel {
        Channel { source_server_id, ..Channel::read(&Row::default()) }
    }

    #[test]
    fn both_forms_are_read_in_both_zones() {
        let rows = [
            ("2026-11-22T04:19:42.000730", Zone::Utc, Some(18.499)),
            ("2026-11-22 04:19:42", Zone::Utc, Some(18.5)),
            ("2026-11-22T09:49:42.000730", Zone::Server, Some(18.499)),
            ("2026-11-22 09:49:42", Zone::Server, Some(18.5)),
            // Written in UTC and read as Kolkata's, and the other way round.
            ("2026-11-22T04:19:42.000730", Zone::Server, Some(19_818.499)),
            ("2026-11-22T09:49:42.000730", Zone::Utc, Some(-19_781.501)),
            ("2025-11-22 04:20:00.5", Zone::Utc, Some(365.0 * 86_400.0)),
            ("2024-11-22 04:20:00.5", Zone::Utc, Some(730.0 * 86_400.0)),
            ("0000-00-00 00:00:00", Zone::Utc, None),
            ("2026-02-30 00:00:00", Zone::Utc, None),
            ("1795321200.5", Zone::Server, Some(0.0)),
            ("1795321200", Zone::Utc, Some(0.5)),
            ("1795321200000", Zone::Server, Some(0.5)),
            ("1795321200000000", Zone::Server, Some(0.5)),
            ("1795321200000000000", Zone::Server, Some(0.5)),
            ("2026-11-22T04:20:00Z", Zone::Server, Some(0.5)),
            ("2026-11-22 04:20:00.250z", Zone::Server, Some(0.25)),
            // With an offset, whatever zone the server is in.
            ("2026-11-22T04:20:00+05:00", Zone::Server, Some(18_000.5)),
            ("2026-11-22T04:20:00+05:00", Zone::Utc, Some(18_000.5)),
            ("2026-11-22 09:50:00.000000+05:30", Zone::Server, Some(0.5)),
            ("2026-11-22T09:50:00+0530", Zone::Server, Some(0.5)),
            ("2026-11-22T01:20:00-03", Zone::Utc, Some(0.5)),
            ("2026-11-22T04:20:00-00:00", Zone::Server, Some(0.5)),
            ("2026-11-22T04:20:00+05:00[Asia/Karachi]", Zone::Server, Some(18_000.5)),
            ("2026-11-22T04:20:00 UTC", Zone::Utc, None),
            // Past what an offset can be taken from, and in the future all the same.
            ("9999-12-31T23:59:59+05:00", Zone::Utc, Some(-251_606_979_598.5)),
            ("2026-11-22T04:20:00[Asia/Karachi]", Zone::Utc, None),
            ("17", Zone::Utc, None),
            ("", Zone::Utc, None),
            ("9999-12-31T23:59:59.999999", Zone::Utc, Some(-251_606_979_599.5)),
        ];
        for (ts, zone, expected) in rows {
            let seen = Heartbeats::read(&[row("1", ts)], zone);
            let age = seen.0.first().unwrap().age.clone().ok();
            let is_right = match (age, expected) {
                (Some(age), Some(expected)) => (age - expected).abs() < 1e-3,
                (age, expected) => age == expected,
            };
            assert!(is_right, "{ts} {zone:?}: {age:?}, not {expected:?}");
        }
    }

    #[test]
    fn each_channel_has_the_row_of_its_own_source() {
        // What the replica with the id 2 sees: its own row, always young, a live source's, and that of a
        // server gone for days.
        let table = [
            row("2", "2026-11-22 04:20:00"),
            row("1", "2026-11-22 04:19:55"),
            row("9", "2026-11-20 04:20:00"),
        ];
        let seen = Heartbeats::read(&table, Zone::Utc);
        let rows: [(&[u64], Option<u64>); 7] = [
            (&[1], Some(1)),
            (&[9], Some(9)),
            // Source 3 relays: the youngest of the others, never the replica's own.
            (&[3], Some(1)),
            (&[3, 1], Some(9)),
            (&[3, 1, 9], None),
            // Never connected.
            (&[0], Some(1)),
            // A source with the replica's own id is an error that has its own line.
            (&[2], Some(1)),
        ];
        for (sources, expected) in rows {
            let channels: Vec<Channel> = sources.iter().map(|id| channel(*id)).collect();
            let found = seen.of(channels.first().unwrap(), 2, &channels).map(|row| row.server_id);
            assert_eq!(found, expected, "{sources:?}");
        }
        assert_eq!(Heartbeats::default().of(&channel(1), 2, &[channel(1)]), None);
    }

    #[test]
    fn what_is_no_row_is_passed_over() {
        let null = Row::new(
            [("server_id", Some("1")), ("ts", None)].map(|(n, v)| (n.to_owned(), v.map(str::to_owned))),
        );
        let seen = Heartbeats::read(&[Row::default(), row("x", "2026-11-22 04:20:00"), null], Zone::Utc);
        assert_eq!(seen, Heartbeats::default());
        // One that has no time is not younger than one that has.
        let seen = Heartbeats::read(&[row("7", "soon"), row("8", "2026-11-20 04:20:00")], Zone::Utc);
        assert_eq!(seen.of(&channel(1), 2, &[channel(1)]).unwrap().server_id, 8);
    }

    #[test]
    fn a_table_is_named_with_its_database_and_nothing_else() {
        let table: Table = "percona.heartbeat".parse().unwrap();
        assert_eq!(table.to_string(), "percona.heartbeat");
        assert!(table.query().ends_with(" FROM `percona`.`heartbeat` LIMIT 1000"), "{}", table.query());
        let longest = format!("d.{}", "t".repeat(64));
        assert!(longest.parse::<Table>().is_ok() && "my-db.Größe_$1".parse::<Table>().is_ok());
        let too_long = longest + "t";
        for text in [
            "",
            "heartbeat",
            ".heartbeat",
            "percona.",
            "a.b.c",
            "a.b`",
            "a b.c",
            "a.b;",
            "a.b -- ",
            "a.\0",
            &too_long,
        ] {
            assert_eq!(text.parse::<Table>(), Err(InvalidTable), "{text}");
        }
    }
}

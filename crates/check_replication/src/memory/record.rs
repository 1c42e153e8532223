//! What is kept of the servers that answered at one address: a line for each, as a floating address moves.

use std::fmt;
use std::str::FromStr;

use super::log::{GONE, Log};
use super::place::Place;
use crate::gtid::InvalidGtid;
use crate::server::Server;

/// The first line of a file: what it is, and the version of the format.
const HEAD: &str = "check_replication log positions 3";
/// The same of version 2, which did not know where the log is.
const HEAD_2: &str = "check_replication log positions 2";
/// The same of version 1, which knew a server of MariaDB by its id, host name and port.
const HEAD_1: &str = "check_replication log positions 1";
/// The most servers that are kept for one address; the one that was seen least recently goes first.
const MOST: usize = 16;
/// The most restarts of one server that are kept until they are acknowledged; the mildest and latest go
/// first.
const MOST_RESTARTS: usize = 16;

/// A binary log that started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restart {
    /// The highest GTID that was seen before, or the place of the log if the numbers have caught up.
    pub before: String,
    /// The one that was seen then.
    pub after: String,
    /// Whether that is another server's, which took the place of the one before.
    pub by_another: bool,
}

impl Restart {
    /// Returns the domain that is gone from the log, if that is all and others went on: it was deleted there,
    /// or the log started again and the others have caught up.
    pub(crate) fn gone_domain(&self) -> Option<&str> {
        self.before.split('-').next().filter(|_| self.after == GONE)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    identity: String,
    highest: Log,
    /// Where its binary log was, if it told.
    place: Option<Place>,
    /// All that are not acknowledged yet, the worst first.
    restarts: Vec<Restart>,
}

/// The servers that answered at one address, the one seen last at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    known: Vec<Record>,
    /// What was told of the server seen last. It is not kept.
    told: Option<Told>,
}

/// What [`Records::take`] told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    restarts: Vec<Restart>,
    /// The identity of the other server whose transactions are lacking, and what this one has. That is found
    /// again until it is acknowledged, or the server has all of it.
    lacking: Option<(String, Log)>,
}

/// A text that is not of this version of this file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file of this version of check_replication")]
pub struct InvalidRecords;

impl Records {
    /// Takes what a server tells now, and returns each restart of its log that is not acknowledged, the worst
    /// first. Nothing is known of a server without a binary log.
    pub(crate) fn take(&mut self, server: &Server) -> Result<Vec<Restart>, InvalidGtid> {
        self.told = None;
        let Some((identity, now)) = Log::of(server)? else { return Ok(Vec::new()) };
        let identity = one_field(&identity);
        let before = self.remove(&identity);
        let by_another = self.missing_in(server)?;
        let mut place = Place::of(server);
        let own = match before {
            Some(Record { highest, place: was, restarts: known, .. }) => {
                let mut new = restarts(&highest, &now, false);
                if new.is_empty() {
                    new.extend(went_back(&highest, was.as_ref(), place.as_ref(), server)?);
                }
                // One look that was not shown the log leaves what is known of its place, unless the log is
                // known to have started again since.
                place = place.or(was.filter(|_| new.is_empty()));
                worst_first(known.into_iter().chain(new))
            }
            None => Vec::new(),
        };
        self.keep(Record { identity, highest: now, place, restarts: own.clone() });
        self.told = if own.is_empty() { by_another } else { Some(Told { restarts: own, lacking: None }) };
        Ok(self.told.as_ref().map(|told| told.restarts.clone()).unwrap_or_default())
    }

    /// Forgets what was told of the server seen last, and nothing else: what another look tells then was
    /// never told before. Returns what it was.
    pub(crate) fn acknowledge(&mut self) -> Vec<Restart> {
        let Some(Told { restarts, lacking }) = self.told.take() else { return Vec::new() };
        match lacking {
            None => {
                if let Some(own) = self.known.last_mut() {
                    own.restarts.clear();
                }
            }
            Some((identity, all)) => {
                for record in self.known.iter_mut().filter(|record| record.identity == identity) {
                    record.highest = record.highest.within(&all);
                }
            }
        }
        restarts
    }

    /// What other servers wrote at this address and this one has not, whichever was there first. One that is
    /// a replica may yet get it: a floating address moves to such a server.
    fn missing_in(&self, server: &Server) -> Result<Option<Told>, InvalidGtid> {
        if !server.channels.is_empty() || server.membership.is_some() {
            return Ok(None);
        }
        let all = Log::all_of(server)?;
        for record in self.known.iter().rev() {
            let restarts = restarts(&record.highest.not_applied(server)?, &all, true);
            if !restarts.is_empty() {
                return Ok(Some(Told { restarts, lacking: Some((record.identity.clone(), all)) }));
            }
        }
        Ok(None)
    }

    /// Removes the record of a server. One of version 1 may have several, by other names of its host.
    fn remove(&mut self, identity: &str) -> Option<Record> {
        let is_its = |record: &Record| {
            record.identity == identity
                || !identity.contains('@')
                    && record.identity.split_once('@').is_some_and(|(id, _)| id == identity)
        };
        let (its, others): (Vec<Record>, Vec<Record>) =
            std::mem::take(&mut self.known).into_iter().partition(is_its);
        self.known = others;
        its.into_iter().reduce(|one, other| Record {
            highest: one.highest.union(&other.highest),
            restarts: [one.restarts, other.restarts].concat(),
            place: other.place,
            identity: other.identity,
        })
    }

    fn keep(&mut self, record: Record) {
        if self.known.len() >= MOST {
            self.known.remove(0);
        }
        self.known.push(record);
    }
}

impl FromStr for Records {
    type Err = InvalidRecords;

    fn from_str(text: &str) -> Result<Self, InvalidRecords> {
        let (head, lines) = text.split_once('\n').ok_or(InvalidRecords)?;
        let has_place = match head {
            HEAD => true,
            HEAD_1 | HEAD_2 => false,
            _ => return Err(InvalidRecords),
        };
        let parse = |line| parse_line(line, has_place).ok_or(InvalidRecords);
        let known = lines.lines().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { known, told: None })
    }
}

/// What `now` lacks of the log `before`, in each domain.
fn restarts(before: &Log, now: &Log, by_another: bool) -> Vec<Restart> {
    let one = |(before, after): (String, String)| {
        // A domain that a server never had was not deleted there.
        let after = if by_another && after == GONE { "none".to_owned() } else { after };
        Restart { before, after, by_another }
    };
    worst_first(before.lost_in(now).into_iter().map(one))
}

/// A log whose numbers have caught up since it started again, by its place. A server that wrote nothing
/// itself has nothing that replicas could skip, and a member that joins takes the log of another.
fn went_back(
    before: &Log,
    was: Option<&Place>,
    now: Option<&Place>,
    server: &Server,
) -> Result<Option<Restart>, InvalidGtid> {
    let Some((was, now)) = was.zip(now).filter(|(was, now)| was.went_back(now)) else { return Ok(None) };
    // Without GTIDs it is not known who wrote what: one that only replicates is passed over.
    let is_passed_over = match server.is_anonymous {
        true => server.read_only && !server.channels.is_empty(),
        false => before.is_empty() || before.is_purged_in(server)?,
    };
    if is_passed_over || server.membership.is_some() {
        return Ok(None);
    }
    Ok(Some(Restart { before: was.to_string(), after: now.to_string(), by_another: false }))
}

/// Those that are kept, each once: of equally bad ones that which was told first.
fn worst_first(restarts: impl Iterator<Item = Restart>) -> Vec<Restart> {
    let mut kept: Vec<Restart> = Vec::new();
    for restart in restarts {
        if !kept.contains(&restart) {
            kept.push(restart);
        }
    }
    kept.sort_by_key(|restart| restart.gone_domain().is_some());
    kept.truncate(MOST_RESTARTS);
    kept
}

/// What a server calls itself, so that it does not look like another field or line: kept and looked up so.
fn one_field(identity: &str) -> String {
    identity.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect()
}

/// Parses the line of one server, which has the place of its log from version 3 on.
fn parse_line(line: &str, has_place: bool) -> Option<Record> {
    if line.contains(|c: char| c.is_control() && c != '\t') {
        return None;
    }
    let fields: Vec<&str> = line.split('\t').collect();
    let [identity, highest, rest @ ..] = fields.as_slice() else { return None };
    let (place, rest) = match rest {
        rest if !has_place => (None, rest),
        ["", rest @ ..] => (None, rest),
        [place, rest @ ..] => (Some(Place::parse(place)?), rest),
        [] => return None,
    };
    let restart = |pair: &[&str]| match pair {
        [before, after] => {
            Some(Restart { before: (*before).to_owned(), after: (*after).to_owned(), by_another: false })
        }
        _ => None,
    };
    let restarts = rest.chunks(2).map(restart).collect::<Option<_>>()?;
    let highest = Log::parse(identity, highest).ok()?;
    Some(Record { identity: (*identity).to_owned(), highest, place, restarts })
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        for Record { identity, highest, place, restarts } in &self.known {
            write!(f, "{identity}\t{highest}\t")?;
            place.iter().try_for_each(|place| place.fmt(f))?;
            for Restart { before, after, .. } in restarts {
                write!(f, "\t{before}\t{after}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! What is known before all have answered, for a run that is stopped.

use std::cell::Cell;
use std::net::SocketAddr;

use net::Unusable;
use plugin::{Progress, Report, State};

use crate::evaluate::evaluate;
use crate::judging::Judging;
use crate::ntp::{NtpError, Sample, agree, voters};
use crate::readings::Readings;
use crate::{HostClock, HostError, Observations};

/// Tells what is known of clocks.
pub(crate) struct Teller<'a> {
    pub(crate) judging: &'a Judging,
    /// The name of the host, as it was given.
    pub(crate) hostname: Option<String>,
    /// The addresses of the agent, or why it has none.
    pub(crate) agent: Option<&'a Result<Vec<SocketAddr>, Unusable>>,
    pub(crate) progress: &'a Progress,
    /// Whether the agent was asked, which it is after the servers.
    pub(crate) is_asked: Cell<bool>,
}

impl Teller<'_> {
    /// Tells that the agent is asked now, and what came of the servers before.
    pub(crate) fn tell_asked(&self, ntp: &[Sample]) {
        self.is_asked.set(true);
        self.tell(None, ntp);
    }

    /// Tells what came of the servers so far, and what the host's clock showed.
    pub(crate) fn tell(&self, host: Option<(SocketAddr, &Readings)>, ntp: &[Sample]) {
        let report = self.report(host, ntp);
        self.progress.tell_by(move || report.clone());
    }

    /// Returns the report as if no more answers came. It is no alarm if the missing answers could be a
    /// majority. No answer of a server is missing once the host is asked.
    fn report(&self, host: Option<(SocketAddr, &Readings)>, ntp: &[Sample]) -> Report {
        let has_answered = |sample: &&Sample| {
            !matches!(sample.result, Err(NtpError::Silent | NtpError::NotAsked | NtpError::Unresolved { .. }))
        };
        let voters = voters(ntp);
        let answered = voters.iter().copied().filter(has_answered).count() + usize::from(host.is_some());
        let total = voters.len() + usize::from(self.agent.is_some());
        let is_majority = || agree(ntp).is_ok_and(|all| all.agreeing() * 2 > voters.len());
        let is_certain = host.is_some() || ntp.is_empty() || is_majority();
        let observations = Observations {
            hostname: self.hostname.clone(),
            is_ambiguous: matches!(self.agent, Some(Ok(addresses)) if addresses.len() > 1),
            host: self.host(host),
            ntp: ntp.to_vec(),
            is_waiting: !self.is_asked.get(),
            silent: State::Unknown,
        };
        let mut report = evaluate(self.judging, &observations);
        if !is_certain {
            report.state = report.state.min(State::Unknown);
        }
        let counted = format!("{answered} of {total} answered");
        let known = if answered == 0 { counted } else { format!("{counted}, {}", report.summary()) };
        report.summarised(known)
    }

    /// The host's clock, or that it was not asked yet.
    fn host(&self, host: Option<(SocketAddr, &Readings)>) -> Option<Result<HostClock, HostError>> {
        match (host, self.agent?) {
            (Some((agent, readings)), _) => Some(Ok(HostClock::new(agent, readings.clone()))),
            (None, Ok(addresses)) => {
                let why = if self.is_asked.get() { HostError::Pending } else { HostError::Unasked };
                addresses.first().map(|agent| Err(why(*agent)))
            }
            (None, Err(why)) => Some(Err(HostError::unresolved(why))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Interval;
    use crate::judging::Options;
    use crate::ntp::Measured;
    use crate::readings::{Reading, Shown};

    fn judging() -> Judging {
        let thresholds = plugin::Thresholds::default();
        Options { thresholds, absolute: false, max_uncertainty: None, stratum: None }.into()
    }

    fn servers(offsets: &[Option<f64>]) -> Vec<Sample> {
        let result = |offset: &Option<f64>| {
            let offset = Interval::around(offset.ok_or(NtpError::Silent)?, 0.008);
            Ok(Measured { offset, round_trip: 0.01, stratum: 2, never_set: false, is_free_running: false })
        };
        let sample = |(number, offset)| Sample {
            name: format!("192.0.2.{number}"),
            is_own: false,
            is_replaced: false,
            result: result(offset),
        };
        (1..).zip(offsets).map(sample).collect()
    }

    #[test]
    fn answers_of_servers_are_told_before_all_of_them_are_there() {
        let judging = judging();
        let progress = Progress::default();
        let teller = Teller {
            judging: &judging,
            hostname: None,
            agent: None,
            progress: &progress,
            is_asked: Cell::new(false),
        };
        let told = |offsets: &[Option<f64>]| {
            let output = teller.report(None, &servers(offsets)).render("X", 0);
            let (line, data) = output.lines().next().unwrap().split_once(" | ").unwrap();
            (line.to_owned(), data.split(' ').next().unwrap().to_owned())
        };
        let rows: [(&[Option<f64>], &str, &str); 5] = [
            (&[None; 4], "UNKNOWN - 0 of 4 answered", "offset=U;-5:5;-60:60"),
            // Three others could say otherwise.
            (
                &[Some(90.0), None, None, None],
                "UNKNOWN - 1 of 4 answered, this host is 90.00 s slow by 1 of 4 NTP servers, allowed -60 to 60 s, 3 gave no time",
                "offset=-90s;-5:5;-60:60",
            ),
            (
                &[Some(90.0), Some(90.0), Some(90.0), None],
                "CRITICAL - 3 of 4 answered, this host is 90.00 s slow by 3 of 4 NTP servers, allowed -60 to 60 s, 1 gave no time",
                "offset=-90s;-5:5;-60:60",
            ),
            (
                &[Some(0.0), Some(0.0), Some(0.0), None],
                "OK - 3 of 4 answered, this host is right within 0.008 s of 3 of 4 NTP servers, 1 gave no time",
                "offset=0s;-5:5;-60:60",
            ),
            (
                &[Some(0.0), Some(90.0), None, None],
                "UNKNOWN - 2 of 4 answered, no majority among 2 NTP servers, 90.0 s apart, 2 gave no time",
                "offset=U;-5:5;-60:60",
            ),
        ];
        for (offsets, line, data) in rows {
            assert_eq!(told(offsets), (format!("X {line}"), data.to_owned()));
        }
    }

    #[test]
    fn a_host_is_told_with_its_servers() {
        let judging = judging();
        let progress = Progress::default();
        let agent: SocketAddr = "192.0.2.7:161".parse().unwrap();
        let addresses = Ok(vec![agent]);
        let teller = Teller {
            judging: &judging,
            hostname: Some("proxy7".to_owned()),
            agent: Some(&addresses),
            progress: &progress,
            is_asked: Cell::new(false),
        };
        let shown = |value| Shown { value, resolution: 1.0 };
        let readings =
            |value| Readings::new(31.0, Reading { sent: 1000.0, received: 1000.01, shown: shown(value) });
        let told = |is_asked: bool, value: Option<f64>, offsets: &[Option<f64>]| {
            let readings = value.map(readings);
            let host = readings.as_ref().map(|readings| (agent, readings));
            teller.is_asked.set(is_asked);
            let output = teller.report(host, &servers(offsets)).render("X", 0);
            output.split(" | ").next().unwrap().to_owned()
        };
        type Row<'a> = (bool, Option<f64>, &'a [Option<f64>], &'a str);
        let rows: [Row<'_>; 7] = [
            (true, None, &[], "UNKNOWN - 0 of 1 answered"),
            (
                true,
                Some(999.5),
                &[],
                "OK - 1 of 1 answered, undecided: proxy7 is 0.51 s slow to 31.5 s fast, too coarse for -5 to 5 s",
            ),
            (
                true,
                Some(1090.01),
                &[],
                "CRITICAL - 1 of 1 answered, proxy7 is at least 90.0 s fast, allowed -60 to 60 s",
            ),
            // The servers that gave no time were asked before, and can no longer answer.
            (
                true,
                Some(1090.01),
                &[Some(0.0), None, None],
                "CRITICAL - 2 of 4 answered, only 1 of 3 NTP servers gave a time, proxy7 is at least 90.0 s fast, allowed -60 to 60 s",
            ),
            (true, None, &[Some(0.0), None], "UNKNOWN - 1 of 3 answered, 192.0.2.7:161 has not answered yet"),
            (false, None, &[Some(0.0), None], "UNKNOWN - 1 of 3 answered, 192.0.2.7:161 not asked yet"),
            (
                true,
                Some(1045.01),
                &[Some(-45.0), Some(-45.0)],
                "CRITICAL - 3 of 3 answered, this monitor 45.00 s fast by 2 NTP servers, proxy7 is at least 90.0 s fast, allowed -60 to 60 s",
            ),
        ];
        for (is_asked, value, offsets, line) in rows {
            let told = told(is_asked, value, offsets);
            assert!(told.starts_with(&format!("X {line}")), "{told}");
        }
    }
}

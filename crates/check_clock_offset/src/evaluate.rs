//! Judges what was observed: which clock is off, by how much at least, and whether the reference can be
//! trusted.

use plugin::{Finding, Findings, Metric, Report, State, Thresholds, Unit};

use crate::interval::Interval;
use crate::judging::Judging;
use crate::ntp::{Consensus, Disagreement, agree, voters};
use crate::reference;
use crate::whose::Whose;
use crate::words::{self, Verdict};
use crate::{HostClock, HostError, Observations};

/// Makes the report: the clock that is judged is one finding, each NTP server has its details.
pub(crate) fn evaluate(judging: &Judging, observations: &Observations) -> Report {
    let consensus = (!observations.ntp.is_empty()).then(|| agree(&observations.ntp));
    let reference = consensus.as_ref().and_then(|consensus| consensus.as_ref().ok());
    let unusable = consensus.as_ref().and_then(|consensus| consensus.as_ref().err());
    let (host, unread) = match &observations.host {
        Some(Ok(host)) => (Some(host), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    let judged = Judged { judging, observations, reference, host };
    let unread = unread.map(|why| silent(why, observations.silent));
    let missing = unusable.map(|disagreement| judged.without_reference(disagreement));
    let clock = judged.offset().map(|offset| judged.clock(offset));
    let beside = judged.beside();
    let mut found: Vec<Finding> = [unread, missing, clock].into_iter().flatten().chain(beside).collect();
    judged.put_doubts_first(&mut found);
    // Where all is well there is one finding, about the clock.
    let all_well = found.first().map(|clock| clock.text.clone()).unwrap_or_default();
    found.push(reference::details(&observations.ntp, reference));
    let report = Findings::from_iter(found).report(all_well);
    judged.metrics().into_iter().fold(report, Report::metric)
}

/// The host's clock shows nothing.
fn silent(why: &HostError, silent: State) -> Finding {
    let state = if why.is_silence() { silent } else { State::Unknown };
    Finding::new(state, why.to_string()).details(why.details())
}

/// The clock that is judged, and what it is compared with.
struct Judged<'a> {
    judging: &'a Judging,
    observations: &'a Observations,
    /// What the NTP servers agree on.
    reference: Option<&'a Consensus>,
    /// The host's clock, if it could be read.
    host: Option<&'a HostClock>,
}

impl Judged<'_> {
    /// By how much the judged clock is ahead: the host's, or this machine's own where no host was asked.
    /// `None` if that or what it should be compared with is not known.
    fn offset(&self) -> Option<Interval> {
        let monitor = self.reference.map(|reference| -reference.offset);
        match (&self.observations.host, self.host, self.observations.ntp.is_empty()) {
            (None, ..) => monitor,
            (Some(_), Some(host), true) => Some(host.readings.offset()),
            (Some(_), Some(host), false) => monitor.map(|monitor| host.readings.offset() + monitor),
            (Some(_), None, _) => None,
        }
    }

    /// The state of the judged clock. An alarm is certain: of the states that are possible, the mildest
    /// counts. An OK by fewer than half of the servers is a WARNING: the clock may follow the one that is
    /// wrong.
    fn state(&self, offset: Interval) -> State {
        let certain = |offset| self.judging.possible(offset).certain;
        let few = reference::few(&self.observations.ntp).filter(|_| !self.observations.is_waiting);
        // What a host's clock shows is OK without these servers too; but this machine's own agent shows the
        // clock that it is compared with.
        let is_right_alone = self
            .host
            .is_some_and(|host| host.whose == Whose::Other && certain(host.readings.offset()) == State::Ok);
        match certain(offset) {
            State::Ok if few.is_some() && !is_right_alone => State::Warning,
            certain => certain,
        }
    }

    /// The words that fewer than half of the servers gave the time which makes an alarm.
    fn few(&self) -> Option<String> {
        let is_alarm = !self.observations.is_waiting && self.state(self.offset()?) != State::Ok;
        reference::few(&self.observations.ntp).filter(|_| is_alarm)
    }

    /// The finding about the judged clock.
    fn clock(&self, offset: Interval) -> Finding {
        let state = self.state(offset);
        let finding = match self.compared_with_itself() {
            // That is right whatever the time is.
            Some((Whose::Own, itself)) if state == State::Ok => Finding::unknown(itself),
            Some((_, itself)) => Finding::new(state, self.verdict(offset)).detail(format!("note: {itself}")),
            None => Finding::new(state, self.verdict(offset)),
        };
        let finding = match self.host.and_then(|host| Some((host.agent, host.elsewhere?))) {
            Some((asked, from)) => {
                finding.detail(format!("note: {} answers from {from}", net::shown_address(asked)))
            }
            None => finding,
        };
        match self.host.filter(|host| host.readings.greatest_age > 0.0) {
            None => finding,
            Some(host) => {
                let (agent, age, count) = (host.agent, host.readings.greatest_age, host.readings.count());
                let s = if count == 1 { "" } else { "s" };
                let agent = net::shown(agent);
                let note = format!("{agent} may answer from a cache, up to {age} s old: {count} reading{s}");
                if offset.half_width() > 1.0 { finding.detail(note) } else { finding.verbose_detail(note) }
            }
        }
    }

    /// The words that the host's clock is this machine's, perhaps or certainly, and no server of another
    /// machine tells the time.
    fn compared_with_itself(&self) -> Option<(Whose, String)> {
        let ntp = &self.observations.ntp;
        let is_alone = ntp.iter().all(|sample| sample.is_own);
        let own = self.host.filter(|host| host.whose != Whose::Other && is_alone)?;
        let what =
            if ntp.is_empty() { "whose clock is compared with itself" } else { "compared with no other" };
        let agent = net::shown_address(own.agent);
        Some((own.whose, format!("{agent} is this machine, {what}: give the --ntp of another machine")))
    }

    /// The line about the judged clock, and after it about this monitor's own.
    fn verdict(&self, offset: Interval) -> String {
        let shown = self.host.and_then(|host| host.readings.latest()).map(|shown| shown.value);
        let verdict = Verdict { offset, shown, judging: self.judging };
        let reference = self.reference.map(|reference| self.servers(reference));
        match (self.hostname(), self.monitor()) {
            (None, _) if self.is_alone() => self.own_server(offset),
            (None, _) => {
                let (servers, others) = reference.unwrap_or_default();
                verdict.of("this host", &servers, &others)
            }
            (Some(name), Some(monitor)) if !self.is_monitor_first() => {
                verdict.of(&name, "", &format!(", {monitor}"))
            }
            (Some(name), _) => verdict.of(&name, "", ""),
        }
    }

    /// Returns whether the clock of this machine is compared with its own server alone, and no range alerts.
    fn is_alone(&self) -> bool {
        let possible = |offset| self.judging.possible(offset).worst == State::Ok;
        self.observations.ntp.iter().all(|sample| sample.is_own) && self.offset().is_some_and(possible)
    }

    /// Returns the summary for the own server. It takes its time from the clock that is judged, so it only
    /// shows that it is synchronised.
    fn own_server(&self, offset: Interval) -> String {
        let good = self.observations.ntp.iter().filter(|sample| sample.result.is_ok());
        let names: Vec<&str> = good.map(|sample| sample.name.as_str()).collect();
        let within = words::bound(offset.farthest_from_zero());
        format!(
            "own NTP server {} is synchronised, {within} from this clock, compared with no other",
            names.join(" and ")
        )
    }

    /// What an offset is measured against, and what is with the other servers.
    fn servers(&self, reference: &Consensus) -> (String, String) {
        reference::servers(reference, &self.observations.ntp, self.few().is_some())
    }

    /// This monitor's own clock in words, where a host was asked and the servers agree.
    fn monitor(&self) -> Option<String> {
        let reference = self.reference.filter(|_| self.observations.host.is_some())?;
        let (servers, others) = self.servers(reference);
        let servers = servers + &others;
        Some(format!("this monitor {}", words::against(words::offset(-reference.offset), &servers)))
    }

    /// Whether this monitor's own clock is certainly off, and the host's not certainly right.
    fn is_monitor_first(&self) -> bool {
        let is_off = self.reference.is_some_and(|reference| self.judging.is_off(-reference.offset));
        let is_right = |offset| self.judging.possible(offset).worst == State::Ok;
        is_off && !self.offset().is_some_and(is_right)
    }

    /// Names at the head of the first line, whatever that is about, that few servers gave a time, and this
    /// monitor's own clock.
    fn put_doubts_first(&self, found: &mut [Finding]) {
        let monitor = self.monitor().filter(|_| self.is_monitor_first());
        let doubts: Vec<String> = [self.few(), monitor].into_iter().flatten().collect();
        // Of several that are as bad the first one leads.
        let Some(first) = found.iter_mut().rev().max_by_key(|finding| finding.state) else { return };
        let (undecided, text) = match first.text.strip_prefix(words::UNDECIDED) {
            Some(text) => (words::UNDECIDED, text.to_owned()),
            None => ("", first.text.clone()),
        };
        first.text = undecided.to_owned() + &[doubts, vec![text]].concat().join(", ");
    }

    /// The name of the host, and the address that answered where it has several.
    fn hostname(&self) -> Option<String> {
        let name = self.observations.hostname.as_ref()?;
        let agent = self.host.filter(|_| self.observations.is_ambiguous).map(|host| host.agent.ip());
        Some(agent.map_or_else(|| name.clone(), |agent| format!("{name} ({agent})")))
    }

    /// The findings beside that of the clock: an uncertainty and strata that are not allowed.
    fn beside(&self) -> Vec<Finding> {
        let coarse = self.offset().filter(|offset| !self.judging.is_fine_enough(*offset));
        let coarse = coarse.map(|offset| {
            let allowed = self.judging.max_uncertainty.as_ref().map(plugin::Range::in_words);
            let name = self.hostname().unwrap_or_else(|| "this host".to_owned());
            let within = words::bound(offset.half_width());
            Finding::warning(format!(
                "clock of {name} known within {within}, allowed {} s",
                allowed.unwrap_or_default()
            ))
        });
        let stratum = self.judging.stratum.as_ref().zip(self.reference);
        let stratum = stratum
            .and_then(|(range, reference)| reference::stratum(range, &self.observations.ntp, reference));
        coarse.into_iter().chain(stratum).collect()
    }

    /// The finding that there is no time to compare with, and what this monitor's own clock says of the
    /// host's.
    fn without_reference(&self, disagreement: &Disagreement) -> Finding {
        let Observations { ntp, silent, .. } = self.observations;
        let finding = reference::missing(disagreement, ntp, *silent);
        match (self.host, self.hostname()) {
            (Some(host), Some(name)) => {
                let alone = words::offset(host.readings.offset());
                Finding::new(
                    finding.state,
                    format!("{}, by this monitor alone {name} is {alone}", finding.text),
                )
            }
            _ => finding,
        }
    }

    /// Every series in every run; what is not known prints as U.
    fn metrics(&self) -> Vec<Metric> {
        let offset = self.offset();
        let round_trip = match self.observations.host {
            Some(_) => self.host.map(|host| host.readings.round_trip()),
            None => self.reference.map(|reference| reference.round_trip),
        };
        let (judged, size) = match self.judging.absolute {
            false => (self.judging.thresholds.clone(), None),
            true => (Thresholds::default(), Some(self.judging.thresholds.clone())),
        };
        let middle = offset.map(Interval::middle);
        let mut metrics = vec![seconds("offset", middle).thresholds(judged)];
        metrics.extend(size.map(|size| seconds("offset_size", middle.map(f64::abs)).thresholds(size)));
        let coarse = Thresholds { warning: self.judging.max_uncertainty.clone(), critical: None };
        metrics.push(seconds("uncertainty", offset.map(Interval::half_width)).thresholds(coarse).min(0.0));
        metrics.push(seconds("rtt", round_trip).min(0.0));
        if !self.observations.ntp.is_empty() {
            metrics.extend(self.reference_metrics());
        }
        metrics
    }

    fn reference_metrics(&self) -> Vec<Metric> {
        let monitor = self.reference.map(|reference| -reference.offset.middle());
        let mut metrics = Vec::new();
        metrics.extend(self.observations.host.is_some().then(|| seconds("monitor_offset", monitor)));
        let agreeing = self.reference.map_or(0, Consensus::agreeing);
        let asked = voters(&self.observations.ntp).len();
        metrics.push(Metric::count("ntp_servers", agreeing).max(asked as f64));
        metrics.extend(self.judging.stratum.as_ref().map(|range| {
            let told = |all| reference::told_stratum(range, &self.observations.ntp, all);
            let stratum = self.reference.and_then(told).map_or(f64::NAN, f64::from);
            let limits = Thresholds { warning: Some(range.clone()), critical: None };
            Metric::new("stratum", stratum).thresholds(limits).min(0.0)
        }));
        metrics
    }
}

/// To the microsecond, which is more than any source is good for.
fn seconds(label: &str, value: Option<f64>) -> Metric {
    Metric::new(label, value.map_or(f64::NAN, |value| (value * 1e6).round() / 1e6)).unit(Unit::Seconds)
}

#[cfg(test)]
mod tests;

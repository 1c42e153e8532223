//! What a run came to, as a report: the state, the first line, and a line for each address and each program.

use std::net::IpAddr;

use addresses::brief;
use plugin::{Report, State};

use crate::case::{Case, Fate};
use crate::child::Ran;
use crate::{End, Outcome};

/// How many characters of the first line go to the addresses of one fate.
const ROOM: usize = 40;

/// The report.
pub(crate) fn evaluate(outcome: &Outcome) -> Report {
    let mut report = match outcome.end {
        End::NotActedOn => {
            let on: Vec<String> = outcome.on.iter().map(ToString::to_string).collect();
            Report::new(State::Ok, format!("nothing is done on {} (but on {})", outcome.event, on.join(", ")))
        }
        End::Busy => Report::new(State::Warning, "nothing is done: another run is at work"),
        End::AllWell => {
            let total = outcome.expected;
            let noun = if total == 1 { "address" } else { "addresses" };
            Report::new(State::Ok, format!("nothing is missing, {total} {noun} bound and usable"))
        }
        End::Nothing | End::OverBudget | End::DryRun | End::Done => done(outcome),
    };
    for case in &outcome.cases {
        report = report.detail(line(case));
    }
    for ran in outcome.command.iter().chain(&outcome.services) {
        let words = ran.argv.join(" ");
        let printed = if ran.output.is_empty() { String::new() } else { format!(" ({})", ran.output) };
        report = report.detail(format!("{words}: {}{printed}", ran.fault.as_deref().unwrap_or("done")));
    }
    for note in &outcome.notes {
        report = report.detail(format!("note: {note}"));
    }
    report
}

fn done(outcome: &Outcome) -> Report {
    let mut state = State::Ok;
    let mut texts = Vec::new();
    let mut say = |alarm: State, text: Option<String>| {
        if let Some(text) = text {
            state = state.max(alarm);
            texts.push(text);
        }
    };
    let of = |fate| group(&outcome.cases, fate);
    say(State::Critical, of(Fate::Failed).map(|(which, why)| format!("not back: {which}{why}")));
    say(State::Critical, of(Fate::LeftAlone).map(|(which, why)| format!("left alone: {which}{why}")));
    for ran in outcome.command.iter().chain(&outcome.services) {
        say(State::Critical, ran.fault.as_ref().map(|fault| format!("{} {fault}", program(ran))));
    }
    say(State::Ok, of(Fate::Back).map(|(which, _)| format!("bound again: {which}")));
    let restarted = outcome.services.iter().filter(|ran| ran.fault.is_none()).count();
    let noun = if restarted == 1 { "service" } else { "services" };
    say(State::Ok, (restarted > 0).then(|| format!("restarted {restarted} {noun}")));
    let spared = match outcome.end {
        End::OverBudget => format!("the budget of {} an hour is used up, not bound", outcome.per_hour),
        _ => "dry run, would bind".to_owned(),
    };
    say(State::Warning, of(Fate::Bindable).map(|(which, _)| format!("{spared}: {which}")));
    say(State::Warning, of(Fate::Outside).map(|(which, _)| format!("not in the list, left alone: {which}")));
    Report::new(state, texts.join(", "))
}

/// The addresses of one fate, briefly, and in brackets why, where that is the same for all: none if there are
/// none.
fn group(cases: &[Case], fate: Fate) -> Option<(String, String)> {
    let cases: Vec<&Case> = cases.iter().filter(|case| case.fate == fate).collect();
    let addresses: Vec<IpAddr> = cases.iter().map(|case| case.address).collect();
    let why =
        cases.first()?.why.as_ref().filter(|why| cases.iter().all(|case| case.why.as_ref() == Some(why)));
    Some((brief(&addresses, ROOM), why.map_or_else(String::new, |why| format!(" ({why})"))))
}

fn line(Case { address, missing, fate, why, .. }: &Case) -> String {
    let why = why.as_deref().unwrap_or_default();
    match fate {
        Fate::Failed => format!("{address}: not back: {why}"),
        Fate::LeftAlone => format!("{address}: left alone: {why}"),
        Fate::Back => format!("{address}: bound again"),
        Fate::Bindable => format!("{address}: {missing}, could be bound"),
        Fate::Outside => format!("{address}: {missing}, not in the list"),
    }
}

/// The last part of a program's path.
fn program(ran: &Ran) -> &str {
    let path = ran.argv.first().map_or("", String::as_str);
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(address: &str, fate: Fate, why: &str) -> Case {
        let why = (!why.is_empty()).then(|| why.to_owned());
        Case {
            address: address.parse().unwrap(),
            prefix: 24,
            order: (0, 0),
            missing: "not bound".to_owned(),
            fate,
            why,
        }
    }

    fn ran(words: &str, fault: &str, output: &str) -> Ran {
        let fault = (!fault.is_empty()).then(|| fault.to_owned());
        Ran { argv: words.split(' ').map(str::to_owned).collect(), fault, output: output.to_owned() }
    }

    fn outcome(end: End, cases: Vec<Case>) -> Outcome {
        Outcome {
            event: "CRITICAL-SOFT-2".parse().unwrap(),
            on: vec!["CRITICAL-SOFT-2".parse().unwrap(), "CRITICAL-HARD".parse().unwrap()],
            end,
            expected: 40,
            cases,
            acted: 1,
            per_hour: 3,
            command: None,
            services: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn lines(outcome: &Outcome) -> Vec<String> {
        evaluate(outcome).render("IP_REBIND", 0).lines().map(str::to_owned).collect()
    }

    #[test]
    fn says_that_nothing_is_done() {
        let rows = [
            (
                End::NotActedOn,
                "IP_REBIND OK - nothing is done on CRITICAL-SOFT-2 (but on CRITICAL-SOFT-2, CRITICAL-HARD)",
            ),
            (End::Busy, "IP_REBIND WARNING - nothing is done: another run is at work"),
            (End::AllWell, "IP_REBIND OK - nothing is missing, 40 addresses bound and usable"),
        ];
        for (end, line) in rows {
            assert_eq!(lines(&outcome(end, Vec::new())), [line]);
        }
    }

    #[test]
    fn says_what_became_of_each_address() {
        let rows = [
            (End::Done, vec![case("192.0.2.31", Fate::Back, "")], "OK - bound again: 192.0.2.31"),
            (
                End::DryRun,
                vec![case("192.0.2.31", Fate::Bindable, "")],
                "WARNING - dry run, would bind: 192.0.2.31",
            ),
            (
                End::OverBudget,
                vec![case("192.0.2.31", Fate::Bindable, ""), case("192.0.2.32", Fate::Bindable, "")],
                "WARNING - the budget of 3 an hour is used up, not bound: 192.0.2.31-32",
            ),
            (
                End::Nothing,
                vec![case("192.0.2.99", Fate::Outside, "")],
                "WARNING - not in the list, left alone: 192.0.2.99",
            ),
            (
                End::Done,
                vec![
                    case("192.0.2.31", Fate::Back, ""),
                    case("192.0.2.32", Fate::LeftAlone, "02:00:00:00:00:02 has it on eth0"),
                ],
                "CRITICAL - left alone: 192.0.2.32 (02:00:00:00:00:02 has it on eth0), bound again: 192.0.2.31",
            ),
            (
                End::Done,
                vec![case("192.0.2.31", Fate::Failed, "x"), case("192.0.2.32", Fate::Failed, "y")],
                "CRITICAL - not back: 192.0.2.31-32",
            ),
        ];
        for (end, cases, line) in rows {
            let found = lines(&outcome(end, cases.clone()));
            assert_eq!(found[0], format!("IP_REBIND {line}"));
            assert_eq!(found.len(), 1 + cases.len());
        }
    }

    #[test]
    fn says_what_became_of_each_program() {
        let mut seen = outcome(End::Done, vec![case("192.0.2.31", Fate::Back, "")]);
        seen.services = vec![ran("/usr/bin/systemctl restart apache2", "", "")];
        assert_eq!(lines(&seen)[0], "IP_REBIND OK - bound again: 192.0.2.31, restarted 1 service");
        seen.services.push(ran(
            "/usr/bin/systemctl restart nginx",
            "ended with 5",
            "Unit nginx.service not found",
        ));
        seen.command = Some(ran("/opt/setup-ips.pl --all", "", "done|x"));
        seen.notes = vec!["not announced: x".to_owned()];
        let found = lines(&seen);
        assert_eq!(
            found[0],
            "IP_REBIND CRITICAL - systemctl ended with 5, bound again: 192.0.2.31, restarted 1 service"
        );
        let details = [
            "192.0.2.31: bound again",
            "/opt/setup-ips.pl --all: done (done/x)",
            "/usr/bin/systemctl restart apache2: done",
            "/usr/bin/systemctl restart nginx: ended with 5 (Unit nginx.service not found)",
            "note: not announced: x",
        ];
        assert_eq!(found[1..], details);
    }
}

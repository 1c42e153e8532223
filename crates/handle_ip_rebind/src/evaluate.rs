//! What came of a run, as a report: a finding for each cause, and a line for each program.

use std::net::IpAddr;

use addresses::{all, brief};
use plugin::{Finding, Findings, Report, State, room_after};

use crate::case::{Case, Fate, of};
use crate::child::Ran;
use crate::difference::Difference;
use crate::{End, Outcome};

/// Returns the report.
pub(crate) fn evaluate(outcome: &Outcome) -> Report {
    let findings = |all_well: String| {
        let notes = Finding::ok("").details(notes(outcome));
        let mut findings: Findings = general(outcome).into_iter().chain([notes]).collect();
        if outcome.unrecorded.is_some() {
            findings = findings.remark(all_well.clone());
        }
        findings.report(all_well)
    };
    match outcome.end {
        End::NotActedOn => {
            let on: Vec<String> = outcome.on.iter().map(ToString::to_string).collect();
            findings(format!("nothing is done on {} (but on {})", outcome.event, on.join(", ")))
        }
        End::Downtime => findings("nothing is done in a downtime".to_owned()),
        End::Busy => {
            let busy = Finding::warning("nothing is done: another run is in progress");
            general(outcome).into_iter().chain([busy]).collect::<Findings>().report("")
        }
        End::AllWell => {
            let total = outcome.expected;
            let noun = if total == 1 { "address" } else { "addresses" };
            findings(format!("nothing is missing, {total} {noun} bound and usable"))
        }
        End::Nothing | End::OverBudget | End::DryRun | End::Done => done(outcome),
    }
}

/// What is wrong whatever is missing.
fn general(outcome: &Outcome) -> Vec<Finding> {
    let unrecorded = outcome.unrecorded.iter().map(|why| Finding::warning(format!("not recorded: {why}")));
    let lists = outcome.difference.iter().map(Difference::finding);
    lists.chain(outcome.contradictions.findings()).chain(unrecorded).collect()
}

/// The report of a run for which something is missing.
fn done(outcome: &Outcome) -> Report {
    let back = back(outcome);
    // The fault of the command explains those of the addresses.
    let mut findings: Findings = outcome.command.iter().map(program).collect();
    findings.extend(groups(&outcome.cases).into_iter().filter_map(|group| finding(outcome, &group)));
    findings.extend(outcome.services.iter().map(program));
    findings.extend(owed(outcome));
    findings.extend(general(outcome));
    findings.extend([Finding::ok("").details(all_back(outcome)).details(notes(outcome))]);
    if findings.state() != State::Ok && !back.is_empty() {
        findings = findings.remark(back.clone());
    }
    findings.report(back)
}

/// The start of the text on addresses that came back.
const BACK: &str = "bound again: ";

/// What came back and what was restarted.
fn back(outcome: &Outcome) -> String {
    let back: Vec<IpAddr> = of(&outcome.cases, Fate::Back).collect();
    let restarted = outcome.services.iter().filter(|ran| ran.fault.is_none()).count();
    let noun = if restarted == 1 { "service" } else { "services" };
    let back = (!back.is_empty()).then(|| format!("{BACK}{}", brief(&back, room_after(BACK))));
    let finished = is_finished(outcome).then(|| "finished an earlier run".to_owned());
    let restarted = (restarted > 0).then(|| format!("restarted {restarted} {noun}"));
    back.into_iter().chain(finished).chain(restarted).collect::<Vec<_>>().join(", ")
}

/// Whether this run did what an earlier one owed.
fn is_finished(outcome: &Outcome) -> bool {
    outcome.end == End::Done && outcome.owed_addresses().next().is_some()
}

/// What an earlier run owed, and whether it was done.
fn owed(outcome: &Outcome) -> Option<Finding> {
    if outcome.owed.is_empty() {
        return None;
    }
    if outcome.end == End::Done {
        let what = match (outcome.announces, outcome.owed.services.is_empty()) {
            (true, false) => "announced its addresses and restarted services",
            (true, true) => "announced its addresses",
            (false, _) => "restarted services",
        };
        let addresses = all(&outcome.owed.addresses);
        return Some(
            Finding::ok("").detail(format!("note: an earlier run ended before it had {what}: {addresses}")),
        );
    }
    let why = if outcome.end == End::OverBudget {
        format!("the budget of {} an hour is used up", outcome.per_hour)
    } else {
        "this run could do nothing".to_owned()
    };
    Some(Finding::warning(format!("an earlier run is not finished: {why}")))
}

/// All addresses that came back, where the first line has not all of them.
fn all_back(outcome: &Outcome) -> Option<String> {
    let back: Vec<IpAddr> = of(&outcome.cases, Fate::Back).collect();
    let whole = all(&back);
    (brief(&back, room_after(BACK)) != whole).then(|| format!("{BACK}{whole}"))
}

fn notes(outcome: &Outcome) -> Vec<String> {
    outcome.notes.iter().map(|note| format!("note: {note}")).collect()
}

/// The cases by what became of them and why, the worst first.
fn groups(cases: &[Case]) -> Vec<Vec<&Case>> {
    let mut sorted: Vec<&Case> = cases.iter().collect();
    sorted.sort_by_key(|case| (case.fate, &case.why, case.address));
    sorted
        .chunk_by(|one, other| (one.fate, &one.why) == (other.fate, &other.why))
        .map(<[_]>::to_vec)
        .collect()
}

/// What is wrong with addresses of one fate and cause. `None` of those that came back.
fn finding(outcome: &Outcome, group: &[&Case]) -> Option<Finding> {
    let first = group.first()?;
    let why = first.why.as_deref().unwrap_or(&first.missing);
    let (state, tail) = match first.fate {
        // Named with all that are forbidden.
        Fate::Back | Fate::Contradicted => return None,
        // Named with the lists.
        Fate::Outside if is_explained(outcome, group) => return None,
        Fate::Lost => (State::Critical, format!(" gone at the end: {why}")),
        Fate::Gone => (State::Critical, format!(" gone since an earlier run: {why}")),
        Fate::Later => (State::Critical, format!(" not bound yet: {why}")),
        Fate::Failed | Fate::Waiting => (State::Critical, format!(" not back: {why}")),
        Fate::LeftAlone => (State::Critical, format!(" left alone: {why}")),
        Fate::Bindable if outcome.end == End::OverBudget => {
            (State::Warning, format!(" not bound: the budget of {} an hour is used up", outcome.per_hour))
        }
        Fate::Bindable => (State::Warning, " would be bound, but this is a dry run".to_owned()),
        Fate::Outside => (State::Warning, " left alone: not in the list".to_owned()),
    };
    let addresses: Vec<IpAddr> = group.iter().map(|case| case.address).collect();
    let (short, whole) = (brief(&addresses, room_after(&tail)), all(&addresses));
    let mut finding = Finding::new(state, format!("{short}{tail}"));
    if first.fate == Fate::Failed && why == first.missing {
        finding = finding.brief(format!("{short} not back"));
    }
    Some(if short == whole { finding } else { finding.detail(format!("all of these: {whole}")) })
}

/// Whether these addresses are missing in the list of `files` alone, and so named where the lists differ.
fn is_explained(outcome: &Outcome, group: &[&Case]) -> bool {
    let difference = outcome.difference.as_ref();
    difference.is_some_and(|lists| group.iter().all(|case| lists.is_only_in_check(case.address)))
}

/// What came of a program.
fn program(ran: &Ran) -> Finding {
    let words = ran.argv.join(" ");
    let printed = if ran.output.is_empty() { String::new() } else { format!(" ({})", ran.output) };
    let detail = format!("{words}: {}{printed}", ran.fault.as_deref().unwrap_or("done"));
    let path = ran.argv.first().map_or("", String::as_str);
    let name = path.rsplit('/').next().unwrap_or(path);
    let finding = match &ran.fault {
        Some(fault) => Finding::critical(format!("{name} {fault}")),
        None => Finding::ok(""),
    };
    finding.detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Owed;
    use crate::contradiction::Contradictions;

    fn case(address: &str, fate: Fate, why: &str) -> Case {
        let why = (!why.is_empty()).then(|| why.to_owned());
        Case {
            address: address.parse().unwrap(),
            prefix: 24,
            route: host_net::PrefixRoute::Added,
            order: (0, 0),
            missing: "not bound".to_owned(),
            fate,
            why,
        }
    }

    fn ran(words: &str, fault: &str, output: &str) -> Ran {
        let fault = (!fault.is_empty()).then(|| fault.to_owned());
        Ran {
            argv: words.split(' ').map(str::to_owned).collect(),
            fault,
            output: output.to_owned(),
            is_started: true,
            is_owed: false,
        }
    }

    fn outcome(end: End, cases: Vec<Case>) -> Outcome {
        Outcome {
            event: "CRITICAL-SOFT-2".parse().unwrap(),
            on: vec!["CRITICAL-SOFT-2".parse().unwrap(), "CRITICAL-HARD".parse().unwrap()],
            end,
            expected: 40,
            difference: None,
            contradictions: Contradictions::default(),
            unrecorded: None,
            cases,
            acted: 1,
            changed: true,
            per_hour: 3,
            owed: Owed::default(),
            announces: true,
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
            (End::Downtime, "IP_REBIND OK - nothing is done in a downtime"),
            (End::Busy, "IP_REBIND WARNING - nothing is done: another run is in progress"),
            (End::AllWell, "IP_REBIND OK - nothing is missing, 40 addresses bound and usable"),
        ];
        for (end, line) in rows {
            assert_eq!(lines(&outcome(end, Vec::new())), [line]);
        }
    }

    #[test]
    fn says_what_became_of_each_address() {
        let rows: [(End, Vec<Case>, &[&str]); 10] = [
            (End::Done, vec![case("192.0.2.31", Fate::Back, "")], &["OK - bound again: 192.0.2.31"]),
            (
                End::DryRun,
                vec![case("192.0.2.31", Fate::Bindable, "")],
                &["WARNING - 192.0.2.31 would be bound, but this is a dry run"],
            ),
            (
                End::OverBudget,
                vec![case("192.0.2.31", Fate::Bindable, ""), case("192.0.2.32", Fate::Bindable, "")],
                &["WARNING - 192.0.2.31-32 not bound: the budget of 3 an hour is used up"],
            ),
            (
                End::Nothing,
                vec![case("192.0.2.99", Fate::Outside, "")],
                &["WARNING - 192.0.2.99 left alone: not in the list"],
            ),
            (
                End::Nothing,
                vec![case("192.0.2.31", Fate::Waiting, "x, waits 5 min after 2 tries")],
                &["CRITICAL - 192.0.2.31 not back: x, waits 5 min after 2 tries"],
            ),
            (
                End::Done,
                vec![
                    case("192.0.2.31", Fate::Back, ""),
                    case("192.0.2.32", Fate::LeftAlone, "02:00:00:00:00:02 has it on eth0"),
                ],
                &[
                    "CRITICAL - 192.0.2.32 left alone: 02:00:00:00:00:02 has it on eth0 (bound again: 192.0.2.31)",
                ],
            ),
            (
                End::Done,
                vec![
                    case("192.0.2.30", Fate::Back, ""),
                    case("192.0.2.31", Fate::Lost, "removed by systemctl restart networking"),
                    case("192.0.2.32", Fate::Lost, "removed by systemctl restart networking"),
                ],
                &[
                    "CRITICAL - 192.0.2.31-32 gone at the end: removed by systemctl restart networking (bound again: 192.0.2.30)",
                ],
            ),
            (
                End::Done,
                vec![case("192.0.2.31", Fate::Failed, "x"), case("192.0.2.32", Fate::Failed, "x")],
                &["CRITICAL - 192.0.2.31-32 not back: x"],
            ),
            (
                End::Done,
                vec![
                    case("192.0.2.99", Fate::Outside, ""),
                    case("192.0.2.31", Fate::Failed, "x"),
                    case("192.0.2.33", Fate::LeftAlone, "z"),
                    case("192.0.2.32", Fate::Failed, "y"),
                ],
                &[
                    "CRITICAL - 192.0.2.31 not back: x, and 192.0.2.32 not back: y, 2 more faults",
                    "CRITICAL: 192.0.2.31 not back: x",
                    "CRITICAL: 192.0.2.32 not back: y",
                    "CRITICAL: 192.0.2.33 left alone: z",
                    "WARNING: 192.0.2.99 left alone: not in the list",
                ],
            ),
            (
                End::Done,
                ["192.0.2.1", "192.0.2.3", "192.0.2.5", "192.0.2.7", "192.0.2.9"]
                    .map(|address| case(address, Fate::Failed, "x"))
                    .into(),
                &[
                    "CRITICAL - 192.0.2.1, 192.0.2.3, 192.0.2.5 and 2 more not back: x",
                    "all of these: 192.0.2.1, 192.0.2.3, 192.0.2.5, 192.0.2.7, 192.0.2.9",
                ],
            ),
        ];
        for (end, cases, expected) in rows {
            let found = lines(&outcome(end, cases));
            assert_eq!(found[0], format!("IP_REBIND {}", expected[0]));
            assert_eq!(found[1..], expected[1..], "{}", expected[0]);
        }
    }

    #[test]
    fn says_what_an_earlier_run_owed() {
        let owed = Owed {
            addresses: vec!["192.0.2.31".parse().unwrap()],
            services: vec![vec!["/bin/true".to_owned()]],
        };
        let note = "note: an earlier run ended before it had announced its addresses and restarted services: 192.0.2.31";
        let rows: [(End, Vec<Case>, &[&str]); 4] = [
            (End::Done, Vec::new(), &["OK - finished an earlier run", note]),
            (
                End::OverBudget,
                Vec::new(),
                &["WARNING - an earlier run is not finished: the budget of 3 an hour is used up"],
            ),
            (
                End::Done,
                vec![case("192.0.2.32", Fate::Back, "")],
                &["OK - bound again: 192.0.2.32, finished an earlier run", note],
            ),
            (
                End::Done,
                vec![case("192.0.2.32", Fate::Later, "no time left, the next run binds it")],
                &[
                    "CRITICAL - 192.0.2.32 not bound yet: no time left, the next run binds it (finished an earlier run)",
                    note,
                ],
            ),
        ];
        for (end, cases, expected) in rows {
            let found = lines(&Outcome { owed: owed.clone(), ..outcome(end, cases) });
            assert_eq!(found[0], format!("IP_REBIND {}", expected[0]));
            assert_eq!(found[1..], expected[1..], "{}", expected[0]);
        }
        // Only what is configured is named.
        let without = Owed { services: Vec::new(), ..owed.clone() };
        for (owed, announces, what) in
            [(without, true, "announced its addresses"), (owed, false, "restarted services")]
        {
            let found = lines(&Outcome { owed, announces, ..outcome(End::Done, Vec::new()) });
            assert_eq!(found[1], format!("note: an earlier run ended before it had {what}: 192.0.2.31"));
        }
    }

    #[test]
    fn says_in_the_first_line_that_it_is_not_recorded() {
        let unrecorded = Some("/var/log/x: full, it may hold 9 octets".to_owned());
        let line = "WARNING - not recorded: /var/log/x: full, it may hold 9 octets";
        for (end, rest) in [
            (End::AllWell, " (nothing is missing, 40 addresses bound and usable)"),
            (End::Downtime, " (nothing is done in a downtime)"),
        ] {
            let found = lines(&Outcome { unrecorded: unrecorded.clone(), ..outcome(end, Vec::new()) });
            assert_eq!(found, [format!("IP_REBIND {line}{rest}")]);
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
            "IP_REBIND CRITICAL - systemctl ended with 5 (bound again: 192.0.2.31, restarted 1 service)"
        );
        let details = [
            "/usr/bin/systemctl restart nginx: ended with 5 (Unit nginx.service not found)",
            "/opt/setup-ips.pl --all: done (done/x)",
            "/usr/bin/systemctl restart apache2: done",
            "note: not announced: x",
        ];
        assert_eq!(found[1..], details);
    }
}

//! What is said where only strangers are asked, and no proxy serves them. A connection that is not made lets
//! no stranger in, and tells nothing of a proxy: a firewall stops strangers, or the port is a wrong one.

use std::net::IpAddr;

use super::judged::Judged;

/// Returns the first line.
pub(super) fn refused(judged: &[Judged<'_>]) -> String {
    let (total, mute) = (judged.len(), mute(judged));
    let who = match judged {
        [judged] => judged.target.to_string(),
        _ => format!("{total} proxies"),
    };
    let text = format!("{who} refuse{}", if total == 1 { "s" } else { "" });
    match mute.len() {
        0 => format!("{text} strangers"),
        count if count == total => format!("{who} {}", no_answer(&mute)),
        count => format!("{text} strangers, {count} of them without any answer"),
    }
}

/// Returns the line that names those without any answer beside others.
pub(super) fn note(judged: &[Judged<'_>]) -> Option<String> {
    let mute = mute(judged);
    if mute.is_empty() || mute.len() == judged.len() {
        return None;
    }
    let addresses: Vec<IpAddr> = mute.iter().map(|judged| judged.target.address.ip()).collect();
    Some(format!("note: {} {}", addresses::brief(&addresses, 1_000), no_answer(&mute)))
}

/// Those with which no connection was made, and nothing else is wrong or unknown.
fn mute<'a, 'b>(judged: &'b [Judged<'a>]) -> Vec<&'b Judged<'a>> {
    let is_mute = |judged: &&Judged<'_>| {
        let verdict = &judged.verdict;
        verdict.mute && !verdict.fails() && verdict.undecided.is_none() && verdict.local.is_none()
    };
    judged.iter().filter(is_mute).collect()
}

fn no_answer(mute: &[&Judged<'_>]) -> String {
    let gives = if mute.len() == 1 { "gives" } else { "give" };
    let mut ports = mute.iter().map(|judged| judged.target.address.port());
    let first = ports.next().unwrap_or_default();
    let on = if ports.all(|port| port == first) { format!("on port {first}") } else { "there".to_owned() };
    format!("{gives} strangers no answer: a firewall stops them, or no proxy is {on}")
}

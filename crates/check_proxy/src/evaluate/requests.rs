//! A line for each request, from `-v` on.

use std::time::Duration;

use net::HostPort;

use crate::direct::Direct;
use crate::fault::Fault;
use crate::observation::Observation;
use crate::request_options::Answer;
use crate::target::Target;

/// Returns what each request to a proxy came to, in the order in which they are made: the customer's with its
/// other tries, and those for forbidden targets at the end.
pub(crate) fn requests(target: &Target, seen: &Observation, forbidden: &[HostPort]) -> Vec<String> {
    let mut lines = Vec::new();
    for page in &seen.pages {
        let scheme = if page.secure { "https" } else { "http" };
        let all =
            [("stranger", &page.stranger), ("unknown user", &page.random), ("customer", &page.customer)];
        for (who, answer) in all.into_iter().filter_map(|(who, answer)| Some((who, answer.as_ref()?))) {
            let tries: Vec<&Answer> = answer.before.iter().chain([answer]).chain(&answer.after).collect();
            for (number, one) in (1..).zip(&tries) {
                let number = if tries.len() == 1 { String::new() } else { format!(", try {number}") };
                let said = came_to(one, "the page");
                lines.push(format!("{target} {who} by {scheme}{}{number}: {said}", login(one)));
            }
        }
    }
    for (host, tried) in forbidden.iter().zip(&seen.forbidden) {
        let (login, said) = (login(&tried.answer), came_to(&tried.answer, "connected"));
        lines.push(format!("{target} customer for {host}{login}: {said}"));
    }
    lines
}

fn login(answer: &Answer) -> String {
    answer.scheme.map(|login| format!(" ({login})")).unwrap_or_default()
}

/// Returns what a request came to, `well` if it has no fault, and after what time.
fn came_to(answer: &Answer, well: &str) -> String {
    let said = match &answer.fault {
        None => well.to_owned(),
        Some(Fault::Status(status)) if status.refuses_login() => status.code.to_string(),
        Some(fault) => fault.brief(),
    };
    match (answer.took, &answer.fault) {
        (Some(took), _) => timed(&said, took),
        (None, Some(Fault::Unspoken(_) | Fault::ColonInUser | Fault::Local(_))) => {
            format!("not asked, {said}")
        }
        (None, _) => "not asked".to_owned(),
    }
}

fn timed(said: &str, took: Duration) -> String {
    format!("{said} in {:.1} ms", took.as_secs_f64() * 1e3)
}

/// Returns what the request for a page without a proxy came to: `None` if there was no need for it.
pub(crate) fn directly(page: &str, direct: &Direct, took: Option<Duration>) -> Option<String> {
    let said = match direct {
        Direct::Unasked => return None,
        Direct::Serves => "it came".to_owned(),
        Direct::Fails(fault) => fault.brief_without_proxy(),
        Direct::NoWay(why) => why.clone(),
    };
    let said = took.map_or_else(|| format!("not asked, {said}"), |took| timed(&said, took));
    Some(format!("{page} without a proxy: {said}"))
}

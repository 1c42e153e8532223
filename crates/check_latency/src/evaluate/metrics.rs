//! The performance data.

use std::collections::HashMap;

use plugin::{AllowedFailures, Metric, Unit};

use crate::judged::JudgedTarget;
use crate::options::Judging;
use crate::record::Judged;

/// What is told of each target.
const EACH: [&str; 4] = ["rtt", "loss", "usual_rtt", "usual_loss"];

/// Returns the number of abnormal targets, and their share where a limit is one.
pub(crate) fn counted(allowed: &AllowedFailures, judged: &Judged, abnormal: usize) -> Vec<Metric> {
    allowed.metrics("abnormal", abnormal, judged.targets.len())
}

/// Returns the other performance data: of all targets together, and with `--each` of each.
pub(crate) fn metrics(judging: &Judging, judged: &Judged) -> Vec<Metric> {
    let targets = if judging.each { judged.targets.as_slice() } else { &[] };
    let each = targets.iter().zip(names(targets)).flat_map(|(target, name)| each(target, &name));
    together(judged).into_iter().chain(each).collect()
}

fn together(judged: &Judged) -> [Metric; 7] {
    let targets = &judged.targets;
    let count = |is: fn(&JudgedTarget) -> bool| targets.iter().filter(|target| is(target)).count();
    let sum =
        |of: fn(&JudgedTarget) -> u32| targets.iter().map(|target| u64::from(of(target))).sum::<u64>() as f64;
    let greatest = |of: fn(&JudgedTarget) -> Option<f64>| {
        targets.iter().filter_map(of).reduce(f64::max).unwrap_or(f64::NAN)
    };
    let lost = sum(|target| target.seen.lost()) * 100.0 / sum(|target| target.seen.sent);
    [
        Metric::count("silent", count(|target| target.is_silent() && target.seen.late == 0)),
        Metric::count("learning", count(|target| target.is_learning)),
        percent("lost", lost),
        Metric::new("worst_rise", greatest(JudgedTarget::rise)).min(0.0),
        Metric::new("worst_slower", greatest(JudgedTarget::slower)).unit(Unit::Seconds).min(0.0),
        Metric::new("late", sum(|target| target.seen.late)).min(0.0),
        Metric::new("duplicates", sum(|target| target.seen.duplicates)).min(0.0),
    ]
}

/// The names by which labels start: that of the target, and its address where a label of another target would
/// be the same in performance data, as for a.b and a_b, or for x and x_usual.
fn names(targets: &[JudgedTarget]) -> Vec<String> {
    let name = |target: &JudgedTarget| plain(&target.target.name());
    let mut uses: HashMap<String, usize> = HashMap::new();
    for label in targets.iter().flat_map(|target| labels(&name(target))) {
        *uses.entry(label).or_default() += 1;
    }
    let is_own = |name: &String| labels(name).iter().all(|label| uses.get(label) == Some(&1));
    targets
        .iter()
        .map(|target| Some(name(target)).filter(is_own).unwrap_or_else(|| plain(&target.target.key())))
        .collect()
}

/// A name without spaces, so that its labels need no quotes.
fn plain(name: &str) -> String {
    name.replace(' ', "_")
}

/// The labels of a name as a program may store them: graphs take points, colons and dashes for other things.
fn labels(name: &str) -> [String; 4] {
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    EACH.map(|what| format!("{name}_{what}").chars().map(plain).collect())
}

fn each(target: &JudgedTarget, name: &str) -> [Metric; 4] {
    let [rtt, loss, usual_rtt, usual_loss] = EACH.map(|what| format!("{name}_{what}"));
    let seconds = |label: String, value: Option<f64>| {
        Metric::new(label, value.unwrap_or(f64::NAN)).unit(Unit::Seconds).min(0.0)
    };
    let share =
        |label: String, share: Option<f64>| percent(&label, share.map_or(f64::NAN, |share| share * 100.0));
    let known = target.verdict.filter(|verdict| !verdict.learning);
    [
        seconds(rtt, target.rtt()),
        share(loss, target.loss()),
        seconds(usual_rtt, known.and_then(|verdict| verdict.usual_rtt)),
        share(usual_loss, known.map(|verdict| verdict.usual_loss)),
    ]
}

fn percent(label: &str, value: f64) -> Metric {
    Metric::new(label, value).unit(Unit::Percent).min(0.0).max(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::Seen;
    use crate::target::Target;

    fn of(labels: &[&str]) -> Vec<String> {
        let targets = (1..).zip(labels).map(|(number, label)| {
            let target = Target::new(format!("192.0.2.{number}:0").parse().unwrap(), *label);
            JudgedTarget {
                target: Box::new(target),
                seen: Box::new(Seen::default()),
                verdict: None,
                is_learning: true,
                is_over_limit: false,
                is_over_loss: false,
            }
        });
        names(&targets.collect::<Vec<_>>())
    }

    #[test]
    fn each_label_is_one_target() {
        assert_eq!(of(&["a.b", "c", ""]), ["a.b", "c", "192.0.2.3"]);
        assert_eq!(of(&["a.b", "a_b", "c"]), ["a.b_192.0.2.1", "a_b_192.0.2.2", "c"]);
        assert_eq!(of(&["x", "x_usual", "y"]), ["x_192.0.2.1", "x_usual_192.0.2.2", "y"]);
        assert_eq!(of(&["a b", "a\"b", "`c`"]), ["a_b_192.0.2.1", "a\"b_192.0.2.2", "`c`"]);
        assert_eq!(of(&["192_0_2_2", ""]), ["192_0_2_2_192.0.2.1", "192.0.2.2"]);
    }
}

//! The performance data.

use plugin::{Metric, Unit};

use crate::judged::JudgedTarget;
use crate::options::Judging;
use crate::record::Judged;

/// Returns the performance data: of all targets together, and with `--each` of each.
pub(crate) fn metrics(judging: &Judging, judged: &Judged, abnormal: usize) -> Vec<Metric> {
    let allowed = judging.allowed().unwrap_or_default();
    let counted = allowed.metrics("abnormal", abnormal, judged.targets.len());
    let each = judged.targets.iter().filter(|_| judging.each).flat_map(each);
    counted.into_iter().chain(together(judged)).chain(each).collect()
}

fn together(judged: &Judged) -> [Metric; 7] {
    let targets = &judged.targets;
    let count = |is: fn(&JudgedTarget) -> bool| targets.iter().filter(|target| is(target)).count();
    let sum =
        |of: fn(&JudgedTarget) -> u32| targets.iter().map(|target| u64::from(of(target))).sum::<u64>() as f64;
    let greatest = |of: fn(&JudgedTarget) -> Option<f64>| {
        targets.iter().filter_map(of).reduce(f64::max).unwrap_or(f64::NAN)
    };
    let lost = sum(|target| target.seen.lost()) * 100.0 / sum(|target| target.seen.counted());
    [
        Metric::count("silent", count(JudgedTarget::is_silent)),
        Metric::count("learning", count(JudgedTarget::is_learning)),
        percent("lost", lost),
        Metric::new("worst_rise", greatest(JudgedTarget::rise)).min(0.0),
        Metric::new("worst_slower", greatest(JudgedTarget::slower)).unit(Unit::Seconds).min(0.0),
        Metric::new("late", sum(|target| target.seen.late)).min(0.0),
        Metric::new("duplicates", sum(|target| target.seen.duplicates)).min(0.0),
    ]
}

fn each(target: &JudgedTarget) -> [Metric; 4] {
    let name = target.target.name();
    let label = |what: &str| format!("{name}_{what}");
    let seconds = |what, value: Option<f64>| {
        Metric::new(label(what), value.unwrap_or(f64::NAN)).unit(Unit::Seconds).min(0.0)
    };
    let loss =
        |what, share: Option<f64>| percent(&label(what), share.map_or(f64::NAN, |share| share * 100.0));
    let known = target.verdict.filter(|verdict| !verdict.learning);
    [
        seconds("rtt", target.rtt()),
        loss("loss", target.loss()),
        seconds("usual_rtt", known.and_then(|verdict| verdict.usual_rtt)),
        loss("usual_loss", known.map(|verdict| verdict.usual_loss)),
    ]
}

fn percent(label: &str, value: f64) -> Metric {
    Metric::new(label, value).unit(Unit::Percent).min(0.0).max(100.0)
}

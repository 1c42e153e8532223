//! The values by which an agent shows its clock, as octets: digits, dates and their texts with and without a
//! zone, or words.
//! What is told is a moment that exists, and a date with its own offset from UTC does not depend on
//! --timezone.

use std::sync::LazyLock;

use check_clock_offset::value::Value;
use jiff::tz::TimeZone;

static ZONES: LazyLock<Vec<TimeZone>> = LazyLock::new(|| {
    let names = [
        "UTC",
        "Europe/Berlin",
        "America/St_Johns",
        "Asia/Kolkata",
        "Pacific/Kiritimati",
        "Australia/Lord_Howe",
    ];
    names.iter().map(|name| TimeZone::get(name).unwrap()).collect()
});

pub(crate) fn run(octets: &[u8]) {
    let value = Value::Octets(octets.to_vec());
    let without = value.time(None);
    for zone in ZONES.iter() {
        let told = value.time(Some(zone));
        if let Ok(shown) = &told {
            assert!(
                shown.value.is_finite() && shown.value.abs() < 3e11 && shown.resolution > 0.0,
                "{shown:?}"
            );
        }
        let is_local = without.as_ref().is_err_and(|why| why.to_string().ends_with(" by --timezone"));
        if !is_local {
            assert_eq!(told, without);
        }
    }
    if let Ok(text) = str::from_utf8(octets) {
        let number: Result<f64, _> = text.trim().parse();
        if let (Ok(shown), Ok(number)) = (&without, number) {
            assert!((shown.value - number).abs() < 1e-3, "{text:?} is {shown:?}");
        }
    }
}

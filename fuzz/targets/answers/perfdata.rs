//! Performance data of a plugin: whatever it writes, nothing panics, every number is one in JSON, and no
//! piece is lost.

use notify_stomp::perfdata::{parse, parse_cut};

pub(crate) fn run(text: &str) {
    let (data, unparsed) = parse(text);
    for datum in &data {
        assert!(!datum.label.is_empty());
        for number in [&datum.value, &datum.min, &datum.max].into_iter().flatten() {
            assert!(number.as_f64().is_some_and(f64::is_finite), "{number}");
        }
    }
    assert!(unparsed.iter().all(|piece| text.contains(piece.as_str()) && !piece.is_empty()));
    assert_eq!(data.is_empty() && unparsed.is_empty(), text.trim().is_empty());
    // What is read of a text whose end was cut off is the beginning of that.
    let (cut, left) = parse_cut(text);
    assert!(data.starts_with(&cut));
    assert!(left.iter().all(|piece| text.contains(piece.as_str()) && !piece.is_empty()));
}

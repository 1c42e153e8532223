//! Ports, as `80,443`, `8000-8010` or `https`: numbers print as they were given, and what is refused is
//! named.

use addresses::parse_ports;

pub(crate) fn run(text: &str) {
    match parse_ports(text) {
        Ok(ranges) => {
            assert!(
                !ranges.is_empty() && ranges.iter().all(|range| range.first > 0 && range.first <= range.last)
            );
            for (range, part) in ranges.iter().zip(text.split(',')) {
                let (first, last) = (range.first, range.last);
                let named = part.starts_with(|c: char| c.is_ascii_alphabetic()) && first == last;
                let single = first == last && part == first.to_string();
                assert!(named || single || part == format!("{first}-{last}"), "{part} as {range:?}");
            }
        }
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains(" is not a "), "{error}");
            assert!(text.split(',').any(|part| parse_ports(part).is_err()));
        }
    }
}

//! The names that certificates must be for, each kept once.

use std::collections::HashMap;
use std::num::NonZeroU32;

use net::Host;

/// Names by their numbers, which targets have in place of them.
#[derive(Debug, Default)]
pub(crate) struct Names {
    all: Vec<String>,
    numbers: HashMap<String, NonZeroU32>,
}

impl Names {
    /// Returns the number of a name, also of a new one.
    pub(crate) fn number(&mut self, name: &str) -> Option<NonZeroU32> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        self.all.push(name.to_owned());
        let number = u32::try_from(self.all.len()).ok().and_then(NonZeroU32::new)?;
        self.numbers.insert(name.to_owned(), number);
        Some(number)
    }

    /// Returns the name of a number.
    pub(crate) fn get(&self, number: NonZeroU32) -> Option<&str> {
        let place = usize::try_from(number.get()).ok()?.checked_sub(1)?;
        self.all.get(place).map(String::as_str)
    }
}

/// Returns the host name that the label of a line is: `None` for a note such as `web`, which has no dot.
pub(crate) fn host_name(label: &str) -> Option<String> {
    let host: Host = label.parse().ok()?;
    host.name().filter(|name| name.contains('.')).map(|_| host.bare())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number() {
        let mut names = Names::default();
        let first = names.number("www.example.com").unwrap();
        let second = names.number("mail.example.com").unwrap();
        assert_eq!(names.number("www.example.com"), Some(first));
        assert_eq!(names.get(first), Some("www.example.com"));
        assert_eq!(names.get(second), Some("mail.example.com"));
        assert_eq!(names.get(NonZeroU32::MAX), None);
    }

    #[test]
    fn a_label_is_a_name_if_it_has_a_dot() {
        assert_eq!(host_name("www.example.com"), Some("www.example.com".to_owned()));
        assert_eq!(host_name("www.example.com."), Some("www.example.com".to_owned()));
        for label in ["web", "eth0", "192.0.2.1", "a..b", "-"] {
            assert_eq!(host_name(label), None, "{label}");
        }
    }
}

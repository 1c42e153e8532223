//! The names that certificates must be for, each kept once.

use std::collections::HashMap;
use std::num::NonZeroU32;

use net::Host;

/// Says that a field of a list that should be the name of a certificate is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a host name: write one, as in www.example.com, and notes after #")]
pub struct NotAName(String);

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

/// Returns the host name that the label of a line is: `None` for a note such as `web` or `proxy_7`, which has
/// none of the signs of a name.
///
/// # Errors
/// [`NotAName`]: it has some of them, and is none; the certificate of the address itself would be expected
/// without a word.
pub(crate) fn host_name(field: &str) -> Result<Option<String>, NotAName> {
    if !field.contains(['.', ',', '/', '*', '@']) {
        return Ok(None);
    }
    let host: Host = field.parse().map_err(|_| NotAName(field.to_owned()))?;
    if host.name().is_none() { Err(NotAName(field.to_owned())) } else { Ok(Some(host.bare())) }
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
    fn a_field_is_a_name_if_it_has_its_signs() {
        let name = Ok(Some("www.example.com".to_owned()));
        assert_eq!(host_name("www.example.com"), name);
        assert_eq!(host_name("www.example.com."), name);
        for field in ["web", "eth0", "proxy_7", "eth0:3", "-"] {
            assert_eq!(host_name(field), Ok(None), "{field}");
        }
        let all = [
            "a,b",
            "www.example.com,mail.example.com",
            "*.example.com",
            "*",
            "http://www.example.com/",
            "www.example.com/",
            "root@example.com",
            "192.0.2.1",
            "a..b",
        ];
        for field in all {
            assert_eq!(host_name(field), Err(NotAName(field.to_owned())), "{field}");
        }
    }
}

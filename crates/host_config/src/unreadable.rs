//! A file that cannot be read, beside others of its source that can.

use std::io;

use plugin::ReadError;

/// Why a file cannot be read.
#[derive(Debug)]
pub struct Unreadable(pub(crate) ReadError);

impl Clone for Unreadable {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            ReadError::Refused { path, why } => {
                let number = why.raw_os_error();
                let other = || io::Error::new(why.kind(), why.to_string());
                let why = number.map_or_else(other, io::Error::from_raw_os_error);
                ReadError::Refused { path: path.clone(), why }
            }
            ReadError::TooLarge { path, limit } => ReadError::TooLarge { path: path.clone(), limit: *limit },
            ReadError::TooSlow { path, seconds } => {
                ReadError::TooSlow { path: path.clone(), seconds: *seconds }
            }
        })
    }
}

/// The same file for the same reason.
impl PartialEq for Unreadable {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for Unreadable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_says_the_same() {
        let path = || "/etc/x".into();
        let errors = [
            ReadError::Refused { path: path(), why: io::Error::from_raw_os_error(13) },
            ReadError::Refused {
                path: path(),
                why: io::Error::new(io::ErrorKind::InvalidFilename, "no UTF-8"),
            },
            ReadError::TooLarge { path: path(), limit: 7 },
            ReadError::TooSlow { path: path(), seconds: 0.5 },
        ];
        for error in errors.map(Unreadable) {
            assert_eq!(error.clone(), error);
            assert_eq!(error.clone().0.to_string(), error.0.to_string());
        }
    }
}

//! `--format`: the same report as text, as JSON or for Prometheus.

use std::ffi::OsString;
use std::str::FromStr;

/// How a report is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// One line for the monitor, then the details.
    #[default]
    Text,
    /// One JSON object on one line: docs/output.schema.json.
    Json,
    /// Prometheus' text format, for the textfile collector of node_exporter, with the name of the service if
    /// one was given.
    Prometheus(Option<String>),
}

/// Why a text is not a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not text, json, prometheus or prometheus:SERVICE")]
pub(crate) struct InvalidFormat;

impl FromStr for Format {
    type Err = InvalidFormat;

    fn from_str(text: &str) -> Result<Self, InvalidFormat> {
        match text.split_once(':') {
            Some(("prometheus", service)) if !service.is_empty() => {
                Ok(Self::Prometheus(Some(service.to_owned())))
            }
            None if text == "text" => Ok(Self::Text),
            None if text == "json" => Ok(Self::Json),
            None if text == "prometheus" => Ok(Self::Prometheus(None)),
            _ => Err(InvalidFormat),
        }
    }
}

impl Format {
    /// Returns the format that the arguments ask for, as far as that can be seen before they are parsed: an
    /// error of the command line is printed in it too.
    pub(crate) fn foreseen(arguments: &[OsString]) -> Self {
        let mut texts = arguments.iter().filter_map(|argument| argument.to_str());
        while let Some(argument) = texts.next() {
            let value =
                if argument == "--format" { texts.next() } else { argument.strip_prefix("--format=") };
            if let Some(Ok(format)) = value.map(str::parse) {
                return format;
            }
        }
        Self::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_a_word_and_for_prometheus_a_service() {
        let web = Format::Prometheus(Some("web: 1".to_owned()));
        let rows = [
            ("text", Format::Text),
            ("json", Format::Json),
            ("prometheus", Format::Prometheus(None)),
            ("prometheus:web: 1", web),
        ];
        for (text, format) in rows {
            assert_eq!(text.parse(), Ok(format), "{text}");
        }
        for text in ["", "JSON", "json:x", "text:", "prometheus:", "xml"] {
            assert_eq!(text.parse::<Format>(), Err(InvalidFormat), "{text}");
        }
    }

    #[test]
    fn it_is_seen_before_the_arguments_are_parsed() {
        let foreseen =
            |arguments: &[&str]| Format::foreseen(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(foreseen(&["x", "--bogus", "--format=json"]), Format::Json);
        assert_eq!(foreseen(&["x", "--format", "prometheus"]), Format::Prometheus(None));
        for arguments in [&["x"][..], &["x", "--format"], &["x", "--format=xml"], &["x", "--formats=json"]] {
            assert_eq!(foreseen(arguments), Format::Text, "{arguments:?}");
        }
    }
}

//! Where an event goes, and what selectors and routing keys may ask of it: the destination with its
//! placeholders, and the headers of its frame. Both come from the event as it waits in the spool.

use std::borrow::Cow;

use serde::Deserialize;

/// The most characters of a value in a destination: AMQP's routing keys have 255 octets.
const PART: usize = 60;
/// The most characters of a header.
const HEADER: usize = 250;

/// What of an event its frame shows.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Labels<'a> {
    #[serde(borrow, default)]
    monitor: Cow<'a, str>,
    #[serde(borrow, default)]
    kind: Cow<'a, str>,
    #[serde(borrow, default, rename = "hostname")]
    host: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    service: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    state: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    state_type: Option<Cow<'a, str>>,
}

impl<'a> Labels<'a> {
    /// Reads them from the JSON of an event.
    pub(crate) fn of(json: &'a [u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    fn get(&self, name: &str) -> Option<&str> {
        match name {
            "monitor" => Some(&self.monitor),
            "kind" => Some(&self.kind),
            "host" => self.host.as_deref(),
            "service" => self.service.as_deref(),
            "state" => self.state.as_deref(),
            "state_type" => self.state_type.as_deref(),
            _ => None,
        }
    }

    /// Returns host and service as an administrator names them: `web1 HTTP`, or the host alone.
    pub(crate) fn name(&self) -> String {
        let host = self.host.as_deref().unwrap_or("-");
        self.service.as_deref().map_or_else(|| host.to_owned(), |service| format!("{host} {service}"))
    }

    /// Returns the headers: those that have a value. No version of STOMP can say all control characters, and
    /// so they are blanks.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        NAMES.into_iter().filter_map(move |name| {
            let value: String = self.get(name)?.chars().take(HEADER).map(plain).collect();
            Some((name, value))
        })
    }
}

/// The placeholders, which are the headers too.
const NAMES: [&str; 6] = ["monitor", "kind", "host", "service", "state", "state_type"];

/// Why a destination cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// A placeholder that is none.
    #[error(
        "--destination: {{{0}}} is no placeholder, there are monitor, kind, host, service, state and state_type, see --help"
    )]
    Unknown(String),
    /// A brace without its other.
    #[error(
        "--destination={0}: a placeholder is a name between braces, as in /topic/nagios.{{state}}, see --help"
    )]
    Brace(String),
    /// A character that STOMP cannot send.
    #[error("--destination has a line end, which STOMP cannot send, see --help")]
    LineEnd,
}

/// A destination, perhaps with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template<'a> {
    /// Texts and the placeholder after each.
    parts: Vec<(&'a str, Option<&'static str>)>,
}

impl<'a> Template<'a> {
    /// Parses a destination.
    ///
    /// # Errors
    /// [`TemplateError`]: it has a placeholder that is none.
    pub(crate) fn parse(text: &'a str) -> Result<Self, TemplateError> {
        if text.contains(['\n', '\r', '\0']) {
            return Err(TemplateError::LineEnd);
        }
        let brace = || TemplateError::Brace(text.chars().take(60).collect());
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(brace)?;
            let known = NAMES.into_iter().find(|known| *known == name);
            let known = known.ok_or_else(|| TemplateError::Unknown(name.chars().take(30).collect()))?;
            parts.push((before, Some(known)));
            rest = behind;
        }
        parts.push((rest, None));
        if parts.iter().any(|(text, _)| text.contains('}')) {
            return Err(brace());
        }
        Ok(Self { parts })
    }

    /// Whether events may have different destinations.
    pub(crate) fn has_placeholders(&self) -> bool {
        self.parts.len() > 1
    }

    /// Returns the destination of an event. In a value, what would be another level, a wildcard or a line end
    /// is `_`, and so is a value that is not there.
    pub(crate) fn of(&self, labels: &Labels<'_>) -> String {
        let value = |name: &str| {
            let value = labels.get(name).filter(|value| !value.is_empty()).unwrap_or("_");
            let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
            value.chars().take(PART).map(plain).collect::<String>()
        };
        let part =
            |(text, name): &(&str, Option<&str>)| format!("{text}{}", name.map(value).unwrap_or_default());
        self.parts.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"monitor":"m1","kind":"service","hostname":"web.1/a b#*","service":"a\nHTTP: \"x\"","state":"OK","state_type":null}"#;

    #[test]
    fn placeholders_are_values_without_levels_and_wildcards() {
        let labels = Labels::of(EVENT.as_bytes());
        let rows = [
            ("/topic/nagios", "/topic/nagios"),
            ("/topic/nagios.{state}", "/topic/nagios.OK"),
            (
                "/exchange/x/{monitor}.{kind}.{host}.{service}",
                "/exchange/x/m1.service.web_1_a_b__.a_HTTP___x_",
            ),
            ("{state}{state_type}", "OK_"),
        ];
        for (text, expected) in rows {
            assert_eq!(Template::parse(text).unwrap().of(&labels), expected, "{text}");
        }
        let long = format!(r#"{{"hostname":"{}"}}"#, "h".repeat(500));
        assert_eq!(Template::parse("{host}").unwrap().of(&Labels::of(long.as_bytes())), "h".repeat(PART));
    }

    #[test]
    fn what_is_no_placeholder_is_refused() {
        let rows = [
            ("/topic/{stat}", TemplateError::Unknown("stat".to_owned())),
            ("/topic/{}", TemplateError::Unknown(String::new())),
            ("/topic/{state", TemplateError::Brace("/topic/{state".to_owned())),
            ("/topic/state}", TemplateError::Brace("/topic/state}".to_owned())),
            ("/topic/\n", TemplateError::LineEnd),
        ];
        for (text, error) in rows {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn headers_are_those_with_a_value_and_have_no_line_end() {
        let labels = Labels::of(EVENT.as_bytes());
        let headers: Vec<_> = labels.headers().collect();
        let expected = [
            ("monitor", "m1"),
            ("kind", "service"),
            ("host", "web.1/a b#*"),
            ("service", "a HTTP: \"x\""),
            ("state", "OK"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
    }
}

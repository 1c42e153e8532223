//! status.dat as anyone may have written it: nothing panics, memory is bounded, and the same hosts, services
//! and downtimes come of the same octets however they are cut. The first octet says the cut.

use std::io::{self, Read};

use monitor_state::{Collect, Downtime, Object, status_dat};

#[derive(Default)]
struct Lines(Vec<String>);

impl Collect for Lines {
    fn wants(&mut self, host: &str, service: Option<&str>) -> bool {
        assert!(!host.is_empty() && service != Some(""), "without a name");
        !host.starts_with('-')
    }

    fn object(&mut self, object: &Object<'_>) {
        let details = object.output.details();
        assert!(details.len() <= object.output.long_text.len());
        assert!(object.check_interval.is_finite() && object.check_interval >= 0.0);
        assert!(!object.host.starts_with('-'), "not wanted");
        self.0.push(format!("{object:?} {details:?}"));
    }

    fn downtime(&mut self, downtime: &Downtime<'_>) {
        self.0.push(format!("{downtime:?}"));
    }

    fn restart(&mut self) {
        self.0.clear();
    }
}

struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(room.len());
        self.0.read(&mut room[..most])
    }
}

fn parse(source: impl Read) -> (Vec<String>, String) {
    let mut lines = Lines::default();
    let end = status_dat::parse(source, &mut lines);
    (lines.0, format!("{end:?}"))
}

pub(crate) fn run(input: &[u8]) {
    let Some((first, octets)) = input.split_first() else { return };
    let size = usize::from(*first) % 40 + 1;
    assert_eq!(parse(octets), parse(Trickle(octets, size)), "{size} at a time");
}

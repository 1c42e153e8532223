//! The event's parts as options, one for each macro of Nagios, or from the variables NAGIOS_ of the
//! environment.

use std::env;
use std::ffi::{OsStr, OsString};

/// Says that --from-env found no event in the environment.
#[derive(Debug, thiserror::Error)]
#[error("--from-env: no NAGIOS_HOSTNAME in the environment: nagios.cfg needs enable_environment_macros=1")]
pub(crate) struct NoEnvironment;

/// The parts of an event as they were given. Texts may hold anything, broken UTF-8 too; what is empty counts
/// as not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Event")]
pub struct Macros {
    /// Read the event from the environment variables NAGIOS_*, which nagios.cfg sets with
    /// enable_environment_macros=1; options override them
    #[arg(long)]
    pub from_env: bool,
    /// Name of the host: $HOSTNAME$
    #[arg(long, value_name = "NAME")]
    pub host: Option<OsString>,
    /// Address of the host: $HOSTADDRESS$
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<OsString>,
    /// Name of the service: $SERVICEDESC$. Omit it for an event of the host
    #[arg(long, value_name = "DESCRIPTION")]
    pub service: Option<OsString>,
    /// State, $SERVICESTATE$ or $HOSTSTATE$: OK, WARNING, CRITICAL, UNKNOWN, UP, DOWN or UNREACHABLE
    #[arg(long, value_name = "STATE")]
    pub state: Option<OsString>,
    /// State type, SOFT or HARD: $SERVICESTATETYPE$ or $HOSTSTATETYPE$
    #[arg(long, value_name = "TYPE")]
    pub state_type: Option<OsString>,
    /// Time of the last state change, in seconds since 1970: $LASTSERVICESTATECHANGE$ or
    /// $LASTHOSTSTATECHANGE$
    #[arg(long, value_name = "TIME")]
    pub state_time: Option<OsString>,
    /// Number of the check attempt: $SERVICEATTEMPT$ or $HOSTATTEMPT$
    #[arg(long, value_name = "NUMBER")]
    pub attempt: Option<OsString>,
    /// Number of attempts until the state is HARD: $MAXSERVICEATTEMPTS$ or $MAXHOSTATTEMPTS$
    #[arg(long, value_name = "NUMBER")]
    pub max_attempts: Option<OsString>,
    /// Nagios' number of the event that began this state: $SERVICEEVENTID$ or $HOSTEVENTID$
    #[arg(long, value_name = "NUMBER")]
    pub event_id: Option<OsString>,
    /// Number of the event before that one: $LASTSERVICEEVENTID$ or $LASTHOSTEVENTID$
    #[arg(long, value_name = "NUMBER")]
    pub last_event_id: Option<OsString>,
    /// Number of the problem, 0 if there is none: $SERVICEPROBLEMID$ or $HOSTPROBLEMID$
    #[arg(long, value_name = "NUMBER")]
    pub problem_id: Option<OsString>,
    /// Last hard state. Default: the state itself if it is HARD
    #[arg(long, value_name = "STATE")]
    pub last_hard_state: Option<OsString>,
    /// Number of downtimes that run now: $SERVICEDOWNTIME$ or $HOSTDOWNTIME$
    #[arg(long, value_name = "NUMBER")]
    pub downtime_depth: Option<OsString>,
    /// Whether the problem is acknowledged: 1, 2 or true, 0 or false
    #[arg(long, value_name = "BOOLEAN")]
    pub acknowledged: Option<OsString>,
    /// Whether the object is flapping: 1 or true, 0 or false
    #[arg(long, value_name = "BOOLEAN")]
    pub flapping: Option<OsString>,
    /// Start of the monitor, in seconds since 1970: $PROCESSSTARTTIME$. Without retention data its numbers
    /// begin again then
    #[arg(long, value_name = "TIME")]
    pub monitor_start: Option<OsString>,
    /// Time of the event, in seconds since 1970: $TIMET$. Default: now
    #[arg(long, value_name = "TIME")]
    pub time_t: Option<OsString>,
    /// First line of the check's output: $SERVICEOUTPUT$ or $HOSTOUTPUT$
    #[arg(long, value_name = "TEXT")]
    pub output: Option<OsString>,
    /// Further lines of the check's output: $LONGSERVICEOUTPUT$ or $LONGHOSTOUTPUT$
    #[arg(long, value_name = "TEXT")]
    pub long_output: Option<OsString>,
    /// Performance data of the check: $SERVICEPERFDATA$ or $HOSTPERFDATA$
    #[arg(long, value_name = "TEXT")]
    pub perfdata: Option<OsString>,
    /// Name of the monitor. Default: host name of this machine
    #[arg(long, value_name = "NAME")]
    pub monitor: Option<OsString>,
}

impl Macros {
    /// With what the environment adds, if it was asked for.
    pub(crate) fn complete(&self) -> Result<Self, NoEnvironment> {
        let mut all = self.clone();
        if self.from_env {
            all.add(|name| env::var_os(format!("NAGIOS_{name}")));
            if all.is_empty() {
                return Err(NoEnvironment);
            }
        }
        Ok(all)
    }

    /// Returns whether nothing of an event is given. Times, and which monitor it is, are those of any run.
    pub(crate) fn is_empty(&self) -> bool {
        let general = Self {
            monitor: self.monitor.clone(),
            monitor_start: self.monitor_start.clone(),
            time_t: self.time_t.clone(),
            from_env: self.from_env,
            ..Self::default()
        };
        *self == general
    }

    /// Fills what was not given from variables without their prefix. A service has variables of its own
    /// beside its host's.
    fn add(&mut self, variable: impl Fn(&str) -> Option<OsString>) {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let fill = |field: &mut Option<OsString>, name: &str| {
            if field.is_none() {
                *field = given(name);
            }
        };
        fill(&mut self.host, "HOSTNAME");
        fill(&mut self.address, "HOSTADDRESS");
        fill(&mut self.service, "SERVICEDESC");
        fill(&mut self.time_t, "TIMET");
        fill(&mut self.monitor_start, "PROCESSSTARTTIME");
        let kind = if self.service.as_deref().is_some_and(|service| service != OsStr::new("")) {
            "SERVICE"
        } else {
            "HOST"
        };
        fill(&mut self.state, &format!("{kind}STATE"));
        fill(&mut self.state_type, &format!("{kind}STATETYPE"));
        fill(&mut self.state_time, &format!("LAST{kind}STATECHANGE"));
        fill(&mut self.attempt, &format!("{kind}ATTEMPT"));
        fill(&mut self.max_attempts, &format!("MAX{kind}ATTEMPTS"));
        fill(&mut self.event_id, &format!("{kind}EVENTID"));
        fill(&mut self.last_event_id, &format!("LAST{kind}EVENTID"));
        fill(&mut self.problem_id, &format!("{kind}PROBLEMID"));
        fill(&mut self.downtime_depth, &format!("{kind}DOWNTIME"));
        fill(&mut self.output, &format!("{kind}OUTPUT"));
        fill(&mut self.long_output, &format!("LONG{kind}OUTPUT"));
        fill(&mut self.perfdata, &format!("{kind}PERFDATA"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_variables_are_its_own_and_options_win() {
        let variable = |name: &str| match name {
            "HOSTPERFDATA" => Some(OsString::new()),
            _ => Some(OsString::from(name)),
        };
        let mut service = Macros { output: Some("mine".into()), ..Macros::default() };
        service.add(variable);
        assert_eq!(service.state.as_deref(), Some(OsStr::new("SERVICESTATE")));
        assert_eq!(service.max_attempts.as_deref(), Some(OsStr::new("MAXSERVICEATTEMPTS")));
        assert_eq!(service.last_event_id.as_deref(), Some(OsStr::new("LASTSERVICEEVENTID")));
        assert_eq!(service.problem_id.as_deref(), Some(OsStr::new("SERVICEPROBLEMID")));
        assert_eq!(service.output.as_deref(), Some(OsStr::new("mine")));
        let mut host = Macros::default();
        host.add(|name| variable(name).filter(|_| name != "SERVICEDESC"));
        assert_eq!(host.state_time.as_deref(), Some(OsStr::new("LASTHOSTSTATECHANGE")));
        assert_eq!((host.service, host.perfdata), (None, None));
    }
}

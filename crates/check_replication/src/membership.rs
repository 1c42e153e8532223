//! A server as a member of a group (MySQL's Group Replication) or of a Galera cluster: what it sees of it,
//! and what several of them see together.

mod applier;
mod galera;
mod group;
mod judged;

pub(crate) use galera::Galera;
pub(crate) use group::Group;
pub(crate) use judged::{Demands, Judged};
pub(crate) use {
    galera::STATUS as GALERA_STATUS, galera::is_node, galera::is_out, group::MEMBERS as GROUP_MEMBERS,
    group::members_and_applier,
};

use plugin::Finding;

/// What a server is a member of.
#[derive(Clone, Debug, PartialEq)]
pub enum Membership {
    /// A group of MySQL.
    Group(Group),
    /// A Galera cluster.
    Galera(Galera),
}

impl Membership {
    /// Returns what is wrong with the member called `name`, and with what it sees.
    pub(crate) fn judge(&self, name: &str, demands: &Demands<'_>) -> Judged {
        match self {
            Self::Group(group) => group.judge(name, demands),
            Self::Galera(galera) => galera.judge(name, demands.members),
        }
    }

    /// Returns how many members it sees.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Group(group) => group.size(),
            Self::Galera(galera) => galera.size,
        }
    }

    /// Returns how many seconds the applier of a group is behind; not a number if it does not tell. `None` in
    /// a Galera cluster.
    pub(crate) fn lag(&self) -> Option<f64> {
        match self {
            Self::Group(group) => Some(group.lag.unwrap_or(f64::NAN)),
            Self::Galera(_) => None,
        }
    }

    /// Returns whether another member of its group is the primary, which alone takes writes.
    pub(crate) fn is_secondary(&self) -> bool {
        matches!(self, Self::Group(group) if group.is_secondary())
    }

    /// Returns whether both are members of one group or cluster, which write to each other without channels.
    /// One that is out, or yet joins, does not know the others; that has its own finding.
    pub(crate) fn shares_writes(&self, other: &Self) -> bool {
        let are_alike = self.is_galera() == other.is_galera();
        are_alike && (self.sees_the_same(other) || !self.is_in() || !other.is_in())
    }

    /// Takes what it sees of its members from a later look.
    pub(crate) fn see(&mut self, later: Self) {
        match (self, later) {
            (Self::Group(now), Self::Group(later)) => now.see(later),
            (Self::Galera(now), Self::Galera(later)) => now.see(later),
            _ => {}
        }
    }

    /// Returns whether it is a node of a Galera cluster.
    pub(crate) fn is_galera(&self) -> bool {
        matches!(self, Self::Galera(_))
    }

    /// Returns whether both see the same group or cluster with the same members.
    fn sees_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Group(one), Self::Group(other)) => one.sees_the_same(other),
            (Self::Galera(one), Self::Galera(other)) => one.sees_the_same(other),
            _ => false,
        }
    }

    /// Returns whether the server itself is in its group or cluster, which has a majority as far as it tells.
    pub(crate) fn is_in(&self) -> bool {
        match self {
            Self::Group(group) => group.is_in(),
            Self::Galera(galera) => galera.is_in(),
        }
    }
}

/// Returns whether members seem to see different groups or clusters: at two times they may.
pub(crate) fn are_split(members: &[&Membership]) -> bool {
    let members: Vec<(&str, &Membership)> = members.iter().map(|member| ("", *member)).collect();
    !judge_together(&members).is_empty()
}

/// Judges several members together: those that are in a group are in the same one. A member that is out has
/// its own finding.
pub(crate) fn judge_together(members: &[(&str, &Membership)]) -> Vec<Finding> {
    let mut inside = members.iter().filter(|(_, member)| member.is_in());
    let Some((first, seen)) = inside.next() else { return Vec::new() };
    let other = inside.find(|(_, member)| !member.sees_the_same(seen));
    let split = |(other, _): &(&str, &Membership)| {
        Finding::critical(format!("split: {first} and {other} see different members"))
    };
    other.map(split).into_iter().collect()
}

#[cfg(test)]
pub(crate) mod tests;

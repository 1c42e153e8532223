//! The names that expected databases have on a server: a replica may rename what it gets.

use crate::channel::Channel;
use crate::names::Names;

/// An expected database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnName {
    /// The name that the server has it under.
    pub(crate) name: String,
    /// That for people: with the name that its source has, if that is another.
    pub(crate) shown: String,
    /// Whether a channel surely brings it. If not, one brings it if its source has it, which is not known.
    pub(crate) is_sure: bool,
}

/// Returns each of the `databases` under every name by which these channels bring it. Beside a channel that
/// renames it, another one brings it as it is only if its source has it: `has` says so by its place, and
/// `None` where that is not known.
pub(crate) fn own_names(
    databases: &[String],
    channels: &[Channel],
    names: Names,
    has: &dyn Fn(usize, &str) -> Option<bool>,
) -> Vec<OwnName> {
    let same =
        |database: &String, is_sure| OwnName { name: database.clone(), shown: database.clone(), is_sure };
    let mut all: Vec<OwnName> = Vec::new();
    for database in databases {
        let brought = channels.iter().enumerate().filter(|(_, channel)| !channel.is_group_replication());
        let (renamed, plain): (Vec<_>, Vec<_>) = brought
            .map(|(place, channel)| (place, channel.filters.renamed(database, names)))
            .partition(|(_, to)| to.is_some());
        let by_sources =
            || -> Vec<Option<bool>> { plain.iter().map(|(place, _)| has(*place, database)).collect() };
        let is_plain = if renamed.is_empty() { vec![Some(true)] } else { by_sources() };
        let is_sure = is_plain.contains(&Some(true));
        let own = renamed.into_iter().filter_map(|(_, to)| to).map(|to| OwnName {
            name: to.to_owned(),
            shown: format!("{database} (here {to})"),
            is_sure: true,
        });
        let mut own: Vec<OwnName> = own.collect();
        own.extend((is_sure || is_plain.contains(&None)).then(|| same(database, is_sure)));
        for name in own {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;

    fn channel(name: &str, pairs: &str) -> Channel {
        let columns = [("Connection_name", name), ("Replicate_Rewrite_DB", pairs)];
        Channel::read(&Row::new(columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned())))))
    }

    #[test]
    fn a_database_has_the_name_that_its_channel_gives_it() {
        let plain = || channel("", "");
        let app = || channel("", "shop->app");
        let rows: [(Vec<Channel>, &str); 10] = [
            (vec![], "shop,stock"),
            (vec![plain()], "shop,stock"),
            (vec![app()], "app,stock"),
            (vec![app(), app()], "app,stock"),
            (vec![app(), plain()], "app,shop,stock"),
            (vec![plain(), app()], "app,stock"),
            // The third source was not asked.
            (vec![app(), app(), plain()], "app,shop?,stock"),
            (vec![app(), plain(), plain()], "app,shop,stock"),
            (vec![channel("", "(shop,app),(stock,one)")], "app,one"),
            // It passes on what a member has, by the name that it has there.
            (vec![app(), channel("group_replication_applier", "")], "app,stock"),
        ];
        let databases = ["shop".to_owned(), "stock".to_owned()];
        for (channels, expected) in rows {
            let own = own_names(&databases, &channels, Names::default(), &|place, name| {
                (place < 2).then_some((place, name) == (1, "shop"))
            });
            let found: Vec<String> =
                own.iter().map(|own| format!("{}{}", own.name, if own.is_sure { "" } else { "?" })).collect();
            assert_eq!(found.join(","), expected, "{channels:?}");
            assert!(own.iter().all(|own| own.name != "app" || own.shown == "shop (here app)"), "{own:?}");
        }
    }
}

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
}

/// Returns each of the `databases` under every name by which these channels bring it.
pub(crate) fn own_names(databases: &[String], channels: &[Channel], names: Names) -> Vec<OwnName> {
    let same = |database: &String| OwnName { name: database.clone(), shown: database.clone() };
    let mut all: Vec<OwnName> = Vec::new();
    for database in databases {
        let brought = channels.iter().filter(|channel| !channel.is_group_replication());
        let mut own: Vec<OwnName> = brought
            .map(|channel| match channel.filters.renamed(database, names) {
                Some(to) => OwnName { name: to.to_owned(), shown: format!("{database} (here {to})") },
                None => same(database),
            })
            .collect();
        if own.is_empty() {
            own.push(same(database));
        }
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
        let rows: [(Vec<Channel>, &str); 7] = [
            (vec![], "shop,stock"),
            (vec![plain()], "shop,stock"),
            (vec![app()], "app,stock"),
            (vec![app(), app()], "app,stock"),
            (vec![app(), plain()], "app,shop,stock"),
            (vec![channel("", "(shop,app),(stock,one)")], "app,one"),
            // It passes on what a member has, by the name that it has there.
            (vec![app(), channel("group_replication_applier", "")], "app,stock"),
        ];
        let databases = ["shop".to_owned(), "stock".to_owned()];
        for (channels, expected) in rows {
            let own = own_names(&databases, &channels, Names::default());
            let found: Vec<&str> = own.iter().map(|own| own.name.as_str()).collect();
            assert_eq!(found.join(","), expected, "{channels:?}");
            assert!(own.iter().all(|own| own.name != "app" || own.shown == "shop (here app)"), "{own:?}");
        }
    }
}

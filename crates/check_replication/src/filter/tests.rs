//! Filters judged, as rows.

use std::sync::LazyLock;

use super::*;

/// The database shop is expected, and these filters may leave out a part of it.
fn shop(accepted: &[FilterName]) -> Expected<'_> {
    static SHOP: LazyLock<[String; 1]> = LazyLock::new(|| ["shop".to_owned()]);
    Expected { databases: &*SHOP, accepted }
}

fn filters(text: &str) -> Filters {
    let column = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (format!("Replicate_{name}"), Some(value.to_owned()))
    };
    Filters::read(&Row::new(text.split_whitespace().map(column)))
}

#[test]
fn databases_are_left_out_by_the_rules_of_both_manuals() {
    use LeftOut::{Part, Perhaps, PerhapsWhole, Whole};
    let rows = [
        ("", None),
        ("Do_DB=", None),
        ("Do_DB=shop", None),
        ("Do_DB=stock,shop", None),
        ("Do_DB=stock", Some(Whole("Replicate_Do_DB"))),
        ("Do_DB=sho", Some(Whole("Replicate_Do_DB"))),
        ("Ignore_DB=stock", None),
        ("Ignore_DB=stock,shop", Some(Whole("Replicate_Ignore_DB"))),
        ("Do_DB=shop Ignore_DB=shop", None),
        ("Do_Table=stock.t", Some(Whole("Replicate_Do_Table"))),
        ("Do_Table=shop.t", Some(Part("Replicate_Do_Table"))),
        ("Wild_Do_Table=shop.%", None),
        ("Wild_Do_Table=sh_p.%", None),
        ("Wild_Do_Table=sh\\_p.%", Some(Whole("Replicate_Wild_Do_Table"))),
        ("Wild_Do_Table=%.%", None),
        ("Wild_Do_Table=stock.%", Some(Whole("Replicate_Wild_Do_Table"))),
        ("Wild_Do_Table=shop.order%", Some(Part("Replicate_Wild_Do_Table"))),
        ("Do_Table=stock.t Wild_Do_Table=shop.%", None),
        ("Wild_Ignore_Table=shop.%", Some(Whole("Replicate_Wild_Ignore_Table"))),
        ("Wild_Ignore_Table=s%p.%", Some(Whole("Replicate_Wild_Ignore_Table"))),
        ("Wild_Ignore_Table=shop.tmp%", Some(Part("Replicate_Wild_Ignore_Table"))),
        ("Ignore_Table=shop.t", Some(Part("Replicate_Ignore_Table"))),
        ("Ignore_Table=shop.t Wild_Ignore_Table=shop.%", Some(Whole("Replicate_Wild_Ignore_Table"))),
        ("Wild_Ignore_Table=mysql.%", None),
        ("Do_Domain_Ids=7", Some(Perhaps("Replicate_Do_Domain_Ids"))),
        ("Ignore_Domain_Ids=0", Some(Perhaps("Replicate_Ignore_Domain_Ids"))),
        ("Ignore_Domain_Ids=0 Do_DB=shop", Some(Perhaps("Replicate_Ignore_Domain_Ids"))),
        ("Ignore_Domain_Ids=0 Do_DB=stock", Some(Whole("Replicate_Do_DB"))),
        // The source of this channel has the id 1.
        ("Ignore_Server_Ids=2,1", Some(PerhapsWhole("Replicate_Ignore_Server_Ids"))),
        ("Ignore_Server_Ids=2,11", None),
    ];
    for (text, expected) in rows {
        let context = Context { source: 1, ..Context::default() };
        assert_eq!(filters(text).leave_out("shop", context), expected, "{text}");
    }
}

/// Of MariaDB 10.11 and MySQL 9.7 both: the name is changed once, by the first pair, before filters see it.
#[test]
fn filters_go_by_the_name_that_a_database_has_here() {
    let whole = "CRITICAL b: Replicate_Do_DB leaves out the database shop (here app)";
    let crossing =
        "WARNING b: Replicate_Do_DB loses what sessions in other databases write to shop (here app)";
    let ignored = "CRITICAL b: Replicate_Wild_Ignore_Table leaves out the database shop (here app)";
    // A statement that names the database itself keeps the old name.
    let old = |by: &str| {
        format!("WARNING b: Replicate_{by} loses what sessions in other databases write to shop (here app)")
    };
    let part = |by: &str| format!("WARNING b: Replicate_{by} leaves out tables of shop (here app)");
    let (wild_do, wild_ignore, ignore) =
        (old("Wild_Do_Table"), old("Wild_Ignore_Table"), old("Ignore_Table"));
    let (tmp, orders) = (part("Wild_Ignore_Table"), part("Wild_Do_Table"));
    let both = format!("{orders}, {wild_do}");
    let (one, three) = (format!("{crossing}, {wild_do}"), format!("{wild_do}, {ignore}"));
    let rows = [
        ("Do_DB=shop", "shop->app", whole),
        ("Do_DB=app", "shop->app", crossing),
        ("Do_DB=app", "stock->one,shop->app,shop->two", crossing),
        ("Do_DB=app", "shop->app,app->two", crossing),
        ("Wild_Ignore_Table=shop.%", "shop->app", &wild_ignore),
        ("Wild_Ignore_Table=shop.tmp%", "shop->app", &wild_ignore),
        ("Ignore_Table=shop.t", "shop->app", &ignore),
        // The same of both names.
        ("Wild_Ignore_Table=%.tmp%", "shop->app", &tmp),
        ("Wild_Do_Table=%.orders", "shop->app", &orders),
        ("Wild_Do_Table=%.%", "shop->app", ""),
        ("Wild_Do_Table=app.%,shop.%", "shop->app", ""),
        ("Wild_Ignore_Table=stock.%", "shop->app", ""),
        ("Wild_Do_Table=app.orders", "shop->app", &both),
        ("Do_DB=app Wild_Do_Table=app.%", "shop->app", &one),
        ("Wild_Do_Table=app.% Ignore_Table=shop.t", "shop->app", &three),
        ("Wild_Ignore_Table=app.%", "shop->app", ignored),
        ("Wild_Do_Table=app.%", "shop->app", &wild_do),
        ("Wild_Do_Table=shop.%", "SHOP->app", ""),
        ("Wild_Do_Table=shop.%", "app->shop", ""),
        ("Wild_Do_Table=shop.%", "shop", ""),
    ];
    for (filter, pairs, expected) in rows {
        let of_mysql = format!("({})", pairs.replace(',', "),(").replace("->", ","));
        for pairs in [pairs.to_owned(), of_mysql] {
            let text = format!("{filter} Rewrite_DB={pairs}");
            let context = Context { by_rows: Some(false), ..Context::default() };
            let said: Vec<String> = judge("b", &filters(&text), context, shop(&[]))
                .iter()
                .map(|finding| format!("{} {}", finding.state, finding.text))
                .collect();
            assert_eq!(said.join(", "), expected, "{text}");
        }
    }
}

#[test]
fn names_are_compared_as_each_server_does() {
    use LeftOut::{Part, Perhaps, PerhapsWhole, Whole};
    let (do_db, ignore_db) = (Some(Whole("Replicate_Do_DB")), Some(Whole("Replicate_Ignore_DB")));
    let (wild_do, do_table) = ("Replicate_Wild_Do_Table", "Replicate_Do_Table");
    let ignore_all = "Replicate_Wild_Ignore_Table";
    let ignores = Some(Whole(ignore_all));
    // The database and the filter; what it leaves out in MySQL and in MariaDB, each also with
    // lower_case_table_names.
    let rows = [
        ("shop", "Wild_Ignore_Table=SH%.%", [None, ignores, ignores, ignores]),
        ("shop", "Wild_Do_Table=SHOP.%", [Some(Whole(wild_do)), None, None, None]),
        (
            "shop",
            "Ignore_Table=SHOP.t",
            [
                None,
                Some(Part("Replicate_Ignore_Table")),
                Some(Part("Replicate_Ignore_Table")),
                Some(Part("Replicate_Ignore_Table")),
            ],
        ),
        (
            "shop",
            "Do_Table=Shop.t",
            [Some(Whole(do_table)), Some(Part(do_table)), Some(Part(do_table)), Some(Part(do_table))],
        ),
        ("shop", "Do_DB=SHOP", [do_db, None, do_db, do_db]),
        ("SHOP", "Do_DB=SHOP", [None, None, None, do_db]),
        ("SHOP", "Do_DB=shop", [do_db, None, do_db, None]),
        ("shop", "Ignore_DB=SHOP", [None, ignore_db, None, None]),
        ("SHOP", "Ignore_DB=shop", [None, ignore_db, None, ignore_db]),
        ("café", "Do_DB=cafe", [do_db, do_db, do_db, do_db]),
        ("café", "Do_DB=café", [None, None, None, None]),
        ("café", "Ignore_DB=cafe", [None, None, None, None]),
        // Filters with wildcards of MariaDB regard no accents.
        (
            "café",
            "Wild_Ignore_Table=cafe.%",
            [None, None, Some(PerhapsWhole(ignore_all)), Some(PerhapsWhole(ignore_all))],
        ),
        (
            "cafe",
            "Wild_Ignore_Table=CAFÉ.tmp%",
            [None, None, Some(Perhaps(ignore_all)), Some(Perhaps(ignore_all))],
        ),
        ("café", "Wild_Ignore_Table=CAFÉ.%", [None, ignores, ignores, ignores]),
        ("café", "Wild_Ignore_Table=cafes.%", [None, None, None, None]),
        (
            "café",
            "Wild_Do_Table=cafe.%",
            [
                Some(Whole(wild_do)),
                Some(Whole(wild_do)),
                Some(PerhapsWhole(wild_do)),
                Some(PerhapsWhole(wild_do)),
            ],
        ),
        ("café", "Wild_Do_Table=café.%", [None, None, None, None]),
        ("café", "Do_Table=cafe.t", [Some(Whole(do_table)); 4]),
        (
            "café",
            "Do_Table=CAFÉ.t",
            [Some(Whole(do_table)), Some(Part(do_table)), Some(Part(do_table)), Some(Part(do_table))],
        ),
    ];
    for (database, text, expected) in rows {
        let kinds = [(false, false), (false, true), (true, false), (true, true)];
        let found = kinds.map(|(is_mariadb, is_lower)| {
            let names = Names { is_mariadb, is_lower };
            filters(text).leave_out(database, Context { names, ..Context::default() })
        });
        assert_eq!(found, expected, "{text} {database}");
    }
}

#[test]
fn filters_of_databases_go_by_the_session() {
    let writes = "loses what sessions in other databases write to shop";
    let statements = "CREATE, ALTER, DROP and TRUNCATE";
    let of_row = format!("loses {statements} in shop by sessions in other databases");
    let unknown = format!("{writes}, only {statements} if the source has binlog_format ROW");
    let rows: [(&str, Option<bool>, Vec<String>); 7] = [
        ("Do_DB=shop", Some(false), vec![format!("WARNING a: Replicate_Do_DB {writes}")]),
        ("Do_DB=shop", Some(true), vec![format!("WARNING a: Replicate_Do_DB {of_row}")]),
        ("Ignore_DB=stock", None, vec![format!("WARNING a: Replicate_Ignore_DB {unknown}")]),
        ("Do_DB=stock", None, vec!["CRITICAL a: Replicate_Do_DB leaves out the database shop".to_owned()]),
        (
            "Do_DB=shop Wild_Ignore_Table=shop.tmp%",
            Some(false),
            vec![
                "WARNING a: Replicate_Wild_Ignore_Table leaves out tables of shop".to_owned(),
                format!("WARNING a: Replicate_Do_DB {writes}"),
            ],
        ),
        ("Wild_Do_Table=shop.%", Some(false), vec![]),
        ("", None, vec![]),
    ];
    for (text, by_rows, expected) in rows {
        let context = Context { by_rows, ..Context::default() };
        let found = judge("a", &filters(text), context, shop(&[]));
        let said: Vec<String> = found.iter().map(|found| format!("{} {}", found.state, found.text)).collect();
        assert_eq!(said, expected, "{text} {by_rows:?}");
    }
}

#[test]
fn filters_of_two_servers_are_compared_as_sets() {
    let rows = [
        ("", "", None),
        ("Do_DB=a,b", "Do_DB=b,a", None),
        ("Do_DB=a", "", Some(("Replicate_Do_DB", "a", ""))),
        ("Do_DB=a", "Do_DB=a,b", Some(("Replicate_Do_DB", "a", "a,b"))),
        (
            "Wild_Ignore_Table=a.%",
            "Wild_Ignore_Table=b.%",
            Some(("Replicate_Wild_Ignore_Table", "a.%", "b.%")),
        ),
        ("Ignore_Server_Ids=1", "Ignore_Server_Ids=2", None),
    ];
    for (one, other, expected) in rows {
        assert_eq!(filters(one).difference(&filters(other)), expected, "{one} {other}");
    }
}

#[test]
fn a_part_may_be_left_out_by_filters_that_are_accepted() {
    let critical = "CRITICAL a: Replicate_Do_DB leaves out the database shop";
    let tables = "WARNING a: Replicate_Wild_Ignore_Table leaves out tables of shop";
    let domains = "WARNING a: Replicate_Ignore_Domain_Ids may leave out shop";
    let ignored = "WARNING a: Replicate_Ignore_Table leaves out tables of shop";
    let servers = "WARNING a: Replicate_Ignore_Server_Ids may leave out shop";
    let loses = "loses what sessions in other databases write to shop (here app), \
                 only CREATE, ALTER, DROP and TRUNCATE if the source has binlog_format ROW";
    let old_name = &*format!("WARNING a: Replicate_Wild_Ignore_Table {loses}");
    let taken = &*format!("WARNING a: Replicate_Wild_Do_Table {loses}");
    let rows: [(&str, &str, &[&str]); 14] = [
        // What statements lose that name the database.
        ("Wild_Do_Table=app.% Rewrite_DB=shop->app", "Replicate_Wild_Do_Table", &["OK "]),
        ("Wild_Ignore_Table=shop.% Rewrite_DB=shop->app", "Replicate_Wild_Do_Table", &[old_name]),
        (
            "Wild_Do_Table=app.% Ignore_Table=shop.t Rewrite_DB=shop->app",
            "Replicate_Ignore_Table",
            &[taken, "OK "],
        ),
        // One that is accepted hides no other.
        ("Ignore_Table=shop.tmp Wild_Ignore_Table=shop.or%", "Replicate_Ignore_Table", &["OK ", tables]),
        ("Ignore_Table=shop.tmp Ignore_Server_Ids=1", "Replicate_Ignore_Table", &["OK ", servers]),
        ("Wild_Do_Table=shop.o% Ignore_Table=shop.orders", "Replicate_Wild_Do_Table", &["OK ", ignored]),
        ("Do_Table=shop.a Wild_Do_Table=other.%", "Replicate_Do_Table", &["OK "]),
        ("Ignore_Domain_Ids=7 Ignore_Server_Ids=1", "Replicate_Ignore_Domain_Ids", &["OK ", servers]),
        ("Do_DB=shop", "Replicate_Do_DB", &["OK "]),
        ("Do_DB=stock", "Replicate_Do_DB", &[critical]),
        ("Wild_Ignore_Table=shop.tmp%", "replicate_wild_ignore_table", &["OK "]),
        ("Wild_Ignore_Table=shop.tmp%", "Replicate_Ignore_Table", &[tables]),
        ("Ignore_Domain_Ids=7", "Replicate_Ignore_Domain_Ids", &["OK "]),
        ("Do_DB=shop Ignore_Domain_Ids=7", "Replicate_Do_DB", &[domains, "OK "]),
    ];
    for (text, accepted, expected) in rows {
        let accepted = [accepted.parse().unwrap()];
        let context = Context { source: 1, ..Context::default() };
        let found = judge("a", &filters(text), context, shop(&accepted));
        let said: Vec<String> = found.iter().map(|found| format!("{} {}", found.state, found.text)).collect();
        assert_eq!(said, expected, "{text} {accepted:?}");
    }
    let rows = [
        ("", InvalidFilter::NoName),
        ("shop", InvalidFilter::NoName),
        ("replicate_do", InvalidFilter::NoName),
        ("binlog_do_db,binlog_ignore_db", InvalidFilter::NoName),
        // Nothing of these would become a note.
        ("Replicate_Rewrite_DB", InvalidFilter::Renames),
        ("replicate_ignore_server_ids", InvalidFilter::Source),
    ];
    for (text, error) in rows {
        assert_eq!(text.parse::<FilterName>(), Err(error), "{text}");
    }
}

//! What `config` promises, row by row.

use super::*;
use crate::config::{Rule, identifier};

fn parse(text: &str) -> Result<Config, String> {
    let part = |name: &Path| {
        let content: &[u8] = match name.extension().and_then(|ending| ending.to_str()) {
            _ if name.ends_with("bad.css") => b"</style>",
            Some("png") => b"\x89PNG\r\n\x1a\n",
            _ => b"p{}",
        };
        Ok((name.to_owned(), content.to_owned()))
    };
    Config::parse(Path::new("/etc/x.toml"), text.as_bytes(), part).map_err(|error| error.to_string())
}

const HEAD: &str = "title = \"Example\"\nurl = \"https://status.example.com/\"\n";
const GROUP: &str =
    "[[group]]\nname = \"Europe\"\n[[group.component]]\nname = \"London\"\nfrom = [\"a!b\"]\n";

#[test]
fn all_of_it_is_read() {
    let text = format!(
        "{HEAD}interval = 30\nshow_planned = true\nstyle = \"x.css\"\nlogo = \"x.png\"\nsearch_engines = false\n{GROUP}\
         rule = \"share\"\nshow = \"group\"\nmax_age = 300\nid = \"lon-1\"\n\
         [[group.component]]\nname = \"Paris\"\nfrom = [\"p*\", \"q!?\"]\n"
    );
    let config = parse(&text).unwrap();
    assert_eq!((config.interval, config.interval_length, config.show_planned), (30, 60, true));
    assert_eq!(
        (config.style.as_str(), config.logo.as_deref()),
        ("p{}", Some("data:image/png;base64,iVBORw0KGgo="))
    );
    assert!(!config.search_engines && config.groups[0].hides_components());
    let [london, paris] = config.groups[0].components.as_slice() else { unreachable!("two components") };
    assert_eq!(
        (london.rule, london.is_shown, london.max_age, london.id.as_str()),
        (Rule::Share, false, Some(300), "lon-1")
    );
    assert_eq!((paris.rule, paris.is_shown, paris.id.len()), (Rule::Worst, true, 12));
}

#[test]
fn an_identifier_is_the_same_for_ever() {
    assert_eq!(parse(&format!("{HEAD}{GROUP}")).unwrap().groups[0].components[0].id, "849decbe606d");
    assert_ne!(identifier(&["ab", "c"]), identifier(&["a", "bc"]));
}

#[test]
fn a_wrong_setting_is_named() {
    let rows = [
        (String::new(), "/etc/x.toml: title is not set"),
        ("title = \"a\"\n".to_owned(), "/etc/x.toml: url is not set"),
        ("url = \"https://a/\"\n".to_owned(), "/etc/x.toml: title is not set"),
        (
            format!("{HEAD}\n"),
            "/etc/x.toml: no group, so nothing is public: write [[group]] and [[group.component]]",
        ),
        (
            format!("{HEAD}colour = 1\n{GROUP}"),
            "/etc/x.toml line 3: unknown setting colour, see the manual page",
        ),
        (format!("{HEAD}interval = 5\n{GROUP}"), "/etc/x.toml: interval: 5 is not from 10 to 3600 seconds"),
        (
            format!("{HEAD}style = \"bad.css\"\n{GROUP}"),
            "/etc/x.toml: style: bad.css contains a tag, it must be a style sheet alone",
        ),
        (format!("{HEAD}style = \"\"\n{GROUP}"), "/etc/x.toml: style: the name of a file is missing"),
        (format!("{HEAD}logo = \"\"\n{GROUP}"), "/etc/x.toml: logo: the name of a file is missing"),
        (
            format!("{HEAD}logo = \"x.gif\"\n{GROUP}"),
            "/etc/x.toml: logo: x.gif ends neither in .svg nor in .png, .webp or .jpg",
        ),
        (format!("{HEAD}[[group]]\nname = \"A\"\n"), "/etc/x.toml: group A: no component"),
        (
            format!("{HEAD}[[group]]\nname = \" \"\n"),
            "/etc/x.toml: group: a name has 1 to 100 characters, none of them a control character",
        ),
        (
            format!("{HEAD}{GROUP}rule = \"any\"\n"),
            "/etc/x.toml line 8: rule: any is not one of worst, best, share",
        ),
        (
            format!("{HEAD}{GROUP}id = \"a b\"\n"),
            "/etc/x.toml: component London: id: a b is not letters, digits and dashes",
        ),
        (
            format!("{HEAD}{GROUP}max_age = 0\n"),
            "/etc/x.toml: component London: max_age: 0 s is younger than any result",
        ),
        (
            format!("{HEAD}{}", GROUP.replace("[\"a!b\"]", "[]")),
            "/etc/x.toml: component London: from names no source",
        ),
        (
            format!("{HEAD}{}", GROUP.replace("a!b", "a!")),
            "/etc/x.toml: component London: from: a! is no source: write host!service, or host for the host itself",
        ),
        (
            format!("{HEAD}{GROUP}[[group.component]]\nname = \"London\"\nfrom = [\"x\"]\n"),
            "/etc/x.toml: London stands twice, give each its own name or id",
        ),
        (format!("{HEAD}{GROUP}{GROUP}"), "/etc/x.toml: London stands twice, give each its own name or id"),
        (
            format!("{HEAD}{GROUP}rule = \"\"\n"),
            "/etc/x.toml line 8: rule: an empty text is not one of worst, best, share",
        ),
        (
            format!("{HEAD}{GROUP}show = \"x\"\n"),
            "/etc/x.toml line 8: show: x is not one of component, group",
        ),
        (
            format!("{HEAD}{GROUP}max_age = \"900\"\n"),
            "/etc/x.toml line 8: max_age: write a whole number of 0 or more without quotes, not string 900",
        ),
        (
            format!("{HEAD}{GROUP}max_age = -1\n"),
            "/etc/x.toml line 8: max_age: write a whole number of 0 or more without quotes, not integer -1",
        ),
        (
            format!("{HEAD}{GROUP}max_age = 1.5\n"),
            "/etc/x.toml line 8: max_age: write a whole number of 0 or more without quotes, not the number 1.5",
        ),
        (
            format!("{HEAD}{}", GROUP.replace("[[group]]", "[group]")),
            "/etc/x.toml line 3: group: write group = [...], or [[group]] with two brackets, not [group]",
        ),
        (
            format!("{HEAD}style = [\"x\"]\n{GROUP}"),
            "/etc/x.toml line 3: style: write a path in quotes, not a list",
        ),
        (
            format!("{HEAD}show_planned = 2026-01-01\n{GROUP}"),
            "/etc/x.toml line 3: show_planned: write true or false without quotes, not a date",
        ),
        (
            format!("{HEAD}{}", GROUP.replace("[\"a!b\"]", "[\"a!b\"") + "max_age = 2\n"),
            "/etc/x.toml line 8: from: a comma is missing in its list, or the ] at its end",
        ),
        (
            format!("{HEAD}{GROUP}max_age = 99999999999999999999\n"),
            "/etc/x.toml line 8: max_age: write a whole number of 0 or more without quotes, not integer 99999999999999999999",
        ),
        (format!("{HEAD}{GROUP}rule = 3\n"), "/etc/x.toml line 8: rule: write a text in quotes"),
        (format!("{HEAD}{GROUP}from = []\n"), "/etc/x.toml line 8: from is given twice"),
        (format!("{HEAD}{GROUP}max_age = \n"), "/etc/x.toml line 8: max_age: "),
        (
            format!("{HEAD}show_planned = 1\n{GROUP}"),
            "/etc/x.toml line 3: show_planned: write true or false without quotes, not integer 1",
        ),
        (
            format!("{HEAD}style = 1\n{GROUP}"),
            "/etc/x.toml line 3: style: write a path in quotes, not integer 1",
        ),
        (
            format!("{HEAD}{}", GROUP.replace("[\"a!b\"]", "\"a!b\"")),
            "/etc/x.toml line 7: from: write a list in square brackets, not string a!b",
        ),
        (
            format!("title = \"x\"\nurl = \"status\"\n{GROUP}"),
            "/etc/x.toml: url: status is not the address of a page, write it as https://status.example.com/",
        ),
        (
            format!("title = \"x\"\nurl = \"\"\n{GROUP}"),
            "/etc/x.toml: url: an empty text is not the address of a page, write it as https://status.example.com/",
        ),
    ];
    for (text, error) in rows {
        let seen = parse(&text).unwrap_err().replace(['`', '"'], "");
        assert!(!seen.contains("i128"), "{seen}");
        assert!(seen.starts_with(error), "{text}: {seen}");
    }
    assert_eq!(
        Config::parse(Path::new("x"), b"a\n\xff", |_| unreachable!("no part")).unwrap_err().to_string(),
        "x line 2: not UTF-8"
    );
}

#[test]
fn the_address_of_the_page_has_a_host() {
    let of = |url: &str| parse(&format!("title = \"x\"\nurl = \"{url}\"\n{GROUP}")).map(|config| config.url);
    for url in [
        "https://a",
        "http://a/",
        "https://a:8443/x?y#z",
        "https://[2001:db8::1]/",
        "https://192.0.2.1/status",
    ] {
        assert_eq!(of(url).as_deref(), Ok(url));
    }
    for url in [
        "https://",
        "http://",
        "https:///",
        "https://?x",
        "https://#",
        "https://:443/",
        "https://@/",
        "ftp://a",
    ] {
        let error = of(url).unwrap_err();
        assert!(
            error.starts_with("/etc/x.toml: url: ") && error.contains(" is not the address of a page"),
            "{error}"
        );
    }
    assert_eq!(
        of("https://a:b@c/").unwrap_err(),
        "/etc/x.toml: url: leave out the login, it would be public"
    );
}

//! The text of an incident as HTML: no tag and no attribute comes of it but those that are meant, each closed
//! again.

use publish_status::markdown::html;

const TAGS: [&str; 5] = ["p", "ul", "li", "strong", "code"];

pub(crate) fn run(input: &str) {
    let html = html(input);
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("a tag has an end");
        match tag.strip_prefix('/') {
            Some(tag) => assert_eq!(open.pop(), Some(tag), "{html}"),
            None if TAGS.contains(&tag) => open.push(tag),
            None => {
                let address =
                    tag.strip_prefix("a href=\"").and_then(|rest| rest.strip_suffix("\" rel=\"noopener\""));
                let address = address.unwrap_or_else(|| panic!("{tag} in {html}"));
                assert!(address.starts_with("https://") || address.starts_with("http://"), "{html}");
                assert!(!address.contains(['"', '\'', ' ', '\n']), "{html}");
                open.push("a");
            }
        }
    }
    assert!(open.is_empty(), "{html}");
}

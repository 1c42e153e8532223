//! What is accepted as a question, and what is refused.

use super::*;

fn read(text: &str) -> Result<String, String> {
    let option: NameOption = text.parse().map_err(|why: InvalidQuestion| why.to_string())?;
    let question = option.question(0xab).map_err(|why| why.to_string())?;
    let types: Vec<String> = question.types.iter().map(ToString::to_string).collect();
    let Expect::Resolves(expected) = &question.expect else { panic!("{question:?}") };
    Ok(format!("{} {} {} {}", question.shown, question.name, types.join("+"), expected.len()))
}

#[test]
fn names_types_and_addresses_are_read() {
    let rows = [
        ("www.example.com", "www.example.com www.example.com A+AAAA 0"),
        ("www.example.com.", "www.example.com www.example.com A+AAAA 0"),
        ("_dmarc.example.com/txt", "_dmarc.example.com _dmarc.example.com TXT 0"),
        ("example.com/AAAA=2001:db8::/32", "example.com example.com AAAA 1"),
        ("example.com=192.0.2.1,198.51.100.0/24,::1", "example.com example.com A+AAAA 3"),
        ("*.example.com", "*.example.com 00000000000000ab.example.com A+AAAA 0"),
    ];
    for (text, expected) in rows {
        assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn everything_else_is_refused_with_what_to_write() {
    let long = format!("*.{}", ["x".repeat(60), "y".repeat(60), "z".repeat(60), "w".repeat(60)].join("."));
    let rows = [
        ("", "the name is missing"),
        ("=192.0.2.1", "the name is missing"),
        ("*.", "the name is missing"),
        ("a..example", "a dot in a host name stands between two parts, or once at its end"),
        ("192.0.2.1", "192.0.2.1 is an address, not a name"),
        ("2001:db8::1", "2001:db8::1 is an address, not a name"),
        ("a.example/ANY", "ANY is not one of the types A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV and TXT"),
        ("a.example/", "nothing follows the slash: leave it out, or write as in www.example.com/A"),
        ("a.example=x", "x is not an address, as in www.example.com=192.0.2.80,2001:db8::/32"),
        (
            "a.example=",
            "nothing follows the equals sign: leave it out, or write as in www.example.com=192.0.2.80",
        ),
        (
            "a.example=192.0.2.1/33",
            "192.0.2.1/33 is not an address, as in www.example.com=192.0.2.80,2001:db8::/32",
        ),
        (
            "a.example=192.0.2.1/+8",
            "192.0.2.1/+8 is not an address, as in www.example.com=192.0.2.80,2001:db8::/32",
        ),
        (
            "a.example/A=192.0.2.1,2001:db8::1",
            "2001:db8::1 is no address of A, as in www.example.com/A=192.0.2.80",
        ),
        (
            "a.example/aaaa=192.0.2.0/24",
            "192.0.2.0/24 is no address of AAAA, as in www.example.com/AAAA=2001:db8::80",
        ),
        ("a.example/MX=192.0.2.1", "MX has no addresses: write no = after it"),
        (&long, "the zone is too long for a name below it"),
    ];
    for (text, why) in rows {
        assert_eq!(read(text), Err(why.to_owned()), "{text}");
    }
}

#[test]
fn prefixes_contain_addresses_of_their_family() {
    let rows = [
        ("192.0.2.0/24", "192.0.2.255", true),
        ("192.0.2.0/24", "192.0.3.0", false),
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("0.0.0.0/0", "255.255.255.255", true),
        ("0.0.0.0/0", "::1", false),
        ("::/0", "192.0.2.1", false),
        ("2001:db8::/33", "2001:db8:8000::", false),
        ("2001:db8::1", "2001:db8::1", true),
    ];
    for (prefix, address, within) in rows {
        let prefix: Prefix = prefix.parse().unwrap();
        assert_eq!(prefix.contains(address.parse().unwrap()), within, "{prefix:?} {address}");
    }
}

#[test]
fn names_of_the_same_last_labels_may_be_of_one_zone() {
    let question = |text: &str| text.parse::<NameOption>().unwrap().question(1).unwrap();
    let rows = [
        ("www.Example.com", "example.com"),
        ("*.example.com.", "example.com"),
        ("a.b.c.example.com/MX", "example.com"),
        ("example.com", "example.com"),
        ("*.com", "com"),
        ("com", "com"),
    ];
    for (text, zone) in rows {
        assert_eq!(question(text).zone(), zone, "{text}");
    }
}

#[test]
fn a_random_label_is_for_names_and_zones_alone() {
    let why = |text: &str| text.parse::<Asked>().unwrap_err().to_string();
    assert_eq!(why("*.a.example"), "*.a.example: only --name takes a random label");
    let why = |text: &str| text.parse::<ZoneOption>().unwrap_err().to_string();
    assert_eq!(why("*.a.example"), "*.a.example: leave out the *., its label is random anyway");
    assert_eq!(why("*."), "*.: leave out the *., its label is random anyway");
    assert_eq!(why(""), "the name is missing");
}

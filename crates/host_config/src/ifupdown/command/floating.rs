//! Programs that bind an address on one of several hosts: ucarp(8) and vrrpd(8).

use addresses::HostAddress;

/// Returns the addresses that a program with these arguments moves between hosts.
pub(super) fn addresses(program: &str, arguments: &[&str]) -> Vec<HostAddress> {
    let after = |option: &str| arguments.iter().skip_while(|word| **word != option).nth(1).copied();
    let given = |option: &str| arguments.iter().find_map(|word| word.strip_prefix(option));
    let words: Vec<&str> = match program {
        "ucarp" => after("-a").or_else(|| after("--addr")).or_else(|| given("--addr=")).into_iter().collect(),
        "vrrpd" => arguments.iter().rev().take_while(|word| !word.starts_with('-')).copied().collect(),
        _ => return Vec::new(),
    };
    let is_whole = |word: &&str| word.contains(['.', ':']);
    words.into_iter().filter(is_whole).filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_that_of_all_hosts() {
        let rows = [
            ("ucarp", "-i eth0 -s 192.0.2.2 -v 1 -p x -a 192.0.2.1 -u /up", "192.0.2.1"),
            ("ucarp", "--interface=eth0 --srcip=192.0.2.2 --addr=192.0.2.1 -B", "192.0.2.1"),
            ("ucarp", "--addr 192.0.2.1 -B", "192.0.2.1"),
            ("ucarp", "-i eth0 -a $VIP", ""),
            ("vrrpd", "-i eth0 -v 1 192.0.2.1", "192.0.2.1"),
            ("vrrpd", "-i eth0 -v 50 -D -p 80", ""),
            ("ping", "-a 192.0.2.1", ""),
        ];
        for (program, arguments, expected) in rows {
            let words: Vec<&str> = arguments.split(' ').collect();
            let found: Vec<String> = addresses(program, &words).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{program} {arguments}");
        }
    }
}

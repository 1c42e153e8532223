//! Ports, as `80,443`: each is a port in plain digits, and they print as they were given.
#![no_main]

use addresses::parse_ports;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match parse_ports(text) {
    Ok(ports) => {
        assert!(!ports.is_empty() && ports.iter().all(|port| *port > 0), "{ports:?}");
        let printed: Vec<String> = ports.iter().map(ToString::to_string).collect();
        assert_eq!(printed.join(","), text);
    }
    Err(error) => {
        assert!(error.to_string().ends_with(" is not a port of 1 to 65535"), "{error}");
        assert!(
            text.split(',')
                .any(|part| part.parse::<u16>().map_or(true, |port| port == 0 || port.to_string() != part))
        );
    }
});

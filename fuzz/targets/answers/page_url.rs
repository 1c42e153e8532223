//! The address of a page: what is accepted prints so that it is accepted again, and holds nothing that would
//! end a line of a request.

pub(crate) fn run(input: &str) {
    if let Some(printed) = check_proxy::fuzzing::url(input) {
        assert_eq!(check_proxy::fuzzing::url(&printed).as_deref(), Some(printed.as_str()));
        assert!(!printed.contains(['\r', '\n', ' ', '\0']));
    }
}

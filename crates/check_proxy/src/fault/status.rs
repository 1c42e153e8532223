//! The status of an answer, and what it tells of who refuses what.

/// The status of an answer, with what the answer says of its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// The status code.
    pub(crate) code: u16,
    /// What squid says in X-Squid-Error, without its number.
    pub(crate) squid: Option<String>,
    /// Whether squid marks it there as what its rules deny (deny_info), by a status before the name.
    pub(crate) is_by_rule: bool,
    /// The host to which the answer redirects.
    pub(crate) location: Option<String>,
    /// Whether that is another host than the page's.
    pub(crate) is_elsewhere: bool,
    /// Whether it came through the tunnel, and so from the page.
    pub(crate) from_page: bool,
    /// Whether the proxy itself says so, and does not pass on what the page's server says.
    pub(crate) is_own: bool,
    /// Whether it answers CONNECT: no page's server does through a proxy.
    pub(crate) answers_connect: bool,
}

impl Status {
    /// In few words, for the first line.
    pub(super) fn brief(&self) -> String {
        match self.code {
            code if self.from_page => format!("{code} from the page"),
            code if self.refuses_login() => format!("password refused ({code})"),
            _ => self.answer(),
        }
    }

    /// The status with what the answer says of its reason.
    pub(super) fn answer(&self) -> String {
        let code = self.code;
        match (&self.squid, &self.location) {
            (_, Some(host)) => format!("{code} to {host}"),
            // squid repeats the status there for what deny_info makes.
            (Some(squid), None) if *squid != code.to_string() => format!("{code} {squid}"),
            _ => code.to_string(),
        }
    }

    /// Whether the proxy refuses the login by this: tinyproxy says 401 of a wrong one, and 407 where there is
    /// none.
    pub(crate) fn refuses_login(&self) -> bool {
        !self.from_page && (self.code == 407 || (self.code == 401 && (self.is_own || self.answers_connect)))
    }

    /// Whether it is one that tells a client that it will not get the page: it is not for this client, a
    /// portal, or a refusal of the method, of so many requests, for legal reasons (RFC 7725), or without a
    /// login to the network (RFC 6585). The page's server may say the same.
    pub(crate) fn shows_no_page(&self) -> bool {
        !self.from_page && (self.is_elsewhere || matches!(self.code, 401 | 403 | 405 | 429 | 451 | 511))
    }

    /// Whether the proxy refuses the client by this: by 407, by its rules, by a status that shows no page and
    /// is the proxy's own, or by a redirect in place of a tunnel.
    pub(crate) fn refuses(&self) -> bool {
        let is_shown = self.is_by_proxy() && self.shows_no_page();
        let is_redirect = self.answers_connect && (300..400).contains(&self.code);
        !self.from_page && (self.code == 407 || self.is_denied() || is_shown || is_redirect)
    }

    /// Whether a proxy refuses a tunnel by this. What asks for patience, or for another target, tells nothing
    /// of its rules, unless they are squid's.
    pub(crate) fn refuses_tunnel(&self) -> bool {
        let is_redirect = self.squid.is_some() && (300..400).contains(&self.code);
        matches!(self.code, 400 | 401 | 403 | 405 | 407 | 451 | 511) || self.is_denied() || is_redirect
    }

    /// Whether squid's rules deny the request, by whichever status (deny_info).
    pub(crate) fn is_denied(&self) -> bool {
        self.is_by_rule || self.squid.as_ref().is_some_and(|error| error.ends_with("ACCESS_DENIED"))
    }

    /// Whether the proxy had taken the login, as far as this answer alone tells: it says something of the
    /// page, or passes on what the page's server says.
    pub(super) fn is_past_login(&self) -> bool {
        let is_of_page = self.code >= 500 || matches!(self.code, 404 | 410) || !self.is_by_proxy();
        self.from_page || (self.code != 407 && !self.is_denied() && is_of_page)
    }

    /// Whether a gateway says by it that what is behind it gives no answer, or no right one: each make has
    /// its own choice of these (RFC 9110, section 15.6).
    pub(crate) fn is_of_gateway(&self) -> bool {
        matches!(self.code, 502..=504)
    }

    /// Whether the page's own server says so, behind a tunnel.
    pub(crate) fn is_surely_of_page(&self) -> bool {
        self.from_page && !self.is_by_proxy()
    }

    /// Whether the proxy itself says so. No page's server names squid's errors.
    fn is_by_proxy(&self) -> bool {
        self.answers_connect || self.names_proxy()
    }

    /// Whether the answer names squid or tinyproxy, or is another one that only a proxy gives.
    pub(crate) fn names_proxy(&self) -> bool {
        self.is_own || self.squid.is_some()
    }
}

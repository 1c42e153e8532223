//! The manual page: what clap knows, then the plugin's README.md, then what holds for every plugin.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::sections::Section;
use crate::{ManualError, text};

/// System administration: the section of nrpe and nagios too.
const SECTION: &str = "8";

/// The manual page of a plugin, in roff's man macros. `readme` is its README.md; the day stands as `@date@`.
///
/// # Errors
/// [`ManualError::Write`]: the page is not UTF-8.
pub fn page(command: &Command, readme: &str) -> Result<String, ManualError> {
    let name = command.get_name().to_owned();
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .section(SECTION)
        .date("@date@")
        .manual("Silent outage plugins");
    let (about, rest): (Vec<Section>, Vec<Section>) = Section::all(readme)
        .into_iter()
        .filter(|section| section.title != "Help")
        .partition(|section| section.title == "Overview");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    // Options and addresses are not to be hyphenated, lines not to be stretched.
    page.extend_from_slice(b".nh\n.ad l\n");
    man.render_name_section(&mut page)?;
    synopsis(&name).to_writer(&mut page)?;
    heading("Description").to_writer(&mut page)?;
    for section in about {
        section.body.to_writer(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    if let Some(more) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        let mut notes = heading("Notes");
        notes.text([roman(more.to_string())]);
        notes.to_writer(&mut page)?;
    }
    for section in rest {
        heading(&section.title).to_writer(&mut page)?;
        section.body.to_writer(&mut page)?;
    }
    common().to_writer(&mut page)?;
    // Before a list of possible values clap_mangen breaks the line on either side of an empty one: one empty
    // line is meant.
    text(page).map(|page| without_repeated_preamble(&page).replace("\n.br\n\n.br\n", "\n.sp\n"))
}

/// Each part has brought the definition of an apostrophe; one is enough.
fn without_repeated_preamble(page: &str) -> String {
    let preamble = Roff::new().render();
    format!("{preamble}{}", page.replace(&preamble, ""))
}

fn heading(title: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title.to_uppercase().as_str()]);
    roff
}

/// With its folder, since plugins are in no PATH.
fn synopsis(name: &str) -> Roff {
    let mut roff = heading("Synopsis");
    roff.text([bold(format!("@plugindir@/{name}")), roman(" ["), italic("OPTION"), roman("]...")]);
    roff
}

/// The exit status and where to go on.
fn common() -> Roff {
    let mut roff = heading("Exit status");
    for (code, state) in
        [("0", "OK"), ("1", "WARNING"), ("2", "CRITICAL"), ("3", "UNKNOWN; --help and --version too")]
    {
        roff.control("TP", []).text([bold(code)]).text([roman(state)]);
    }
    roff.control("SH", ["FILES"]);
    let files = [
        ("@nrpedir@/silent-outage-plugins.cfg", "the commands that this host's NRPE answers"),
        ("@exampledir@", "what the monitor needs, and other examples to copy"),
        ("/etc/monitoring-plugins/monitoring-plugins.ini", "options of --extra-opts where it names no file"),
        ("/etc/monitoring-plugins.ini", "the same where the first does not exist"),
    ];
    for (file, what) in files {
        roff.control("TP", []).text([italic(file)]).text([roman(what)]);
    }
    roff.control("SH", ["SEE ALSO"]).text([bold("nrpe"), roman("(8), "), italic("@docdir@/README.md")]);
    roff
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn a_page_has_what_clap_and_the_readme_know() {
        let command =
            Command::new("check_x").about("Is x there?").version("1.2").after_help("One is enough.");
        let command = command
            .arg(Arg::new("file").long("file").value_name("FILE").help("A list").value_parser(["a", "b"]));
        let readme = "# check_x\n\n## Overview\nFinds `x`.\n\n## Help\nno\n\n## States\n| state | when |\n| --- | --- |\n| OK | it is |\n";
        let page = page(&command, readme).unwrap();
        let lines: Vec<&str> = page.lines().collect();
        let headings: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let expected = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "NOTES",
            "STATES",
            "\"EXIT STATUS\"",
            "FILES",
            "\"SEE ALSO\"",
        ];
        assert_eq!(headings, expected, "{page}");
        for line in [
            ".TH CHECK_X 8 @date@ \"check_x 1.2\" \"Silent outage plugins\"",
            "check_x \\- Is x there?",
            "\\fB@plugindir@/check_x\\fR [\\fIOPTION\\fR]...",
            "Finds \\fBx\\fR.",
            "\\fB\\-\\-file\\fR \\fI<FILE>\\fR",
            "One is enough.",
            ".sp",
            "\\fBOK\\fR",
            "it is",
        ] {
            assert!(lines.contains(&line), "no {line} in {page}");
        }
    }
}

//! The quick look: README.md has one for each check, and docs/quick-look.svg is a picture of it, as a
//! terminal shows it.

use std::fmt::Write as _;

use suite::blocks::{Block, hold_file};
use suite::{look, plugins};

/// Characters on a line of the picture, and the size of one in pixels.
const COLUMNS: usize = 118;
const CHARACTER: (f32, f32) = (7.25, 17.0);

/// Gives each check that has no quick look an empty one, for its test on a real host to fill.
fn add_marks() {
    Block::new(&plugins::workspace().join("README.md"), "looks").hold_changed(|shown| {
        let missing = plugins::checks().filter(|name| !shown.contains(&format!("<!-- look {name} -->\n")));
        let marks = missing.map(|name| format!("\n<!-- look {name} -->\n<!-- /look {name} -->\n"));
        shown.to_owned() + &marks.collect::<String>()
    });
}

/// What each check says, in the order of their names.
fn shown() -> Vec<String> {
    add_marks();
    let checks = plugins::checks();
    let shown = checks.map(|name| {
        let text = look::shown(&name);
        assert!(text.is_some(), "README.md has no <!-- look {name} --> with its quick look");
        text.unwrap()
    });
    shown.collect()
}

#[test]
fn each_check_is_shown_well_and_not_well() {
    for (name, text) in plugins::checks().zip(shown()) {
        assert!(
            !text.is_empty(),
            "README.md shows nothing of {name}: UPDATE_DOCS=1 cargo test -p {name} --test system look fills it"
        );
        let states = [" OK - ", " CRITICAL - "].map(|state| text.lines().any(|line| line.contains(state)));
        assert_eq!(states, [true, true], "{text}");
    }
}

/// A line in pieces that fit.
fn wrapped(line: &str) -> Vec<String> {
    line.chars().collect::<Vec<_>>().chunks(COLUMNS).map(|piece| piece.iter().collect()).collect()
}

/// The colour of a line: prompts, and what is well and what is not.
fn colour(line: &str) -> &'static str {
    match () {
        () if line.starts_with("$ ") => "#e6e6e6",
        () if line.contains(" OK - ") => "#7ed491",
        () if line.contains(" CRITICAL - ") => "#ff8a80",
        () => "#b8b8b8",
    }
}

fn picture() -> String {
    let (mut text, mut y) = (String::new(), 26.0);
    for line in shown().join("\n").lines() {
        for piece in wrapped(line) {
            let piece = piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let colour = colour(line);
            writeln!(
                text,
                "<text x=\"14\" y=\"{y}\" fill=\"{colour}\" xml:space=\"preserve\">{piece}</text>"
            )
            .unwrap();
            y += CHARACTER.1;
        }
        // Half a line between one plugin and the next.
        y += if line.is_empty() { CHARACTER.1 / 2.0 } else { 0.0 };
    }
    let (width, height) = (COLUMNS as f32 * CHARACTER.0 + 28.0, y);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <title>What each check says when all is well, and when not</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1d1f21\"/>\n\
         <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"12\">\n{text}</g>\n</svg>\n"
    )
}

#[test]
fn the_picture_shows_what_the_readme_says() {
    let path = plugins::workspace().join("docs/quick-look.svg");
    hold_file(&path, &picture());
}

//! Who answers for a release and where it is: packaging/maintainer, in a repository of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use suite::plugins::workspace;
use suite::process::{Outcome, run};

/// What git says, with a name of its own and none of this user's settings.
fn git(top: &Path, arguments: &[&str]) {
    let settings = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgSign=false"];
    let mut command = Command::new("git");
    let outcome =
        run(command.current_dir(top).args(settings).args(["-c", "tag.gpgSign=false"]).args(arguments));
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {outcome:?}");
}

fn maintainer(top: &Path, name: Option<&str>) -> Outcome {
    let mut command = Command::new(top.join("packaging/maintainer"));
    match name {
        Some(name) => run(command.env("MAINTAINER", name)),
        None => run(command.env_remove("MAINTAINER")),
    }
}

/// Writes the homepage of the project into the metadata of the packages.
fn set_homepage(top: &Path, homepage: &str) {
    let text = fs::read_to_string(workspace().join("packaging/package.toml")).unwrap();
    let field = "\nhomepage = \"\"\n";
    assert!(text.contains(field), "{text}");
    let text = text.replace(field, &format!("\nhomepage = \"{homepage}\"\n"));
    fs::write(top.join("packaging/package.toml"), text).unwrap();
}

/// A repository with one commit.
fn repository(top: &Path, homepage: &str) {
    fs::create_dir(top.join("packaging")).unwrap();
    fs::copy(workspace().join("packaging/maintainer"), top.join("packaging/maintainer")).unwrap();
    set_homepage(top, homepage);
    git(top, &["init", "--quiet"]);
    git(top, &["commit", "--quiet", "--allow-empty", "--message=x"]);
}

#[test]
fn a_release_without_a_homepage_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path();
    let name = "A <a@debian.org>";
    repository(top, "");
    assert_eq!(maintainer(top, Some(name)).stdout, format!("{name}\n"), "without a tag");
    git(top, &["tag", "v1"]);
    for homepage in [
        "",
        "https://",
        "www.debian.org",
        "https://www.Example.com/x",
        "http://x.invalid:80/",
        "https://localhost",
    ] {
        set_homepage(top, homepage);
        let outcome = maintainer(top, Some(name));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{homepage:?}");
        assert!(outcome.stderr.contains("homepage in packaging/package.toml"), "{}", outcome.stderr);
    }
    for homepage in ["https://www.debian.org/x", "http://myexample.com:8080"] {
        set_homepage(top, homepage);
        assert_eq!(maintainer(top, Some(name)).stdout, format!("{name}\n"), "{homepage}");
    }
}

#[test]
fn a_release_without_a_maintainer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path();
    repository(top, "https://www.debian.org");
    let nobody = [
        "A <a@silent-outage-plugins.example>",
        "A <a@example.com>",
        "A <a@mail.Example.ORG>",
        "A <a@example.net.>",
        "A <a@x.invalid>",
        "A <a@localhost>",
        "A <>",
    ];
    let somebody = ["A <a@myexample.com>", "A <a@example.com.au>", "A. Example <a@debian.org>"];
    for name in nobody.iter().chain(&somebody) {
        assert_eq!(maintainer(top, Some(name)).stdout, format!("{name}\n"), "without a tag");
    }
    git(top, &["tag", "v1"]);
    for name in nobody.into_iter().map(Some).chain([None]) {
        let outcome = maintainer(top, name);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""), "{name:?}");
        assert!(outcome.stderr.contains("MAINTAINER names nobody"), "{}", outcome.stderr);
    }
    for name in somebody {
        assert_eq!(maintainer(top, Some(name)).stdout, format!("{name}\n"));
    }
}

#[test]
fn every_script_that_packs_asks_for_the_maintainer() {
    for script in ["packaging/build", "packaging/source"] {
        let text = fs::read_to_string(workspace().join(script)).unwrap();
        assert!(text.contains("\nmaintainer=$(packaging/maintainer)\n"), "{script}");
    }
}

//! Separates the words of `case … esac` from the commands beside them.

use super::super::shell::{Follows, Simple};

/// Words after which another command begins.
const OPENING: [&str; 9] = ["do", "then", "else", "elif", "if", "while", "until", "(", "{"];
/// The mark of the patterns of an arm. It cannot be a word of a command line.
pub(super) const ARM: &str = "\0arm";

/// The mark of the name of a function that is defined.
pub(super) const FUNCTION: &str = "\0function";

/// The part of the structure that the next words belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Patterns,
    List,
}

/// Makes `case WORD`, the patterns of each arm, `;;` and `esac` commands of their own, and the name of a
/// function before its body.
pub(super) fn apart(commands: Vec<Simple>) -> Vec<Simple> {
    let mut all: Vec<Simple> = Vec::new();
    let mut open: Vec<Within> = Vec::new();
    let mut patterns: Vec<String> = Vec::new();
    for Simple { mut follows, words } in commands {
        let mut words = words.as_slice();
        loop {
            match (open.last(), words) {
                (_, []) => break,
                (Some(_), [first, rest @ ..]) if first == "esac" => {
                    all.push(Simple { follows: Follows::Always, words: vec![first.clone()] });
                    open.pop();
                    words = rest;
                }
                (Some(Within::List), [first]) if first == ";;" => {
                    all.push(Simple { follows: Follows::Always, words: vec![first.clone()] });
                    close(&mut open, Within::Patterns);
                    break;
                }
                (Some(Within::Patterns), _) => {
                    let (before, rest) = until(words, ")");
                    patterns.extend(before.iter().filter(|word| *word != "(").cloned());
                    if !rest.is_empty() {
                        let arm = std::iter::once(ARM.to_owned()).chain(patterns.drain(..)).collect();
                        all.push(Simple { follows: Follows::Always, words: arm });
                        close(&mut open, Within::List);
                        follows = Follows::Always;
                    }
                    words = rest.get(1..).unwrap_or_default();
                }
                (_, [first, rest @ ..]) if first == "case" => {
                    let (word, rest) = until(rest, "in");
                    all.push(Simple { follows, words: vec![first.clone(), only(word)] });
                    open.push(Within::Patterns);
                    words = rest.get(1..).unwrap_or_default();
                }
                (_, all_words) if let Some((head, rest)) = head(all_words) => {
                    all.push(Simple { follows, words: head });
                    (follows, words) = (Follows::Always, rest);
                }
                (_, [first, rest @ ..]) if OPENING.contains(&first.as_str()) => {
                    all.push(Simple { follows, words: vec![first.clone()] });
                    (follows, words) = (Follows::Always, rest);
                }
                _ => {
                    all.push(Simple { follows, words: words.to_vec() });
                    break;
                }
            }
        }
    }
    all
}

/// Returns the head of a function that is defined, or of `for NAME do`, and the words after it.
fn head(words: &[String]) -> Option<(Vec<String>, &[String])> {
    let of_function = |name: &String| vec![FUNCTION.to_owned(), name.clone()];
    let plain: Vec<&str> = words.iter().take(4).map(String::as_str).collect();
    let (name, length) = match plain.as_slice() {
        ["for", _, "do", ..] => return words.split_at_checked(2).map(|(head, rest)| (head.to_vec(), rest)),
        // As bash has it too.
        ["function", _, "(", ")"] => (1, 4),
        ["function", _, ..] => (1, 2),
        [_, "(", ")", ..] => (0, 3),
        _ => return None,
    };
    Some((of_function(words.get(name)?), words.get(length..)?))
}

/// Returns the words before the first word that is `end`, and the words from there on.
fn until<'a>(words: &'a [String], end: &str) -> (&'a [String], &'a [String]) {
    let at = words.iter().position(|word| word == end).unwrap_or(words.len());
    words.split_at_checked(at).unwrap_or_default()
}

/// Returns the word of a `case`. The output of a command is not known.
fn only(words: &[String]) -> String {
    if let [word] = words { word.clone() } else { "$".to_owned() }
}

fn close(open: &mut [Within], next: Within) {
    if let Some(last) = open.last_mut() {
        *last = next;
    }
}

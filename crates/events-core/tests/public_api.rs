//! What others can name of the libraries, as `public-api.txt` of each has it: a change of it is a change of that file.
//!
//! The list is read from the source, so it needs no compiler of a certain version. It does not show whether a type is
//! `Send`, and not what a macro of another crate makes, but for derived traits.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "public_api/list.rs"]
mod list;
#[path = "public_api/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use source::Source;

const UPDATE: &str = "EVENTS_BLESS=1 cargo test -p events-core --test public_api";

#[expect(clippy::disallowed_methods, reason = "it writes a file of this repository when it is told to")]
fn check(package: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package);
    let items = list::list(&Source::read(&package.replace('-', "_"), &folder.join("src/lib.rs")));
    let header = format!("# What others can name of {package}, one item a line. `{UPDATE}` writes it.\n");
    let api = header + &items.join("\n") + "\n";
    let path = folder.join("public-api.txt");
    if std::env::var_os("EVENTS_BLESS").is_some() {
        std::fs::write(&path, &api).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let missing = |from: &str, other: &str, sign: &str| -> String {
        let other: BTreeSet<_> = other.lines().collect();
        let lines = from.lines().filter(|line| !other.contains(line));
        lines.flat_map(|line| [sign, line, "\n"]).collect()
    };
    let (gone, new) = (missing(&committed, &api, "- "), missing(&api, &committed, "+ "));
    assert!(
        committed == api,
        "the public items of {package} are others now:\n{gone}{new}Is that meant? Then `{UPDATE}`."
    );
}

#[test]
fn the_public_items_of_the_core_are_those_of_its_list() {
    check("events-core");
}

#[test]
fn the_public_items_of_the_stores_are_those_of_their_list() {
    check("events-stores");
}

#[test]
fn lists_what_can_be_named_and_nothing_else() {
    let text = r#"
        mod inner {
            /// Documented.
            #[derive(Debug, Clone)]
            #[non_exhaustive]
            pub struct Open<'a> {
                /// A field.
                pub text: &'a str,
                secret: u8,
            }
            impl<'a> Open<'a> {
                pub const MAX: usize = 7;
                /// Spread over lines.
                pub fn long(
                    &self,
                    other: Vec<u8>,
                ) -> Result<(), String> {
                    Ok(())
                }
                fn hidden(&self) {}
                pub(crate) fn internal(&self) {}
            }
            impl Iterator for Open<'_> {
                type Item = u8;
                fn next(&mut self) -> Option<u8> { None }
            }
            pub(crate) trait Own {}
            impl Own for Open<'_> {}
            pub struct Unreachable;
        }
        pub mod outer {
            pub enum Choice { One, Two { of: u8 }, Three(String) }
            pub(crate) fn hidden() {}
            impl std::fmt::Display for Choice {
                fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
            }
        }
        macro_rules! kinds {
            ($($kind:ident $name:literal;)*) => {
                #[derive(Clone)]
                pub enum Kind { $($kind,)* }
                impl Kind {
                    pub fn name(self) -> &'static str { match self { $(Self::$kind => $name),* } }
                }
            };
        }
        kinds! {
            /// Documented.
            First "first";
            Second "second";
        }
        pub use inner::Open;
        pub use outer::Choice;
        pub fn free<T: Clone>(of: &T) -> T { of.clone() }
        #[cfg(test)]
        pub mod tests {}
    "#;
    let expected = [
        "pub mod krate",
        "pub enum krate::Choice",
        "impl std::fmt::Display for krate::Choice",
        "krate::Choice::One",
        "krate::Choice::Three(String)",
        "krate::Choice::Two { of: u8 }",
        "pub enum krate::Kind",
        "impl Clone for krate::Kind",
        "krate::Kind::First",
        "krate::Kind::Second",
        "pub fn krate::Kind::name(self) -> &'static str",
        "#[non_exhaustive] pub struct krate::Open<'a>, with private fields",
        "impl Clone for krate::Open",
        "impl Debug for krate::Open",
        "impl Iterator for krate::Open<'_>, with Item = u8",
        "pub const krate::Open::MAX: usize",
        "pub fn krate::Open::long(&self, other: Vec<u8>) -> Result<(), String>",
        "pub krate::Open::text: &'a str",
        "pub fn krate::free<T: Clone>(of: &T) -> T",
        "pub mod krate::outer",
        "pub use krate::outer::Choice, which is krate::Choice",
    ];
    assert_eq!(list::list(&Source::of_text("krate", text)), expected);
}

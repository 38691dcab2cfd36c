//! As much of Markdown as the documents have.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

static SPAN: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([^`]+)`").unwrap());
static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^()\s]+)\)").unwrap());

/// A document.
pub(crate) struct Document {
    /// Below the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) lines: Vec<String>,
}

/// A fenced block.
pub(crate) struct Block<'a> {
    /// What stands behind the fence.
    pub(crate) language: &'a str,
    /// The place of its first line in the document.
    pub(crate) start: usize,
    /// Its lines, without the indentation of the fence.
    pub(crate) lines: Vec<&'a str>,
}

impl Document {
    /// All documents of the repository.
    pub(crate) fn all(root: &Path) -> Vec<Self> {
        let mut paths = Vec::new();
        collect(root, &mut paths);
        paths.sort();
        let read = |path: PathBuf| Self {
            lines: fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect(),
            path: path.strip_prefix(root).unwrap().to_owned(),
        };
        paths.into_iter().map(read).collect()
    }

    /// Its name and a line of it, counted from 1 as editors do.
    pub(crate) fn place(&self, line: usize) -> String {
        format!("{}:{}", self.path.display(), line + 1)
    }

    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut open: Option<(&str, usize, Block<'_>)> = None;
        for (number, line) in self.lines.iter().enumerate() {
            let text = line.trim_start();
            let ticks = text.len() - text.trim_start_matches('`').len();
            open = match open {
                None if ticks >= 3 => {
                    let (fence, language) = text.split_at(ticks);
                    let block = Block { language: language.trim(), start: number + 1, lines: Vec::new() };
                    Some((fence, line.len() - text.len(), block))
                }
                Some((fence, _, block)) if text.trim_end() == fence => {
                    blocks.push(block);
                    None
                }
                Some((fence, indent, mut block)) => {
                    let spaces = line.len() - text.len();
                    block.lines.push(&line[spaces.min(indent)..]);
                    Some((fence, indent, block))
                }
                None => None,
            };
        }
        blocks
    }

    /// The lines outside of blocks, by their places.
    pub(crate) fn prose(&self) -> Vec<(usize, &str)> {
        let mut lines: BTreeMap<_, _> = self.lines.iter().map(String::as_str).enumerate().collect();
        for block in self.blocks() {
            // The fences are no prose either.
            for line in block.start - 1..=block.start + block.lines.len() {
                lines.remove(&line);
            }
        }
        lines.into_iter().collect()
    }

    /// Texts in backticks outside of blocks, by the places of their lines.
    pub(crate) fn spans(&self) -> Vec<(usize, &str)> {
        let of_line =
            |(number, line)| SPAN.captures_iter(line).map(move |span| (number, span.get(1).unwrap().as_str()));
        self.prose().into_iter().flat_map(of_line).collect()
    }

    /// The targets of links, by the places of their lines.
    pub(crate) fn links(&self) -> Vec<(usize, String)> {
        let mut links = Vec::new();
        for (number, line) in self.prose() {
            let text = SPAN.replace_all(line, "");
            links.extend(LINK.captures_iter(&text).map(|link| (number, link[1].to_owned())));
        }
        links
    }

    /// The names by which links find its headings, as GitHub and mdBook make them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut seen = BTreeMap::new();
        let headings = self.prose().into_iter().filter_map(|(_, line)| line.strip_prefix('#'));
        headings
            .map(|heading| {
                let heading = heading.trim_start_matches('#').trim().to_lowercase();
                let kept =
                    heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
                let anchor: String = kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect();
                let times = seen.entry(anchor.clone()).and_modify(|times| *times += 1).or_insert(0);
                if *times == 0 { anchor } else { format!("{anchor}-{times}") }
            })
            .collect()
    }
}

/// Every document below a folder that is no build's and not hidden.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
}

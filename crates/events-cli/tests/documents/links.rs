//! Whether links lead somewhere, as files of the repository and in the book.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::markdown::Document;

/// The pages of the book, and the page that lists them.
const BOOK: &str = "docs";
const SUMMARY: &str = "docs/SUMMARY.md";

pub(crate) fn check(root: &Path, documents: &[Document]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut count = 0;
    for document in documents {
        for (line, link) in document.links() {
            if link.contains(':') {
                continue;
            }
            count += 1;
            let problem = leads(root, documents, document, &link).err();
            problems.extend(problem.map(|problem| format!("{}: `{link}` {problem}", document.place(line))));
        }
    }
    println!("documents: {count} links between {} documents", documents.len());
    problems.extend(unlisted(documents));
    problems
}

/// Whether there is what a link names.
fn leads(root: &Path, documents: &[Document], from: &Document, link: &str) -> Result<(), &'static str> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let target = match path {
        "" => from.path.clone(),
        path => resolved(&from.path, path).ok_or("leads out of the repository")?,
    };
    if !root.join(&target).exists() {
        return Err("leads nowhere");
    }
    let (Some(anchor), Some(document)) = (anchor, documents.iter().find(|document| document.path == target)) else {
        return Ok(());
    };
    if document.anchors().iter().any(|name| name == anchor) { Ok(()) } else { Err("names no heading") }
}

/// The path of a link in a document, below the root.
fn resolved(from: &Path, link: &str) -> Option<PathBuf> {
    let mut target = from.parent()?.to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir if !target.pop() => return None,
            Component::Normal(name) => target.push(name),
            _ => {}
        }
    }
    Some(target)
}

/// Pages that the book has not, or has twice.
fn unlisted(documents: &[Document]) -> Vec<String> {
    let Some(summary) = documents.iter().find(|document| document.path == Path::new(SUMMARY)) else {
        return vec![format!("there is no {SUMMARY}")];
    };
    let mut problems = Vec::new();
    let mut listed = BTreeSet::new();
    for (line, link) in summary.links() {
        if resolved(&summary.path, &link).is_some_and(|path| !listed.insert(path)) {
            problems.push(format!("{}: `{link}` is listed twice", summary.place(line)));
        }
    }
    let pages = documents.iter().filter(|document| document.path.starts_with(BOOK) && document.path != summary.path);
    let missing = pages.filter(|page| !listed.contains(&page.path));
    problems.extend(missing.map(|page| format!("{} is not in {SUMMARY}", page.path.display())));
    println!("documents: {} pages of the book", listed.len());
    problems
}

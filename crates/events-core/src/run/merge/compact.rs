//! Small files of a partition become one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::object::TableObjects;
use crate::error::{Error, Result};
use crate::run::context::Context;
use crate::run::control::{Replaced, Snapshot, Step, TableFile};
use crate::run::ledger::check_kept;
use crate::run::outputs::{Destination, Output};
use crate::run::profile::spend;
use crate::run::remote::Remote;
use crate::run::report::Part;
use crate::run::staging::Staging;
use crate::run::writers::Writers;
use crate::table::{FileSeries, KindCache, Rewrite, RewriteError, Source};

/// Files whose rows go to the first of them.
pub(crate) type Group = Vec<TableFile>;

/// Which files of a partition become one: those that are not full, in the order of their names, until one would be full.
/// A file without rows goes with any other, and alone where alone it can go.
pub(crate) fn groups<'a>(files: impl Iterator<Item = &'a TableFile>, full_bytes: u64, writers: Writers) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open: Group = Vec::new();
    let mut bytes = 0;
    for file in files.filter(|file| file.bytes < full_bytes) {
        // Where it cannot be removed, a file without rows is as small as it gets.
        if file.rows == 0 && writers == Writers::Many {
            continue;
        }
        bytes += file.bytes;
        open.push(file.clone());
        if bytes >= full_bytes {
            bytes = 0;
            groups.push(std::mem::take(&mut open));
        }
    }
    groups.push(open);
    groups.retain(|group| group.len() > 1);
    // The largest one gets the rows of the others.
    for group in &mut groups {
        group.sort_by(|one, two| two.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&two.name)));
    }
    groups
}

/// Merges all groups, for many threads.
pub(crate) struct Compact {
    context: Arc<Context>,
    groups: Vec<Group>,
    /// The commit that will merge them.
    commit: u64,
    next: AtomicUsize,
}

impl Compact {
    pub(crate) fn new(context: &Arc<Context>, snapshot: &Snapshot) -> Self {
        let full_bytes = context.config.file_bytes_max as u64;
        let groups =
            snapshot.partitions().flat_map(|files| groups(files.values(), full_bytes, context.writers)).collect();
        Self { context: Arc::clone(context), groups, commit: snapshot.sequence + 1, next: AtomicUsize::new(0) }
    }

    /// The files that are merged, group by group.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<Output>> {
        let _working = spend(Part::Encode);
        let mut staging = Staging::new(&self.context, remote);
        let mut kinds = KindCache::new(Arc::default());
        loop {
            self.context.stop.check()?;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(group) = self.groups.get(number) else { return staging.finish() };
            self.merge(group, &mut kinds, remote, &mut staging)?;
        }
    }

    fn merge(&self, group: &Group, kinds: &mut KindCache, remote: &Remote, staging: &mut Staging<'_>) -> Result<()> {
        let (config, objects) = (&self.context.config, TableObjects::new(&self.context));
        let file_config = config.file_config().anew_by(self.commit);
        let read = group.iter().map(|file| objects.read(file, remote)).collect::<Result<Vec<_>>>()?;
        let replace = |number: usize| Destination::Replace {
            name: group[number].name.clone(),
            replaced: Replaced { digest: group[number].digest, e_tag: read[number].e_tag.clone() },
        };
        let failed = |error: RewriteError| objects.damaged(&group[error.source.unwrap_or_default()], error.problem);
        let sources = read.iter().map(|object| Source { file: object.bytes.clone(), without: None }).collect();
        let rewrite = Rewrite::open(sources, kinds, &file_config, config.file_bytes_max).map_err(failed)?;
        let folder = &group[0].folder;
        let written = rewrite.map(|file| file.map_err(failed)).collect::<Result<Vec<_>>>()?;
        let rows = written.iter().map(|file| file.rows).sum();
        // Rows that do not fit go to new files, which must be there before the old ones are replaced.
        let first = if written.len() > 1 { Step::Rotate } else { Step::Grow };
        for (number, file) in written.into_iter().enumerate() {
            let (destination, step) = if number == 0 { (replace(0), first) } else { (Destination::New, Step::Add) };
            staging.send(file, folder.clone(), 0, destination, step)?;
        }
        check_kept(group.iter().map(|file| file.rows).sum(), rows)?;
        // Alone, a run may remove what is left; among many, somebody late could make it again, so it stays without rows.
        if self.context.writers == Writers::Many {
            for number in 1..group.len() {
                let empty = FileSeries::new(&file_config, config.file_bytes_max, 0);
                let empty = empty.finish().map_err(Error::encoding)?;
                staging.send(empty, folder.clone(), 0, replace(number), Step::Shrink)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::control::Digest;

    fn file(name: &str, rows: u64, bytes: u64) -> TableFile {
        let (folder, name) = (String::new(), name.to_owned());
        TableFile { folder, name, rows, bytes, tail_bytes: 0, digest: Digest(0) }
    }

    #[test]
    fn groups_what_is_not_full_until_it_is() {
        let files = [file("a", 1, 30), file("b", 9, 100), file("c", 1, 50), file("d", 1, 40), file("e", 1, 1)];
        let names = |writers| -> Vec<Vec<String>> {
            let groups = groups(files.iter(), 100, writers);
            groups.iter().map(|group| group.iter().map(|file| file.name.clone()).collect()).collect()
        };
        assert_eq!(names(Writers::Single), [["c", "d", "a"]]);
        assert!(groups([file("a", 1, 30)].iter(), 100, Writers::Single).is_empty());
    }

    #[test]
    fn a_file_without_rows_goes_only_where_it_can_be_removed() {
        let files = [file("a", 1, 30), file("b", 0, 3)];
        assert_eq!(groups(files.iter(), 100, Writers::Single).len(), 1);
        assert_eq!(groups(files.iter(), 100, Writers::Many).len(), 0);
    }
}

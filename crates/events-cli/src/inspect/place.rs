//! What an argument names: a table, or inputs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use events_core::table::column;
use events_stores::{Access, CONTROL, ZoneUrl, ZoneUrls};
use futures::StreamExt;
use object_store::{ListResult, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use super::source::{InputSource, Object};
use super::tell_unread;
use crate::error::{Error, Result};
use crate::places::{self, EVENTS, LANDING, PENDING, TRUSTED};
use crate::settings::{Source, Subject};

/// What is to be looked at.
pub(super) enum Found {
    Table(Box<ZoneUrls>),
    Inputs(Inputs),
}

/// Inputs, and what is known of those that cannot be found.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub(super) sources: Vec<InputSource>,
    pub(super) unread: Vec<String>,
}

/// Finds out what arguments name. Of several, none is a table.
///
/// | argument | is |
/// |---|---|
/// | a folder with `trusted` or `landing` in it | the root of a table |
/// | a folder with `control` in it, or `events` with partitions | the trusted zone of a table |
/// | a folder `events` with partitions | the files of a table |
/// | a landing zone, with `pending` in it | what is pending there |
/// | any other folder | all files in it, at any depth |
/// | a file, `-` | an input |
///
/// Prefixes of a bucket are told apart in the same way, and so is the name of an object.
pub(super) fn find(places: &[PathBuf], runtime: &Runtime) -> Result<Found> {
    let mut inputs = Inputs::default();
    for place in places {
        let table = match place.to_str().filter(|text| text.contains("://")) {
            Some(url) => of_url(url, &mut inputs, runtime)?,
            None => of_path(place, &mut inputs)?,
        };
        let Some(table) = table else { continue };
        if places.len() > 1 {
            let place = place.to_string_lossy().into_owned();
            return Err(Error::Place { place, problem: "holds a table: look at it alone".to_owned() });
        }
        return Ok(Found::Table(Box::new(Subject::table(&table)?)));
    }
    Ok(Found::Inputs(inputs))
}

/// The trusted zone of the table that a path names, or else its inputs.
fn of_path(path: &Path, inputs: &mut Inputs) -> Result<Option<ZoneUrl>> {
    if !path.is_dir() {
        inputs.sources.push(InputSource::Local(Source::of(path.to_owned())));
        return Ok(None);
    }
    if let Some(trusted) = trusted_of(path)? {
        let Some(text) = trusted.to_str() else {
            let problem = "cannot be named in a URL: its name is no text".to_owned();
            return Err(Error::Folder { path: trusted, problem });
        };
        return Ok(Some(ZoneUrl::parse(text)?));
    }
    let pending = path.join(PENDING);
    walk(if pending.is_dir() { &pending } else { path }, inputs);
    Ok(None)
}

/// The trusted zone that a folder names.
fn trusted_of(folder: &Path) -> Result<Option<PathBuf>> {
    let has = |name: &str| folder.join(name).is_dir();
    if has(TRUSTED) || has(LANDING) {
        return Ok(Some(folder.join(TRUSTED)));
    }
    if has(CONTROL) || has_partitions(&folder.join(EVENTS)) {
        return Ok(Some(folder.to_owned()));
    }
    if !has_partitions(folder) {
        return Ok(None);
    }
    // The name of `.` is that of the folder it stands for.
    let named = folder.canonicalize();
    let named = named.map_err(|source| Error::Io { operation: "finding folder", path: folder.to_owned(), source })?;
    match named.parent() {
        Some(parent) if named.ends_with(EVENTS) => Ok(Some(parent.to_owned())),
        _ => Err(misnamed(folder.to_string_lossy().into_owned())),
    }
}

fn misnamed(place: String) -> Error {
    let problem = format!("holds partitions, but a table has them in a folder of the name `{EVENTS}`");
    Error::Place { place, problem }
}

fn has_partitions(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| is_partition(&name.to_string_lossy()))
}

fn is_partition(name: &str) -> bool {
    name.strip_prefix(column::DOMAIN_EVENT_TYPE).is_some_and(|rest| rest.starts_with('='))
}

/// All files in a folder, at any depth, in the order of their names. Folders that are only linked to are left out: they may
/// lead back.
fn walk(folder: &Path, inputs: &mut Inputs) {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut paths: Vec<_> = match entries {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
        Err(source) => {
            let error = Error::Io { operation: "reading folder", path: folder.to_owned(), source };
            return inputs.unread.push(tell_unread(&error));
        }
    };
    paths.sort();
    for path in paths {
        if !path.is_dir() {
            inputs.sources.push(InputSource::Local(Source::File(path)));
        } else if !path.is_symlink() {
            walk(&path, inputs);
        }
    }
}

/// The trusted zone of the table that a URL names, or else its inputs.
fn of_url(text: &str, inputs: &mut Inputs, runtime: &Runtime) -> Result<Option<ZoneUrl>> {
    let url = ZoneUrl::parse(text)?;
    if let Some(folder) = url.local_folder() {
        return of_path(&folder, inputs);
    }
    let opened = Subject::table(&url)?.open(&places::opening(Access::Look))?;
    let store = opened.trusted.store();
    let failed = |error: object_store::Error| url_error(&url.text, error);
    let listed = runtime.block_on(store.list_with_delimiter(Some(&url.prefix))).map_err(failed)?;
    if let Some(trusted) = trusted_below(&url, &listed)? {
        return Ok(Some(trusted));
    }
    let events = url.below(EVENTS);
    if has_below(&listed, EVENTS) {
        let below = runtime.block_on(store.list_with_delimiter(Some(&events.prefix))).map_err(failed)?;
        if lists_partitions(&below) {
            return Ok(Some(url));
        }
    }
    let pending = url.below(PENDING);
    let prefix = if has_below(&listed, PENDING) { &pending.prefix } else { &url.prefix };
    let mut objects = Vec::new();
    if listed.common_prefixes.is_empty() && listed.objects.is_empty() {
        // A name that nothing is below may be that of an object.
        objects.push(runtime.block_on(store.head(&url.prefix)).map_err(failed)?);
    } else {
        let mut found = store.list(Some(prefix));
        while let Some(object) = runtime.block_on(found.next()) {
            match object {
                Ok(object) => objects.push(object),
                // It may be about one name, and others follow.
                Err(error) => inputs.unread.push(tell_unread(&failed(error))),
            }
        }
    }
    objects.sort_by(|one, two| one.location.cmp(&two.location));
    let object = |object: object_store::ObjectMeta| {
        let below = object.location.as_ref().strip_prefix(url.prefix.as_ref()).unwrap_or_default();
        let below = below.trim_start_matches('/');
        let url = if below.is_empty() { url.text.clone() } else { format!("{}/{below}", url.text) };
        let (store, runtime) = (store.clone(), runtime.handle().clone());
        InputSource::Object(Object { store, path: object.location, bytes: object.size, url, runtime })
    };
    inputs.sources.extend(objects.into_iter().map(object));
    Ok(None)
}

fn url_error(url: &str, source: object_store::Error) -> Error {
    let source = Box::new(source);
    Error::Run(events_core::Error::Storage { operation: "looking at", object: url.to_owned(), source })
}

fn has_below(listed: &ListResult, name: &str) -> bool {
    listed.common_prefixes.iter().any(|prefix| prefix.filename() == Some(name))
}

fn lists_partitions(listed: &ListResult) -> bool {
    listed.common_prefixes.iter().filter_map(|prefix| prefix.filename()).any(is_partition)
}

/// The trusted zone that a prefix names, by what is right below it.
fn trusted_below(url: &ZoneUrl, listed: &ListResult) -> Result<Option<ZoneUrl>> {
    let has = |name| has_below(listed, name);
    if has(TRUSTED) || has(LANDING) {
        return Ok(Some(url.below(TRUSTED)));
    }
    if has(CONTROL) {
        return Ok(Some(url.clone()));
    }
    if !lists_partitions(listed) {
        return Ok(None);
    }
    match url.text.rsplit_once('/') {
        Some((parent, name)) if name == EVENTS => Ok(Some(ZoneUrl::parse(parent)?)),
        _ => Err(misnamed(url.text.clone())),
    }
}

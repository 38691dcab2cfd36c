//! Answers of S3 to a listing, without the names that no path of the store's library can be.
//!
//! That library refuses a whole page for one such name, and takes `x/` for `x`. So they are taken out of the answer before
//! it sees them, and told of beside it.

use bytes::Bytes;
use events_core::run::RefusedKey;
use object_store::path::Path;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// An answer, and what is not in it any more.
pub(crate) struct Sifted {
    /// The answer that is left.
    pub(crate) body: Bytes,
    /// The names that were refused.
    pub(crate) refused: Vec<RefusedKey>,
}

/// Takes names that no path can be out of an answer, and the empty objects that consoles make for folders.
///
/// What cannot be read as XML is left as it is, for the library to tell of.
pub(crate) fn sift(body: Bytes) -> Sifted {
    match cut(&body) {
        Ok((cuts, refused)) if !cuts.is_empty() => Sifted { body: without(&body, &cuts), refused },
        _ => Sifted { body, refused: Vec::new() },
    }
}

/// Where in an answer the elements begin and end that must go.
type Cuts = Vec<(usize, usize)>;

fn cut(body: &[u8]) -> Result<(Cuts, Vec<RefusedKey>), quick_xml::Error> {
    let mut reader = Reader::from_reader(body);
    let (mut cuts, mut refused) = (Vec::new(), Vec::new());
    loop {
        let begin = reader.buffer_position() as usize;
        match reader.read_event()? {
            Event::Start(start) if matches!(start.name().as_ref(), b"Contents" | b"CommonPrefixes") => {
                let entry = Entry::read(&mut reader, &start)?;
                match entry.judge() {
                    Verdict::Path => continue,
                    Verdict::Folder => {}
                    Verdict::Refused(problem) => refused.push(RefusedKey { key: entry.key, problem }),
                }
                cuts.push((begin, reader.buffer_position() as usize));
            }
            Event::Eof => return Ok((cuts, refused)),
            _ => {}
        }
    }
}

fn without(body: &[u8], cuts: &Cuts) -> Bytes {
    let mut left = Vec::with_capacity(body.len());
    let mut begin = 0;
    for (from, to) in cuts {
        left.extend_from_slice(&body[begin..*from]);
        begin = *to;
    }
    left.extend_from_slice(&body[begin..]);
    left.into()
}

/// An element of a listing: an object, or a prefix that objects share.
struct Entry {
    key: String,
    is_prefix: bool,
    is_empty: bool,
}

enum Verdict {
    Path,
    /// The empty object of a folder: nobody's input.
    Folder,
    Refused(String),
}

impl Entry {
    fn read(reader: &mut Reader<&[u8]>, start: &BytesStart<'_>) -> Result<Self, quick_xml::Error> {
        let is_prefix = start.name().as_ref() == b"CommonPrefixes";
        let mut entry = Self { key: String::new(), is_prefix, is_empty: false };
        loop {
            match reader.read_event()? {
                Event::Start(field) => {
                    let text = reader.read_text(field.name())?;
                    let text = text.decode()?;
                    match field.name().as_ref() {
                        b"Key" | b"Prefix" => entry.key = unescape(&text)?.into_owned(),
                        b"Size" => entry.is_empty = text.trim() == "0",
                        _ => {}
                    }
                }
                Event::End(end) if end.name() == start.name() => return Ok(entry),
                Event::Eof => return Ok(entry),
                _ => {}
            }
        }
    }

    fn judge(&self) -> Verdict {
        let key = if self.is_prefix { self.key.strip_suffix('/').unwrap_or(&self.key) } else { &self.key };
        match Path::parse(key) {
            Ok(path) if path.as_ref() == key => Verdict::Path,
            Ok(_) if self.is_empty && key.ends_with('/') => Verdict::Folder,
            Ok(_) => Verdict::Refused("has a name that begins or ends with a slash".to_owned()),
            Err(object_store::path::Error::EmptySegment { .. }) => {
                Verdict::Refused("has a name with two slashes in a row".to_owned())
            }
            Err(_) => {
                Verdict::Refused("has a name with a `.` or `..` between slashes, or a control character".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn answer(entries: &[(&str, u64)]) -> Bytes {
        let mut text = r#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>p/</Prefix>"#.to_owned();
        for (key, size) in entries {
            write!(text,
                "<Contents>\n<Key>{key}</Key><ETag>&quot;x&quot;</ETag><Size>{size}</Size><Owner><ID>1</ID></Owner></Contents>"
            ).unwrap();
        }
        (text + "<IsTruncated>false</IsTruncated></ListBucketResult>").into()
    }

    fn refused(entries: &[(&str, u64)]) -> Vec<(String, String)> {
        sift(answer(entries)).refused.into_iter().map(|refused| (refused.key, refused.problem)).collect()
    }

    #[test]
    fn leaves_an_answer_without_odd_names_as_it_is() {
        let all = [("p/a", 1), ("p/a b+c%2Fé=&amp;&lt;", 0), ("p/~x", 2)];
        let sifted = sift(answer(&all));
        assert_eq!((sifted.body, sifted.refused), (answer(&all), Vec::new()));
    }

    #[test]
    fn takes_out_exactly_what_is_refused() {
        let odd = [("p/a//b", 1), ("p/./x", 1), ("p/../x", 1), ("p/x/", 3), ("p/a&#10;b", 1), ("p//", 1)];
        let sound = [("p/a", 1), ("p/&amp;", 1)];
        let sifted = sift(answer(&[&odd[..2], &sound[..1], &odd[2..], &sound[1..]].concat()));
        assert_eq!(sifted.body, answer(&sound));
        let keys: Vec<_> = sifted.refused.iter().map(|refused| refused.key.as_str()).collect();
        assert_eq!(keys, ["p/a//b", "p/./x", "p/../x", "p/x/", "p/a\nb", "p//"]);
    }

    #[test]
    fn says_what_is_wrong_with_a_name() {
        let problem = |key| refused(&[(key, 1)])[0].1.clone();
        assert!(problem("p/a//b").contains("two slashes"));
        assert!(problem("p/a/").contains("ends with a slash"));
        assert!(problem("p/../a").contains("`..`"));
    }

    #[test]
    fn leaves_out_objects_of_folders() {
        let sifted = sift(answer(&[("p/", 0), ("p/x/", 0), ("p/x/a", 1)]));
        assert_eq!((sifted.body, sifted.refused), (answer(&[("p/x/a", 1)]), Vec::new()));
        assert_eq!(refused(&[("p/x//", 0)]).len(), 1);
    }

    #[test]
    fn leaves_what_is_no_xml() {
        for text in ["", "no", "<a><Contents><Key>x//y</Key>", "<Contents><Key>&nope;//</Key></Contents>"] {
            assert!(sift(Bytes::from(text)).body.len() <= text.len());
        }
        assert_eq!(sift(Bytes::from("<a></b>")).body, "<a></b>");
    }

    #[test]
    fn takes_out_prefixes_too() {
        let text = "<L><CommonPrefixes><Prefix>p/a/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p//</Prefix></CommonPrefixes></L>";
        let left = "<L><CommonPrefixes><Prefix>p/a/</Prefix></CommonPrefixes></L>";
        assert_eq!(sift(Bytes::from(text)).body, left);
    }
}

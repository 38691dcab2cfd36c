//! A store of one's own as a zone: here one that masks what it keeps, so that the bucket below it holds no plain text.
//!
//! Whatever implements `ObjectStore` can be a zone: a store that encrypts, counts requests, asks for leave, or speaks to
//! something that nobody else knows. What a run asks of it is what `InMemory` gives: ranges that are what they say, a
//! version (`e_tag`) that changes with the bytes, and for the trusted zone puts under a condition, which a run tries before
//! it relies on them; with `Writers::Single`, which says that nobody else writes, an object need only be created under one.
//!
//! The mask is no encryption: it stands where a cipher would, and has a cipher's difficulty, that the byte at an offset is
//! masked by that offset and ranges are read from anywhere.
//!
//! ```sh
//! cargo run -p events-core --example custom_store
//! ```
#![expect(clippy::disallowed_macros, reason = "an example is a program: it prints")]

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use events_core::Config;
use events_core::run::{Distributor, Report, Start, Zone, Zones};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

/// A store whose objects are masked in the one below.
#[derive(Debug)]
struct Masked {
    inner: Arc<dyn ObjectStore>,
    mask: Mask,
}

/// What makes the byte at an offset another, and the same byte again when it is done twice.
#[derive(Debug, Clone, Copy)]
struct Mask(u64);

impl Mask {
    fn apply(self, offset: u64, bytes: &[u8]) -> Bytes {
        let masked = (offset..).zip(bytes).map(|(at, byte)| {
            let word = (at / 8).wrapping_add(self.0).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
            byte ^ word.to_le_bytes()[(at % 8) as usize]
        });
        masked.collect()
    }

    /// The pieces of a payload, of which the first begins at `offset`.
    fn apply_to(self, mut offset: u64, payload: &PutPayload) -> PutPayload {
        let masked = payload.iter().map(|piece| {
            let masked = self.apply(offset, piece);
            offset += piece.len() as u64;
            masked
        });
        masked.collect()
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Masked({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Masked {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, self.mask.apply_to(0, &payload), options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(MaskedUpload { inner, mask: self.mask, offset: 0 }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let got = self.inner.get_opts(location, options).await?;
        let (mask, mut offset) = (self.mask, got.range.start);
        let (meta, range, attributes, extensions) =
            (got.meta.clone(), got.range.clone(), got.attributes.clone(), got.extensions.clone());
        let plain = got.into_stream().map(move |piece| {
            let piece = piece?;
            let plain = mask.apply(offset, &piece);
            offset += piece.len() as u64;
            Ok(plain)
        });
        Ok(GetResult { payload: GetResultPayload::Stream(plain.boxed()), meta, range, attributes, extensions })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    // The mask knows offsets and no names, so the store below can copy and rename by itself.
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}

/// An object in parts: each begins where the one before it has ended.
#[derive(Debug)]
struct MaskedUpload {
    inner: Box<dyn MultipartUpload>,
    mask: Mask,
    offset: u64,
}

#[async_trait]
impl MultipartUpload for MaskedUpload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        let masked = self.mask.apply_to(self.offset, &part);
        self.offset += part.content_length() as u64;
        self.inner.put_part(masked)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

/// A run whose landing zone, with its inputs and its quarantine, is masked; stage and table are as they are.
async fn run(bucket: &Arc<dyn ObjectStore>) -> Result<Report, Box<dyn Error>> {
    let masked: Arc<dyn ObjectStore> = Arc::new(Masked { inner: Arc::clone(bucket), mask: Mask(2026) });
    let event = r#"{"event_id":"a","timestamp":1,"domain":"card","event_type":"issued"}"#;
    masked.put(&Path::from("lake/landing/pending/events.json"), format!("{event}\n{{oops}}").into()).await?;

    let zones = Zones {
        landing: Zone::new(masked, Path::from("lake/landing"), "masked://lake/landing"),
        ..Zones::below(bucket, &Path::from("lake"), "memory:///lake")
    };
    let scratch = tempfile::tempdir()?;
    let distributor = Distributor::new(zones, scratch.path().to_owned(), Config::default())?;
    Ok(distributor.run(&Start { run: "masked".parse()?, date: "2026-11-24".parse()? }).await?)
}

/// Whether the bytes of an object of the bucket, as they lie there, hold a text.
async fn holds(bucket: &Arc<dyn ObjectStore>, path: &str, text: &str) -> Result<bool> {
    let bytes = bucket.get(&Path::from(path)).await?.bytes().await?;
    Ok(bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

const PROCESSED: &str = "lake/landing/processed/date=2026-11-24/events.json";
const QUARANTINED: &str = "lake/landing/quarantine/date=2026-11-24/run=masked/events.json.jsonl";

fn main() -> Result<(), Box<dyn Error>> {
    futures::executor::block_on(async {
        let bucket: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let totals = run(&bucket).await?.totals;
        println!("{} row and {} reject", totals.rows, totals.rejects_total());
        for path in [PROCESSED, QUARANTINED] {
            println!("`{path}` holds plain text: {}", holds(&bucket, path, "oops").await?);
        }
        Ok::<(), Box<dyn Error>>(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_zone_is_read_and_written_and_holds_no_plain_text() -> Result<(), Box<dyn Error>> {
        futures::executor::block_on(async {
            let bucket: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            let totals = run(&bucket).await?.totals;
            assert_eq!((totals.rows, totals.rejects_total()), (1, 1));
            let masked = Masked { inner: Arc::clone(&bucket), mask: Mask(2026) };
            for path in [PROCESSED, QUARANTINED] {
                assert!(!holds(&bucket, path, "oops").await?, "{path}");
                let plain = masked.get(&Path::from(path)).await?.bytes().await?;
                assert!(plain.windows(4).any(|window| window == b"oops"), "{path}");
                // A range is a part of the whole, wherever it begins.
                assert_eq!(masked.get_range(&Path::from(path), 5..21).await?, plain.slice(5..21));
            }
            Ok::<(), Box<dyn Error>>(())
        })
    }

    #[test]
    fn parts_of_an_upload_are_masked_by_their_place_in_it() -> Result<(), Box<dyn Error>> {
        futures::executor::block_on(async {
            let store = Masked { inner: Arc::new(InMemory::new()), mask: Mask(7) };
            let path = Path::from("object");
            let mut upload = store.put_multipart(&path).await?;
            for part in ["first and ", "second"] {
                upload.put_part(part.into()).await?;
            }
            upload.complete().await?;
            assert_eq!(store.get(&path).await?.bytes().await?, "first and second");
            Ok::<(), Box<dyn Error>>(())
        })
    }
}

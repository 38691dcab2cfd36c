//! The job in ten lines: a folder of JSON goes in, a table of Parquet comes out.
//!
//! ```sh
//! cargo run -p events-core --example ten_lines            # a small lake in a temporary folder
//! cargo run -p events-core --example ten_lines -- ./lake  # ./lake/landing/pending → ./lake/trusted/events
//! ```
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "an example is a program: it reads and prints"
)]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use events_core::Config;
use events_core::run::{Distributor, Report, Start, Writers, Zones};
use object_store::{ObjectStore, local::LocalFileSystem};

/// The ten lines. This process must be the only one that writes to the folder: that is what `Writers::Single` says.
async fn distribute(folder: &Path, run: &str) -> Result<Report, Box<dyn Error>> {
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
    let zones = Zones::below(&store, &object_store::path::Path::default(), &folder.display().to_string());
    let scratch = tempfile::tempdir()?;
    let distributor = Distributor::new(zones, scratch.path().to_owned(), Config::default())?;
    let start = Start { run: run.parse()?, date: "2026-11-24".parse()? };
    Ok(distributor.with_writers(Writers::Single).run(&start).await?)
}

/// Objects as producers leave them: glued together, on lines, in an array; with a duplicate, and one that was cut short.
fn fill(pending: &Path) -> std::io::Result<()> {
    fs::create_dir_all(pending)?;
    let [a, b, c] = [("a", "issued"), ("b", "issued"), ("c", "blocked")].map(|(id, event_type)| {
        format!(
            r#"{{"event_id":"{id}","timestamp":"2026-11-23T10:18:57Z","domain":"card","event_type":"{event_type}"}}"#
        )
    });
    fs::write(pending.join("glued.json"), format!("{a}{b}"))?;
    fs::write(pending.join("array.json"), format!("[\n  {b},\n  {c}\n]"))?;
    fs::write(pending.join("cut.json"), &a[..40])
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let report = if let Some(folder) = std::env::args_os().nth(1) {
        // A real program gives each run a name of its own, such as its time.
        distribute(Path::new(&folder), "ten-lines").await?
    } else {
        let lake = tempfile::tempdir()?;
        fill(&lake.path().join("landing/pending"))?;
        distribute(lake.path(), "ten-lines").await?
    };
    let totals = &report.totals;
    println!("{} rows, {} duplicates, {} rejects", totals.rows, totals.duplicates_total(), totals.rejects_total());
    for partition in &report.partitions {
        println!("{:>4} rows  {}", partition.rows, partition.path);
    }
    Ok(())
}

#[tokio::test]
async fn a_folder_becomes_a_table() -> Result<(), Box<dyn Error>> {
    let lake = tempfile::tempdir()?;
    fill(&lake.path().join("landing/pending"))?;
    let report = distribute(lake.path(), "first").await?;
    let totals = &report.totals;
    assert_eq!((totals.rows, totals.duplicates_total(), totals.rejects_total()), (3, 1, 1));
    let folders: Vec<_> = report.partitions.iter().map(|partition| &*partition.path).collect();
    let of = |event_type| format!("domain_event_type=card-{event_type}/year=2026/month=11/day=23");
    assert_eq!(folders, [of("blocked"), of("issued")]);
    for folder in folders {
        assert_eq!(fs::read_dir(lake.path().join("trusted/events").join(folder))?.count(), 1);
    }
    assert_eq!(fs::read_dir(lake.path().join("landing/pending"))?.count(), 0);
    Ok(())
}

//! Someone who reads the table again and again and remembers what it saw.

use std::collections::HashMap;

use crate::broken::{Broken, Invariant};
use crate::table::Row;

/// For each id the newest version that was seen.
#[derive(Debug, Default)]
pub struct Reader {
    seen: HashMap<String, i64>,
    looks: usize,
}

impl Reader {
    /// Sees a table.
    ///
    /// # Errors
    /// When an id that was seen is gone, or only an older version of it is there.
    pub fn see<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row>) -> Result<(), Broken> {
        self.looks += 1;
        let mut now: HashMap<&str, i64> = HashMap::with_capacity(self.seen.len());
        for row in rows {
            let newest = now.entry(&row.id).or_insert(i64::MIN);
            *newest = row.timestamp.max(*newest);
        }
        for (id, before) in &self.seen {
            match now.get(id.as_str()) {
                None => return Err(Invariant::NoGap.broken(format!("`{id}` was seen and is gone"))),
                Some(now) if now < before => {
                    let problem = format!("`{id}` was seen of {before} and is now of {now} only");
                    return Err(Invariant::NoGap.broken(problem));
                }
                Some(_) => {}
            }
        }
        for (id, now) in now {
            match self.seen.get_mut(id) {
                Some(seen) => *seen = now,
                None => {
                    self.seen.insert(id.to_owned(), now);
                }
            }
        }
        Ok(())
    }

    /// How often it has looked.
    #[must_use]
    pub fn looks(&self) -> usize {
        self.looks
    }
}

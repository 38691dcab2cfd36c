//! The table and its partitions in the data catalog of AWS Glue, so that Athena sees what a run has committed without a
//! crawler.
//!
//! [`Catalog::keep_up`] is called behind a run. The catalog itself remembers, in a parameter of the table, up to which commit
//! it is complete: a run that was killed before it could register its partitions is made good by the next, and a run behind
//! one that did registers only its own.
//!
//! | module | holds |
//! |---|---|
//! | `catalog` | what is to be registered, and when |
//! | `table` | the table as Glue describes it |
//! | `glue` | what Glue is asked, and what it answers |
//! | `name` | what a table is called there |
//! | `error` | what can go wrong |

mod catalog;
mod error;
mod glue;
mod name;
mod table;

pub use catalog::{Catalog, Registered};
pub use error::{Error, Result};
pub use name::TableName;

/// What the registry shows of this package, so that its example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

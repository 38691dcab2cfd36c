//! JSON events become a table.
pub mod config;
pub mod error;
pub mod event;
pub mod json;
pub mod run;
pub mod table;

pub use config::Config;
pub use error::{Error, ErrorKind, Result};
pub use table::Codec;

//! JSON events become a table.
pub mod config;
pub mod error;
pub mod event;
pub mod json;
pub mod run;
pub mod table;

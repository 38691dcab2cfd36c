//! JSON events become a table.
pub mod event;
pub mod json;

//! The command as a whole: the binary in temporary folders, its exit codes and what it prints.
#![expect(clippy::unwrap_used, reason = "clippy does not know helpers of tests as tests")]

mod catalog;
mod ddl;
mod demo;
mod doctor;
mod generate;
mod halves;
mod horizon;
mod inspect;
mod interrupt;
mod kill;
mod lake;
mod maintain;
mod on_s3;
mod output;
mod past;
mod plan;
mod quarantine;
mod repair;
mod reprocess;
mod run;
mod s3;
mod s3_server;
mod settings;
mod shell;
mod together;
mod undisturbed;
mod usage;
mod workers;

//! Where the zones of a table are, for every adapter around [`events_core`]: folders, buckets and memory.
//!
//! A zone is named by a URL. [`ZoneUrls::open`] makes of three URLs the [`Zones`](events_core::run::Zones) of a run.
//! [`TableLock`] and [`HeldLease`] keep runs on one table out of each other's way.
//!
//! | module | holds |
//! |---|---|
//! | `location` | the URL that other programs know a zone by |
//! | `zone_url`, `zones` | from the URLs of zones to stores |
//! | `opening` | how that is done: for whom, and for how long it is tried |
//! | `bucket` | a bucket, by the variables that other tools of AWS know |
//! | `account` | where requests to buckets go, and as whom |
//! | `profile` | a profile of `~/.aws` |
//! | `wire`, `listing` | what goes over the wire to it, and what of a listing no path can name |
//! | `service` | a service of AWS beside S3, asked with the same credentials |
//! | `requests`, `price` | how many requests that were, and what they cost |
//! | `overlay`, `tally` | zones that only seem to change, and what would be asked of them |
//! | `durable_folder` | a folder whose documents survive a loss of power |
//! | `lock`, `lease`, `patience` | one run at a time |
//! | `error` | what can go wrong before a run begins |

mod account;
mod bucket;
mod durable_folder;
mod error;
mod lease;
mod listing;
mod location;
mod lock;
mod opening;
mod overlay;
mod patience;
mod price;
mod profile;
mod requests;
mod service;
mod tally;
mod wire;
mod zone_url;
mod zones;

pub use account::{Account, CredentialKind};
pub use error::{Error, Place, Result};
pub use lease::HeldLease;
pub use lock::{CONTROL, LOCK, TableLock};
pub use opening::{Access, Opening};
pub use overlay::Overlay;
pub use price::PRICED_AS;
pub use requests::{RequestCounter, Requests};
pub use service::{Answer, Service};
pub use tally::{Asked, Tally};
pub use zone_url::{StoreName, ZoneUrl};
pub use zones::ZoneUrls;

/// What the registry shows of this package, so that its example is compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

//! Runs.
mod distributor;
mod layout;
mod plan;
mod progress;
mod report;
mod stop;
mod zone;
pub use distributor::{Distributor, Start};
pub use layout::RunId;
pub use plan::{Input, Plan};
pub use progress::Progress;
pub use report::*;
pub use stop::Cancel;
pub use zone::{Zone, Zones};

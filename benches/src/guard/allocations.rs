//! Allocations, counted by the allocator of this program.

use events_benches::sample::Samples;
use events_benches::workload::Workload;
use stats_alloc::Region;

use crate::ALLOCATOR;
use crate::error::Result;
use crate::figures::WorkloadFigures;

/// What a repetition of the workload allocates. No other thread may be at work.
pub(crate) fn count(workload: Workload, samples: &Samples) -> Result<WorkloadFigures> {
    let task = workload.prepare(samples)?;
    // The first one also fills what lives as long as the process.
    task.repeat()?;
    let region = Region::new(ALLOCATOR);
    let items = task.repeat()?;
    let stats = region.change();
    Ok(WorkloadFigures {
        items,
        // One that grows may have to move, as a new one would.
        allocations: (stats.allocations + stats.reallocations) as u64,
        allocated_bytes: stats.bytes_allocated as u64,
        instructions: None,
    })
}

//! What a run would do.

use chrono::NaiveDate;
use events_core::run::{Job, Plan, RunId, Zones};
use serde::Serialize;

use crate::grid::Grid;
use crate::places;
use crate::settings::JobSettings;
use crate::units::{Bytes, Count, counted};

/// How many inputs are shown to people.
const INPUTS_SHOWN: usize = 20;

/// A plan for machines.
#[derive(Debug, Serialize)]
pub(crate) struct DryRun<'a> {
    /// Tells it from a report.
    #[serde(rename = "dry_run")]
    is_plan: bool,
    run: &'a RunId,
    job: Job,
    date: String,
    landing: &'a str,
    stage: &'a str,
    trusted: &'a str,
    bytes: u64,
    plan: &'a Plan,
}

impl<'a> DryRun<'a> {
    pub(crate) fn new(settings: &'a JobSettings, zones: &'a Zones, plan: &'a Plan) -> Self {
        Self {
            is_plan: true,
            run: &settings.start.run,
            job: settings.task.job(),
            date: settings.start.date.to_string(),
            landing: zones.landing.url(),
            stage: zones.stage.url(),
            trusted: zones.trusted.url(),
            bytes: plan.bytes(),
            plan,
        }
    }
}

/// A plan for people.
pub(crate) fn render(job: Job, date: NaiveDate, zones: &Zones, plan: &Plan) -> String {
    let pending = places::pending(&zones.landing);
    let refused = places::refused(&pending, &plan.refused);
    if plan.inputs.is_empty() {
        return format!("nothing pending in `{pending}`\n{refused}");
    }
    let mut grid = Grid::default();
    for input in plan.inputs.iter().take(INPUTS_SHOWN) {
        grid.line(format!("  {}", input.key), Bytes(input.bytes), "");
    }
    if let Some(more) = plan.inputs.len().checked_sub(INPUTS_SHOWN).filter(|more| *more > 0) {
        grid.line(format!("  and {} more", Count(more as u64)), "", "");
    }
    let count = counted(plan.inputs.len() as u64, "input");
    let target = match job {
        Job::Parse => format!("put their rows into the stage zone `{}`", zones.stage.url()),
        _ => format!("add their rows to the table `{}`", places::table(&zones.trusted)),
    };
    format!(
        "{count}, {} in `{pending}`\n\n{}\n\
        Without --dry-run, this would\n  {target},\n  put rejects into `{}`,\n  move the inputs to `{}`.\n{refused}",
        Bytes(plan.bytes()),
        grid.render(),
        places::quarantine(&zones.landing, None),
        places::processed(&zones.landing, Some(date)),
    )
}

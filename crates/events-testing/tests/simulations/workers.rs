//! The plan of a run over several workers says what the run does: items and requests are counted.

use std::collections::BTreeMap;

use events_core::json::Level;
use events_core::run::{Prepared, Start, WorkItem, WorkPhase};
use events_testing::drivers::{WORK_SPLIT, play};
use events_testing::scenario::{Scenario, Task, event, input};
use events_testing::{Fault, Faults, Lake, Operation, OperationKind, StoreKind, Trace};
use futures::executor::block_on;

fn scenario(inputs: u64) -> Scenario {
    let input = |number: u64| {
        input(&number.to_string(), &[event(2 * number, 1, 0, 0, "a"), event(2 * number + 1, 2, 0, 0, "b")])
    };
    Scenario::new("counted").then_do(Task::SHARED, (0..inputs).map(input))
}

/// What is planned for the inputs of a scenario.
fn plan(scenario: &Scenario) -> Prepared {
    let lake = Lake::new(StoreKind::Memory);
    scenario.steps[0].inputs.iter().for_each(|input| lake.put(input).unwrap());
    let faults = Faults::new(|_: &Operation| Fault::None);
    let distributor = lake.distributor(&faults.store(lake.store()), Level::Lenient).unwrap();
    let start = Start { run: "r0".parse().unwrap(), date: "2026-11-01".parse().unwrap() };
    block_on(distributor.prepare(&start, WORK_SPLIT)).unwrap()
}

/// How often the run has made a request of a kind to objects below a folder of its stage.
fn count(trace: &Trace, kind: OperationKind, folder: &str) -> u64 {
    let folder = format!("lake/stage/events/run=r0/{folder}");
    let operations = trace.of_runner(0).map(|(operation, _)| operation);
    operations.filter(|operation| operation.kind == kind && operation.path.as_ref().starts_with(&folder)).count() as u64
}

/// The items that have a result, and how often that was written.
fn results(trace: &Trace) -> BTreeMap<WorkItem, u32> {
    let mut results = BTreeMap::new();
    for (operation, _) in trace.of_runner(0).filter(|(operation, _)| operation.kind == OperationKind::Put) {
        let name = operation.path.as_ref().strip_prefix("lake/stage/events/run=r0/results/");
        if let Some(item) = name.and_then(|name| name.strip_suffix(".json")) {
            *results.entry(item.parse().unwrap()).or_default() += 1;
        }
    }
    results
}

#[test]
fn a_run_does_the_items_of_its_plan_with_the_requests_that_follow_from_it() {
    for inputs in [1, 2, 4, 8, 16] {
        let scenario = scenario(inputs);
        let prepared = plan(&scenario);
        let (trace, _) = play(&scenario, StoreKind::Memory, &[], None).unwrap();

        let items_of =
            |phase| prepared.phases.iter().find(|listed| listed.phase == phase).map_or(0, |listed| listed.items);
        let planned = prepared.phases.iter().map(|listed| listed.items).sum::<u32>();
        let results = results(&trace);
        // The last item takes the results with it.
        assert_eq!(results.len() as u32, planned - 1, "{prepared:?} {results:?}");
        assert!(results.values().all(|times| *times == 1), "{results:?}");

        let (parse, deduplicate, compare) =
            (items_of(WorkPhase::Parse), items_of(WorkPhase::Deduplicate), items_of(WorkPhase::Compare));
        let (write_and_index, publish) = (items_of(WorkPhase::Write), items_of(WorkPhase::Publish));
        let [parse, deduplicate, compare, write_and_index, publish] =
            [parse, deduplicate, compare, write_and_index, publish].map(u64::from);
        assert_eq!((prepared.inputs, parse), (inputs, inputs));
        let gets = |folder: &str| count(&trace, OperationKind::Get, folder);
        let puts = |folder: &str| count(&trace, OperationKind::Put, folder);
        assert_eq!(gets("results/parse-"), parse * (deduplicate + write_and_index + 1));
        assert_eq!(gets("results/deduplicate-"), deduplicate * (compare + write_and_index + 1));
        assert_eq!(gets("results/compare-"), compare * (write_and_index - deduplicate + 1));
        assert_eq!(gets("results/commit-"), publish + 1);
        assert_eq!(gets("inputs/"), parse);
        // Rows and keys of an item are an object each.
        assert_eq!(puts("work/parse-"), 2 * parse);
        assert_eq!(puts("results/"), u64::from(planned) - 1);
        let pending = trace.of_runner(0).filter(|(operation, _)| {
            operation.kind == OperationKind::Get && operation.path.as_ref().starts_with("lake/landing/pending/")
        });
        // To read it, and to move it, which verifies its bytes.
        assert_eq!(pending.count() as u64, 2 * inputs);
    }
}

//! Criterion over the workloads: `cargo bench -p events-benches`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use events_benches::sample::Samples;
use events_benches::workload::{Amount, Workload};

/// A run takes tens of milliseconds, so that the usual hundred samples would take longer than Criterion gives them.
const RUN_SAMPLES: usize = 20;

fn workloads(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    let samples = Samples::generate(folder.path().to_owned()).expect("an empty folder takes samples");
    for workload in Workload::all() {
        let mut group = criterion.benchmark_group(workload.name());
        let task = workload.prepare(&samples).expect("samples are what workloads need");
        group.throughput(match task.amount {
            Amount::Bytes(bytes) => Throughput::Bytes(bytes),
            Amount::Elements(elements) => Throughput::Elements(elements),
        });
        if workload.is_run() {
            group.sample_size(RUN_SAMPLES);
        }
        group.bench_function("once", |bencher| bencher.iter(|| task.repeat().expect("it has been prepared")));
        group.finish();
    }
}

criterion_group!(benches, workloads);
criterion_main!(benches);

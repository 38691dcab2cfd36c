# What CI runs.
check:
    bash .ci/run

# The benchmarks, beside their floors.
bench *args:
    cargo run --release -p events-benches -- {{args}}

# What small workloads take, held against benches/guards.json; `just guard --bless` renews it.
guard *args:
    benches/guard {{args}}

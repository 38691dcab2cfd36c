# What CI runs.
check:
    bash .ci/run

# The benchmarks, beside their floors.
bench *args:
    cargo run --release -p events-benches -- {{args}}

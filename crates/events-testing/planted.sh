#!/usr/bin/env bash
# Plants one bug after the other into a copy of the core, and expects the simulations to find each.
#
#   crates/events-testing/planted.sh            all bugs, and the copy without any
#   crates/events-testing/planted.sh NAME...    some: `planted/NAME.patch`
#
# Prints which suite finds which bug and what it says is broken. Fails when a bug is not found, when its patch does not
# apply or compile, or when something is found where nothing is planted.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR="$root/target/planted"
# Most of the time would go into compiling the core well.
export CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0
copy="$CARGO_TARGET_DIR/workspace"
log="$CARGO_TARGET_DIR/log"

mkdir -p "$copy"
# What differs is copied again, so nothing is left of a run that was stopped, and is younger than what was built of it.
(cd "$root" && git ls-files -z --cached -- Cargo.toml Cargo.lock rust-toolchain.toml crates benches) | while IFS= read -r -d '' file; do
    mkdir -p "$copy/$(dirname "$file")"
    cmp -s "$root/$file" "$copy/$file" || cp "$root/$file" "$copy/$file"
done

# Runs the quick suite; what it writes is in the log.
quick() {
    (cd "$copy" && cargo test --locked -p events-testing --test quick -- --nocapture) >"$log" 2>&1
}

failed=0
# A line of the table.
tell() {
    printf '| %s | %s | %s |\n' "$1" "$2" "$3"
}

if [ $# -gt 0 ]; then names=("$@"); else
    names=()
    for patch in "$here"/planted/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi

echo '| bug | caught by | seconds |'
echo '|---|---|---|'
began=$SECONDS
if quick; then tell '(none)' 'nothing' $((SECONDS - began)); else
    tell '(none)' "**something: see \`$log\`**" $((SECONDS - began))
    exit 1
fi
for name in "${names[@]}"; do
    began=$SECONDS
    patch="$here/planted/$name.patch"
    if ! (cd "$copy" && patch -p1 --quiet --forward <"$patch" >"$log" 2>&1); then
        tell "$name" '**its patch does not apply**' 0
        exit 1
    fi
    if quick; then
        caught='**nothing**'
        failed=1
    elif caught=$(grep -m 1 '^caught by ' "$log"); then
        caught=${caught#caught by }
    elif grep -q '^error' "$log" && ! grep -q '^running ' "$log"; then
        caught='**it does not compile**'
        failed=1
    else
        caught='the suite panics'
    fi
    tell "$name" "$caught" $((SECONDS - began))
    # What is taken back is younger than what was built with it.
    (cd "$copy" && patch -p1 --quiet --reverse <"$patch")
    for file in $(sed -n 's|^+++ b/||p' "$patch"); do touch "$copy/$file"; done
done
exit $failed

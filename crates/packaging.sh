# shellcheck shell=bash
# For the scripts that build what is shipped, `events-cli/package` and `events-lambda/package`: the linker, and what
# makes the same source the same bytes wherever it is built. They source it in the root of the workspace, and each
# calls `prepare_packaging` once.

out=target/package
tools=$out/tools

# Puts the linker and a Python on the path, and settings into the environment.
prepare_packaging() {
  [ -x "$tools/bin/python" ] || python3 -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement crates/requirements.txt
  PATH="$PWD/$tools/bin:$PATH"
  export PATH CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=symbols

  # A panic names its place in the source, so the folders of this machine would be in the executable. They get names that
  # are the same everywhere; the last one that fits counts. Registries have folders once something is fetched from them.
  cargo fetch --quiet --locked
  local sysroot commit folder flags
  sysroot=$(rustc --print sysroot)
  commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
  IFS=' ' read -r -a flags <<<"${RUSTFLAGS-}"
  flags+=("--remap-path-prefix=$PWD=/events" "--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc/$commit")
  for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
    flags+=("--remap-path-prefix=${folder%/}=/crates")
  done
  # Unlike RUSTFLAGS, this takes folders with spaces in their names.
  CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${flags[*]}")
  export CARGO_ENCODED_RUSTFLAGS

  # What has to be the same for the same bytes, beside the source and `Cargo.lock`.
  echo "$(rustc --version), $(cargo-zigbuild --version), zig $("$tools/bin/python" -m ziglang version)"
}

# The SHA-256 of a file, as `sha256sum` and `shasum` agree on it.
sha256_of() {
  "$tools/bin/python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

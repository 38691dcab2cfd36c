#!/usr/bin/env bash
# Builds the function, tests, and applies a Terraform folder. `deploy.sh --help` has the rest.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: deploy.sh [OPTIONS] [FOLDER]

Builds the zip of the function, runs the tests, and plans and applies a Terraform folder that calls the module in
terraform/. It asks before it changes anything in the account.

  FOLDER                 the Terraform folder, which has a variable `lambda_zip` [default: terraform/examples/minimal]

Build and tests:
      --zip FILE         deploy this zip instead of building one
      --twice            build a second time, from a copy of the newest commit in another folder, and go on only when
                         both give the same bytes; needs a work tree without changes
      --skip-tests       do not run `cargo test --locked --workspace`
      --build-only       stop here: no Terraform

Terraform:
      --var NAME=VALUE         a variable of the folder; may be given several times
      --var-file FILE          a file of them; likewise
      --backend-config VALUE   a setting of the folder's backend (`bucket=…`), or a file of them; likewise
      --plan-only              show what would change, and change nothing
      --yes                    do not ask
      --help                   this text

Credentials and region come from the environment, as Terraform and its AWS provider read them (AWS_PROFILE, AWS_REGION);
this script takes none. EVENTS_TERRAFORM_PLUGINS is a folder that providers are installed from instead of the registry.

Where the folder has a .terraform.lock.hcl, only the providers in it are taken, and it stays as it is.

Without a backend Terraform keeps what it has made in a file of the folder, and only from there it can be changed again.
With CI set, a folder without a backend is refused, because that file would be lost with the machine.

Exit codes:
  0  done; with --plan-only also when there are changes
  1  the build or the tests failed
  2  wrong usage, or a tool is missing: nothing was done
  3  Terraform failed; what it had done by then is in its state, and the same command goes on
  4  --twice: the two builds differ
  5  declined
USAGE
}

refuse() {
  printf 'deploy.sh: %s\n' "$1" >&2
  exit 2
}

step() { printf '\n== %s\n' "$1" >&2; }

# Carries a command out, and ends with a code of its own when that fails.
or_end_with() {
  local code=$1
  shift
  "$@" || {
    printf 'deploy.sh: failed: %s\n' "$*" >&2
    exit "$code"
  }
}

need() {
  local tool=$1 what=$2
  command -v "$tool" >/dev/null || refuse "\`$tool\` is missing: $what"
}

absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s\n' "$PWD/$1" ;;
  esac
}

folder='' zip='' twice=no tests=yes until=apply sure=no
variables=() backend=()
while [ $# -gt 0 ]; do
  case $1 in
    --zip | --var | --var-file | --backend-config) [ $# -ge 2 ] || refuse "$1 needs a value" ;;
  esac
  case $1 in
    --zip) zip=$(absolute "$2") && shift ;;
    --twice) twice=yes ;;
    --skip-tests) tests=no ;;
    --build-only) until=build ;;
    --var) variables+=("-var=$2") && shift ;;
    --var-file) variables+=("-var-file=$(absolute "$2")") && shift ;;
    --backend-config)
      # Terraform would look for a file from its own folder.
      if [ -f "$2" ]; then backend+=("-backend-config=$(absolute "$2")"); else backend+=("-backend-config=$2"); fi
      shift
      ;;
    --plan-only) until=plan ;;
    --yes) sure=yes ;;
    -h | --help) usage && exit 0 ;;
    -*) refuse "unknown option \`$1\`; see deploy.sh --help" ;;
    *)
      [ -z "$folder" ] || refuse "one folder at a time: \`$folder\` or \`$1\`"
      folder=$(absolute "$1")
      ;;
  esac
  shift
done
cd "$(dirname "$0")"
folder=${folder:-$PWD/terraform/examples/minimal}

# Whatever can be refused is refused before the build, which takes minutes.
if [ -n "$zip" ]; then
  [ -f "$zip" ] || refuse "there is no zip \`$zip\`"
  [ "$twice" = no ] || refuse "--twice builds, and --zip does not"
else
  need rustup "it brings the toolchain of rust-toolchain.toml and the targets (https://rustup.rs)"
  need python3 "the linker is one of its packages"
fi
[ "$tests" = no ] || need cargo "the tests need it; --skip-tests goes without"
if [ "$twice" = yes ]; then
  need git "--twice builds the newest commit again"
  [ -z "$(git status --porcelain)" ] || refuse "--twice compares with the newest commit, and there are changes beside it"
fi
if [ "$until" != build ]; then
  need terraform "1.9 or newer (https://developer.hashicorp.com/terraform/install); --build-only goes without"
  need python3 "it tells Terraform where the zip is"
  [ -d "$folder" ] || refuse "there is no folder \`$folder\`"
  settings=$(cat "$folder"/*.tf 2>/dev/null) || refuse "\`$folder\` has no Terraform files"
  grep -Eq '^[[:space:]]*variable[[:space:]]+"lambda_zip"' <<<"$settings" ||
    refuse "\`$folder\` has no variable \`lambda_zip\`, so the zip cannot be handed to it"
  if [ -n "${CI-}" ] && ! grep -Eq '^[[:space:]]*(backend[[:space:]]+"|cloud[[:space:]]*\{)' <<<"$settings"; then
    refuse "\`$folder\` has no backend, and what Terraform knows would be lost with this machine"
  fi
  if [ "$until" = apply ] && [ "$sure" = no ] && ! [ -t 0 ]; then
    refuse "there is no terminal to ask on: --yes goes on without, --plan-only only looks"
  fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ "$tests" = yes ]; then
  step "tests"
  or_end_with 1 cargo test --locked --workspace
fi

if [ -z "$zip" ]; then
  step "build"
  # The module's function is for arm64.
  or_end_with 1 crates/events-lambda/package arm64
  zip=$PWD/target/package/events-lambda-arm64.zip
fi
if [ "$twice" = yes ]; then
  step "build again, elsewhere"
  mkdir "$work/again"
  git archive HEAD | tar -x -C "$work/again"
  or_end_with 1 "$work/again/crates/events-lambda/package" arm64
  cmp "$zip" "$work/again/target/package/events-lambda-arm64.zip" || {
    echo "deploy.sh: the same source gave other bytes; the hashes are above" >&2
    exit 4
  }
  echo "the same bytes twice" >&2
fi
[ "$until" != build ] || exit 0

step "terraform init"
export TF_IN_AUTOMATION=1 TF_INPUT=0
terraform=(terraform "-chdir=$folder")
initialise=("${terraform[@]}" init -input=false)
# What a repository has written down is what everybody uses; newer providers are a change of that file.
[ ! -f "$folder/.terraform.lock.hcl" ] || initialise+=(-lockfile=readonly)
[ -z "${EVENTS_TERRAFORM_PLUGINS-}" ] || initialise+=("-plugin-dir=$EVENTS_TERRAFORM_PLUGINS")
# An empty list counts as unset in the bash of macOS.
or_end_with 3 "${initialise[@]}" ${backend[@]+"${backend[@]}"}

step "terraform plan"
# Relative to the folder, so that the state does not change with the place of the checkout.
relative=$(python3 -c 'import os, sys; print(os.path.relpath(sys.argv[1], sys.argv[2]))' "$zip" "$folder")
code=0
"${terraform[@]}" plan -input=false -detailed-exitcode -out="$work/plan" -var="lambda_zip=$relative" \
  ${variables[@]+"${variables[@]}"} || code=$?
case $code in
  0) echo "deploy.sh: nothing to change" >&2 && exit 0 ;;
  2) ;;
  *) exit 3 ;;
esac
[ "$until" != plan ] || exit 0

if [ "$sure" = no ]; then
  read -r -p "Apply this? Only \`yes\` does: " answer
  [ "$answer" = yes ] || exit 5
fi
step "terraform apply"
# The plan that was shown, and nothing else.
or_end_with 3 "${terraform[@]}" apply -input=false "$work/plan"

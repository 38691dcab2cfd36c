# The command `events` in an image of its own: a static executable, certificates and nothing to log into.
#
#   docker build -t events .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD/lake:/lake" events run --root /lake
#   docker run --rm -e AWS_REGION -e AWS_ACCESS_KEY_ID -e AWS_SECRET_ACCESS_KEY -e AWS_SESSION_TOKEN \
#     events run --root s3://bucket/prefix
#
# The toolchain's version is that of the tag; `rust-version` in Cargo.toml is the oldest that does.
FROM rust:1.95-alpine3.23 AS build

# The C libraries of TLS and zstd are compiled along. Alpine keeps no old versions, so pinning them would break the build.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base cmake perl

WORKDIR /source
COPY . .

# On Alpine the target is musl, and executables are static.
# The workspace is needed whole for its lock file; only the command is built.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=symbols \
    cargo build --locked --release --package events-cli --bin events \
    && cp target/release/events /events

# Has certificates, time zones and a folder for temporary files, where runs put their scratch. No shell.
FROM gcr.io/distroless/static-debian12:nonroot

COPY --from=build /events /usr/local/bin/events

# The image's `nonroot`. Folders that are mounted must be writable to this user, or `--user` names another.
USER 65532:65532
# `events.toml` is looked for here, and `events demo` makes its folder here.
WORKDIR /home/nonroot

ENTRYPOINT ["/usr/local/bin/events"]
CMD ["--help"]

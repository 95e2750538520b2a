#!/bin/bash -eu
# As for OSS-Fuzz.
exec "$SRC/ftfuzz/ci/oss-fuzz/build.sh"

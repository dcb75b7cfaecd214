#!/bin/sh
# Runs libFuzzer with address sanitizer on the parsers of checkpoints: Tests/Fuzz/fuzz.sh [SECONDS] (600 unless told).
# What it finds is left in .build/fuzz; keep it as a file in Tests/Fuzz/corpus, which FuzzCorpusTests reads.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
package="$root/.build/fuzz"
mkdir -p "$package/Fuzzer" "$package/found"
ln -sfn "$root/Sources" "$package/Sources"
for file in Fuzz/ParserFuzzer.swift CheckpointTests/ParserInput.swift CheckpointTests/DiskModel.swift CheckpointTests/DiskModel+Calls.swift; do
    ln -sf "$root/Tests/$file" "$package/Fuzzer/"
done
cat >"$package/Package.swift" <<'MANIFEST'
// swift-tools-version: 6.0
import PackageDescription
let package = Package(
    name: "Fuzz",
    targets: [
        .systemLibrary(name: "COpenBLAS"), .systemLibrary(name: "CXXHash"), .target(name: "CKernels"),
        .target(name: "Tensor", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "Checkpoint", dependencies: ["Tensor", "CXXHash"]),
        .executableTarget(
            name: "Fuzzer", dependencies: ["Checkpoint"], path: "Fuzzer",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
    ],
    swiftLanguageModes: [.v6])
MANIFEST
swift build --package-path "$package" -c release -Xswiftc -sanitize=fuzzer,address
cd "$package"
ASAN_OPTIONS=malloc_context_size=2 exec .build/release/Fuzzer -max_total_time="${1:-600}" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
    -dict="$root/Tests/Fuzz/words" -artifact_prefix=found/ found "$root/Tests/Fuzz/corpus"

#!/bin/sh
# Makes the clips of both sample voices anew from their metadata.csv: flite speaks, sndfile-convert packs to FLAC.
# The voices slt and rms are flite's own, free to use and pass on; the sentences were written for this.
# Needs the Debian packages flite and sndfile-programs. Run it from anywhere; it replaces samples/*/clips/*.flac.
set -eu
cd "$(dirname "$0")"

for tool in flite sndfile-convert; do
    command -v "$tool" >/dev/null || {
        echo "make.sh needs $tool: apt install flite sndfile-programs" >&2
        exit 1
    }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for voice in slt rms; do
    mkdir -p "$voice/clips"
    while IFS='|' read -r id text; do
        flite -voice "$voice" -t "$text" -o "$scratch/$id.wav"
        # The voices are built in at 16 kHz mono, the rate of the nano preset, so nothing is resampled.
        sndfile-convert -pcm16 "$scratch/$id.wav" "$scratch/$id.flac" >/dev/null
        mv "$scratch/$id.flac" "$voice/clips/$id.flac"
    done <"$voice/metadata.csv"
done

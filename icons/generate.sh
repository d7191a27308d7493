#!/bin/sh
# Draws every icon that the bundles need from canopic.svg and canopic-small.svg, into this folder.
#
# Needs rsvg-convert (librsvg), convert (ImageMagick, for the .ico) and xxd. Run it after a change to a source and
# commit what it writes. mark.svg is used by the front end as it is.
set -eu
cd "$(dirname "$0")"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# draw SOURCE PAGE TILE OUTPUT: the source as a square of TILE px, in the middle of a transparent page of PAGE px.
draw() {
  margin=$((($2 - $3) / 2))
  rsvg-convert --width "$3" --height "$3" --left "$margin" --top "$margin" \
    --page-width "$2" --page-height "$2" --output "$4" "$1"
}

# Linux and Windows. Up to 64 px the tile fills the page, because there a margin would cost the drawing its whole pixels;
# above, a sixteenth is left free, so that the tile doesn't outgrow its neighbours in a dock.
for size in 16 24 32 48; do
  draw canopic-small.svg "$size" "$size" "${size}x${size}.png"
done
draw canopic.svg 64 64 64x64.png
draw canopic.svg 128 120 128x128.png
draw canopic.svg 256 240 128x128@2x.png
draw canopic.svg 512 480 icon.png

# The 32 px image comes first: it is the one that Tauri shows in development.
convert 32x32.png 16x16.png 24x24.png 48x48.png 64x64.png 128x128@2x.png icon.ico

# macOS. Apple's grid sets a tile of 824 px on a page of 1024. The file is a list of PNGs, each behind a four-letter type
# and its length. The types for 16 and 32 px at single density are left out: macOS misreads PNGs in them, and scales
# the double ones instead.
draw canopic-small.svg 32 26 "$scratch/ic11"
draw canopic-small.svg 64 52 "$scratch/ic12"
draw canopic.svg 128 104 "$scratch/ic07"
draw canopic.svg 256 206 "$scratch/ic08"
draw canopic.svg 512 412 "$scratch/ic09"
draw canopic.svg 1024 824 "$scratch/ic10"
cp "$scratch/ic08" "$scratch/ic13" # 128 at double density
cp "$scratch/ic09" "$scratch/ic14" # 256 at double density

# chunk TYPE FILE: the type, the length with these eight bytes, the contents.
chunk() {
  printf '%s' "$1"
  printf '%08x' $(($(wc -c <"$2") + 8)) | xxd -r -p
  cat "$2"
}
for type in ic07 ic08 ic09 ic10 ic11 ic12 ic13 ic14; do
  chunk "$type" "$scratch/$type"
done >"$scratch/images"
chunk icns "$scratch/images" >icon.icns

#!/bin/sh
# Sees to it that there is a browser for the pictures of the panel; Debian's headless Chromium where there is none.
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
echo "No Chromium on the PATH: installing chromium-headless-shell" >&2
root=""
test "$(id -u)" = 0 || root="sudo -n"
export DEBIAN_FRONTEND=noninteractive
command -v apt-get >/dev/null && $root apt-get update -qq && $root apt-get install -y -qq chromium-headless-shell >/dev/null && exit 0
echo "Chromium is needed to draw the panel, and it could not be installed here. Install chromium-headless-shell or chromium and run make check-panel again." >&2
exit 1

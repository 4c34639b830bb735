#!/bin/sh
# Blender as a module needs a few system libraries that a bare Debian or Ubuntu lacks: say which, or, as root, install them.
python="$1"
packages="libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1 libegl1 libxxf86vm1 libgomp1"
check() { "$python" -c 'import bpy' >/dev/null 2>&1; }
check && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing the system libraries that Blender needs: $packages"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
    check && exit 0
fi
echo "Blender's module does not load. On Debian or Ubuntu: sudo apt-get install $packages" >&2
"$python" -c 'import bpy' 2>&1 | tail -n 1 >&2
exit 1

#!/bin/sh
# Sees that the C headers of SQLite and zlib are there; installs them where it can, else says what to run.
set -eu

missing=
for package in sqlite3 zlib; do
  if command -v pkg-config >/dev/null 2>&1; then
    pkg-config --exists "$package" || missing="$missing $package"
  else
    case $package in
      sqlite3) header=sqlite3.h ;;
      zlib) header=zlib.h ;;
    esac
    [ -e "/usr/include/$header" ] || [ "$(uname -s)" = Darwin ] || missing="$missing $package"
    [ "$(uname -s)" = Darwin ] || missing="$missing pkg-config"
  fi
done
[ -n "$missing" ] || exit 0

case "$(uname -s)" in
  Darwin)
    if command -v brew >/dev/null 2>&1; then
      brew install sqlite zlib pkg-config
    else
      echo "needs the headers of SQLite and zlib: install Homebrew, then run: brew install sqlite zlib pkg-config" >&2
      exit 1
    fi
    ;;
  *)
    install="apt-get install -y libsqlite3-dev zlib1g-dev pkg-config"
    if ! command -v apt-get >/dev/null 2>&1; then
      echo "needs the development files of SQLite, zlib and pkg-config: install them with your package manager" >&2
      echo "(Debian: $install; Fedora: dnf install sqlite-devel zlib-devel pkgconf)" >&2
      exit 1
    elif [ "$(id -u)" = 0 ]; then
      { apt-get update -q && DEBIAN_FRONTEND=noninteractive $install -q; } >&2
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      { sudo apt-get update -q && sudo DEBIAN_FRONTEND=noninteractive $install -q; } >&2
    else
      echo "needs the headers of SQLite and zlib; run: sudo apt-get update && sudo $install" >&2
      exit 1
    fi
    ;;
esac

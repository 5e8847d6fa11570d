#!/bin/sh
# Sees that the C headers of SQLite, zlib and libyaml are there; installs them where it can, else says what to run.
set -eu

missing=
for package in sqlite3 zlib yaml-0.1; do
  if command -v pkg-config >/dev/null 2>&1; then
    pkg-config --exists "$package" || missing="$missing $package"
  elif [ "$(uname -s)" = Darwin ]; then
    # The system has the others.
    [ "$package" != yaml-0.1 ] || missing="$missing $package"
  else
    case $package in
      sqlite3) header=sqlite3.h ;;
      zlib) header=zlib.h ;;
      yaml-0.1) header=yaml.h ;;
    esac
    [ -e "/usr/include/$header" ] || missing="$missing $package"
    missing="$missing pkg-config"
  fi
done
[ -n "$missing" ] || exit 0

case "$(uname -s)" in
  Darwin)
    if command -v brew >/dev/null 2>&1; then
      brew install sqlite zlib libyaml pkg-config
    else
      echo "needs the headers of SQLite, zlib and libyaml: install Homebrew, then run: brew install sqlite zlib libyaml pkg-config" >&2
      exit 1
    fi
    ;;
  *)
    install="apt-get install -y libsqlite3-dev zlib1g-dev libyaml-dev pkg-config"
    if ! command -v apt-get >/dev/null 2>&1; then
      echo "needs the development files of SQLite, zlib, libyaml and pkg-config: install them with your package manager" >&2
      echo "(Debian: $install; Fedora: dnf install sqlite-devel zlib-devel libyaml-devel pkgconf)" >&2
      exit 1
    elif [ "$(id -u)" = 0 ]; then
      { apt-get update -q && DEBIAN_FRONTEND=noninteractive $install -q; } >&2
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
      { sudo apt-get update -q && sudo DEBIAN_FRONTEND=noninteractive $install -q; } >&2
    else
      echo "needs the headers of SQLite, zlib and libyaml; run: sudo apt-get update && sudo $install" >&2
      exit 1
    fi
    ;;
esac

#!/bin/sh
# The tests drive Debian's Chromium, whose fonts must draw currency signs, emoji and Chinese, Japanese, Korean, and let
# LibreOffice calculate the workbooks again and open the slides; poppler looks into documents; a PostgreSQL that the
# tests start and stop, and Spark, which is Java, answer from where the tables are. Installs what is missing where that
# is possible (root and apt), and says what is missing where it is not. Node and TypeScript, which check the JavaScript,
# are welcome and not needed: their tests are skipped, with the reason, where they cannot be had.
set -eu
export DEBIAN_FRONTEND=noninteractive

browser() {
    [ -n "${CHROMIUM:-}" ] && { command -v "$CHROMIUM"; return; }
    command -v chromium || command -v chromium-browser || command -v google-chrome
}
cjk_fonts() { [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]; }
emoji_fonts() { fc-list family 2>/dev/null | grep -qi emoji; }
office() { command -v soffice || command -v libreoffice; }
# Debian has Impress as a package of its own: without it LibreOffice opens workbooks and no slides.
slides() {
    command -v dpkg >/dev/null || return 0
    dpkg -s libreoffice-impress-nogui >/dev/null 2>&1 || dpkg -s libreoffice-impress >/dev/null 2>&1
}
poppler() { command -v pdftotext; }

database() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null; }
# What Spark 4 runs on.
java_runtime() {
    for program in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} java /usr/lib/jvm/*/bin/java; do
        "$program" -version 2>&1 | grep -Eq 'version "(17|21)[."]' && return
    done
    return 1
}

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

scripts() {
    if ! command -v node >/dev/null && may_install; then
        echo "Installing nodejs with apt ..."
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs >/dev/null; } || true
    fi
    if [ ! -x widgets/tests/node_modules/.bin/tsc ] && command -v npm >/dev/null; then
        npm ci --silent --no-audit --no-fund --prefix widgets/tests ||
            echo "TypeScript could not be had; the types of the scripts are not checked."
    fi
}

scripts
missing=""
browser >/dev/null || missing="chromium"
cjk_fonts || missing="$missing fontconfig fonts-dejavu-core fonts-noto-cjk"
emoji_fonts || missing="$missing fonts-noto-color-emoji"
if office >/dev/null; then
    slides || missing="$missing libreoffice-impress-nogui"
else
    missing="$missing libreoffice-calc-nogui libreoffice-impress-nogui"
fi
poppler >/dev/null || missing="$missing poppler-utils"
database >/dev/null || missing="$missing postgresql"
java_runtime || missing="$missing default-jre-headless"
[ -n "$missing" ] || exit 0

if may_install; then
    echo "Installing$(printf ' %s' $missing) with apt ..."
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
    browser >/dev/null && office >/dev/null && poppler >/dev/null && exit 0
fi

cat >&2 <<MESSAGE
The tests need$(printf ' %s' $missing), and this script may not install them (it is not root, or there is no apt).
  Debian, Ubuntu:   sudo apt install $missing
  elsewhere:        install LibreOffice, PostgreSQL, Java 17 or 21, and Chromium or Chrome; set CHROMIUM=/path/to/it
  without them:     make test SKIP_BROWSER=1     (leaves out the browser tests and, without LibreOffice, the
                    calculation of workbooks and the look into documents, without PostgreSQL and Java what answers
                    from there, and says so)
MESSAGE
exit 1

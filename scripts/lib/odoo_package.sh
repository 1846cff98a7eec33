# Step of scripts/setup: Odoo 19 itself. Debian's package is only unpacked, into a
# private folder, from the unstable suite of the very mirror this machine uses.
# ODOO_HOME, where set, is taken instead and never written to.
# shellcheck shell=bash

# What the package links to with relative paths, of its own suite ...
LINKED_PACKAGES=(
    fonts-glyphicons-halflings fonts-inconsolata fonts-montserrat fonts-ocr-b
    fonts-roboto-unhinted libjs-jquery libjs-jquery-form libjs-underscore
)
# ... and of this machine's: the newer one has other file names
OWN_SUITE_PACKAGES=(fonts-font-awesome)
SEGMENTATION_PACKAGE=@mediapipe/selfie_segmentation@0.1.1675465747
SEGMENTATION_FILE=addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js

# The Debian mirror of this machine, from its own apt sources.
debian_mirror() {
    # shellcheck disable=SC2016  # apt fills these in
    apt-get indextargets --format '$(SITE)|$(LABEL)|$(ORIGIN)' \
        | awk -F'|' '$2 == "Debian" && $3 == "Debian" && !seen[$1]++ {print $1; exit}'
}

# Download packages by an apt of our own: own source, own lists, nothing shared.
download_unstable() {
    local mirror apt=$TOLL_HOME/apt
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || die "no Debian mirror in apt's sources; set ODOO_HOME to an Odoo 19 instead"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s sid main\n' \
        "$mirror" >"$apt/sources.list"
    local options=(
        -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=-
        -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Acquire::Languages=none
    )
    if is_root; then options+=(-o APT::Sandbox::User=root); fi
    apt-get "${options[@]}" -q update
    (cd "$TOLL_CACHE/debs" && apt-get "${options[@]}" -q download "$@")
}

# Print the newest downloaded file of a package.
cached_deb() {
    find "$TOLL_CACHE/debs" -name "$1_*.deb" | sort -V | tail -1
}

uncached() {
    local package
    for package in "$@"; do
        [ -n "$(cached_deb "$package")" ] || printf '%s\n' "$package"
    done
}

unpack_odoo() {
    local package wanted options=() staging=$TOLL_HOME/odoo.new
    mkdir -p "$TOLL_CACHE/debs"
    mapfile -t wanted < <(uncached odoo-19 "${LINKED_PACKAGES[@]}")
    if [ ${#wanted[@]} -gt 0 ]; then download_unstable "${wanted[@]}"; fi
    mapfile -t wanted < <(uncached "${OWN_SUITE_PACKAGES[@]}")
    if is_root; then options=(-o APT::Sandbox::User=root); fi
    if [ ${#wanted[@]} -gt 0 ]; then
        (cd "$TOLL_CACHE/debs" && apt-get "${options[@]}" -q download "${wanted[@]}")
    fi
    rm -rf "$staging"
    mkdir -p "$staging"
    for package in odoo-19 "${LINKED_PACKAGES[@]}" "${OWN_SUITE_PACKAGES[@]}"; do
        dpkg-deb -x "$(cached_deb "$package")" "$staging"
    done
    rm -rf "$TOLL_HOME/odoo"
    mv "$staging" "$TOLL_HOME/odoo"
}

# Debian leaves one JavaScript file out; without it no backend page loads cleanly.
add_segmentation() {
    local target tarball
    target=$(odoo_home)/odoo/$SEGMENTATION_FILE
    if [ -s "$target" ]; then return; fi
    mkdir -p "$TOLL_CACHE/npm" "$(dirname "$target")"
    tarball=$TOLL_CACHE/npm/mediapipe-selfie_segmentation-${SEGMENTATION_PACKAGE##*@}.tgz
    if [ ! -s "$tarball" ]; then
        (cd "$TOLL_CACHE/npm" && npm pack --silent "$SEGMENTATION_PACKAGE" >/dev/null) \
            || die "npm could not fetch $SEGMENTATION_PACKAGE"
    fi
    tar -xzOf "$tarball" package/selfie_segmentation.js >"$target.new"
    mv "$target.new" "$target"
}

setup_odoo() {
    if [ -n "${ODOO_HOME:-}" ]; then
        [ -f "$ODOO_HOME/odoo/release.py" ] || die "ODOO_HOME=$ODOO_HOME has no odoo/release.py"
        warn "  using ODOO_HOME=$ODOO_HOME"
        return
    fi
    if [ ! -f "$(odoo_home)/odoo/release.py" ]; then unpack_odoo; fi
    add_segmentation
    # compiled once: some machines forbid Python to write its caches later
    PYTHONDONTWRITEBYTECODE='' "$(find_python)" -m compileall -q -j 2 "$(odoo_home)/odoo" \
        || warn "  some of Odoo's files do not compile (templates, mostly)"
}

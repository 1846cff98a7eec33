# Step of scripts/setup: the system packages that Odoo, PDF printing and the tests need.
# shellcheck shell=bash

# Run as root, by sudo where this is an ordinary user.
as_root() {
    if is_root; then
        "$@"
    elif have sudo; then
        sudo -- "$@"
    else
        die "root is needed to install packages: install sudo, or as root run: $*"
    fi
}

package_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Print the packages that are wanted and absent.
missing_packages() {
    local package
    for package in libmagic1 libcairo2 poppler-utils debian-archive-keyring tzdata flock:util-linux; do
        package_installed "${package#*:}" || printf '%s\n' "${package#*:}"
    done
    have chromium || have google-chrome || echo chromium
    have psql || echo postgresql-client
    if pg_is_private; then
        pg_bin >/dev/null || echo postgresql
    fi
    # an odd Python may lack a wheel of some package
    have gcc || echo gcc libc6-dev
    have npm || have "$TOLL_HOME/node/bin/npm" || echo npm
    if ! find_python >/dev/null; then echo python3 python3-venv; fi
}

# A Python that Odoo 19 knows, the best-tried first, able to make virtual environments.
find_python() {
    local python
    for python in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        [ -n "$python" ] || continue
        if "$python" -c 'import sys, ensurepip, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
        --no-install-recommends -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 "$@"
}

# Debian's package makes a cluster of its own and starts it at boot: not wanted here.
install_postgresql() {
    local conf=/etc/postgresql-common/createcluster.conf
    apt_install postgresql-common
    if [ ! -f "$conf" ]; then
        apt_install postgresql
        return
    fi
    as_root cp -a "$conf" "$conf.toll-saved"
    as_root sh -c "echo 'create_main_cluster = false' >>$conf"
    local failed=0
    apt_install postgresql || failed=1
    as_root mv "$conf.toll-saved" "$conf"
    return $failed
}

setup_system() {
    have apt-get || die "this script knows Debian 12 and 13 only; elsewhere set ODOO_HOME and DATABASE_URL and install chromium and poppler-utils by hand"
    local missing=()
    mapfile -t missing < <(missing_packages | tr ' ' '\n')
    if [ ${#missing[@]} = 0 ]; then return; fi
    warn "  installing: ${missing[*]}"
    as_root apt-get update -q -o DPkg::Lock::Timeout=300
    local package others=()
    for package in "${missing[@]}"; do
        if [ "$package" = postgresql ]; then
            install_postgresql
        else
            others+=("$package")
        fi
    done
    if [ ${#others[@]} -gt 0 ]; then apt_install "${others[@]}"; fi
}

# shellcheck shell=bash
# What package.json names, in TOLL_HOME/node: formatters and the accessibility check.
node=$TOLL_HOME/node

setup_node() {
    local key
    key=$(digest <"$ROOT/package.json")
    if [ "$(cat "$node/stamp" 2>/dev/null)" = "$key" ]; then return; fi
    say "fetching what package.json names ..."
    mkdir -p "$node"
    cp "$ROOT/package.json" "$node/"
    (cd "$node" && npm install --silent --no-audit --no-fund --no-package-lock) \
        || die "npm could not install what package.json names"
    printf '%s\n' "$key" >"$node/stamp"
}

// The states of TAGs and plates without network; the format stands in core/tag_list.py.

const HASH = 5;
const ENTRY = HASH + 2;
const STATES = [
    "unknown",
    "valid",
    "exempt",
    "low",
    "unassigned",
    "blocked",
    "lost",
    "stolen",
];

export function normalize(text) {
    const split = (text || "").normalize("NFKD").toUpperCase();
    return split.replace(/[^A-Z0-9]/g, "");
}

export function read(buffer) {
    const size = new DataView(buffer).getUint32(0);
    const text = new TextDecoder().decode(new Uint8Array(buffer, 4, size));
    return {header: JSON.parse(text), data: new Uint8Array(buffer, 4 + size)};
}

function compare(data, at, wanted) {
    for (let place = 0; place < HASH; place++) {
        const difference = data[at * ENTRY + place] - wanted[place];
        if (difference) {
            return difference;
        }
    }
    return 0;
}

/** State and class of a number; "unlisted" where the list holds only those to stop. */
export async function find({header, data}, value) {
    const bytes = new TextEncoder().encode(header.salt + normalize(value));
    const wanted = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    let low = 0;
    let high = data.length / ENTRY;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(data, middle, wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low * ENTRY >= data.length || compare(data, low, wanted)) {
        return {state: header.complete ? "unknown" : "unlisted"};
    }
    const [state, place] = data.subarray(low * ENTRY + HASH, (low + 1) * ENTRY);
    return {state: STATES[state], class: header.classes[place] || null};
}

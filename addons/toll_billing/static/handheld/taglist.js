// The states of TAGs and plates without network; the format stands in core/tag_list.py.

const HASH = 5;
const REMOVED = 255;
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

/** What the server must know to send changes only. */
export function known(buffer) {
    const {version, epoch} = read(buffer).header;
    return {version, epoch};
}

/** The list after the server's answer: a new one, or changes of the one kept. */
export function update(buffer, answer) {
    const changes = read(answer);
    if (changes.header.since === undefined) {
        return answer;
    }
    const kept = read(buffer).data;
    const merged = new Uint8Array(kept.length + changes.data.length);
    let end = 0;
    let old = 0;
    function take(data, from, to) {
        merged.set(data.subarray(from, to), end);
        end += to - from;
    }
    for (let at = 0; at < changes.data.length; at += ENTRY) {
        const entry = changes.data.subarray(at, at + ENTRY);
        const begin = old;
        while (old < kept.length && compare(kept, old / ENTRY, entry) < 0) {
            old += ENTRY;
        }
        take(kept, begin, old);
        if (old < kept.length && !compare(kept, old / ENTRY, entry)) {
            old += ENTRY;
        }
        if (entry[HASH] !== REMOVED) {
            take(entry, 0, ENTRY);
        }
    }
    take(kept, old, kept.length);
    const {since, ...header} = {...changes.header, count: end / ENTRY};
    return write(header, merged.subarray(0, end));
}

function write(header, data) {
    const text = new TextEncoder().encode(JSON.stringify(header));
    const file = new Uint8Array(4 + text.length + data.length);
    new DataView(file.buffer).setUint32(0, text.length);
    file.set(text, 4);
    file.set(data, 4 + text.length);
    return file.buffer;
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

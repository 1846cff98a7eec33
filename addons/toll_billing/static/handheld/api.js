// The server's routes. An answer that never came is not an answer: see sync.js.

export const VERSION = document.documentElement.dataset.version;
const PATIENCE = 60000;

export class ApiError extends Error {
    constructor(status, code, message, wait) {
        super(message);
        this.status = status;
        this.code = code;
        this.wait = wait;
    }

    /** The server does not know this device, or does not want it any more. */
    get isRefusal() {
        return this.status === 401 || this.status === 403;
    }
}

async function post(path, key, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
        const headers = {"Content-Type": "application/json"};
        if (key) {
            headers.Authorization = `Bearer ${key}`;
        }
        const response = await fetch(`/toll/handheld/api/${path}`, {
            method: "POST",
            headers,
            body: JSON.stringify({app: VERSION, ...body}),
            signal: stop.signal,
        });
        if (response.ok) {
            return response;
        }
        const answer = await response.json().catch(() => ({}));
        const {code = "error", message = response.statusText} = answer.error || {};
        const wait = Number(response.headers.get("Retry-After")) || 0;
        throw new ApiError(response.status, code, message, wait);
    } finally {
        clearTimeout(timer);
    }
}

export async function call(path, key, body = {}) {
    const before = Date.now();
    const response = await post(path, key, body);
    const answer = await response.json();
    const after = Date.now();
    if (answer.now) {
        // how far our clock is behind, seen from the middle of the call
        answer.behind = (answer.now - (before + after) / 2) / 1000;
    }
    return answer;
}

export async function download(path, key, body = {}) {
    const response = await post(path, key, body);
    return response.arrayBuffer();
}

// Brings rows to the server until it has told the fate of each.

import * as store from "./store.js";
import {ApiError, call, download} from "./api.js";
import {known, update} from "./taglist.js";
import {lang} from "./words.js";

const CHUNK = 50;
const PAUSE = 15000;
const LIST_AGE = 10 * 60 * 1000;

export const status = {
    online: navigator.onLine,
    busy: false,
    waiting: 0,
    behind: 0,
    lastSync: null,
    refused: false,
    trouble: "",
};
const listeners = new Set();
let chunk = CHUNK;
let timer = null;

export function listen(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

export async function refresh() {
    status.waiting = await store.countWaiting();
    listeners.forEach((listener) => listener(status));
}

/** Take down what a row needs to be told apart for ever, and try to send it. */
export async function keep(queue, row) {
    await store.add(queue, {
        ref: crypto.randomUUID(),
        taken_at: new Date().toISOString(),
        ...row,
    });
    await refresh();
    soon(0);
}

export function soon(pause = PAUSE) {
    clearTimeout(timer);
    timer = setTimeout(syncNow, pause);
}

/** Send what waits; one at a time, over all windows of the app. */
export async function syncNow() {
    const work = async (lock) => lock !== null && exchange();
    if (navigator.locks) {
        await navigator.locks.request("toll-handheld", {ifAvailable: true}, work);
    } else {
        await work();
    }
    await refresh();
    soon(status.waiting && !status.refused ? PAUSE : 4 * PAUSE);
}

async function exchange() {
    const key = await store.get("key");
    if (!key || status.busy) {
        return;
    }
    status.busy = true;
    await refresh();
    try {
        while (await sendChunk(key));
        await fetchSettings(key);
        await store.set("lastSync", Date.now());
        Object.assign(status, {online: true, refused: false, trouble: ""});
    } catch (error) {
        await note(error);
    } finally {
        status.busy = false;
        status.lastSync = await store.get("lastSync");
    }
    try {
        await fetchList(key);
    } catch (error) {
        await note(error);
    }
}

async function sendChunk(key) {
    const rows = await store.waiting("rows", chunk);
    const checks = await store.waiting("checks", chunk);
    if (!rows.length && !checks.length) {
        return false;
    }
    const total = await store.countWaiting();
    const answer = await call("sync", key, {
        sent_at: new Date().toISOString(),
        queue: total - rows.length - checks.length,
        lang: lang(),
        captures: rows.map(strip),
        checks: checks.map(strip),
    });
    status.behind = answer.behind;
    const fates = new Map(answer.results.map((result) => [result.ref, result]));
    const settled = rows.filter((row) => fates.has(row.ref));
    await store.settle(
        "rows",
        settled.map((row) => ({...row, fate: fates.get(row.ref)}))
    );
    const noted = new Set(answer.checks);
    const told = checks.filter((check) => noted.has(check.ref));
    await store.settle("checks", told);
    await refresh();
    return settled.length + told.length > 0;
}

/** The row as it travels. */
function strip({seq, waiting, fate, ...row}) {
    return row;
}

async function fetchSettings(key) {
    const answer = await call("hello", key, {queue: status.waiting});
    status.behind = answer.behind;
    await store.set("settings", answer.settings);
    await store.tidy();
}

async function fetchList(key) {
    const age = Date.now() - ((await store.get("listAt")) || 0);
    if (!status.refused && status.online && age > LIST_AGE) {
        await renewList(key);
    }
}

export async function renewList(key) {
    const kept = await store.get("list");
    const answer = await download("list", key, kept ? known(kept) : {});
    await store.set("list", kept ? update(kept, answer) : answer);
    await store.set("listAt", Date.now());
    await refresh();
}

/** What went wrong. The rows stay where they are. */
async function note(error) {
    const known = error instanceof ApiError;
    status.online = known;
    status.refused = known && error.isRefusal;
    status.trouble = known && !status.refused ? error.message : "";
    if (status.refused) {
        // what it knows of others is not for a device that was taken out of use
        await store.remove("list", "listAt");
    } else if (known && error.status === 413) {
        chunk = Math.max(1, chunk >> 1);
    }
}

export function start() {
    window.addEventListener("online", () => soon(0));
    window.addEventListener("offline", () => {
        status.online = false;
        refresh();
    });
    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) {
            soon(0);
        }
    });
    soon(0);
}

// What the device keeps: rows until the server has told their fate, and settings.

const NAME = "toll-handheld";
const QUEUES = ["rows", "checks"];
const KEPT = 300;
let opened = null;

function open() {
    opened ||= new Promise((resolve, reject) => {
        const request = indexedDB.open(NAME, 1);
        request.onupgradeneeded = () => {
            const db = request.result;
            db.createObjectStore("meta");
            for (const name of QUEUES) {
                const store = db.createObjectStore(name, {
                    keyPath: "seq",
                    autoIncrement: true,
                });
                store.createIndex("ref", "ref", {unique: true});
                store.createIndex("waiting", "waiting");
            }
        };
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    return opened;
}

/** Run work(transaction); its request's result, once everything is on disk. */
async function run(names, mode, work) {
    const db = await open();
    return new Promise((resolve, reject) => {
        const transaction = db.transaction(names, mode, {durability: "strict"});
        const request = work(transaction);
        transaction.oncomplete = () => resolve(request ? request.result : undefined);
        transaction.onerror = () => reject(transaction.error);
        transaction.onabort = () => reject(transaction.error);
    });
}

export function get(key) {
    return run("meta", "readonly", (tx) => tx.objectStore("meta").get(key));
}

export function set(key, value) {
    return run("meta", "readwrite", (tx) => tx.objectStore("meta").put(value, key));
}

export function remove(...keys) {
    return run("meta", "readwrite", (tx) => {
        keys.forEach((key) => tx.objectStore("meta").delete(key));
    });
}

export function add(queue, row) {
    return run(queue, "readwrite", (tx) =>
        tx.objectStore(queue).add({...row, waiting: 1})
    );
}

export function waiting(queue, limit) {
    return run(queue, "readonly", (tx) =>
        tx.objectStore(queue).index("waiting").getAll(1, limit)
    );
}

export async function countWaiting() {
    const counts = QUEUES.map((queue) =>
        run(queue, "readonly", (tx) => tx.objectStore(queue).index("waiting").count(1))
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Note the fates of rows; one that was not sent stays as it is. */
export function settle(queue, rows) {
    return run(queue, "readwrite", (tx) => {
        for (const row of rows) {
            tx.objectStore(queue).put({...row, waiting: 0});
        }
    });
}

/** The newest rows first. */
export async function latest(queue, limit) {
    const rows = [];
    await run(queue, "readonly", (tx) => {
        tx.objectStore(queue).openCursor(null, "prev").onsuccess = (event) => {
            const cursor = event.target.result;
            if (cursor && rows.length < limit) {
                rows.push(cursor.value);
                cursor.continue();
            }
        };
    });
    return rows;
}

/** Forget old rows whose fate is known. */
export function tidy() {
    return run(QUEUES, "readwrite", (tx) => {
        for (const queue of QUEUES) {
            let seen = 0;
            tx.objectStore(queue).openCursor(null, "prev").onsuccess = (event) => {
                const cursor = event.target.result;
                if (cursor) {
                    seen += 1;
                    if (seen > KEPT && !cursor.value.waiting) {
                        cursor.delete();
                    }
                    cursor.continue();
                }
            };
        }
    });
}

export async function forget() {
    await run(["meta", ...QUEUES], "readwrite", (tx) => {
        ["meta", ...QUEUES].forEach((name) => tx.objectStore(name).clear());
    });
}

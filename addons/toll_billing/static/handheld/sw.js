// Keeps one version of the app whole, so that it starts without network.

const HOME = "/toll/handheld";
const PREFIX = "toll-handheld-";
const CACHE = PREFIX + "{{version}}";
const FILES = "{{files}}".split(" ");

async function install() {
    const cache = await caches.open(CACHE);
    const requests = [HOME, ...FILES].map((url) => new Request(url, {cache: "reload"}));
    await cache.addAll(requests);
    await self.skipWaiting();
}

async function activate() {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
}

async function answer(request) {
    const cache = await caches.open(CACHE);
    return (await cache.match(request)) || fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
    const {request} = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) {
        return;
    }
    if (request.mode === "navigate" && url.pathname === HOME) {
        event.respondWith(answer(HOME));
    } else if (url.pathname.startsWith(`${HOME}/app/`)) {
        event.respondWith(answer(request));
    }
});

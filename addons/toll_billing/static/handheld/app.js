// The frame around the views: status above, tabs below.

import * as store from "./store.js";
import {lang, setLang, t} from "./words.js";
import {button, fill, h, notify} from "./dom.js";
import {enrolView, shiftView} from "./view_enrol.js";
import {listen, refresh, start, status, syncNow} from "./sync.js";
import {captureView} from "./view_capture.js";
import {checkView} from "./view_check.js";
import {deviceView} from "./view_device.js";

const VIEWS = {
    enrol: enrolView,
    shift: shiftView,
    capture: captureView,
    check: checkView,
    device: deviceView,
};
const TABS = ["capture", "check", "device"];
const main = document.getElementById("main");
let current = "";
let turn = 0;

async function show(name) {
    const mine = ++turn;
    const key = await store.get("key");
    const settings = await store.get("settings");
    const session = await store.get("session");
    if (!key || name === "enrol") {
        current = "enrol";
    } else if (name === "capture" && !session) {
        current = "shift";
    } else {
        current = name in VIEWS ? name : "capture";
    }
    const view = await VIEWS[current]({show, settings});
    if (mine !== turn) {
        return; // the person has chosen another page meanwhile
    }
    main.replaceChildren(view);
    drawTabs(Boolean(key));
    await refresh();
    main.focus({preventScroll: true});
    window.scrollTo(0, 0);
}

function drawTabs(enrolled) {
    const tabs = document.getElementById("tabs");
    tabs.hidden = !enrolled;
    tabs.setAttribute("aria-label", t("app"));
    tabs.replaceChildren(
        ...TABS.map((name) =>
            button(t(name), () => notify("") || show(name), {
                "aria-current": name === current ? "page" : null,
                class: `tab ${name}`,
            })
        )
    );
}

async function drawBar() {
    const settings = await store.get("settings");
    const limit = settings?.skew_limit || Infinity;
    const off = Math.round(Math.abs(status.behind));
    const waits = status.waiting
        ? t("waiting", {n: status.waiting})
        : t("nothing_waiting");
    fill(
        document.getElementById("bar"),
        h(
            "div",
            {class: "line"},
            h("b", {class: "name"}, settings?.device || t("app")),
            h(
                "span",
                {class: `pill ${status.online ? "on" : "off"}`},
                t(status.online ? "online" : "offline")
            ),
            h(
                "span",
                {class: `pill ${status.waiting ? "wait" : "on"}`, id: "waiting"},
                status.busy ? t("syncing") : waits
            ),
            settings &&
                button(t("sync"), syncNow, {class: "plain send", disabled: status.busy})
        ),
        status.refused &&
            h(
                "div",
                {class: "banner", role: "alert"},
                h("p", {}, t("refused")),
                current !== "enrol" && button(t("enrol"), () => show("enrol"))
            ),
        status.trouble && h("p", {class: "banner", role: "alert"}, status.trouble),
        off > limit && h("p", {class: "banner"}, t("clock_wrong", {n: off}))
    );
}

/** Where an address like …#enrol=CODE leads; a device may enrol again. */
function startView() {
    return location.hash.startsWith("#enrol=") ? "enrol" : "capture";
}

async function boot() {
    setLang((await store.get("lang")) || lang());
    listen(drawBar);
    if ("serviceWorker" in navigator) {
        navigator.serviceWorker.register("/toll/handheld/sw.js", {
            scope: "/toll/handheld",
        });
    }
    window.addEventListener("hashchange", () => show(startView()));
    await show(startView());
    start();
}

boot();

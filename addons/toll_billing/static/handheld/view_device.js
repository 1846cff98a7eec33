import * as store from "./store.js";
import {LANGUAGES, age, day, lang, setLang, t} from "./words.js";
import {button, choice, h, notify} from "./dom.js";
import {VERSION} from "./api.js";
import {read} from "./taglist.js";
import {refresh, renewList, status, syncNow} from "./sync.js";

async function facts(settings) {
    const lastSync = await store.get("lastSync");
    const buffer = await store.get("list");
    const off = Math.round(Math.abs(status.behind));
    let list = t("list_none");
    if (buffer) {
        const {header} = read(buffer);
        const words = header.complete ? "list_age" : "list_stops";
        const old = age(Date.now() - Date.parse(header.made_at));
        list = t(words, {n: header.count, age: old});
    }
    return [
        [t("operator"), settings.operator],
        [t("last_sync"), lastSync ? day(lastSync) : t("never")],
        [
            t("clock"),
            off > settings.skew_limit ? t("clock_wrong", {n: off}) : t("clock_right"),
        ],
        [t("list"), list],
        [t("version"), VERSION],
    ];
}

export async function deviceView({show, settings}) {
    /** Draw it anew, unless the person has gone to another page meanwhile. */
    function again() {
        if (view.isConnected) {
            show("device");
        }
    }

    async function renew() {
        try {
            await renewList(await store.get("key"));
            notify(t("renewed"));
            again();
        } catch (error) {
            notify(t("failed", {what: error.message}));
        }
    }

    async function leave() {
        await refresh();
        if (status.waiting) {
            notify(t("leave_waits"));
        } else if (window.confirm(t("leave_sure"))) {
            await store.forget();
            show("enrol");
        }
    }

    const language = choice(t("lang"), "lang", LANGUAGES, lang());
    language.addEventListener("change", async (event) => {
        await store.set("lang", event.target.value);
        setLang(event.target.value);
        show("device");
    });
    const view = h(
        "div",
        {},
        h("h1", {}, settings.device),
        h(
            "dl",
            {},
            (await facts(settings)).map(([name, text]) => [
                h("dt", {}, name),
                h("dd", {}, text),
            ])
        ),
        h(
            "div",
            {class: "actions"},
            button(
                t("sync"),
                async () => {
                    await syncNow();
                    again();
                },
                {class: "primary"}
            ),
            button(t("renew"), renew),
            button(t("begin"), () => show("shift"))
        ),
        language,
        settings.use_location && (await placeChoice()),
        button(t("leave"), leave, {class: "plain danger"})
    );
    return view;
}

async function placeChoice() {
    const input = h("input", {
        type: "checkbox",
        id: "place",
        checked: Boolean(await store.get("place")),
        onchange: (event) => store.set("place", event.target.checked),
    });
    return h(
        "div",
        {class: "field tick"},
        input,
        h("label", {for: "place"}, t("place")),
        h("small", {}, t("place_help"))
    );
}

import * as store from "./store.js";
import {ApiError, call} from "./api.js";
import {age, lang, t} from "./words.js";
import {field, h} from "./dom.js";
import {find, normalize, read} from "./taglist.js";
import {keep, refresh, status} from "./sync.js";
import {scanButton} from "./scan.js";

const OLD = 24 * 60 * 60 * 1000;
const STOP = ["blocked", "lost", "stolen"];

export function checkView({settings}) {
    const value = field(t("value"), {
        name: "value",
        autocapitalize: "characters",
        maxlength: 40,
        class: "code",
    });
    const alert = h("p", {role: "alert", class: "error"});
    const result = h("section", {"aria-live": "assertive", class: "result"});
    const submit = h("button", {class: "primary"}, t("check_go"));
    const form = h(
        "form",
        {onsubmit: check},
        h("h1", {}, t("check")),
        value.box,
        alert,
        submit
    );
    const scan = scanButton(value.input, () => form.requestSubmit());
    if (scan) {
        value.input.after(scan);
    }

    async function check(event) {
        event.preventDefault();
        const asked = normalize(value.input.value);
        alert.textContent = asked ? "" : t("check_need");
        if (!asked) {
            value.input.focus();
            return;
        }
        submit.disabled = true;
        try {
            const answer = await ask(asked, settings);
            result.replaceChildren(card(asked, answer, settings));
            value.input.select();
        } finally {
            submit.disabled = false;
        }
    }

    return h("div", {}, form, result);
}

/** By the server; without it, by the list, and noted to be told later. */
async function ask(value, settings) {
    const session = (await store.get("session")) || {};
    const row = {
        ref: crypto.randomUUID(),
        taken_at: new Date().toISOString(),
        value,
        staff: session.staff || 0,
        ...(await place(settings)),
    };
    try {
        const answer = await call("check", await store.get("key"), row);
        status.online = true;
        await refresh();
        return {...answer, source: t("from_server")};
    } catch (error) {
        if (error instanceof ApiError && error.isRefusal) {
            status.refused = true;
            await store.remove("list", "listAt");
            await refresh();
            return {state: null, source: t("refused")};
        }
    }
    const buffer = await store.get("list");
    if (!buffer) {
        return {state: null, source: t("no_list")};
    }
    const list = read(buffer);
    const answer = await find(list, value);
    await keep("checks", {...row, state: answer.state});
    const old = Date.now() + status.behind * 1000 - Date.parse(list.header.made_at);
    return {
        ...answer,
        source: t("from_list", {age: age(old)}),
        warning: old > OLD && t("list_old"),
    };
}

/** Where we are, if the operator wants it noted and the person allows it. */
async function place(settings) {
    if (!settings.use_location || !(await store.get("place"))) {
        return {};
    }
    return new Promise((resolve) => {
        navigator.geolocation.getCurrentPosition(
            ({coords}) =>
                resolve({latitude: coords.latitude, longitude: coords.longitude}),
            () => resolve({}),
            {timeout: 3000, maximumAge: 60000}
        );
    });
}

function card(value, answer, settings) {
    const facts = [
        [t("plate"), answer.plate],
        [t("holder"), answer.holder],
        [
            t("expected"),
            [answer.class, answer.class_name].filter(Boolean).join(" · ") || null,
        ],
        [t("until"), answer.exempt_until],
    ].filter(([_name, text]) => text);
    const order = settings.instruction[lang()] || t("order");
    return h(
        "div",
        {class: `card ${answer.state || "unknown"}`},
        h("h2", {}, value),
        answer.state && h("p", {class: "verdict"}, t(`state_${answer.state}`)),
        STOP.includes(answer.state) && h("p", {class: "order"}, order),
        facts.length > 0 &&
            h(
                "dl",
                {},
                facts.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])
            ),
        h("p", {class: "source"}, answer.source),
        answer.warning && h("p", {class: "warning"}, answer.warning)
    );
}
